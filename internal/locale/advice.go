package locale

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"latchkey/internal/finding"
)

// Advice is a finding, or one of its further causes, in one language.
type Advice struct {
	Code        string
	Severity    finding.Severity
	Actor       finding.Actor
	Likelihood  finding.Likelihood
	Unconfirmed bool // rests on behaviour nobody has measured at Microsoft

	Title, Consequence, Cause, Remedy string

	Command string // safe to paste, see quote; "" if there is none
	// Replace are the parts of Command that stand for a value nobody knows, as
	// they are written there: "<host>".
	Replace []string
	Link    string // absolute https address; "" if there is none
	Wait    time.Duration

	Evidence    []finding.Evidence // of the finding as a whole, on the first cause only
	OtherCauses []Advice           // less likely ones, most likely first
}

// FirstEvidence is what stands in a card. The whole of it, with its
// identifiers, is one fold below.
func (a Advice) FirstEvidence() []finding.Evidence { return a.Evidence[:min(len(a.Evidence), 2)] }

// MoreEvidence reports whether the evidence holds more than that: further
// pieces, several lines, or an identifier that support can search for.
func (a Advice) MoreEvidence() bool {
	return len(a.Evidence) > 2 || slices.ContainsFunc(a.Evidence, func(e finding.Evidence) bool {
		return e.Ref != "" || strings.Contains(e.Text, "\n")
	})
}

// Finding puts f into words. English texts come from the definition; another
// language looks up finding.<code>.<part> and falls back to English part by
// part. A finding without causes gives the zero Advice.
func (p *Printer) Finding(f finding.Finding) Advice {
	if len(f.Causes) == 0 {
		return Advice{}
	}
	a := p.cause(f.Causes[0], f.Params)
	a.Evidence = f.Evidence
	for _, c := range f.Causes[1:] {
		a.OtherCauses = append(a.OtherCauses, p.cause(c, f.Params))
	}
	return a
}

func (p *Printer) cause(c finding.Cause, values map[string]string) Advice {
	said := p.spoken(c.Params, values)
	say := func(part, english string) string {
		if english == "" {
			return ""
		}
		// A stored finding may lack a value that a later version asks for, so
		// the error is not a fault here: the text shows the gap in brackets.
		text, _ := p.localizer.Localize(&i18n.LocalizeConfig{
			DefaultMessage: &i18n.Message{ID: "finding." + c.Code + "." + part, Other: english},
			TemplateData:   said, TemplateParser: placeholders{},
		})
		return sentenceCase(text)
	}
	return Advice{
		Code: c.Code, Severity: c.Severity, Actor: c.Actor, Likelihood: c.Likelihood,
		Unconfirmed: c.Unconfirmed, Wait: c.Wait,
		Title: say("title", c.Title), Consequence: say("consequence", c.Consequence),
		Cause: say("cause", c.Cause), Remedy: say("remedy", c.Remedy),
		Command: command(c.Command, values), Replace: gaps(c.Command, values), Link: link(c.Link, values),
	}
}

// gaps lists the parts of a command that its reader must replace.
func gaps(template string, values map[string]string) []string {
	var list []string
	for _, name := range finding.Placeholders(template) {
		if part := "<" + name + ">"; values[name] == part && !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list
}

// gap marks the place of a value that nobody knows until the sentence is whole.
const gap = "\x00"

// spoken puts a value that nobody knows into words. Such a value is missing, or
// is its own name in angle brackets; commands keep that form.
func (p *Printer) spoken(names []string, values map[string]string) map[string]string {
	out := maps.Clone(values)
	for _, name := range names {
		if v := values[name]; v != "" && v != "<"+name+">" {
			continue
		}
		if word, ok := p.lookup("unknown." + name); ok {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = gap + word
		}
	}
	return out
}

// sentenceCase takes the marks out; what begins a sentence gets a capital.
func sentenceCase(text string) string {
	for {
		before, after, found := strings.Cut(text, gap)
		if !found {
			return text
		}
		if before == "" || strings.HasSuffix(before, ". ") {
			r, size := utf8.DecodeRuneInString(after)
			after = string(unicode.ToUpper(r)) + after[size:]
		}
		text = before + after
	}
}

// command fills a command line that an administrator will paste into a shell
// with full rights, while some values were typed by other people or answered
// by servers. A value of harmless characters stands as it is; any other is
// put into single quotes, which PowerShell and POSIX shells both take
// literally. What cannot be quoted for both of them makes the command vanish:
// the remedy still says in words what to do.
func command(template string, values map[string]string) string {
	safe := true
	var done strings.Builder
	end := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		done.WriteString(template[end:m[0]])
		end = m[1]
		open := lastQuote(template[:m[0]])
		v, ok := quote(values[template[m[2]:m[3]]], open)
		safe = safe && ok
		done.WriteString(v)
	}
	if !safe {
		return ""
	}
	return done.String() + template[end:]
}

// lastQuote is the quote that is open at the end of s, 0 outside quotes.
func lastQuote(s string) rune {
	var open rune
	for _, r := range s {
		switch {
		case r == open:
			open = 0
		case open == 0 && (r == '\'' || r == '"'):
			open = r
		}
	}
	return open
}

// quote makes v one word of a command line. PowerShell ends a single-quoted
// string at ' and at its typographic sisters U+2018 to U+201B as well
// (about_Quoting_Rules), and the two shells escape a quote differently, so a
// value with a quote or a control character is refused.
func quote(v string, open rune) (string, bool) {
	const harmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@:/+=-"
	if v != "" && strings.Trim(v, harmless) == "" && v[0] != '-' && v[0] != '@' {
		return v, true
	}
	if open == '"' || strings.ContainsAny(v, "'\u2018\u2019\u201a\u201b") ||
		strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", false
	}
	if open == '\'' {
		return v, true
	}
	return "'" + v + "'", true
}

// link fills an address. Only https leaves this function: the value may come
// from a page or a server, and a link must not run a script.
func link(template string, values map[string]string) string {
	filled := placeholder.ReplaceAllStringFunc(template, func(m string) string {
		v := values[placeholder.FindStringSubmatch(m)[1]]
		if m == template {
			return v
		}
		return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") // fits path, query and fragment
	})
	u, err := url.Parse(filled)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return filled
}
