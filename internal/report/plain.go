package report

import (
	"regexp"
	"strings"
	"unicode"
)

// plain is s for one line of a terminal, a ticket or a wiki. Names were typed
// by people and answers sent by servers: neither may move a cursor, ring a
// bell, reverse the reading direction (Unicode TR36 §2.10) or begin a line that
// looks like one of ours.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, s))
}

// lineStart is what makes a list or a heading of a line by standing first.
var lineStart = regexp.MustCompile(`^([-+=]|[0-9]{1,9}([.)]))`)

// markdown is s as text of a Markdown document: everything that could begin
// markup is escaped (CommonMark §2.4), so that a name cannot become a link, an
// image or HTML in somebody's wiki.
func markdown(s string) string {
	runes := []rune(plain(s))
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	var b strings.Builder
	for i, r := range runes {
		inWord := r == '_' && word(i-1) && word(i+1) // no emphasis there, and addresses stay readable
		if strings.ContainsRune("\\`*_{}[]<>#|~&!$", r) && !inWord {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	escaped := b.String()
	if m := lineStart.FindStringSubmatchIndex(escaped); m != nil {
		at := m[0]
		if m[4] >= 0 {
			at = m[4]
		}
		escaped = escaped[:at] + `\` + escaped[at:]
	}
	return escaped
}

// code is s as a code span, verbatim: the fence is longer than any run of
// backticks inside (CommonMark §6.1).
func code(s string) string {
	s = plain(s)
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is Markdown for one cell of a table, in which even code ends at a bar
// (GitHub Flavored Markdown §4.10).
func cell(s string) string {
	var b strings.Builder
	escaped := false
	for _, r := range s {
		if r == '|' && !escaped {
			b.WriteByte('\\')
		}
		escaped = r == '\\' && !escaped
		b.WriteRune(r)
	}
	return b.String()
}
