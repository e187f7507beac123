package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/web/webtest"
)

// laterThanRedeeming is longer than a token request may be under way, and
// shorter than the clocks of the lab and of the server may differ.
const laterThanRedeeming = "LATCHKEY_TEST_SHIFT=90s"

var joinLink = regexp.MustCompile(`/join/[a-z0-9]+`)

// test is one crash: the site, and how to go on after it.
type test struct {
	*site
}

// verified is a site with one setup whose accepted token has passed.
func verified(t *testing.T) *test {
	t.Helper()
	c := &test{site: newSite(t)}
	c.start()
	c.claim()
	c.toSignIn()
	c.private.Get(c.atMicrosoft(c.confirm(c.link())))
	c.acceptAndVerify()
	return c
}

func formHeader(origin string) http.Header {
	return http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {origin}, "Sec-Fetch-Site": {"same-origin"},
	}
}

func (c *test) freshWindow() *webtest.Window { return webtest.New(c.t, c.url) }

// crashAt restarts the server so that it dies at a point, puts it under work,
// sends the fatal request, and starts it once more.
func (c *test) crashAt(point string, fatal func(), env ...string) {
	c.t.Helper()
	c.stop()
	// The worker's own answers and their checks would die at these points, so
	// there it has finished before.
	early := strings.HasPrefix(point, "answer") || strings.HasPrefix(point, "result")
	var w *worker
	if early {
		c.start()
		w = c.work()
		w.busy()
		w.pause()
		c.stop()
	}
	c.start("LATCHKEY_TEST_CRASH=" + point)
	if !early {
		w = c.work()
		w.busy()
	}
	fatal()
	c.died()
	c.restart(env...)
	w.kept()
}

func (c *test) restart(env ...string) {
	c.t.Helper()
	c.start(env...)
}

// stop ends the server in good order.
func (c *test) stop() {
	c.t.Helper()
	_ = c.child.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(30 * time.Second):
		c.t.Fatalf("the server does not stop\n%s", c.output)
	}
}

// fatal posts a form to a server that dies under it.
func (c *test) fatal(path string, form url.Values) {
	c.t.Helper()
	if got, err := c.try(path, form); err == nil {
		c.t.Fatalf("the server answered %d at %s", got.Status, got.Path)
	}
}

// looksUntil looks at the setup as a person does, presses nothing, and waits
// for a step's state.
func (c *test) looksUntil(step, state string) {
	c.t.Helper()
	got := ""
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		c.owner.Get(c.path(""))
		if got = string(c.step(step).State); got == state {
			return
		}
	}
	c.t.Errorf("%s is %s, want %s\n%s", step, got, state, c.output)
}

// finish brings the callback and accepts.
func (c *test) finish(back string) {
	c.t.Helper()
	if got := c.private.Get(back); got.Status != http.StatusOK || !strings.HasSuffix(got.Path, "/done") {
		c.t.Fatalf("callback: %d at %s: %s", got.Status, got.Path, got.Body)
	}
	c.acceptAndVerify()
}

func (c *test) acceptAndVerify() {
	c.t.Helper()
	if _, err := c.accept(); err != nil {
		c.t.Fatal(err)
	}
	c.looksUntil("verification", "done")
}

// codes counts the token requests with a code that the lab has seen.
func (c *test) codes() int { return c.lab.World().Counters().TokenRequests["authorization_code"] }

// worker saves answers of another setup all the time, and knows which were
// acknowledged.
type worker struct {
	s     *site
	id    setup.ID
	mu    sync.Mutex
	acked int
	stop  chan struct{}
	done  sync.WaitGroup
}

