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
		case unicode.IsSpace(r):
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
// image or HTML in somebody's wiki. Addresses that GitHub links by itself lose
// what makes them one (GitHub Flavored Markdown §6.9); a mail address may stay
// one.
func markdown(s string) string {
	runes := []rune(plain(s))
	var b strings.Builder
	for i, r := range runes {
		if begins(runes, i) {
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

// begins reports whether the character at i could begin or end markup.
func begins(runes []rune, i int) bool {
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	switch r := runes[i]; r {
	case '_': // no emphasis within a word, and addresses stay readable
		return !word(i-1) || !word(i+1)
	case ':':
		return i+1 < len(runes) && runes[i+1] == '/'
	case '.':
		return i >= 3 && strings.EqualFold(string(runes[i-3:i]), "www")
	default:
		return strings.ContainsRune("\\`*{}[]<>#|~&!$", r)
	}
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
