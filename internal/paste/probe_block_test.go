package paste_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/paste"
)

var block = paste.ProbeBlock{
	Schema: 1, Server: "SVC01", Role: "services", Provider: "entra", At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	Version: "test", Results: []paste.ProbeResult{
		{Host: "login.microsoftonline.com", Port: 443, MS: map[string]int64{"connect": 12}},
		{Protocol: "imap", Host: "outlook.office365.com", Port: 993, Kind: "timeout", Stage: "connect", Line: "no answer, after 5 s"},
	},
}

func TestProbeBlockSurvivesTheWayItTravels(t *testing.T) {
	text := block.String()
	for name, pasted := range map[string]string{
		"as printed":      text,
		"windows":         strings.ReplaceAll(text, "\n", "\r\n"),
		"console noise":   "PS C:\\> latchkey probe\nWARNING: x\n" + text + "\nPS C:\\> ",
		"quoted mail":     "> " + strings.ReplaceAll(text, "\n", "\n> "),
		"trailing blanks": strings.ReplaceAll(text, "\n", "   \n"),
		"indented":        strings.ReplaceAll(text, "\n", "\n    "),
	} {
		got, err := paste.ParseProbeBlock(pasted)
		if diff := cmp.Diff(block, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// The line of another machine comes to pages, reports and terminals.
func TestProbeBlockHoldsNoControlCharacters(t *testing.T) {
	b := block
	b.Results = slices.Clone(b.Results)
	b.Results[1].Line = "refused\x1b[31m\a\r\nHTTP/1.1 200 OK " + strings.Repeat("x", 900)
	got, err := paste.ParseProbeBlock(b.String())
	if err != nil {
		t.Fatal(err)
	}
	line := got.Results[1].Line
	if strings.ContainsFunc(line, unicode.IsControl) || len(line) > 310 {
		t.Errorf("line %q", line)
	}
}

func TestProbeBlockRefusesDamage(t *testing.T) {
	text := block.String()
	for name, tt := range map[string]struct {
		pasted string
		want   error
	}{
		"nothing":       {"", paste.ErrNoBlock},
		"other text":    {"everything is fine here", paste.ErrNoBlock},
		"end cut":       {text[:len(text)-40], paste.ErrDamaged},
		"a line lost":   {strings.Replace(text, `"server": "SVC01",`, "", 1), paste.ErrDamaged},
		"a word edited": {strings.Replace(text, "timeout", "refused", 1), paste.ErrDamaged},
		"endless":       {strings.Repeat("x", 1<<20), paste.ErrNoBlock},
	} {
		if _, err := paste.ParseProbeBlock(tt.pasted); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func FuzzParseProbeBlock(f *testing.F) {
	f.Add(block.String())
	f.Add("> " + block.String())
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := paste.ParseProbeBlock(text); err == nil && b.Server == "" {
			t.Error("a block without a server was accepted")
		}
	})
}
