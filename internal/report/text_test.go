package report

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/locale"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func english(t testing.TB) *locale.Printer {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.Printer("en")
}

func blocked() Document {
	at := time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC)
	return Document{
		Generated: at,
		Setup: Setup{
			ID: "ab12", Title: "support_a@contoso.example", Product: "Mail | application", Release: "12.6(1)",
			Mailboxes: []setup.Address{"support_a@contoso.example"}, SignInAccount: "svc@contoso.example",
			Protocols: []setup.Protocol{setup.IMAP, setup.SMTP}, ClientID: "id`1|2",
			RedirectURI: "https://latchkey.contoso.example/callback",
		},
		SignIn: SignIn{Account: "svc@contoso.example", At: at},
		Key:    Key{Decision: setup.LatchkeyKeeps},
		Steps: []Step{
			{ID: setup.StepApplication, State: flow.Done, Checks: []Check{{State: "passed", At: at}, {State: "warning", At: at}, {State: "not_checked"}}},
			{ID: setup.StepRegistration, State: flow.NeedsAttention, Checks: []Check{{State: "blocker", At: at}, {State: "skipped", At: at}}, Findings: []Finding{
				{
					Code: "redirect_uri_mismatch", Severity: finding.Blocker, Actor: finding.AppAdmin, Title: "Microsoft does not know <it>",
					Consequence: "Nobody can sign in.", Cause: "It differs.", Remedy: "Register it.", Command: "Set-It -Name 'a`b'",
					Evidence: []finding.Evidence{{Source: "registered", Text: "https://x.example/[a](b)\n# no heading"}},
				},
				{Code: "consent_unknown", Severity: finding.Note, Actor: finding.EntraAdmin, Title: "Only a note", Consequence: "Nothing stops."},
			}},
		},
	}
}

