package probe

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"
)

type smtpSession struct {
	*talk
	client *smtp.Client
}

func (s *smtpSession) start() error {
	if err := s.greet(); err != nil {
		return err
	}
	if s.target.Security == STARTTLS {
		if err := s.upgrade(); err != nil {
			return err
		}
	}
	s.enter(Capability)
	s.client = smtp.NewClient(newBridge(s.talk, "220 ready"))
	if err := s.client.Hello(s.name()); err != nil {
		return err
	}
	capabilities := extensions(s.rec.heard().lines)
	s.offered(capabilities, authMechanisms(capabilities))
	return nil
}

// name is what the client calls itself: its address, since it has no name that
// the server could look up (RFC 5321 §4.1.4).
func (s *smtpSession) name() string {
	host, _, err := net.SplitHostPort(s.raw.LocalAddr().String())
	if err != nil {
		return "localhost"
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return "localhost"
	case addr.Unmap().Is4():
		return "[" + addr.Unmap().String() + "]"
	default:
		return "[IPv6:" + addr.WithZone("").String() + "]"
	}
}

// upgrade asks for TLS by hand, as in IMAP (RFC 3207).
func (s *smtpSession) upgrade() error {
	s.enter(STARTTLSStage)
	lines, err := s.command("EHLO " + s.name())
	if err != nil {
		return err
	}
	if !offers(extensions(lines), "STARTTLS") {
		return &kindError{NoSTARTTLS, "the server does not offer STARTTLS"}
	}
	if _, err := s.command("STARTTLS"); err != nil {
		return err
	}
	return s.secure()
}

// command sends one command in the clear and returns the lines of a 2xx reply.
func (s *smtpSession) command(text string) ([]string, error) {
	if err := s.send(text); err != nil {
		return nil, err
	}
	var lines []string
	for {
		line, err := s.line()
		if err != nil {
			return nil, err
		}
		if lines = append(lines, line); smtpMore(line) {
			continue
		}
		switch code, _ := smtpCode(line); {
		case code >= 400:
			return nil, errRefused
		case code < 200 || code > 299:
			return nil, &kindError{ProtocolError, "the reply has an unexpected code"}
		}
		return lines, nil
	}
}

// extensions returns the lines of an EHLO reply behind the first, without
// their codes, sorted (RFC 5321 §4.1.1.1). Replies to other commands, such as
// a refused EHLO before HELO, do not count.
func extensions(lines []string) []string {
	var list []string
	for _, line := range lines {
		if text, ok := strings.CutPrefix(line, "250"); ok && len(text) > 1 {
			list = append(list, strings.TrimSpace(text[1:]))
		}
	}
	list = list[min(1, len(list)):]
	slices.Sort(list)
	return list
}

func authMechanisms(extensions []string) []string {
	for _, e := range extensions {
		words := strings.Fields(e)
		if len(words) > 0 && strings.EqualFold(words[0], "AUTH") {
			return words[1:]
		}
	}
	return nil
}

func (s *smtpSession) login() error { return s.client.Auth(s.sasl) }

func (s *smtpSession) entered() {}

func (s *smtpSession) goodbye() error { return s.client.Quit() }

func (s *smtpSession) release() {}

// deliver hands one message over. Its text stays out of the transcript.
func (s *smtpSession) deliver(m Message) error {
	s.enter(SendStage)
	if err := s.client.Mail(m.From, nil); err != nil {
		return err
	}
	if err := s.client.Rcpt(m.To, nil); err != nil {
		return err
	}
	data, err := s.client.Data()
	if err != nil {
		return err
	}
	s.rec.remark("%d bytes of the message, not recorded", len(m.Raw))
	s.rec.conceal("C")
	defer s.rec.reveal("C")
	if _, err := bytes.NewReader(m.Raw).WriteTo(data); err != nil {
		return err
	}
	return data.Close()
}

func (p *Prober) submission(ctx context.Context, target Target, login Login, f func(*smtpSession) error) (Report, error) {
	return p.converse(ctx, target, &login, p.budget(), func(t *talk) error {
		if target.Protocol != SMTP {
			return invalid("nothing can be sent over %s", target.Protocol)
		}
		return t.mail(func(s session) error {
			if err := t.authenticate(s); err != nil {
				return err
			}
			return f(s.(*smtpSession))
		})
	})
}

// SMTPLogin logs in and sends nothing. The error is always an *Error.
func (p *Prober) SMTPLogin(ctx context.Context, target Target, login Login) (Report, error) {
	return p.submission(ctx, target, login, func(*smtpSession) error { return nil })
}

// Send logs in and hands one message over. An *Error of stage "send" is the
// server's verdict on sender, recipient or message; after success the message
// is the server's.
func (p *Prober) Send(ctx context.Context, target Target, login Login, m Message) (Report, error) {
	for _, address := range []string{m.From, m.To} {
		if err := checkAddress(address); err != nil {
			return p.refuse(target, err)
		}
	}
	return p.submission(ctx, target, login, func(s *smtpSession) error { return s.deliver(m) })
}
