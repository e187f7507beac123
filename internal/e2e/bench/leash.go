package bench

import (
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// leash kills the process groups that a killed test process leaves behind.
// "go test -timeout" ends the process without any clean-up, and a forgotten
// mail server would stay until the next boot.
var leash reaper

// reaper is a shell that reads the list of living groups from a pipe; the last
// line counts. The pipe closes when the test process ends, however it ends.
type reaper struct {
	mu     sync.Mutex
	pipe   io.Writer
	groups map[int]bool
}

// (Debian's sh takes a group's negative number only in this spelling.)
const reaperScript = `while read -r line; do groups=$line; done
for group in $groups; do kill -9 "-$group"; done`

func (r *reaper) add(t testing.TB, group int)    { r.set(t, group, true) }
func (r *reaper) remove(t testing.TB, group int) { r.set(t, group, false) }

func (r *reaper) set(t testing.TB, group int, alive bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pipe == nil {
		r.start(t)
	}
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

func (r *reaper) start(t testing.TB) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", reaperScript)
	// Its own group: an interrupt from the terminal must not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("bench: start the watching shell: %v", err)
	}
	r.pipe, r.groups = pipe, map[int]bool{}
}
