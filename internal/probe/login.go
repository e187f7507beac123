package probe

import (
	"context"
	"strings"

	"latchkey/internal/xoauth2"
)

// prepare refuses what must not be tried before a byte has left: a user name
// that would break out of its field, a host that is not the provider's.
func (t *talk) prepare(login Login) error {
	form := xoauth2.TwoStep
	if t.target.Protocol == IMAP {
		form = xoauth2.InitialResponse
	}
	sasl, err := form(login.User, login.Token)
	if err != nil {
		return invalid("%v", err)
	}
	if !t.p.Allow.trusts(t.target) {
		return &kindError{UntrustedHost, "a token may only go to the provider's hosts"}
	}
	t.sasl = sasl
	t.rec.protect(login.Token)
	return nil
}

// authenticate runs the SASL exchange of a started session. Two kinds of
// success are none: one that follows an error challenge, which the server must
// fail (RFC 7628 §3.2.3), and one that comes before the token has been sent.
func (t *talk) authenticate(s session) error {
	t.enter(Authenticate)
	if t.report.TLS == nil || t.report.TLS.Version == "" {
		return &kindError{ProtocolError, "no login without TLS"}
	}
	if !offers(t.report.Mechanisms, xoauth2.Mechanism) {
		return &kindError{NoMechanism, "the server does not offer " + xoauth2.Mechanism}
	}
	if err := s.login(); err != nil {
		return err
	}
	switch {
	case t.sasl.Challenge() != nil:
		return &kindError{ProtocolError, "the server refused the token and then reported success"}
	case !t.rec.hasResponded():
		return &kindError{ProtocolError, "the server reported success before it had seen the token"}
	}
	s.entered()
	return nil
}

func offers(list []string, word string) bool {
	for _, s := range list {
		if strings.EqualFold(s, word) {
			return true
		}
	}
	return false
}

// box is a session with a mailbox behind it. Both methods follow a login.
type box interface {
	session
	open(*MailboxReport) error
	find(messageID string, out *Found) error
}

func (p *Prober) inMailbox(ctx context.Context, target Target, login Login, budget int64, f func(box) error) (Report, error) {
	return p.converse(ctx, target, &login, budget, func(t *talk) error {
		if target.Protocol != IMAP && target.Protocol != POP3 {
			return invalid("no mailbox can be opened over %s", target.Protocol)
		}
		return t.mail(func(s session) error {
			if err := t.authenticate(s); err != nil {
				return err
			}
			return f(s.(box))
		})
	})
}

// Mailbox logs in over IMAP or POP3 and opens the inbox, with EXAMINE or STAT:
// nothing is changed. The error is always an *Error.
func (p *Prober) Mailbox(ctx context.Context, target Target, login Login) (MailboxReport, error) {
	var out MailboxReport
	report, err := p.inMailbox(ctx, target, login, p.budget(), func(b box) error { return b.open(&out) })
	out.Report = report
	return out, err
}

// searchBudget is what a search may read: over POP3 the headers of fifty
// messages, which pass line by line and are not kept.
func (p *Prober) searchBudget(protocol Protocol) int64 {
	if protocol == POP3 {
		return 8 * p.budget()
	}
	return p.budget()
}

// Find looks for the message with the given Message-ID, angle brackets
// included: over IMAP by a search and the headers of what it finds, over POP3
// by the headers of the last 50 messages. Nothing is changed, and headers are
// not recorded. Not finding it is no error; the error is always an *Error.
func (p *Prober) Find(ctx context.Context, target Target, login Login, messageID string) (Found, error) {
	var out Found
	err := checkMessageID(messageID)
	if err != nil {
		out.Report, err = p.refuse(target, err)
		return out, err
	}
	report, err := p.inMailbox(ctx, target, login, p.searchBudget(target.Protocol), func(b box) error { return b.find(messageID, &out) })
	out.Report = report
	return out, err
}
