package adminscript

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrValue is in the chain of every value that a script may not hold.
var ErrValue = errors.New("adminscript: the value cannot stand in a script")

// code is PowerShell text that is safe to place in a script. Only the
// functions of this file make it.
type code string

// maxValue is the longest value of a setup that stands in a script; an address
// of Microsoft's has at most 256 characters.
const maxValue = 1024

// quote writes s as a PowerShell expression of type string.
//
// Errors: ErrValue for control characters (a line break would leave a comment
// or confuse a console), broken UTF-8, and anything endless.
func quote(s string) (code, error) {
	if len(s) > maxValue {
		return "", fmt.Errorf("%w: it has more than %d bytes", ErrValue, maxValue)
	}
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: it is not UTF-8", ErrValue)
	}
	var parts []string
	plain := func(r rune) bool { return r >= ' ' && r <= '~' }
	for rest := s; rest != ""; {
		end := strings.IndexFunc(rest, func(r rune) bool { return !plain(r) })
		if end != 0 {
			if end < 0 {
				end = len(rest)
			}
			parts = append(parts, "'"+strings.ReplaceAll(rest[:end], "'", "''")+"'")
			rest = rest[end:]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return "", fmt.Errorf("%w: it holds the control character U+%04X", ErrValue, r)
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			parts = append(parts, fmt.Sprintf("[char]0x%04X", unit))
		}
		rest = rest[size:]
	}
	switch {
	case len(parts) == 0:
		return "''", nil
	case len(parts) == 1 && parts[0][0] == '\'':
		return code(parts[0]), nil
	}
	// A number in front would make + an addition.
	return code("('' + " + strings.Join(parts, " + ") + ")"), nil
}

// list writes an array of strings; the @() keeps it one with a single entry.
func list(values []string) (code, error) {
	quoted := make([]string, len(values))
	for i, v := range values {
		q, err := quote(v)
		if err != nil {
			return "", err
		}
		quoted[i] = string(q)
	}
	return code("@(" + strings.Join(quoted, ", ") + ")"), nil
}

// comment writes text as comment lines, indented, each of at most width
// characters where words allow. Nothing of it can be code: every line begins
// with the mark and a blank, which also keeps "#requires" a comment.
//
// A line that is not ASCII ends with a mark of its own: where Windows
// PowerShell reads it in a code page of two bytes to the letter, the last byte
// of the last letter would swallow the line break and the next line with it.
func comment(indent, text string) code {
	const width = 76
	var b strings.Builder
	for _, paragraph := range strings.FieldsFunc(text, func(r rune) bool {
		return r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}) {
		line := ""
		flush := func() {
			if line == "" {
				return
			}
			b.WriteString(indent + "# " + line)
			if strings.IndexFunc(line, func(r rune) bool { return r > '~' }) >= 0 {
				b.WriteString(" #")
			}
			b.WriteByte('\n')
			line = ""
		}
		for _, word := range strings.Fields(strings.ToValidUTF8(paragraph, "?")) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width-len(indent) {
				flush()
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		flush()
	}
	return code(strings.TrimSuffix(b.String(), "\n"))
}
