package probe

import (
	"context"
	"strings"
	"time"
)

// Connect holds the conversation of target's protocol without credentials: up
// to the greeting and the mechanisms offered under TLS for mail, less for the
// other protocols. The error is always an *Error; the report is filled as far
// as it went.
func (p *Prober) Connect(ctx context.Context, target Target) (Report, error) {
	return p.converse(ctx, target, nil, p.budget(), func(t *talk) error {
		if !target.Protocol.isMail() {
			return t.reach()
		}
		return t.mail(func(session) error { return nil })
	})
}

// session is one mail protocol on an open talk.
type session interface {
	// start goes from the greeting to the list of mechanisms, and through
	// STARTTLS where the target wants it.
	start() error
	// login runs the SASL exchange with the talk's mechanism.
	login() error
	// entered follows a login that has been judged true.
	entered()
	// goodbye ends the session in the protocol's way.
	goodbye() error
	// release ends what the session has started, and waits for it.
	release()
}

// reach resolves, connects and, where TLS comes first, does the handshake.
func (t *talk) reach() error {
	if err := t.resolve(); err != nil || t.target.Protocol == DNS {
		return err
	}
	if err := t.dial(); err != nil || t.target.Protocol == TCP {
		return err
	}
	if t.target.Protocol.isMail() && t.target.Security == STARTTLS {
		return nil
	}
	return t.secure()
}

// mail runs f in a started session.
func (t *talk) mail(f func(session) error) error {
	if err := t.reach(); err != nil {
		return err
	}
	s := t.session()
	defer s.release()
	if err := s.start(); err != nil {
		return err
	}
	if err := f(s); err != nil {
		return err // and hang up: after a refused login go-imap's next command would wait for ever
	}
	t.farewell(s)
	return nil
}

func (t *talk) session() session {
	switch t.target.Protocol {
	case IMAP:
		return &imapSession{talk: t}
	case POP3:
		return &pop3Session{talk: t}
	default:
		return &smtpSession{talk: t}
	}
}

// farewellTime bounds the polite end of a conversation whose outcome is known.
const farewellTime = 2 * time.Second

func (t *talk) farewell(s session) {
	t.enter(Logout)
	// The system's clock, because the network stack compares with it.
	err := t.raw.SetDeadline(time.Now().Add(farewellTime))
	if err == nil {
		err = s.goodbye()
	}
	if err != nil {
		t.rec.remark("no orderly end: %s", t.rec.redact(err.Error()))
	}
}

// greet reads the server's first words. Only the protocol's plain welcome will
// do: an IMAP server that says PREAUTH claims a login that nobody has made,
// which is how STARTTLS is evaded (RFC 9051 §11.2, CVE-2020-12398).
func (t *talk) greet() error {
	t.enter(Greeting)
	line, err := t.line()
	first := line
	for err == nil && t.target.Protocol == SMTP && smtpMore(line) {
		line, err = t.line()
	}
	if first != "" {
		t.report.Greeting = display(first, maxReply)
	}
	if err != nil {
		return err
	}
	switch reply := t.rec.heard().last; {
	case reply.Status == "OK" && strings.HasPrefix(first, "* "), reply.Status == "+OK", reply.Code == 220:
		t.report.ServerName = serverName(t.target.Protocol, reply.Text)
		return nil
	case reply.Status == "BYE", reply.Status == "-ERR", reply.Code >= 400:
		return errRefused
	default:
		return &kindError{ProtocolError, "the greeting is not the one of " + string(t.target.Protocol)}
	}
}

// offered stores what the server offers under TLS.
func (t *talk) offered(capabilities, mechanisms []string) {
	t.report.Capabilities, t.report.Mechanisms = nil, nil
	for _, c := range capabilities {
		t.report.Capabilities = append(t.report.Capabilities, display(c, maxLine))
	}
	for _, m := range mechanisms {
		t.report.Mechanisms = append(t.report.Mechanisms, display(strings.ToUpper(m), maxLine))
	}
}
