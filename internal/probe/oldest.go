package probe

import (
	"bytes"
	"context"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// OldestReport is how old the oldest message of an inbox is.
type OldestReport struct {
	Report
	Messages int
	// Received is when the last server has taken the message, by its newest
	// Received field, else by its Date field; zero where neither can be read,
	// or the message was taken away meanwhile.
	Received time.Time
}

// Oldest logs in over IMAP, opens the inbox with EXAMINE and reads the header
// of the first message with BODY.PEEK. Nothing is changed, and of the header
// only the time is kept. The error is always an *Error.
//
// INTERNALDATE would be the plain question; its answer holds quoted strings,
// which do not pass the filter in front of the library.
func (p *Prober) Oldest(ctx context.Context, target Target, login Login) (OldestReport, error) {
	var out OldestReport
	report, err := p.inMailbox(ctx, target, login, p.budget(), func(b box) error {
		s, ok := b.(*imapSession)
		if !ok {
			return invalid("only IMAP tells the age of a message")
		}
		return s.oldest(&out)
	})
	out.Report = report
	return out, err
}

func (s *imapSession) oldest(out *OldestReport) error {
	data, err := s.examine()
	if err != nil {
		return err
	}
	out.Messages = int(data.NumMessages)
	if out.Messages == 0 {
		return nil
	}
	s.enter(Search)
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
	options := &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}
	messages, err := s.client.Fetch(imap.SeqSetNum(1), options).Collect()
	if err != nil {
		return err
	}
	for _, m := range messages {
		if parsed, err := mail.ReadMessage(bytes.NewReader(m.FindBodySection(section))); err == nil {
			out.Received = received(parsed.Header)
		}
	}
	return nil
}

// received reads the time behind the last semicolon of the topmost Received
// field (RFC 5321 §4.4), which the receiving server has written itself.
func received(h mail.Header) time.Time {
	if fields := h["Received"]; len(fields) > 0 {
		if i := strings.LastIndexByte(fields[0], ';'); i >= 0 {
			if t, err := mail.ParseDate(strings.TrimSpace(fields[0][i+1:])); err == nil {
				return t
			}
		}
	}
	t, err := h.Date()
	if err != nil {
		return time.Time{}
	}
	return t
}
