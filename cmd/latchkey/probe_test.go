package main

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab"
	"latchkey/internal/paste"
)

// The command that the demo's page shows makes a block about the demo's
// pretended Microsoft.
func TestScriptsProbeOfTheDemo(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Delay: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	data, err := temporaryData("latchkey-demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	s, err := newStand(t.Context(), terminal{Now: time.Now}, "localhost:0", data, l, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	args := append(strings.Fields(strings.TrimPrefix(s.probe, "latchkey ")), "--cloud", "lab", "--role", "services", "--node", "SVC01")
	var out, messages bytes.Buffer
	if got := run(t.Context(), args, terminal{In: strings.NewReader(""), Out: &out, Err: &messages}); got != exitClean {
		t.Errorf("status %d: %s", got, messages.String())
	}
	b, err := paste.ParseProbeBlock(out.String(), paste.Expect{Now: time.Now(), Life: time.Minute})
	if err != nil || b.Provider != "lab" || b.Server != "SVC01" || b.Role != "services" || len(b.Results) != 4 {
		t.Errorf("%v: %+v", err, b)
	}
	for _, r := range b.Results {
		if r.Protocol != "" && !strings.Contains(r.Issuer, "CN=") {
			t.Errorf("%s %s: issuer %q", r.Protocol, r.Host, r.Issuer)
		}
	}
	if err := s.listener.Close(); err != nil {
		t.Error(err)
	}
	if err := s.app.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A server that was started with a file names it.
func TestScriptsProbeWords(t *testing.T) {
	for file, want := range map[string]string{
		"": "latchkey probe", "/etc/latchkey.toml": "latchkey probe --config /etc/latchkey.toml", "/my files/l.toml": "latchkey probe --config '/my files/l.toml'",
	} {
		if got := (configFlags{Config: file}).probeWords(); got != want {
			t.Errorf("%q: %s", file, got)
		}
	}
}