func (s *site) work() *worker {
	w := &worker{s: s, id: s.begin(), stop: make(chan struct{})}
	w.done.Add(1)
	go func() {
		defer w.done.Done()
		for n := 1; ; n++ {
			select {
			case <-w.stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			form := s.application()
			form.Set("mailboxes", fmt.Sprintf("box%d@lab.example", n))
			got, err := s.try("/m/"+string(w.id)+"/application", form)
			if err != nil {
				return // the server died
			}
			if got.Status == 200 {
				w.mu.Lock()
				w.acked = n
				w.mu.Unlock()
			}
		}
	}()
	return w
}

// busy returns when answers have been acknowledged.
func (w *worker) busy() {
	w.s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		acked := w.acked
		w.mu.Unlock()
		if acked > 2 {
			return
		}
	}
	w.s.t.Fatal("the worker does not work")
}

// pause stops the worker before the server is stopped on purpose.
func (w *worker) pause() {
	close(w.stop)
	w.done.Wait()
	w.stop = nil
}

// kept fails if an acknowledged answer is gone: what is stored is the last
// acknowledged one or the one that was under way.
func (w *worker) kept() {
	w.s.t.Helper()
	if w.stop != nil {
		close(w.stop)
		w.done.Wait()
	}
	stored := 0
	if m := w.s.report(w.id).Setup.Mailboxes; len(m) == 1 {
		_, _ = fmt.Sscanf(string(m[0]), "box%d@", &stored)
	}
	if stored != w.acked && stored != w.acked+1 {
		w.s.t.Errorf("answer %d was acknowledged, answer %d is stored", w.acked, stored)
	}
}

// crash is one point at which the server is killed, and what must hold then.
type crash struct {
	name string
	run  func(*testing.T, *test)
}

// TestKill9 kills the server at named points of the flow, under work, before
// and after each commit, starts it again, and looks for the stated outcome:
// nothing acknowledged is lost, and nothing is asked twice.
func TestKill9(t *testing.T) {
	for _, tt := range slices.Concat(crashesOfAnswers, crashesOfSignIn, crashesOfToken) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &test{site: newSite(t)}
			c.start()
			c.claim()
			tt.run(t, c)
		})
	}
}

var crashesOfAnswers = []crash{
	{"before the answers are committed", func(t *testing.T, c *test) {
		c.id = c.begin()
		c.crashAt("answer_before_commit", func() { c.fatal(c.path("/application"), c.application()) })
		if got := c.step("application").State; got != "not_started" {
			t.Errorf("the step is %s: half of an answer was stored", got)
		}
		c.submit("application", c.application())
	}},
	{"after the answers are committed", func(t *testing.T, c *test) {
		c.id = c.begin()
		c.crashAt("answer_committed", func() { c.fatal(c.path("/application"), c.application()) })
		c.looksUntil("application", "done")
	}},
	{"pasted evidence is judged without being asked for again", func(t *testing.T, c *test) {
		c.id = c.begin()
		c.submit("application", c.application())
		c.submit("addresses", nil)
		form := c.registration()
		c.crashAt("answer_committed", func() { c.fatal(c.path("/registration"), form) })
		c.looksUntil("registration", "done")
	}},
}