func TestMarkdownOfABlockedSetup(t *testing.T) {
	want := strings.ReplaceAll(`# Report on support_a@contoso.example

A problem stops the setup.

| | |
| --- | --- |
| Mailboxes | support_a@contoso.example |
| Sign-in account | svc@contoso.example |
| Mail application | Mail \| application 12.6(1) |
| Protocols | IMAP, SMTP |
| Application (client) ID | ''id'1\|2'' |
| Redirect URI | 'https://latchkey.contoso.example/callback' |
| Signed in as | svc@contoso.example, 2026-11-21 14:05 UTC |
| What happens with this sign-in | Keep it and renew it |

| Steps | State | Checks |
| --- | --- | --- |
| Version and account | Done | 2/3 |
| Entra application | Needs attention | 0/2 |

## Problem: Microsoft does not know \<it\>

'redirect_uri_mismatch' · Owner of the Entra application

Nobody can sign in. It differs. Register it.

''Set-It -Name "a'b"''

> registered: 'https://x.example/[a](b) # no heading'

## Note: Only a note

'consent_unknown' · Microsoft 365 administrator

Nothing stops.

As of 2026-11-21 14:05 UTC
`, "'", "`")
	want = strings.ReplaceAll(want, `"`, "'")
	if diff := cmp.Diff(want, blocked().Markdown(english(t))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTicketOfABlockedSetup(t *testing.T) {
	want := `Report on support_a@contoso.example
A problem stops the setup.

Mailboxes: support_a@contoso.example
Sign-in account: svc@contoso.example
Mail application: Mail | application 12.6(1)
Protocols: IMAP, SMTP
Application (client) ID: id` + "`" + `1|2
Redirect URI: https://latchkey.contoso.example/callback
Signed in as: svc@contoso.example, 2026-11-21 14:05 UTC
What happens with this sign-in: Keep it and renew it

Version and account: Done
Entra application: Needs attention
- Problem: Microsoft does not know <it> (redirect_uri_mismatch)
As of 2026-11-21 14:05 UTC
`
	if diff := cmp.Diff(want, blocked().Ticket(english(t))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTerminal(t *testing.T) {
	want := `1 Version and account: Done
2 Entra application: Needs attention
    Problem: Microsoft does not know <it> (redirect_uri_mismatch)
      It differs.
      Register it.
      Set-It -Name 'a` + "`" + `b'
      [registered] https://x.example/[a](b) # no heading
    Note: Only a note (consent_unknown)
`
	if diff := cmp.Diff(want, blocked().Terminal(english(t))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestHeadline(t *testing.T) {
	p := english(t)
	for want, d := range map[string]Document{
		"Mail flows. Nobody has to act.":                                               {OK: true},
		"Mail flows. 2 warnings are open.":                                             {OK: true, Condition: wizard.Working, Warnings: 2},
		"Set up and handed over. Nobody has seen the mail application fetch mail yet.": {OK: true, Condition: wizard.NotSeen, Warnings: 2},
		"A problem stops the setup.":                                                   blocked(),
		"The setup is under way.":                                                      {Steps: []Step{{Findings: []Finding{{Severity: finding.Warning}}}}},
	} {
		if got := d.headline(p); got != want {
			t.Errorf("headline = %q, want %q", got, want)
		}
	}
}

func TestALongTicketSaysThatItIsCut(t *testing.T) {
	d := blocked()
	for range 40 {
		d.Steps = append(d.Steps, d.Steps[1])
	}
	got := d.Ticket(english(t))
	if n := utf8.RuneCountInString(got); n > ticketMax || n < ticketMax-ticketWidth {
		t.Errorf("%d characters, want close to %d", n, ticketMax)
	}
	if !strings.HasSuffix(got, "\n…\nAs of 2026-11-21 14:05 UTC\n") {
		t.Errorf("the end does not say that something is missing:\n%s", got)
	}
}

func TestFitCountsTheLineThatSaysSo(t *testing.T) {
	for n := range ticketWidth {
		got := fit(slices.Repeat([]string{"1234567"}, 200), []string{strings.Repeat("f", n)})
		if size := utf8.RuneCountInString(got); size > ticketMax || size < ticketMax-len("1234567\n") {
			t.Errorf("foot of %d characters: %d, want at most %d and no line less", n, size, ticketMax)
		}
	}
	if got := fit([]string{"a", "b"}, []string{"foot"}); got != "a\nb\nfoot\n" {
		t.Errorf("a short text is changed: %q", got)
	}
}

// TestTicketKeepsItsSize: whatever names and answers are, a ticket keeps to its
// size, no line of it is made by them, and its date stands at the end.
func TestTicketKeepsItsSize(t *testing.T) {
	p := english(t)
	rapid.Check(t, func(t *rapid.T) {
		d := blocked()
		long := func(label string) string {
			return strings.Repeat(names().Draw(t, label), rapid.SampledFrom([]int{1, 1, 9, 300}).Draw(t, label+" times"))
		}
		d.Setup.Title, d.Setup.Product, d.SignIn.Account = long("title"), long("product"), long("account")
		d.Steps[1].Findings[0].Title = long("finding")
		got := d.Ticket(p)
		if n := utf8.RuneCountInString(got); n > ticketMax {
			t.Errorf("%d characters", n)
		}
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); n > ticketWidth {
				t.Errorf("a line of %d characters", n)
			}
			checkVisible(t, l)
		}
		if last := lines[len(lines)-1]; last != "As of 2026-11-21 14:05 UTC" {
			t.Errorf("the last line is %q", last)
		}
		if !strings.Contains(got, "\n- Problem:") {
			t.Errorf("a long name has pushed the problem out:\n%s", got)
		}
	})
}

// TestMarkdownKeepsItsShape: whatever names and answers are, the document has
// as many lines, and each begins as it would with plain ones.
func TestMarkdownKeepsItsShape(t *testing.T) {
	p := english(t)
	starts := func(d Document) (out []string) {
		for _, l := range strings.Split(d.Markdown(p), "\n") {
			begin, _, _ := strings.Cut(l, " ")
			if !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, ">") && !strings.HasPrefix(l, "|") {
				begin = ""
			}
			out = append(out, begin)
		}
		return out
	}
	want := starts(blocked())
	rapid.Check(t, func(t *rapid.T) {
		d := blocked()
		f := &d.Steps[1].Findings[0]
		defer func() {
			for _, l := range strings.Split(d.Terminal(p), "\n") {
				checkVisible(t, l)
			}
		}()
		for i, s := range []*string{&d.Setup.Title, &d.Setup.Product, &d.Setup.ClientID, &d.SignIn.Account, &f.Title, &f.Command, &f.Evidence[0].Source, &f.Evidence[0].Text} {
			*s = "x" + names().Draw(t, string(rune('a'+i)))
		}
		if diff := cmp.Diff(want, starts(d)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
