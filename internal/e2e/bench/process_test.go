package bench_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

func TestProcessGroupEndsWithTheTest(t *testing.T) {
	var leader, child int
	t.Run("inner", func(t *testing.T) {
		p := bench.Start(t, "/bin/sh", []string{"-c", "sleep 1000 & echo child $!; wait"}, nil)
		leader, child = p.PID(), number(t, p.WaitFor(`child (\d+)`, 5*time.Second)[1])
	})
	for _, pid := range []int{leader, child} {
		if !gone(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
}

// The clean-up functions of a killed test process do not run: the reaper must.
func TestProcessGroupEndsWithAKilledTestProcess(t *testing.T) {
	tmp := t.TempDir()
	res := bench.Run(t.Context(), t, "/bin/sh", []string{"-c", `"$0" -test.run '^TestBeingKilled$' -test.v; true`, os.Args[0]}, []string{"BENCH_KILL=1", "TMPDIR=" + tmp})
	_, rest, found := strings.Cut(res.Stdout, "started ")
	if !found {
		t.Fatalf("the inner test did not start: %s", res.Stdout)
	}
	pid := number(t, strings.Fields(rest)[0])
	if !gone(pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Errorf("process %d outlived its test process", pid)
	}
	var left []os.DirEntry
	if !eventually(func() bool { left, _ = os.ReadDir(tmp); return len(left) == 0 }) {
		t.Errorf("%v outlived its test process", left)
	}
}

// TestBeingKilled is the inner test of the one above.
func TestBeingKilled(t *testing.T) {
	if os.Getenv("BENCH_KILL") == "" {
		t.Skip("runs inside TestProcessGroupEndsWithAKilledTestProcess only")
	}
	p := bench.Start(t, "/bin/sleep", []string{"1000"}, nil)
	fmt.Println("started", p.PID())
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func TestRunReturnsWhatTheProgramLeaves(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := bench.Run(ctx, t, "/bin/sh", []string{"-c", `echo "$WORD"; echo err >&2; exit 3`}, []string{"WORD=out"})
	if want := (bench.Result{Code: 3, Stdout: "out\n", Stderr: "err\n"}); got != want {
		t.Errorf("Run = %+v, want %+v", got, want)
	}
}

// gone reports whether a process has ended, waiting a little; an unreaped
// child of somebody else counts as ended.
func gone(pid int) bool {
	for range 100 {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