var crashesOfSignIn = []crash{
	{"after the link is committed", func(t *testing.T, c *test) {
		c.toSignIn()
		c.crashAt("link_committed", func() { c.fatal(c.path("/sign-in/link"), nil) })
		c.finish(c.atMicrosoft(c.confirm(c.link())))
	}},
	{"after the link is used, before the browser has its cookie", func(t *testing.T, c *test) {
		c.toSignIn()
		link := c.link()
		c.private.Get(link)
		c.crashAt("confirm_committed", func() {
			_, _ = c.private.Try("POST", link, strings.NewReader(""), formHeader(c.url))
		})
		c.private.Get(link)
		c.finish(c.atMicrosoft(c.left(c.private.Post(link, nil))))
	}},
	{"while the person is at Microsoft", func(t *testing.T, c *test) {
		c.toSignIn()
		address := c.confirm(c.link())
		c.child.Process.Kill()
		c.died()
		c.restart()
		c.finish(c.atMicrosoft(address))
	}},
	{"callback received, code not yet exchanged", func(t *testing.T, c *test) {
		c.toSignIn()
		back := c.atMicrosoft(c.confirm(c.link()))
		c.crashAt("callback_arrived", func() { _, _ = c.private.Try("GET", back, nil, nil) })
		if n := c.codes(); n != 0 {
			t.Errorf("%d token requests before the crash", n)
		}
		c.finish(back) // the same browser tries again
	}},
	{"after the exchange, before the token is saved", func(t *testing.T, c *test) {
		c.toSignIn()
		back := c.atMicrosoft(c.confirm(c.link()))
		c.crashAt("redeemed", func() { _, _ = c.private.Try("GET", back, nil, nil) }, laterThanRedeeming)
		c.private.Get(back)
		if n := c.codes(); n != 1 {
			t.Errorf("%d token requests: a burnt code was sent again", n)
		}
		c.looksUntil("sign_in", "needs_attention")
		if fs := c.step("sign_in").Findings; len(fs) == 0 || fs[0].Code != "sign_in_lost" {
			t.Errorf("the loss is not explained: %+v", fs)
		}
		c.private = c.freshWindow()
		c.finish(c.atMicrosoft(c.confirm(c.link())))
	}},
	{"the token request intended and not sent", func(t *testing.T, c *test) {
		c.toSignIn()
		back := c.atMicrosoft(c.confirm(c.link()))
		c.crashAt("redeem_intended", func() { _, _ = c.private.Try("GET", back, nil, nil) }, laterThanRedeeming)
		c.looksUntil("sign_in", "needs_attention")
		if fs := c.step("sign_in").Findings; len(fs) == 0 || fs[0].Code != "sign_in_lost" {
			t.Errorf("the loss is not explained: %+v", fs)
		}
		c.private = c.freshWindow()
		c.finish(c.atMicrosoft(c.confirm(c.link())))
	}},
	{"after the token is staged, before the answer", func(t *testing.T, c *test) {
		c.toSignIn()
		back := c.atMicrosoft(c.confirm(c.link()))
		c.crashAt("staged_committed", func() { _, _ = c.private.Try("GET", back, nil, nil) })
		c.finish(back)
		if n := c.codes(); n != 1 {
			t.Errorf("%d token requests", n)
		}
	}},
}

var crashesOfToken = []crash{
	{"before the acceptance is committed", func(t *testing.T, c *test) {
		c.toSignIn()
		c.private.Get(c.atMicrosoft(c.confirm(c.link())))
		c.crashAt("accept_before_commit", func() { _, _ = c.accept() })
		if c.report(c.id).Key.Present {
			t.Error("a token that nobody accepted is in use")
		}
		c.acceptAndVerify()
	}},
	{"after the acceptance is committed", func(t *testing.T, c *test) {
		c.toSignIn()
		c.private.Get(c.atMicrosoft(c.confirm(c.link())))
		c.crashAt("accept_committed", func() { _, _ = c.accept() })
		if !c.report(c.id).Key.Present {
			t.Error("the accepted token is gone")
		}
		c.looksUntil("verification", "done")
	}},
	{"during the verification", func(t *testing.T, c *test) {
		c.toSignIn()
		c.private.Get(c.atMicrosoft(c.confirm(c.link())))
		if _, err := c.accept(); err != nil {
			t.Fatal(err)
		}
		c.looksUntil("verification", "done")
		c.crashAt("result_before_commit", func() { _, _ = c.try(c.path("/verification/runs"), nil) })
		c.looksUntil("verification", "done")
	}},
	{"an invitation claimed, the second person waiting", func(t *testing.T, c *test) {
		c.toSignIn()
		page := c.owner.Post(c.path("/people/invite"), url.Values{"role": {"m365_admin"}})
		link := joinLink.FindString(page.Body)
		guest := c.freshWindow()
		guest.Post(link, url.Values{"name": {"Dana"}})
		c.child.Process.Kill()
		c.died()
		c.restart()
		if got := guest.Get("/waiting"); got.Status != 200 || !strings.Contains(c.owner.Get(c.path("/people")).Body, "Dana") {
			t.Errorf("after the restart the guest sees %d at %s", got.Status, got.Path)
		}
	}},
}
