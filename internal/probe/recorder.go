package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/xoauth2"
)

const (
	keptLines = 100     // at each end of a transcript
	keptBytes = 4 << 10 // of one line; the longest true ones have half of it
)

// recorder writes the transcript and keeps the server's telling lines. It
// redacts where it writes: nothing unredacted is ever stored.
//
// Two layers, because a leak here reaches tickets and chats: what the client
// sends inside a SASL exchange is left out by its place, whatever it is; and
// the token is masked wherever it occurs, in what the server echoes too.
type recorder struct {
	protocol Protocol
	elapsed  func() time.Duration

	mu      sync.Mutex
	mask    xoauth2.Mask
	head    []Line
	tail    []Line
	dropped int

	client, server []byte // unfinished lines, at most keptBytes each
	inSASL         bool
	responded      bool            // the client has sent more than the command
	hide           map[string]bool // "C", "S": contents of a message pass

	said said
}

// said is what the server has said in the present stage.
type said struct {
	smtp     []string // lines of an unfinished SMTP reply
	last     Reply    // the last complete reply, or line that is none
	refusal  Reply    // the last NO, BAD, -ERR, 4xx or 5xx
	untagged Reply    // IMAP: the last untagged NO or BAD
	bye      Reply
	lines    []string // masked
}

func newRecorder(p Protocol, elapsed func() time.Duration) *recorder {
	return &recorder{protocol: p, elapsed: elapsed, hide: map[string]bool{}}
}

// protect masks login's token from now on.
func (r *recorder) protect(token secret.Text) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mask = xoauth2.NewMask(token)
}

func (r *recorder) redact(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mask.Apply(s)
}

// stage forgets what was said before.
func (r *recorder) stage() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = said{}
}

// heard returns what the server has said since the stage began.
func (r *recorder) heard() said {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.said
	s.lines = slices.Clone(s.lines)
	return s
}

// hasResponded reports whether the client has sent a SASL response.
func (r *recorder) hasResponded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.responded
}

// conceal leaves one side's lines out until reveal: they are somebody's mail.
func (r *recorder) conceal(from string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hide[from] = true
}

func (r *recorder) reveal(from string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.hide, from)
}

func (r *recorder) remark(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add("-", fmt.Sprintf(format, args...))
}

// wrote takes bytes the client is about to send; they may be parts of a line
// or several lines.
func (r *recorder) wrote(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hide["C"] {
		r.client = feed(r.client, b, r.clientLine)
	}
}

// read takes bytes the server has sent.
func (r *recorder) read(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hide["S"] {
		r.server = feed(r.server, b, r.serverLine)
	}
}

// feed adds b to an unfinished line and hands each finished one to done.
func feed(unfinished, b []byte, done func(string)) []byte {
	for _, c := range b {
		switch {
		case c == '\n':
			text := strings.TrimSuffix(string(unfinished), "\r")
			unfinished = unfinished[:0]
			done(text)
		case len(unfinished) < keptBytes:
			unfinished = append(unfinished, c)
		}
	}
	return unfinished
}

// saslStart matches the command that begins a SASL exchange, with IMAP's tag
// or without.
var saslStart = regexp.MustCompile(`^(?i:(?:\S+ )?AUTHENTICATE \S+|AUTH \S+)`)

func (r *recorder) clientLine(text string) {
	switch command := saslStart.FindString(text); {
	case r.inSASL:
		text, r.responded = secret.Redacted, true
	case command != "":
		r.inSASL = true
		if len(text) > len(command) {
			command += " " + secret.Redacted
			r.responded = true
		}
		text = command
	}
	r.add("C", r.mask.Apply(text))
}

func (r *recorder) serverLine(text string) {
	text = r.mask.Apply(text)
	if !r.isContinuation(text) {
		r.inSASL = false
	}
	r.add("S", text)
	if len(r.said.lines) < maxLines {
		r.said.lines = append(r.said.lines, text)
	}
	switch r.protocol {
	case IMAP:
		r.said.imap(text)
	case POP3:
		r.said.pop3(text)
	case SMTP:
		r.said.smtpLine(text)
	}
}

// isContinuation reports whether text leaves a SASL exchange open. Untagged
// IMAP lines do.
func (r *recorder) isContinuation(text string) bool {
	switch r.protocol {
	case IMAP:
		return strings.HasPrefix(text, "+") || strings.HasPrefix(text, "* ")
	case POP3:
		return strings.HasPrefix(text, "+") && !strings.HasPrefix(text, "+OK")
	default:
		return strings.HasPrefix(text, "334")
	}
}

func (s *said) imap(text string) {
	reply := parseIMAP(text)
	refused := reply.Status == "NO" || reply.Status == "BAD"
	tagged := !strings.HasPrefix(text, "* ")
	switch {
	case refused && tagged:
		s.refusal = reply
	case refused:
		s.untagged = reply
	case reply.Status == "BYE":
		s.bye = reply
	}
	s.last = reply
}

func (s *said) pop3(text string) {
	s.last = parsePOP3(text)
	if s.last.Status == "-ERR" {
		s.refusal = s.last
	}
}

func (s *said) smtpLine(text string) {
	if s.smtp = append(s.smtp, text); smtpMore(text) {
		return
	}
	s.last = parseSMTP(s.smtp)
	if s.last.Code >= 400 {
		s.refusal = s.last
	}
	s.smtp = nil
}

func (r *recorder) add(from, text string) {
	l := Line{At: r.elapsed(), From: from, Text: display(text, maxLine)}
	if len(r.head) < keptLines {
		r.head = append(r.head, l)
		return
	}
	if len(r.tail) == keptLines {
		r.tail = slices.Delete(r.tail, 0, 1)
		r.dropped++
	}
	r.tail = append(r.tail, l)
}

// flush ends the server's unfinished line: nothing more will come.
func (r *recorder) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.server) > 0 && !r.hide["S"] {
		r.serverLine(string(r.server))
	}
	r.server = nil
}

// transcript returns what was recorded.
func (r *recorder) transcript() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := slices.Clone(r.head)
	if r.dropped > 0 {
		at := lines[len(lines)-1].At
		lines = append(lines, Line{At: at, From: "-", Text: fmt.Sprintf("%d lines left out", r.dropped)})
	}
	return append(lines, r.tail...)
}
