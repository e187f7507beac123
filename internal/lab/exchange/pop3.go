package exchange

import (
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

const (
	// popRefused is POP3's answer to each kind of refusal (recorded).
	popRefused = "-ERR Authentication failure: unknown user name or bad password."
	popLogon   = "-ERR Logon failure: unknown user name or bad password."
	popState   = "-ERR Command is not valid in this state."
	popError   = "-ERR Protocol error. 14"
	popTooLong = "-ERR Protocol error. Connection is closed. 10"
)

// popSession is one POP3 conversation (RFC 1939, RFC 5034).
type popSession struct {
	*conn
	in       *login
	messages []*world.Message // the maildrop as it was at login
	deleted  map[int]bool     // by index
	done     bool
}

func (p *popSession) run() error {
	if err := p.greet("+OK The Microsoft Exchange POP3 service is ready. " + p.server.bracket()); err != nil {
		return err
	}
	defer func() {
		if p.in != nil {
			p.leave(*p.in)
		}
	}()
	for !p.done {
		text, err := p.line()
		if err != nil {
			return err
		}
		name, args, _ := strings.Cut(text, " ")
		if err := p.dispatch(strings.ToUpper(name), args); err != nil {
			return err
		}
	}
	return nil
}

func (p *popSession) dispatch(name, args string) error {
	switch name {
	case "CAPA":
		if done, err := p.replayed(corpus.Capability, ""); done {
			return err
		}
		return p.say("+OK", "TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER", ".")
	case "QUIT":
		return p.quit()
	case "USER", "PASS", "AUTH":
		if p.in != nil {
			return p.say(popState)
		}
		return p.logon(name, args)
	}
	handler := map[string]func(string) error{
		"STAT": p.stat, "LIST": p.list, "UIDL": p.uidl, "TOP": p.top, "RETR": p.retr, "DELE": p.dele, "RSET": p.rset,
		"NOOP": func(string) error { return p.say("+OK") },
	}[name]
	switch {
	case handler == nil:
		return p.say(popError)
	case p.in == nil:
		return p.say(popState)
	}
	stage := corpus.MidSession
	if name == "STAT" {
		stage = corpus.Open
	}
	if done, err := p.replayed(stage, ""); done {
		return err
	}
	return handler(args)
}

func (p *popSession) logon(name, args string) error {
	switch name {
	case "USER":
		return p.say("+OK")
	case "PASS":
		p.do(func(s *world.State) { s.Counters.Refusals[world.POP3]++ })
		if err := p.pauseAfter(badToken); err != nil {
			return err
		}
		return p.say(popLogon)
	}
	return p.auth(args)
}

// popLine is the longest command line (RFC 2449 §4).
const popLine = 255

// auth takes XOAUTH2 in the two-line form only: a message on the line of the
// command is refused with the sentence about the password, which has misled
// many, or ends the connection where the line is longer than a command may be
// (both recorded in several libraries' threads).
func (p *popSession) auth(args string) error {
	mechanism, inline, _ := strings.Cut(args, " ")
	if !strings.EqualFold(mechanism, "XOAUTH2") || inline != "" {
		p.do(func(s *world.State) { s.Counters.Refusals[world.POP3]++ })
		if err := p.pauseAfter(badToken); err != nil {
			return err
		}
		if len("AUTH ")+len(args) > popLine {
			p.done = true
			return p.say(popTooLong)
		}
		return p.say(popRefused)
	}
	if err := p.say("+ "); err != nil {
		return err
	}
	blob, err := p.line()
	if err != nil {
		return err
	}
	if done, err := p.replayed(corpus.Authenticate, ""); done {
		return err
	}
	in, why, within := p.enter(blob)
	if err := p.pauseAfter(why); err != nil {
		return err
	}
	switch {
	case why != admitted:
		return p.say(popRefused)
	case !within:
		p.leave(in)
		return p.say(popRefused)
	}
	p.in, p.deleted = &in, map[int]bool{}
	p.do(func(s *world.State) { p.messages = s.Seen(in.inbox) })
	return p.say("+OK User successfully authenticated.")
}

// message reads a message number.
func (p *popSession) message(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n - 1, err == nil && n >= 1 && n <= len(p.messages) && !p.deleted[n-1]
}

const popNoMessage = "-ERR The specified message is out of range."

func (p *popSession) stat(string) error {
	n, size := 0, 0
	for i, m := range p.messages {
		if !p.deleted[i] {
			n, size = n+1, size+len(m.Raw)
		}
	}
	return p.say(fmt.Sprintf("+OK %d %d", n, size))
}

// listing answers LIST and UIDL, for one message or for all.
func (p *popSession) listing(args string, show func(*world.Message) string) error {
	if args != "" {
		i, ok := p.message(args)
		if !ok {
			return p.say(popNoMessage)
		}
		return p.say(fmt.Sprintf("+OK %d %s", i+1, show(p.messages[i])))
	}
	lines := []string{"+OK"}
	for i, m := range p.messages {
		if !p.deleted[i] {
			lines = append(lines, fmt.Sprintf("%d %s", i+1, show(m)))
		}
	}
	return p.say(append(lines, ".")...)
}

func (p *popSession) list(args string) error {
	return p.listing(args, func(m *world.Message) string { return strconv.Itoa(len(m.Raw)) })
}

func (p *popSession) uidl(args string) error {
	return p.listing(args, func(m *world.Message) string { return fmt.Sprintf("%d-%d", p.in.inbox.UIDValidity, m.UID) })
}

// top sends the header and the first lines of the body.
func (p *popSession) top(args string) error {
	which, count, _ := strings.Cut(args, " ")
	i, ok := p.message(which)
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 0 {
		return p.say(popNoMessage)
	}
	head, body := split(p.messages[i].Raw)
	lines := strings.SplitAfter(string(body), "\r\n")
	return p.send(slices.Concat(head, []byte(strings.Join(lines[:min(n, len(lines))], ""))))
}

func (p *popSession) retr(args string) error {
	i, ok := p.message(args)
	if !ok {
		return p.say(popNoMessage)
	}
	p.do(func(s *world.State) { s.Counters.Retrieved++ })
	return p.send(p.messages[i].Raw)
}

// send writes a message with its leading dots doubled and the final dot.
func (p *popSession) send(content []byte) error {
	p.w.WriteString("+OK\r\n")
	w := textproto.NewWriter(p.w).DotWriter()
	w.Write(content)
	if err := w.Close(); err != nil {
		return err
	}
	return p.w.Flush()
}

func (p *popSession) dele(args string) error {
	i, ok := p.message(args)
	if !ok {
		return p.say(popNoMessage)
	}
	p.deleted[i] = true
	p.do(func(s *world.State) { s.Counters.Deleted++ })
	return p.say("+OK")
}

func (p *popSession) rset(string) error {
	clear(p.deleted)
	return p.say("+OK")
}

// quit removes what was deleted and ends the conversation.
func (p *popSession) quit() error {
	p.done = true
	if p.in != nil {
		p.do(func(*world.State) {
			var gone []*world.Message
			for i := range p.deleted {
				gone = append(gone, p.messages[i])
			}
			p.in.inbox.Remove(gone)
		})
	}
	return p.say("+OK Microsoft Exchange Server POP3 server signing off.")
}
