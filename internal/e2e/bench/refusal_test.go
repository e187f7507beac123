package bench_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

// recorder is a test that keeps to itself why it failed.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, "error: "+fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = append(r.said, "fatal: "+fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// attempt runs f until it ends itself, and returns what it said.
func attempt(r *recorder, f func()) string {
	r.said = nil
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
	return strings.Join(r.said, "; ")
}

func TestWaitForEndsWithTheProgram(t *testing.T) {
	r := &recorder{TB: t}
	p := bench.Start(r, "/bin/sh", []string{"-c", "echo ready; exit 4"}, nil)
	if got := p.WaitFor("rea(dy)", time.Minute); got[1] != "dy" {
		t.Errorf("match = %q", got)
	}
	if got := attempt(r, func() { p.WaitFor("never", time.Minute) }); !strings.Contains(got, "ended (exit status 4) before its output matched") {
		t.Errorf("WaitFor says %q", got)
	}
	p = bench.Start(r, "/bin/sleep", []string{"1000"}, nil)
	if got := attempt(r, func() { p.WaitFor("never", 50*time.Millisecond) }); !strings.Contains(got, "did not match") {
		t.Errorf("WaitFor says %q", got)
	}
}

func TestPageRefusesWhatAPersonCannotDo(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>t</title>
<button>Twice</button><button aria-label="Twice">2</button>
<div style="position:relative"><button>Covered</button><div style="position:absolute;inset:0;background:#fff"></div></div>
<label><input type="checkbox" onclick="return false"> Stubborn</label>`)
	})
	r := &recorder{TB: t}
	p := bench.StartBrowser(t).Context(r)
	p.Goto(server.URL)
	for want, f := range map[string]func(){
		`button or DisclosureTriangle "Twice": there are 2 of them`:               func() { p.Press("Twice") },
		`button or DisclosureTriangle "Covered": it is covered by something else`: func() { p.Press("Covered") },
		`checkbox "Stubborn": it is not checked after the click`:                  func() { p.Check("Stubborn") },
	} {
		if got := attempt(r, f); !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPressWaitsForTheNextPage(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		n := strings.Count(r.URL.Path, "/next")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>t</title><p>Page %d</p><form action="%s/next"><button>Next</button></form>`, n, strings.TrimSuffix(r.URL.Path, "/"))
	})
	p := bench.StartBrowser(t).Context(t)
	p.Goto(server.URL)
	p.Press("Next") // an old button of the same name must not be pressed again
	p.Press("Next")
	p.Press("Next")
	p.WaitText("Page")
	if got := p.Text(); got != "Page 3 Next" {
		t.Errorf("after three presses: %q", got)
	}
}

func TestProblemsFailTheTestAtItsEnd(t *testing.T) {
	r := &recorder{}
	t.Run("inner", func(t *testing.T) {
		r.TB = t
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `<!doctype html><title>t</title><script>throw new Error("broken")</script><p>ready</p>`)
		})
		p := bench.StartBrowser(t).Context(r)
		p.Goto(server.URL)
		p.WaitText("ready")
		p.Text()
	})
	if got, want := strings.Join(r.said, "; "), "error: on a page: exception: Uncaught Error: broken"; !strings.HasPrefix(got, want) {
		t.Errorf("the inner test says %q, want %q", got, want)
	}
}
