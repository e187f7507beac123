package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: a child that runs a command
// and dies by SIGKILL at a named point of the flow, with a clock that may be
// ahead.
func TestMain(m *testing.M) {
	if os.Getenv("LATCHKEY_TEST_CHILD") == "" {
		testscript.Main(m, map[string]func(){"latchkey": main})
	}
	t := terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now}
	if shift, err := time.ParseDuration(os.Getenv("LATCHKEY_TEST_SHIFT")); err == nil {
		t.Now = func() time.Time { return time.Now().Add(shift) }
	}
	if at := os.Getenv("LATCHKEY_TEST_CRASH"); at != "" {
		t.Hook = func(point string) {
			if point == at {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // the signal is on its way
			}
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], t))
}
