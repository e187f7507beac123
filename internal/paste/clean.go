package paste

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// consoleColour are the colours of a console: CSI sequences (ECMA-48 §5.4), with the
// escape character or with what is left where it was dropped.
var consoleColour = regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]")

// markupForm is what only text that went through HTML has.
var markupForm = regexp.MustCompile(`&(quot|gt|lt|amp|nbsp|#[0-9]{1,5}|#[xX][0-9a-fA-F]{1,4});`)

// plain undoes what consoles, chat and mail programs do to a text without
// changing its words: line ends, colours, no-break blanks, invisible
// characters, HTML entities. The number of lines stays.
func plain(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	text = consoleColour.ReplaceAllString(text, "")
	if markupForm.MatchString(text) {
		text = html.UnescapeString(text)
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r):
			return -1 // byte order mark, zero-width and soft characters
		}
		return r
	}, text)
}
