package exchange

import (
	"fmt"
	"strings"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// The capability lists before and after login (recorded). AUTH=PLAIN is still
// advertised although passwords are refused.
const (
	imapCapability      = "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
	imapCapabilityAfter = "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT " +
		"CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+"
)

const (
	imapNotConnected = "BAD User is authenticated but not connected."
	imapBadState     = "BAD Command received in Invalid state."
	imapBadCommand   = "BAD Command Error. 12"
	imapBadArgument  = "BAD Command Argument Error. 11"
	imapThrottled    = "NO Request is throttled. Suggested Backoff Time: 299961 milliseconds"
	imapBye          = "* BYE Connection closed. 14"
	imapExpired      = "* BYE Session invalidated - AccessTokenExpired"
)

// imapSession is one IMAP conversation (RFC 3501).
type imapSession struct {
	*conn
	in       *login // nil before authentication
	homeless bool   // authenticated, but not connected to a mailbox
	refused  int    // mailbox commands refused for that

	folder   *world.Folder // selected
	readOnly bool
	known    []*world.Message // by sequence number, as the client was told

	done bool
}

func (m *imapSession) run() error {
	if err := m.greet("* OK The Microsoft Exchange IMAP4 service is ready. " + m.server.bracket()); err != nil {
		return err
	}
	defer func() {
		if m.in != nil && !m.homeless {
			m.leave(*m.in)
		}
	}()
	for !m.done {
		text, err := m.command()
		if err != nil {
			return err
		}
		if err := m.answer(text); err != nil {
			return err
		}
	}
	return nil
}

// answer handles one command.
func (m *imapSession) answer(text string) error {
	tag, rest, _ := strings.Cut(text, " ")
	name, args, _ := strings.Cut(rest, " ")
	if tag == "" || name == "" {
		return m.say("* " + imapBadCommand)
	}
	if m.over() {
		m.done = true
		return m.say(imapExpired)
	}
	name = strings.ToUpper(name)
	if name == "UID" {
		sub, subArgs, _ := strings.Cut(args, " ")
		name, args = "UID "+strings.ToUpper(sub), subArgs
	}
	c := &imapCommand{tag: tag, name: name}
	var ok bool
	if c.args, ok = parseArguments(args); !ok {
		return m.say(tag + " " + imapBadArgument)
	}
	return m.dispatch(c)
}

// over reports whether the token has run out: Exchange ends the session then.
func (m *imapSession) over() bool {
	if m.in == nil {
		return false
	}
	var over bool
	m.do(func(s *world.State) { over = !s.Now().Before(m.in.expires) })
	return over
}

func (m *imapSession) dispatch(c *imapCommand) error {
	switch c.name {
	case "CAPABILITY":
		if m.in != nil {
			return m.say(imapCapabilityAfter, c.ok())
		}
		if done, err := m.replayed(corpus.Capability, c.tag); done {
			return err
		}
		return m.say(imapCapability, c.ok())
	case "NOOP":
		m.refresh(true)
		return m.say(c.ok())
	case "ID":
		return m.say(`* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")`, c.ok())
	case "LOGOUT":
		m.done = true
		return m.say("* BYE Microsoft Exchange Server IMAP4 server signing off.", c.ok())
	case "AUTHENTICATE", "LOGIN":
		if m.in != nil {
			return m.say(c.tag + " " + imapBadState)
		}
		if c.name == "LOGIN" {
			return m.noPassword(c)
		}
		return m.authenticate(c)
	}
	return m.mailboxCommand(c)
}

// noPassword refuses a password: basic authentication is off for good.
func (m *imapSession) noPassword(c *imapCommand) error {
	m.do(func(s *world.State) { s.Counters.Refusals[world.IMAP]++ })
	if err := m.pauseAfter(badToken); err != nil {
		return err
	}
	return m.say(c.tag + " NO " + c.name + " failed.")
}

// authenticate takes XOAUTH2 with the message on the line (SASL-IR, RFC 4959)
// or after a continuation. There is no JSON challenge on failure: the refusal
// is the final answer.
func (m *imapSession) authenticate(c *imapCommand) error {
	if len(c.args) == 0 {
		return m.say(c.tag + " " + imapBadArgument)
	}
	blob := ""
	if len(c.args) > 1 {
		blob = c.args[1].text
	} else {
		if err := m.say("+ "); err != nil {
			return err
		}
		var err error
		if blob, err = m.line(); err != nil {
			return err
		}
	}
	switch mechanism := strings.ToUpper(c.args[0].text); {
	case blob == "*":
		return m.say(c.tag + " BAD AUTHENTICATE was cancelled.")
	case mechanism != "XOAUTH2":
		return m.noPassword(c)
	}
	if done, err := m.replayed(corpus.Authenticate, c.tag); done {
		return err
	}
	in, why, within := m.enter(blob)
	if err := m.pauseAfter(why); err != nil {
		return err
	}
	if why == badToken {
		return m.say(c.tag + " NO AUTHENTICATE failed.")
	}
	m.in = &in
	m.homeless = why == notConnected
	if !within {
		// Too many connections look like a mailbox that is not there.
		m.leave(in)
		m.homeless = true
	}
	return m.say(c.ok())
}

// mailboxCommand handles what needs a mailbox behind the login.
func (m *imapSession) mailboxCommand(c *imapCommand) error {
	handlers := map[string]func(*imapCommand) error{
		"NAMESPACE": m.namespace, "LIST": m.list, "LSUB": m.list, "STATUS": m.status,
		"SELECT": m.selectFolder, "EXAMINE": m.selectFolder, "IDLE": m.idle,
	}
	selected := map[string]func(*imapCommand) error{
		"SEARCH": m.search, "UID SEARCH": m.search, "FETCH": m.fetch, "UID FETCH": m.fetch,
		"STORE": m.store, "UID STORE": m.store, "EXPUNGE": m.expunge, "UID EXPUNGE": m.expunge,
		"CHECK": m.check, "CLOSE": m.closeFolder, "UNSELECT": m.closeFolder,
	}
	handler, needsFolder := handlers[c.name], false
	if handler == nil {
		handler, needsFolder = selected[c.name], true
	}
	if m.in != nil {
		stage := corpus.Open
		if m.folder != nil {
			stage = corpus.MidSession
		}
		if done, err := m.replayed(stage, c.tag); done {
			return err
		}
	}
	switch {
	case handler == nil:
		return m.say(c.tag + " " + imapBadCommand)
	case m.in == nil:
		return m.say(c.tag + " " + imapBadState)
	case m.homeless:
		return m.notConnected(c)
	case m.throttled():
		m.done = true
		return m.say(c.tag+" "+imapThrottled, "* BYE Connection is closed. 14")
	case needsFolder && m.folder == nil:
		return m.say(c.tag + " " + imapBadState)
	}
	return handler(c)
}

// notConnected refuses the first mailbox command and ends the conversation
// with the second (recorded: "after one or two of them").
func (m *imapSession) notConnected(c *imapCommand) error {
	m.refused++
	if m.refused < 2 {
		return m.say(c.tag + " " + imapNotConnected)
	}
	m.done = true
	return m.say(c.tag+" "+imapNotConnected, imapBye)
}

func (m *imapSession) throttled() bool {
	var throttled bool
	m.do(func(s *world.State) { throttled = s.Exchange.Throttled })
	return throttled
}

// idle waits for DONE and tells about new messages meanwhile (RFC 2177).
func (m *imapSession) idle(c *imapCommand) error {
	if err := m.say("+ IDLE accepted, awaiting DONE command."); err != nil {
		return err
	}
	lines := make(chan error, 1)
	go func() {
		text, err := m.line()
		if err == nil && !strings.EqualFold(text, "DONE") {
			err = fmt.Errorf("exchange: %q instead of DONE", text)
		}
		lines <- err
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-lines:
			if err != nil {
				return err
			}
			m.refresh(true)
			return m.say(c.ok())
		case <-tick.C:
			if m.over() {
				m.done = true
				err := m.say(imapExpired)
				m.raw.Close() // ends the reader
				<-lines
				return err
			}
			m.refresh(true)
			if err := m.w.Flush(); err != nil {
				m.raw.Close()
				<-lines
				return err
			}
		}
	}
}
