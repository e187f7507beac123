package probe

import (
	"regexp"
	"strconv"
	"strings"
)

// imapFilter decides what go-imap gets to read. The library (v2.0.0-beta.8)
// understands far more than our conversations need, and its reader runs where
// no deadline reaches: "* CAPABILITY (" keeps it busy for ever, nested
// brackets in a BODYSTRUCTURE overflow the stack of the whole process. So only
// the few answers that our commands ask for pass, in their plainest form.
// Everything else has been recorded and is dropped, as any client may do with
// data it has not asked for (RFC 9051 §5.2).
type imapFilter struct {
	literal  int64 // bytes still to come
	open     bool  // an answer goes on behind its literal
	dropping bool  // until the present answer ends
	brackets int   // opened so far
}

var (
	taggedLine = regexp.MustCompile(`^(T\d+) `)
	plainLine  = regexp.MustCompile(`^\* (?i:CAPABILITY(?: +[!#-'+-Z^-z|~-]+)+ *|\d{1,10} EXISTS|SEARCH[ \d]*)$`)
	fetchLine  = regexp.MustCompile(`^\* \d{1,10} (?i:FETCH) \([^"]*$`)
	literalEnd = regexp.MustCompile(`\{(\d{1,18})\+?\}$`)
)

// maxBrackets is far above the handful of a healthy conversation.
const maxBrackets = 100

// pass returns what the library may read of one line, nothing if it may not
// read it. Replies are shortened to their verdict; the words are in the
// recorder. The error is for a line that is no IMAP.
func (f *imapFilter) pass(line string) ([]byte, error) {
	switch {
	case f.open || strings.HasPrefix(line, "* "):
		return f.untagged(line)
	case strings.HasPrefix(line, "+"):
		return []byte(line + "\r\n"), nil
	}
	status := parseIMAP(line).Status
	if m := taggedLine.FindStringSubmatch(line); m != nil && (status == "OK" || status == "NO" || status == "BAD") {
		return []byte(m[1] + " " + status + " .\r\n"), nil
	}
	return nil, &kindError{ProtocolError, "the line is no answer to any command"}
}

func (f *imapFilter) untagged(line string) ([]byte, error) {
	f.brackets += strings.Count(line, "(")
	keep := plainLine.MatchString(line) || fetchLine.MatchString(line)
	if f.open {
		keep = !f.dropping && !strings.Contains(line, `"`)
	}
	if f.open && !f.dropping && !keep || f.brackets > maxBrackets {
		return nil, &kindError{ProtocolError, "the answer is not the one that was asked for"}
	}
	f.literal = literalAt(line)
	f.open = f.literal > 0
	f.dropping = f.open && !keep
	if !keep {
		return nil, nil
	}
	return []byte(line + "\r\n"), nil
}

// literalAt returns the length of the literal that a line announces at its end
// (RFC 9051 §4.3), 0 if there is none. Status lines have none: a server must
// not hide its refusal from the transcript behind a brace.
func literalAt(line string) int64 {
	m := literalEnd.FindStringSubmatch(line)
	if m == nil || parseIMAP(line).Status != "" {
		return 0
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
