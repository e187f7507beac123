package locale

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/finding"
)

const english = `
[meta]
name = "English"
[a]
hello = "Hello {{.name}}"
only = "Only in English"
boxes = { one = "{{.count}} box", other = "{{.count}} boxes" }
`

// two loads English and a second language, which the catalogue must take from
// one file alone.
func two(t *testing.T) *Catalog {
	t.Helper()
	c, err := load(fstest.MapFS{
		"en.toml": {Data: []byte(english)},
		"pt-BR.toml": {Data: []byte(`
[meta]
name = "Português (Brasil)"
[a]
hello = "Olá {{.name}}"
boxes = { one = "{{.count}} caixa", many = "{{.count}} de caixas", other = "{{.count}} caixas" }
[finding.port_closed]
title = "{{.host}} está fechada"
`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPrinterFollowsThePreferences(t *testing.T) {
	c := two(t)
	if diff := cmp.Diff([]string{"en", "pt-BR"}, c.Tags()); diff != "" {
		t.Errorf("Tags (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		preferred []string
		want      string
	}{
		{nil, "en"},
		{[]string{""}, "en"},
		{[]string{"pt-BR"}, "pt-BR"},
		{[]string{"", "pt;q=0.9, en;q=0.8"}, "pt-BR"},
		{[]string{"en", "pt-BR"}, "en"},           // the choice of the person wins over the header
		{[]string{"ja", "pt-BR"}, "pt-BR"},        // not there: the next preference
		{[]string{"q=;;,\x00", "pt-BR"}, "pt-BR"}, // a header may be anything
		{[]string{"ko-KR,ko;q=0.9"}, "en"},        // nothing fits
		{[]string{"pt-BR,pt;q=0.9,en;q=0.1"}, "pt-BR"},
	} {
		if got := c.Printer(tt.preferred...).Tag(); got != tt.want {
			t.Errorf("Printer(%q) speaks %s, want %s", tt.preferred, got, tt.want)
		}
	}
	if got := c.Printer("pt-BR").Name(); got != "Português (Brasil)" {
		t.Errorf("Name = %q", got)
	}
	if got := c.Name("pt-BR") + c.Name("ja"); got != "Português (Brasil)" {
		t.Errorf("Name by tag = %q", got)
	}
}

func TestSentences(t *testing.T) {
	c := two(t)
	en, pt := c.Printer("en"), c.Printer("pt-BR")
	for got, want := range map[string]string{
		pt.T("a.hello", "name", "Ana"): "Olá Ana",
		pt.T("a.only"):                 "Only in English", // falls back message by message
		en.N("a.boxes", 1):             "1 box",
		en.N("a.boxes", 1200):          "1,200 boxes",
		pt.N("a.boxes", 0):             "0 caixa",
		pt.N("a.boxes", 1000000):       "1.000.000 de caixas", // CLDR: many
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	before, after := Split(WithPrinter(t.Context(), en), "a.hello", "name")
	if before != "Hello " || after != "" {
		t.Errorf("Split = %q, %q", before, after)
	}
}

func TestFaultsAreLoudInTests(t *testing.T) {
	p := two(t).Printer()
	ctx := WithPrinter(t.Context(), p)
	for name, call := range map[string]func(){
		"unknown id":          func() { p.T("a.nothing") },
		"missing placeholder": func() { p.T("a.hello") },
		"odd pairs":           func() { p.T("a.hello", "name") },
		"no printer":          func() { T(t.Context(), "a.hello") },
		"nothing to split at": func() { Split(ctx, "a.only", "name") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}

func TestBrokenLanguageFilesAreRefused(t *testing.T) {
	good := &fstest.MapFile{Data: []byte(english)}
	for name, dir := range map[string]fstest.MapFS{
		"no English":      {"de.toml": {Data: []byte("[meta]\nname = \"Deutsch\"")}},
		"without a name":  {"en.toml": good, "de.toml": {Data: []byte("[a]\nhello = \"Hallo\"")}},
		"not TOML":        {"en.toml": good, "de.toml": {Data: []byte("[meta")}},
		"not a tag":       {"en.toml": good, "german!.toml": {Data: []byte("[meta]\nname = \"Deutsch\"")}},
		"not a language ": {"en.toml": good, "de.toml": {Data: []byte("[meta]\nname = \"Deutsch\"\n[a]\nhello = 1")}},
	} {
		if _, err := load(dir); err == nil || !strings.HasPrefix(err.Error(), "locale: ") {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

// The values were read from CLDR through ICU.
func TestFormats(t *testing.T) {
	at := time.Date(2026, 8, 20, 15, 5, 9, 0, time.FixedZone("CEST", 2*3600))
	late := time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)
	for tag, want := range map[string][4]string{
		"en":      {"20 Aug 2026, 13:05 UTC", "3 Dec 2026", "1,234,567", "IMAP, POP3 and SMTP"},
		"de":      {"20.08.2026, 13:05 UTC", "03.12.2026", "1.234.567", "IMAP, POP3 und SMTP"},
		"pt-BR":   {"20 de ago. de 2026, 13:05 UTC", "3 de dez. de 2026", "1.234.567", "IMAP, POP3 e SMTP"},
		"it":      {"20 ago 2026, 13:05 UTC", "3 dic 2026", "1.234.567", "IMAP, POP3 e SMTP"},
		"ja":      {"2026/08/20 13:05 UTC", "2026/12/03", "1,234,567", "IMAP、POP3、SMTP"},
		"zh-Hans": {"2026年8月20日 13:05 UTC", "2026年12月3日", "1,234,567", "IMAP、POP3和SMTP"},
		"sv":      {"2026-08-20 13:05 UTC", "2026-12-03", "1234567", "IMAP, POP3, SMTP"},
	} {
		p := &Printer{format: formatOf(tag)}
		got := [4]string{p.DateTime(at), p.Date(late), p.Number(1234567), p.List("IMAP", "POP3", "SMTP")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tag, diff)
		}
	}
	p := &Printer{format: formatOf("en")}
	for got, want := range map[string]string{
		p.Clock(at):     "13:05 UTC",
		p.Number(-1200): "-1,200", p.Number(999): "999", p.Milliseconds(2140): "2,140 ms", p.Milliseconds(31_500): "31 s",
		p.List(): "", p.List("one"): "one", p.List("one", "two"): "one and two",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	p := c.Printer()
	now := time.Date(2026, 8, 20, 23, 0, 0, 0, time.UTC)
	for got, want := range map[string]string{
		p.Duration(20 * time.Second): "20 seconds", p.Duration(90 * time.Second): "1 minute",
		p.Duration(-3 * time.Minute): "3 minutes", p.Duration(47 * time.Hour): "47 hours",
		p.Duration(48 * time.Hour):         "2 days",
		p.Until(now.Add(2*time.Hour), now): "in 1 day", p.Until(now.Add(-time.Hour), now): "today",
		p.Until(now.AddDate(0, 0, 90), now): "in 90 days", p.Until(now.AddDate(0, 0, 91), now): "19 Nov 2026",
		p.Until(now.AddDate(0, 0, -3), now): "ended 3 days ago",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

var portClosed = &finding.Definition{
	Code: "port_closed", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
	Title: "{{.host}} is closed", Consequence: "No mail.", Cause: "A firewall.", Remedy: "Open port {{.port}}.",
	Command: "Test-NetConnection {{.host}} -Port {{.port}}", Link: "https://contoso.example/{{.host}}?port={{.port}}",
	Params: []string{"host", "port"},
}

func TestFindingInWords(t *testing.T) {
	c := two(t)
	f := finding.New(portClosed, "host", "APP02", "port", "993").With("tcp", "refused", "")
	other := *portClosed
	other.Code, other.Title = "proxy", "A proxy"
	f.Causes = append(f.Causes, finding.Cause{Definition: &other, Likelihood: finding.Possible})

	want := Advice{
		Code: "port_closed", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Likelihood: finding.Certain,
		Title: "APP02 is closed", Consequence: "No mail.", Cause: "A firewall.", Remedy: "Open port 993.",
		Command: "Test-NetConnection APP02 -Port 993", Link: "https://contoso.example/APP02?port=993",
		Evidence: []finding.Evidence{{Source: "tcp", Text: "refused"}},
	}
	second := want
	second.Code, second.Title, second.Likelihood, second.Evidence = "proxy", "A proxy", finding.Possible, nil
	want.OtherCauses = []Advice{second}
	if diff := cmp.Diff(want, c.Printer().Finding(f)); diff != "" {
		t.Errorf("English (-want +got):\n%s", diff)
	}

	pt := c.Printer("pt-BR").Finding(f)
	if pt.Title != "APP02 está fechada" || pt.Cause != "A firewall." || pt.OtherCauses[0].Title != "A proxy" {
		t.Errorf("Portuguese: %q, %q, %q", pt.Title, pt.Cause, pt.OtherCauses[0].Title)
	}
	if diff := cmp.Diff(Advice{}, c.Printer().Finding(finding.Finding{})); diff != "" {
		t.Errorf("no causes:\n%s", diff)
	}
	old := finding.Finding{Causes: f.Causes[:1], Params: map[string]string{"host": "APP02"}}
	if got := c.Printer().Finding(old).Remedy; got != "Open port [port]." {
		t.Errorf("a stored finding without a value: %q", got)
	}
}

// An administrator pastes commands into a shell with full rights; values come
// from forms and servers.
func TestCommandsKeepValuesInOneWord(t *testing.T) {
	for _, tt := range []struct{ template, value, want string }{
		{"Get-Mailbox {{.v}}", "a@contoso.example", "Get-Mailbox a@contoso.example"},
		{"Get-Mailbox {{.v}}", "a b; Remove-Mailbox c", "Get-Mailbox 'a b; Remove-Mailbox c'"},
		{"Get-Mailbox {{.v}}", "$(whoami)", "Get-Mailbox '$(whoami)'"},
		{"Get-Mailbox {{.v}}", "-Confirm", "Get-Mailbox '-Confirm'"},
		{"Get-Mailbox {{.v}}", "", "Get-Mailbox ''"},
		{"Get-Mailbox {{.v}} -X", "it's", ""},
		{"Get-Mailbox {{.v}}", "x\u2019; Remove-Mailbox c", ""}, // PowerShell ends a string at ’ too
		{"Get-Mailbox {{.v}}", "a\nRemove-Mailbox c", ""},
		{"Get-Mailbox '{{.v}}'", "a b", "Get-Mailbox 'a b'"},
		{"Get-Mailbox '{{.v}}'", "it's", ""},
		{`Get-Mailbox "{{.v}}"`, "plain", `Get-Mailbox "plain"`},
		{`Get-Mailbox "{{.v}}"`, "$(whoami)", ""},
		{`echo "it's" '{{.v}}'`, "a b", `echo "it's" 'a b'`},
	} {
		if got := command(tt.template, map[string]string{"v": tt.value}); got != tt.want {
			t.Errorf("command(%q, %q) = %q, want %q", tt.template, tt.value, got, tt.want)
		}
	}
}

func TestLinksLeadOnlyToHTTPS(t *testing.T) {
	for _, tt := range []struct{ template, value, want string }{
		{"https://contoso.example/#/appId/{{.v}}", "a/b?c#d e", "https://contoso.example/#/appId/a%2Fb%3Fc%23d%20e"},
		{"{{.v}}", "https://contoso.example/x?y=z", "https://contoso.example/x?y=z"},
		{"{{.v}}", "javascript:alert(1)", ""},
		{"{{.v}}", "http://contoso.example/", ""},
		{"https://{{.v}}", "", ""},
		{"", "", ""},
	} {
		if got := link(tt.template, map[string]string{"v": tt.value}); got != tt.want {
			t.Errorf("link(%q, %q) = %q, want %q", tt.template, tt.value, got, tt.want)
		}
	}
}
