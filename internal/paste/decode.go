package paste

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// utf16Text reads what a Windows console redirects into a file.
func utf16Text(text string) string {
	if len(text) < 4 || len(text)%2 != 0 || text[:2] != "\xff\xfe" {
		return strings.TrimPrefix(text, "\ufeff")
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, uint16(text[i])|uint16(text[i+1])<<8)
	}
	return string(utf16.Decode(units))
}

// readable makes text valid, with plain line ends and without characters that
// move a cursor or turn the reading direction.
func readable(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(utf16Text(text), ""))
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u00a0':
			return ' '
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
}

// The wrappings that hide structure, each with the sign that it is there.
var (
	element       = regexp.MustCompile(`(?s)<(?:/?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?|!--.*?--|!DOCTYPE[^<>]*)>`)
	style         = regexp.MustCompile(`(?is)<style.*?</style>`)
	blanks        = regexp.MustCompile(`\n\s*\n`)
	isPage        = regexp.MustCompile(`(?i)<(?:html|body|div|span|p|br|script|title|pre|td|h[1-6])[\s>/]`)
	charReference = regexp.MustCompile(`&(?:quot|amp|lt|gt|apos|nbsp|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,6});`)
	escaped       = regexp.MustCompile(`\\"|\\u00[0-9a-fA-F]{2}|\\r\\n`)
	inString      = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))`)
	encodedIn     = regexp.MustCompile(`[^\s"'<>]*(?:error|redirect_uri|scope|client_id)[a-z_]*(?:=|%3[Dd])[^\s"'<>]*`)
	percent       = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// unwrap opens one layer of wrapping; the text comes back unchanged when there
// is none left.
func unwrap(text string) string {
	if isPage.MatchString(text) {
		text = blanks.ReplaceAllString(element.ReplaceAllString(style.ReplaceAllString(text, " "), "\n"), "\n")
	}
	if charReference.MatchString(text) {
		text = html.UnescapeString(text)
	}
	if escaped.MatchString(text) {
		text = inString.ReplaceAllStringFunc(text, unescape)
	}
	return encodedIn.ReplaceAllStringFunc(text, func(s string) string {
		if !percent.MatchString(s) {
			return s
		}
		s = strings.ReplaceAll(s, "+", " ")
		return percent.ReplaceAllStringFunc(s, func(p string) string {
			if d, err := url.PathUnescape(p); err == nil && d >= " " {
				return d
			}
			return " "
		})
	})
}

// unescape reads one escape of JSON and of the languages that borrow from it.
func unescape(s string) string {
	switch s[1] {
	case 'r':
		return ""
	case 'n':
		return "\n"
	case 't':
		return " "
	case 'u', 'x':
		var r rune
		for _, c := range s[2:] {
			r = r<<4 + rune(strings.IndexRune("0123456789abcdef", unicode.ToLower(c)))
		}
		if len(s) < 4 || unicode.IsControl(r) || r >= 0xd800 && r < 0xe000 {
			return " "
		}
		return string(r)
	case '"', '\\', '/', '\'':
		return s[1:]
	}
	return s
}
