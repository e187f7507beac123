package exchange

import (
	"fmt"
	"net"
	"strings"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// smtpSession is one SMTP submission (RFC 5321, RFC 6409).
type smtpSession struct {
	*conn
	secure bool
	hello  bool
	in     *login
	within bool // of the limit of parallel submissions

	mail    bool
	sender  string
	to      []string
	content []byte // of BDAT so far
	done    bool
}

// maxMessage is what SIZE announces, and mostBytes what is really taken: the
// usual MaxSendSize of a mailbox.
const (
	maxMessage = 157286400
	mostBytes  = 35 << 20
)

func (t *smtpSession) run() error {
	var now time.Time
	t.do(func(s *world.State) { now = s.Now() })
	greeting := fmt.Sprintf("220 %s.outlook.office365.com Microsoft ESMTP MAIL Service ready at %s", t.server.name, now.Format(time.RFC1123Z))
	if err := t.greet(greeting); err != nil {
		return err
	}
	defer func() {
		if t.in != nil {
			t.leave(*t.in)
		}
	}()
	for !t.done {
		text, err := t.line()
		if err != nil {
			return err
		}
		name, args, _ := strings.Cut(text, " ")
		if err := t.dispatch(strings.ToUpper(name), args); err != nil {
			return err
		}
	}
	return nil
}

func (t *smtpSession) dispatch(name, args string) error {
	handler := map[string]func(string) error{
		"EHLO": t.ehlo, "HELO": t.helo, "STARTTLS": t.starttls, "AUTH": t.auth,
		"MAIL": t.mailFrom, "RCPT": t.rcptTo, "DATA": t.data, "BDAT": t.bdat,
		"RSET": t.rset, "NOOP": func(string) error { return t.say("250 2.0.0 OK") }, "QUIT": t.quit,
	}[name]
	if handler == nil {
		return t.say(fmt.Sprintf("500 5.3.3 Unrecognized command %s", quote(name)))
	}
	return handler(args)
}

// ehlo lists what is offered (recorded); AUTH takes the place of STARTTLS once
// the connection is secure, whatever the tenant has switched off.
func (t *smtpSession) ehlo(string) error {
	if done, err := t.replayed(corpus.Capability, ""); done {
		return err
	}
	t.hello = true
	t.forget()
	middle := "250-STARTTLS"
	if t.secure {
		middle = "250-AUTH LOGIN XOAUTH2"
	}
	peer, _, err := net.SplitHostPort(t.raw.RemoteAddr().String())
	if err != nil {
		peer = "unknown"
	}
	return t.say(
		fmt.Sprintf("250-%s.outlook.office365.com Hello [%s]", t.server.name, peer),
		fmt.Sprintf("250-SIZE %d", maxMessage), "250-PIPELINING", "250-DSN", "250-ENHANCEDSTATUSCODES",
		middle, "250-8BITMIME", "250-BINARYMIME", "250-CHUNKING", "250 SMTPUTF8")
}

func (t *smtpSession) helo(string) error {
	t.hello = true
	t.forget()
	return t.say(fmt.Sprintf("250 %s.outlook.office365.com Hello", t.server.name))
}

// starttls begins again under TLS: nothing said before counts any more
// (RFC 3207 §4.2).
func (t *smtpSession) starttls(string) error {
	if t.secure {
		return t.say("503 5.5.1 Bad sequence of commands")
	}
	if done, err := t.replayed(corpus.StartTLS, ""); done {
		return err
	}
	if err := t.say("220 2.0.0 SMTP server ready"); err != nil {
		return err
	}
	if err := t.startTLS(); err != nil {
		return err
	}
	t.secure, t.hello = true, false
	return nil
}

// auth takes XOAUTH2 with the message on the line or after a continuation.
func (t *smtpSession) auth(args string) error {
	mechanism, blob, inline := strings.Cut(args, " ")
	switch {
	case t.in != nil || !t.hello:
		return t.say("503 5.5.1 Bad sequence of commands")
	case !t.secure:
		return t.say("504 5.7.4 Unrecognized authentication type " + t.trace())
	case strings.EqualFold(mechanism, "LOGIN"):
		return t.loginMechanism(inline)
	case !strings.EqualFold(mechanism, "XOAUTH2"):
		return t.say("504 5.7.4 Unrecognized authentication type " + t.trace())
	}
	if !inline {
		var err error
		if blob, err = t.ask("334 "); err != nil {
			return err
		}
	}
	if blob == "*" {
		return t.say("501 5.7.0 Authentication aborted")
	}
	if done, err := t.replayed(corpus.Authenticate, ""); done {
		return err
	}
	in, why, within := t.enter(blob)
	if err := t.pauseAfter(why); err != nil {
		return err
	}
	if why != admitted {
		return t.refuse(why)
	}
	t.in, t.within = &in, within
	return t.say("235 2.7.0 Authentication successful")
}

func (t *smtpSession) ask(prompt string) (string, error) {
	if err := t.say(prompt); err != nil {
		return "", err
	}
	return t.line()
}

// refuse gives the reason as far as Exchange does: a disabled protocol is
// named, everything about the token or the user is 5.7.3.
func (t *smtpSession) refuse(why refusal) error {
	const off = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the %s. " +
		"Visit https://aka.ms/smtp_auth_disabled for more information. %s"
	switch why {
	case smtpOffTenant:
		return t.say(fmt.Sprintf(off, "Tenant", t.trace()))
	case smtpOffMailbox:
		return t.say(fmt.Sprintf(off, "Mailbox", t.trace()))
	}
	return t.say("535 5.7.3 Authentication unsuccessful " + t.trace())
}

// loginMechanism is still offered, and refuses each password.
func (t *smtpSession) loginMechanism(userGiven bool) error {
	prompts := []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"}
	if userGiven {
		prompts = prompts[1:]
	}
	for _, p := range prompts {
		if _, err := t.ask(p); err != nil {
			return err
		}
	}
	t.do(func(s *world.State) { s.Counters.Refusals[world.SMTP]++ })
	if err := t.pauseAfter(badToken); err != nil {
		return err
	}
	return t.say("535 5.7.139 Authentication unsuccessful, basic authentication is disabled. " + t.trace())
}

func (t *smtpSession) rset(string) error {
	t.forget()
	return t.say("250 2.0.0 Resetting")
}

func (t *smtpSession) quit(string) error {
	t.done = true
	return t.say("221 2.0.0 Service closing transmission channel")
}

// forget drops the transaction, not the login.
func (t *smtpSession) forget() { t.mail, t.sender, t.to, t.content = false, "", nil, nil }
