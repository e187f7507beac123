package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/finding"
	"latchkey/internal/locale"
	"latchkey/internal/wizard"
)

// Markdown writes the document for a wiki or an issue tracker.
func (d Document) Markdown(p *locale.Printer) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s", markdown(d.title(p)))
	line("")
	line("%s", markdown(d.headline(p)))
	line("")
	line("| | |")
	line("| --- | --- |")
	for _, r := range d.summary(p) {
		value := markdown(r.value)
		if r.verbatim {
			value = code(r.value)
		}
		line("| %s | %s |", cell(markdown(r.name)), cell(value))
	}
	line("")
	line("| %s | %s | %s |", p.T("report.steps"), p.T("dashboard.state"), p.T("checks.title"))
	line("| --- | --- | --- |")
	for _, s := range d.Steps {
		line("| %s | %s | %s |", cell(markdown(p.T("step."+string(s.ID)))), cell(markdown(p.T("state."+string(s.State)))), cell(s.counts()))
	}
	for _, s := range d.Steps {
		for _, f := range s.Findings {
			line("")
			line("## %s: %s", p.T("severity."+string(f.Severity)), markdown(f.Title))
			line("")
			line("%s · %s", code(f.Code), p.T("actor."+string(f.Actor)))
			line("")
			line("%s", markdown(strings.TrimSpace(strings.Join([]string{f.Consequence, f.Cause, f.Remedy, f.wait(p)}, " "))))
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
	line("%s", markdown(p.T("report.at", "time", stamp(d.Generated))))
	return b.String()
}

// wait says how long the fix may take, "" if it works at once.
func (f Finding) wait(p *locale.Printer) string {
	d, err := time.ParseDuration(f.Wait)
	if err != nil || d == 0 {
		return ""
	}
	return p.T("finding.wait", "time", p.Duration(d))
}

func (d Document) title(p *locale.Printer) string {
	return p.T("report.heading", "mailbox", cmp.Or(d.Setup.Title, d.Setup.ID))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func (d Document) headline(p *locale.Printer) string {
	switch {
	case d.OK && d.Condition == wizard.Working && d.Warnings > 0:
		return p.N("overview.warnings", d.Warnings)
	case d.OK:
		return p.T("overview_sentence." + string(cmp.Or(d.Condition, wizard.Working)))
	case d.Blocked():
		return p.T("overview_sentence.needs_attention")
	default:
		return p.T("overview_sentence.setting_up")
	}
}

// row is one line of the summary. A verbatim value is copied and compared
// character by character.
type row struct {
	name, value string
	verbatim    bool
}

func (d Document) summary(p *locale.Printer) []row {
	s := d.Setup
	var mailboxes, protocols []string
	for _, m := range s.Mailboxes {
		mailboxes = append(mailboxes, string(m))
	}
	for _, one := range s.Protocols {
		protocols = append(protocols, p.T("protocol."+string(one)))
	}
	tenantID := s.TenantID
	if tenantID == s.Tenant { // not entered as a domain
		tenantID = ""
	}
	rows := []row{
		{p.T("field.mailboxes"), strings.Join(mailboxes, ", "), false},
		{p.T("field.sign_in_account"), string(s.SignInAccount), false},
		{p.T("field.product"), strings.TrimSpace(s.Product + " " + s.Release), false},
		{p.T("field.protocols"), strings.Join(protocols, ", "), false},
		{p.T("field.tenant"), s.Tenant, true},
		{p.T("fact.tenant_id"), tenantID, true},
		{p.T("field.client_id"), s.ClientID, true},
		{p.T("addresses.redirect_uri"), s.RedirectURI, true},
		{p.T("field.product_redirect_uri"), s.ProductURI, true},
		{p.T("field.secret_ends"), string(s.SecretEnds), false},
	}
	if d.SignIn.Account != "" {
		rows = append(rows, row{p.T("fact.signed_in_as"), d.SignIn.Account + ", " + stamp(d.SignIn.At), false})
	}
	if d.Key.Decision != "" {
		rows = append(rows, row{p.T("field.key"), p.T("key." + string(d.Key.Decision)), false})
	}
	return slices.DeleteFunc(rows, func(r row) bool { return r.value == "" })
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

// Terminal writes the steps with their findings for whoever looks at a screen.
func (d Document) Terminal(p *locale.Printer) string {
	var b strings.Builder
	line := func(indent int, s string) {
		if s = plain(s); s != "" {
			fmt.Fprintf(&b, "%*s%s\n", indent, "", s)
		}
	}
	for i, s := range d.Steps {
		line(0, fmt.Sprintf("%d %s: %s", i+1, p.T("step."+string(s.ID)), p.T("state."+string(s.State))))
		for _, f := range s.Findings {
			line(4, fmt.Sprintf("%s: %s (%s)", p.T("severity."+string(f.Severity)), f.Title, f.Code))
			if f.Severity == finding.Note {
				continue
			}
			line(6, f.Cause)
			line(6, f.Remedy)
			line(6, f.wait(p))
			line(6, f.Command)
			for _, e := range f.Evidence {
				line(6, "["+e.Source+"] "+e.Text)
			}
		}
	}
	return b.String()
}

const (
	ticketWidth = 72
	ticketMax   = 1500
	// rowMax keeps one long value from pushing the findings out.
	rowMax = 3
	more   = "…"
)

// Ticket writes the document as plain text for a ticket: at most 1,500
// characters, lines of at most 72. What has no room is left out from the end,
// and a line says so.
func (d Document) Ticket(p *locale.Printer) string {
	var lines []string
	add := func(s string) {
		wrapped := wrap(plain(s), ticketWidth)
		if len(wrapped) > rowMax {
			wrapped = append(wrapped[:rowMax-1:rowMax-1], more)
		}
		lines = append(lines, wrapped...)
	}
	add(d.title(p))
	add(d.headline(p))
	lines = append(lines, "")
	for _, r := range d.summary(p) {
		add(r.name + ": " + r.value)
	}
	lines = append(lines, "")
	for _, s := range d.Steps {
		add(p.T("step."+string(s.ID)) + ": " + p.T("state."+string(s.State)))
		for _, f := range s.Findings {
			if f.Severity == finding.Note {
				continue
			}
			add("- " + p.T("severity."+string(f.Severity)) + ": " + f.Title + " (" + f.Code + ")")
		}
	}
	return fit(lines, wrap(plain(p.T("report.at", "time", stamp(d.Generated))), ticketWidth))
}

// fit joins lines and foot to a text of at most ticketMax characters.
func fit(lines, foot []string) string {
	size := func(ls []string) (n int) {
		for _, l := range ls {
			n += utf8.RuneCountInString(l) + 1
		}
		return n
	}
	if total := size(lines) + size(foot); total > ticketMax {
		for total += size([]string{more}); total > ticketMax && len(lines) > 0; lines = lines[:len(lines)-1] {
			total -= size(lines[len(lines)-1:])
		}
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
