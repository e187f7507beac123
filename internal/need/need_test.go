package need_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"latchkey/internal/need"
)

// recorder is a test that keeps to itself how it ended.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Fatalf(format string, args ...any) { r.end("fatal: "+format, args...) }
func (r *recorder) Skipf(format string, args ...any)  { r.end("skip: "+format, args...) }

func (r *recorder) end(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// said runs f until it ends itself, and returns how.
func said(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.said
}

func TestWhatIsMissingSkipsOrFails(t *testing.T) {
	for strict, how := range map[string]string{"": "skip: ", "1": "fatal: "} {
		t.Setenv("LATCHKEY_STRICT", strict)
		if got, want := said(t, func(t testing.TB) { need.Program(t, "no-such-program") }), how+"no-such-program is not installed: run .ci/deps"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got, want := said(t, func(t testing.TB) { need.Package(t, "npm", "@no/such") }), how+"the npm package @no/such is not installed: run .ci/deps"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		want := ""
		if os.Getuid() != 0 {
			want = how + "needs root: to be sure"
		}
		if got := said(t, func(t testing.TB) { need.Root(t, "to be sure") }); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhatIsThereIsFound(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "node_modules", "@a", "b")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := need.Package(t, dir, "@a/b"); got != folder {
		t.Errorf("package: %s", got)
	}
	if got := need.Program(t, "sh"); filepath.Base(got) != "sh" {
		t.Errorf("program: %s", got)
	}
	t.Setenv("PATH", dir)
	if got := need.Program(t, "ldconfig"); got != "/usr/sbin/ldconfig" {
		t.Errorf("outside the PATH: %s", got)
	}
}
