package probe

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// pop3Session is a client for RFC 1939 with RFC 2449 (CAPA), 2595 (STLS) and
// 5034 (AUTH). It has no command that changes a mailbox, and none that reads a
// body.
type pop3Session struct{ *talk }

func (s *pop3Session) start() error {
	if err := s.greet(); err != nil {
		return err
	}
	if s.target.Security == STARTTLS {
		if err := s.upgrade(); err != nil {
			return err
		}
	}
	s.enter(Capability)
	capabilities, err := s.capa()
	if err != nil {
		return err
	}
	s.offered(capabilities, sasl(capabilities))
	return nil
}

func (s *pop3Session) upgrade() error {
	s.enter(STARTTLSStage)
	capabilities, err := s.capa()
	if err != nil {
		return err
	}
	if !offers(capabilities, "STLS") {
		return &kindError{NoSTARTTLS, "the server does not offer STLS"}
	}
	if _, err := s.command("STLS"); err != nil {
		return err
	}
	return s.secure()
}

// capa returns the capability list, sorted.
func (s *pop3Session) capa() ([]string, error) {
	if _, err := s.command("CAPA"); err != nil {
		return nil, err
	}
	var list []string
	err := s.block(func(line string) error {
		if list = append(list, line); len(list) > maxLines {
			return errManyLines
		}
		return nil
	})
	slices.Sort(list)
	return list, err
}

// sasl returns the mechanisms of the SASL capability (RFC 5034 §3).
func sasl(capabilities []string) []string {
	for _, c := range capabilities {
		words := strings.Fields(c)
		if len(words) > 0 && strings.EqualFold(words[0], "SASL") {
			return words[1:]
		}
	}
	return nil
}

// command sends one command and returns the text behind +OK.
func (s *pop3Session) command(text string) (string, error) {
	if err := s.send(text); err != nil {
		return "", err
	}
	line, err := s.line()
	if err != nil {
		return "", err
	}
	return accepted(line)
}

func accepted(line string) (string, error) {
	switch reply := parsePOP3(line); reply.Status {
	case "+OK":
		return reply.Text, nil
	case "-ERR":
		return "", errRefused
	default:
		return "", &kindError{ProtocolError, "the answer begins with neither +OK nor -ERR"}
	}
}

// block reads a multi-line answer to its dot (RFC 1939 §3). Over-long lines
// are cut, not refused: they are header fields of other people's programs.
func (s *pop3Session) block(each func(line string) error) error {
	for {
		line, err := s.blockLine()
		switch {
		case err != nil:
			return err
		case line == ".":
			return nil
		}
		if err := each(strings.TrimPrefix(line, ".")); err != nil {
			return err
		}
	}
}

func (s *pop3Session) blockLine() (string, error) {
	b, err := s.piece()
	if err != nil {
		return "", err
	}
	line := trimEnd(b)
	for err == nil && b[len(b)-1] != '\n' {
		b, err = s.piece()
	}
	return line, err
}

// login uses two steps always: Exchange accepts no blob on the AUTH line, and
// the line is too short for a token (RFC 2449 §4: 255 octets).
func (s *pop3Session) login() error {
	name, _, err := s.sasl.Start()
	if err != nil {
		return err
	}
	if err := s.send("AUTH " + name); err != nil {
		return err
	}
	for {
		line, err := s.line()
		if err != nil {
			return err
		}
		challenge, ok := continuation(line)
		if !ok {
			_, err := accepted(line)
			return err
		}
		decoded, err := base64.StdEncoding.DecodeString(challenge)
		if err != nil {
			return &kindError{ProtocolError, "the challenge is not base64"}
		}
		response, err := s.sasl.Next(decoded)
		if err != nil {
			return err
		}
		if err := s.send(base64.StdEncoding.EncodeToString(response)); err != nil {
			return err
		}
	}
}

// continuation returns the challenge of a "+ challenge" line.
func continuation(line string) (string, bool) {
	if line == "+" {
		return "", true
	}
	return strings.CutPrefix(line, "+ ")
}

func (s *pop3Session) entered() {}

func (s *pop3Session) goodbye() error {
	_, err := s.command("QUIT")
	return err
}

func (s *pop3Session) release() {}

// stat returns the number of messages and their size in octets.
func (s *pop3Session) stat() (messages int, octets int64, err error) {
	s.enter(Open)
	text, err := s.command("STAT")
	if err != nil {
		return 0, 0, err
	}
	if n, _ := fmt.Sscan(text, &messages, &octets); n != 2 || messages < 0 || octets < 0 {
		return 0, 0, &kindError{ProtocolError, "the answer to STAT has no two numbers"}
	}
	return messages, octets, nil
}

func (s *pop3Session) open(out *MailboxReport) error {
	var err error
	out.Messages, out.Bytes, err = s.stat()
	return err
}

const lastMessages = 50

// find reads headers from the newest message down. TOP n 0 does not mark a
// message as read where RETR may.
func (s *pop3Session) find(messageID string, out *Found) error {
	messages, _, err := s.stat()
	if err != nil {
		return err
	}
	out.Messages = messages
	s.enter(Search)
	for n := messages; n > max(0, messages-lastMessages) && !out.Present; n-- {
		if out.Present, err = s.has(n, messageID); err != nil {
			return err
		}
		out.Searched++
	}
	return nil
}

// has reports whether message n has the Message-ID. Its header stays out of
// the transcript.
func (s *pop3Session) has(n int, messageID string) (bool, error) {
	if _, err := s.command(fmt.Sprintf("TOP %d 0", n)); err != nil {
		return false, err
	}
	s.rec.conceal("S")
	defer s.rec.reveal("S")
	lines := 0
	var id fieldValue
	err := s.block(func(line string) error {
		lines++
		id.add(line)
		return nil
	})
	s.rec.remark("%d lines of a message's header, not recorded", lines)
	return id.value() == messageID, err
}

// fieldValue picks the Message-ID field out of header lines, unfolded
// (RFC 5322 §2.2.3).
type fieldValue struct {
	text    string
	inside  bool
	decided bool // the first one counts
}

func (f *fieldValue) add(line string) {
	folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	if folded {
		if f.inside && len(f.text) < 1000 {
			f.text += line
		}
		return
	}
	name, value, ok := strings.Cut(line, ":")
	f.inside = ok && !f.decided && strings.EqualFold(strings.TrimSpace(name), "Message-ID")
	if f.inside {
		f.text, f.decided = value, true
	}
}

func (f *fieldValue) value() string { return strings.TrimSpace(f.text) }
