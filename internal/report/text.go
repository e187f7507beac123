package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/finding"
	"latchkey/internal/locale"
)

// Markdown writes the document for a wiki or an issue tracker.
func (d Document) Markdown(p *locale.Printer) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s", markdown(p.T("report_text.title", "mailbox", d.Setup.Title)))
	line("")
	line("%s", d.headline(p))
	line("")
	line("| | |")
	line("| --- | --- |")
	for _, r := range d.summary(p) {
		line("| %s | %s |", cell(markdown(r[0])), cell(markdown(r[1])))
	}
	line("")
	line("| %s | %s | %s |", p.T("report_text.step"), p.T("report_text.state"), p.T("report_text.checks"))
	line("| --- | --- | --- |")
	for _, s := range d.Steps {
		line("| %s | %s | %s |", cell(markdown(p.T("step."+string(s.ID)))), cell(markdown(p.T("state."+string(s.State)))), cell(s.counts()))
	}
	for _, s := range d.Steps {
		for _, f := range s.Findings {
			line("")
			line("## %s: %s", p.T("severity."+string(f.Severity)), markdown(f.Title))
			line("")
			line("`%s` · %s", f.Code, p.T("actor."+string(f.Actor)))
			line("")
			line("%s", markdown(f.Consequence+" "+f.Cause+" "+f.Remedy))
			if f.Command != "" {
				line("")
				line("%s", code(f.Command))
			}
			for _, e := range f.Evidence {
				line("")
				line("> %s: %s", markdown(e.Source), code(e.Text))
			}
		}
	}
	line("")
	line("%s %s", p.T("report_text.generated"), stamp(d.Generated))
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func (d Document) headline(p *locale.Printer) string {
	switch {
	case d.OK:
		return p.T("report_text.works")
	case d.Blocked():
		return p.T("report_text.blocked")
	default:
		return p.T("report_text.unfinished")
	}
}

func (d Document) summary(p *locale.Printer) [][2]string {
	s := d.Setup
	var mailboxes, protocols []string
	for _, m := range s.Mailboxes {
		mailboxes = append(mailboxes, string(m))
	}
	for _, one := range s.Protocols {
		protocols = append(protocols, p.T("protocol."+string(one)))
	}
	rows := [][2]string{
		{p.T("field.mailboxes"), strings.Join(mailboxes, ", ")},
		{p.T("field.sign_in_account"), string(s.SignInAccount)},
		{p.T("field.product"), strings.TrimSpace(s.Product + " " + s.Release)},
		{p.T("field.protocols"), strings.Join(protocols, ", ")},
		{p.T("field.tenant"), s.Tenant},
		{p.T("field.client_id"), s.ClientID},
		{p.T("report_text.redirect_uri"), s.RedirectURI},
		{p.T("field.product_redirect_uri"), s.ProductURI},
		{p.T("field.secret_ends"), string(s.SecretEnds)},
	}
	if d.SignIn.Account != "" {
		rows = append(rows, [2]string{p.T("report_text.signed_in"), d.SignIn.Account + ", " + stamp(d.SignIn.At)})
	}
	if d.Key.Decision != "" {
		rows = append(rows, [2]string{p.T("field.key"), p.T("key." + string(d.Key.Decision))})
	}
	var filled [][2]string
	for _, r := range rows {
		if r[1] != "" {
			filled = append(filled, r)
		}
	}
	return filled
}

func (s Step) counts() string {
	passed := 0
	for _, c := range s.Checks {
		if c.State != "blocker" && c.State != "skipped" && !c.At.IsZero() {
			passed++
		}
	}
	return fmt.Sprintf("%d/%d", passed, len(s.Checks))
}

const (
	ticketWidth = 72
	ticketMax   = 1500
)

// Ticket writes the document as plain text for a ticket: at most 1,500
// characters, lines of at most 72.
func (d Document) Ticket(p *locale.Printer) string {
	var lines []string
	add := func(s string) { lines = append(lines, wrap(s, ticketWidth)...) }
	add(p.T("report_text.title", "mailbox", d.Setup.Title))
	add(d.headline(p))
	lines = append(lines, "")
	for _, r := range d.summary(p) {
		add(r[0] + ": " + r[1])
	}
	lines = append(lines, "")
	for _, s := range d.Steps {
		add(p.T("step."+string(s.ID)) + ": " + p.T("state."+string(s.State)))
		for _, f := range s.Findings {
			if f.Severity == finding.Note {
				continue
			}
			add("  " + p.T("severity."+string(f.Severity)) + ": " + f.Title + " (" + f.Code + ")")
		}
	}
	foot := wrap(p.T("report_text.generated")+" "+stamp(d.Generated), ticketWidth)
	size := func(ls []string) int { return utf8.RuneCountInString(strings.Join(ls, "\n")) + 1 }
	const more = "…"
	cut := false
	for len(lines) > 0 && size(append(append(lines[:len(lines):len(lines)], more), foot...)) > ticketMax {
		lines, cut = lines[:len(lines)-1], true
	}
	if cut {
		lines = append(lines, more)
	}
	return strings.Join(append(lines, foot...), "\n") + "\n"
}

// wrap breaks s into lines of at most width characters, between words where it
// can.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	flush := func() {
		if line != "" {
			lines = append(lines, line)
			line = ""
		}
	}
	for _, word := range strings.Fields(s) {
		for utf8.RuneCountInString(word) > width {
			flush()
			r := []rune(word)
			lines = append(lines, string(r[:width]))
			word = string(r[width:])
		}
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			flush()
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	flush()
	return lines
}
