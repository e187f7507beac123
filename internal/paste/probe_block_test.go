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
		{Host: "login.microsoftonline.com", Port: 443, MS: map[string]int64{"connect": 12}, Issuer: "CN=DigiCert SHA2 Secure Server CA,O=DigiCert Inc,C=US",
			Families: []paste.ProbeFamily{{Family: "ipv4", Address: "192.0.2.1", MS: 11}, {Family: "ipv6", Address: "2001:db8::1", MS: 8000, Kind: "timeout"}}},
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
		got, err := paste.ParseProbeBlock(pasted, expect)
		if diff := cmp.Diff(block, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// The line of another machine comes to pages, reports and terminals.
func TestProbeBlockHoldsNoControlCharacters(t *testing.T) {
	b := block
	b.Results = slices.Clone(b.Results)
	const bad = "refused\x1b[31m\a\r\nHTTP/1.1 200 OK "
	b.Results[1].Line, b.Results[1].Issuer, b.Results[1].Mechanisms = bad+strings.Repeat("x", 900), bad, []string{bad}
	b.Server, b.Role, b.Provider, b.Version = bad, bad, bad, bad
	got, err := paste.ParseProbeBlock(b.String(), expect)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{got.Server, got.Role, got.Provider, got.Version, got.Results[1].Line, got.Results[1].Issuer, got.Results[1].Mechanisms[0]} {
		if strings.ContainsFunc(line, unicode.IsControl) || len(line) > 310 {
			t.Errorf("line %q", line)
		}
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
		if _, err := paste.ParseProbeBlock(tt.pasted, expect); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func FuzzParseProbeBlock(f *testing.F) {
	f.Add(block.String())
	f.Add("> " + block.String())
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := paste.ParseProbeBlock(text, expect); err == nil && b.Server == "" {
			t.Error("a block without a server was accepted")
		}
	})
}
