package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopGrace is how long a program may take to end by itself.
const stopGrace = 10 * time.Second

// Process is a running program whose output is kept. It is the leader of its
// own process group, and the whole group ends with the test.
type Process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	out  *os.File      // not a pipe, which children that stay would keep open
	done chan struct{} // closed after Wait
	err  error         // of Wait, valid after done
	stop sync.Once
}

// Start runs a program in the background. env is added to the environment of
// the test. When the test fails, the output is logged without what looks like
// a secret.
func Start(t testing.TB, bin string, args, env []string) *Process {
	t.Helper()
	return start(t, command{bin: bin, args: args, env: env})
}

// Result is what a program that has ended leaves behind.
type Result struct {
	Code           int // exit status, -1 when it was killed
	Stdout, Stderr string
}

// Run runs a program to its end, which must come before ctx ends.
func Run(ctx context.Context, t testing.TB, bin string, args, env []string) Result {
	t.Helper()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = stopGrace
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || ctx.Err() != nil) {
		t.Fatalf("bench: %s: %v\n%s%s", bin, errors.Join(ctx.Err(), err), redact(stdout.String()), redact(stderr.String()))
	}
	return Result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

type command struct {
	bin   string
	args  []string
	env   []string
	dir   string   // "": that of the test
	stdin *os.File // nil: none
}

func start(t testing.TB, c command) *Process {
	t.Helper()
	out := unnamedFile(t)
	p := &Process{t: t, name: c.bin, out: out, done: make(chan struct{})}
	p.cmd = exec.Command(c.bin, c.args...)
	p.cmd.Env = append(os.Environ(), c.env...)
	p.cmd.Dir = c.dir
	if c.stdin != nil {
		p.cmd.Stdin = c.stdin
	}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a group of its own, and no terminal
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("bench: start %s: %v", c.bin, err)
	}
	leash.add(t, p.cmd.Process.Pid)
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("output of %s:\n%s", p.name, redact(p.Output()))
		}
	})
	return p
}

// Output returns what the program has written so far, both streams.
func (p *Process) Output() string {
	b, err := io.ReadAll(io.NewSectionReader(p.out, 0, math.MaxInt64))
	if err != nil {
		p.t.Errorf("bench: output of %s: %v", p.name, err)
	}
	return string(b)
}

// PID returns the process ID, which is also the ID of its group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited reports whether the program has ended.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// WaitFor waits until the output matches pattern and returns the match with
// its groups. The test fails when the program ends or the time is over first.
func (p *Process) WaitFor(pattern string, within time.Duration) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var match []string
	ok := poll(within, func() bool {
		ended := p.Exited() // read before the output, which is complete then
		match = re.FindStringSubmatch(p.Output())
		return match != nil || ended
	})
	switch {
	case match != nil:
		return match
	case ok:
		p.t.Fatalf("bench: %s ended (%v) before its output matched %q", p.name, p.err, pattern)
	default:
		p.t.Fatalf("bench: the output of %s did not match %q within %v", p.name, pattern, within)
	}
	return nil
}

// Stop asks the program to end, waits for it, and kills what is left of its
// group. It may be called more than once.
func (p *Process) Stop() { p.stop.Do(p.end) }

func (p *Process) end() {
	if !p.Exited() {
		// The leader only: servers end their children in good order.
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	select {
	case <-p.done:
	case <-time.After(stopGrace):
		p.t.Errorf("bench: %s did not end within %v", p.name, stopGrace)
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
	leash.remove(p.t, p.cmd.Process.Pid)
}

// unnamedFile is open until the test ends and needs no removal.
func unnamedFile(t testing.TB) *os.File {
	t.Helper()
	f, err := os.CreateTemp("", "latchkey-output-")
	if err == nil {
		err = os.Remove(f.Name())
	}
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// poll asks until the answer is yes or the time is over.
func poll(within time.Duration, yes func() bool) bool {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if yes() {
			return true
		}
	}
	return yes()
}
