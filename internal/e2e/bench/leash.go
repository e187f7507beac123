package bench

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// leash ends what a killed test process leaves behind: its process groups and
// its shared folder. "go test -timeout" ends a process without any clean-up,
// and a forgotten mail server would stay until the next boot.
var leash reaper

// reaper is a shell that reads the list of living groups from a pipe; the last
// line counts. The pipe closes when the test process ends, however it ends.
type reaper struct {
	mu     sync.Mutex
	pipe   io.Writer
	groups map[int]bool
	shared string
}

// Debian's sh takes the negative number of a group only in this spelling.
const reaperScript = `while read -r line; do groups=$line; done
for group in $groups; do kill -9 "-$group"; done
rm -rf "$1"`

func (r *reaper) add(t testing.TB, group int)    { r.set(t, group, true) }
func (r *reaper) remove(t testing.TB, group int) { r.set(t, group, false) }

// folder returns a folder for what several tests of this process share.
func (r *reaper) folder(t testing.TB) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start(t)
	return r.shared
}

func (r *reaper) set(t testing.TB, group int, alive bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start(t)
	if r.groups[group] == alive {
		return
	}
	delete(r.groups, group)
	if alive {
		r.groups[group] = true
	}
	var line []string
	for g := range r.groups {
		line = append(line, strconv.Itoa(g))
	}
	if _, err := io.WriteString(r.pipe, strings.Join(line, " ")+"\n"); err != nil {
		t.Errorf("bench: the watching shell has ended: %v", err)
	}
}

// start starts the shell when it is first needed; the caller holds mu.
func (r *reaper) start(t testing.TB) {
	t.Helper()
	if r.pipe != nil {
		return
	}
	shared, err := os.MkdirTemp("", "latchkey-shared-")
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "sh", shared)
	// Its own group: an interrupt from the terminal must not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("bench: start the watching shell: %v", err)
	}
	r.pipe, r.groups, r.shared = pipe, map[int]bool{}, shared
}
