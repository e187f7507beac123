package probe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLine  = 200  // characters of a transcript line and of a name
	maxReply = 1000 // characters of a reply: the vendor's trace IDs stand at the end of long lines
)

// display makes a server's text safe for logs, terminals and pages: control,
// format and undefined characters are quoted as in Go source, and at most
// limit characters are kept.
func display(s string, limit int) string {
	var b strings.Builder
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		piece := s[:size]
		switch {
		case r == utf8.RuneError && size <= 1:
			piece = fmt.Sprintf(`\x%02x`, s[0])
		case r == ' ' || unicode.IsPrint(r):
		case r < 0x100:
			piece = fmt.Sprintf(`\x%02x`, r)
		default:
			piece = fmt.Sprintf(`\u%04x`, r)
		}
		if n += utf8.RuneCountInString(piece); n > limit {
			return b.String() + "…"
		}
		b.WriteString(piece)
		s = s[size:]
	}
	return b.String()
}
