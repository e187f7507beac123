package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Binary builds the latchkey program, once per test process, and returns its
// path. It is built as it is released, without the race detector: its own
// packages have their own tests, and here the time it takes matters.
func Binary(t testing.TB) string {
	t.Helper()
	return built.program(t, "./cmd/latchkey")
}

var built builds

// builds remembers what has been built; the programs lie in the folder that
// ends with the test process.
type builds struct {
	mu    sync.Mutex
	paths map[string]string
}

// program builds a main package, or a single file, as seen from the root of
// the module.
func (b *builds) program(t testing.TB, what string) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if path := b.paths[what]; path != "" {
		return path
	}
	path := filepath.Join(leash.folder(t), fmt.Sprintf("program-%d", len(b.paths)))
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, what)
	cmd.Dir = filepath.Join(npmDir(), "../../../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("bench: build %s: %v\n%s", what, err, out)
	}
	if b.paths == nil {
		b.paths = map[string]string{}
	}
	b.paths[what] = path
	return path
}
