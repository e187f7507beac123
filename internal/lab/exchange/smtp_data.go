package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// path reads "FROM:<address> PARAMETERS" or "TO:<address> PARAMETERS".
func path(args, keyword string) (address, parameters string, ok bool) {
	if len(args) < len(keyword) || !strings.EqualFold(args[:len(keyword)], keyword) {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(args[len(keyword):], " "), "<")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ">")
}

func (t *smtpSession) mailFrom(args string) error {
	sender, parameters, ok := path(args, "FROM:")
	switch {
	case !t.secure:
		return t.say("451 5.7.3 STARTTLS is required to send mail " + t.trace())
	case t.in == nil:
		return t.say("530 5.7.57 Client not authenticated to send mail. " + t.trace())
	case t.mail:
		return t.say("503 5.5.2 Sender already specified")
	case !ok:
		return t.say("501 5.5.4 Invalid arguments")
	case announced(parameters) > maxMessage:
		return t.say("552 5.3.4 Message size exceeds fixed maximum message size")
	}
	if done, err := t.replayed(corpus.MailFrom, ""); done {
		return err
	}
	var early bool
	t.do(func(s *world.State) { early = s.Exchange.SendAsEarly && !sendsAs(s, t.in.userID, sender) })
	if early {
		return t.say("550 5.7.60 SMTP; Client does not have permissions to send as this sender " + t.trace())
	}
	t.mail, t.sender = true, sender
	return t.say("250 2.1.0 Sender OK")
}

// announced is the SIZE parameter (RFC 1870), 0 without one.
func announced(parameters string) int64 {
	for word := range strings.FieldsSeq(parameters) {
		if value, ok := strings.CutPrefix(strings.ToUpper(word), "SIZE="); ok {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				return n
			}
		}
	}
	return 0
}

// sendsAs reports whether the person may use the address as sender.
func sendsAs(s *world.State, userID, address string) bool {
	m := s.Mailbox(address)
	return m != nil && m.SendsAs(userID)
}

func (t *smtpSession) rcptTo(args string) error {
	address, _, ok := path(args, "TO:")
	switch {
	case !t.mail:
		return t.say("503 5.5.1 Bad sequence of commands")
	case !ok || !strings.Contains(address, "@"):
		return t.say("501 5.1.3 Invalid address")
	}
	if done, err := t.replayed(corpus.Rcpt, ""); done {
		return err
	}
	t.to = append(t.to, address)
	return t.say("250 2.1.5 Recipient OK")
}

// ready reports whether a message may come, and says so if not.
func (t *smtpSession) ready() (bool, error) {
	switch {
	case len(t.to) == 0:
		return false, t.say("503 5.5.2 Need rcpt command")
	case !t.within:
		return false, t.say("432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information. [Hostname=" + t.server.fullName() + "]")
	}
	if done, err := t.replayed(corpus.Data, ""); done {
		return false, err
	}
	return true, nil
}

func (t *smtpSession) data(string) error {
	if ok, err := t.ready(); !ok {
		return err
	}
	if err := t.say("354 Start mail input; end with <CRLF>.<CRLF>"); err != nil {
		return err
	}
	content, fits, err := dotted(t.r, mostBytes)
	if err != nil {
		return err
	}
	return t.submit(content, fits)
}

// bdat takes one chunk of a message (RFC 3030).
func (t *smtpSession) bdat(args string) error {
	size, last, _ := strings.Cut(args, " ")
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 {
		return t.say("501 5.5.4 Invalid arguments")
	}
	chunk := io.LimitReader(t.r, n)
	if ok, err := t.ready(); !ok {
		_, copyErr := io.Copy(io.Discard, chunk)
		return errors.Join(err, copyErr)
	}
	room := int64(mostBytes + 1 - len(t.content))
	content, err := io.ReadAll(io.LimitReader(chunk, room))
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, chunk); err != nil {
		return err
	}
	t.content = append(t.content, content...)
	if !strings.EqualFold(last, "LAST") {
		return t.say(fmt.Sprintf("250 2.1.5 %d octets received", n))
	}
	return t.submit(t.content, len(t.content) <= mostBytes)
}

// dotted reads up to the final dot, takes the doubled dots away and keeps CRLF
// line ends. A message beyond limit is read to its end, and does not fit.
func dotted(r *bufio.Reader, limit int) (content []byte, fits bool, err error) {
	var b bytes.Buffer
	fits = true
	for start := true; ; {
		piece, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, false, err
		}
		if start && (string(piece) == ".\r\n" || string(piece) == ".\n") {
			return b.Bytes(), fits, nil
		}
		if start {
			piece = bytes.TrimPrefix(piece, []byte("."))
		}
		start = err == nil
		if fits = fits && b.Len()+len(piece) <= limit; fits {
			b.Write(piece)
		}
	}
}

// submit decides on a whole message and delivers it.
func (t *smtpSession) submit(content []byte, fits bool) error {
	sender, to := t.sender, t.to
	t.forget()
	if done, err := t.replayed(corpus.EndOfData, ""); done {
		return err
	}
	if !fits {
		return t.say("552 5.3.4 Message size exceeds fixed maximum message size")
	}
	allowed := false
	var id string
	t.do(func(s *world.State) {
		id = s.GUID()
		if allowed = sendsAs(s, t.in.userID, sender) && fromAllowed(s, t.in.userID, content); allowed {
			s.Counters.Submitted++
			t.deliver(s, content, to, id)
		}
	})
	if !allowed {
		return t.say("554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a " +
			"permanent exception with message Cannot submit message. [Hostname=" + t.server.fullName() + "]")
	}
	return t.say(fmt.Sprintf("250 2.0.0 OK <%s@%s> [Hostname=%s]", id, t.server.fullName(), t.server.fullName()))
}

// fromAllowed looks at the header's From: the rights are those of the address
// that readers see. A message without a readable one is judged by its envelope.
func fromAllowed(s *world.State, userID string, content []byte) bool {
	value, _ := header(content, "From")
	list, err := mail.ParseAddressList(value)
	return err != nil || !slices.ContainsFunc(list, func(a *mail.Address) bool { return !sendsAs(s, userID, a.Address) })
}

// deliver puts a copy into each mailbox of this world and one into the Sent
// Items of the person who signed in, as Exchange does. Nothing leaves the
// simulator: other recipients are only counted.
func (t *smtpSession) deliver(s *world.State, content []byte, to []string, id string) {
	if _, ok := header(content, "Message-ID"); !ok {
		content = slices.Concat([]byte("Message-ID: <"+id+"@"+t.server.fullName()+">\r\n"), content)
	}
	received := fmt.Sprintf("Received: from [%s] by %s with Microsoft SMTP Server; %s\r\n",
		t.raw.RemoteAddr(), t.server.fullName(), s.Now().Format(time.RFC1123Z))
	for _, address := range to {
		m := s.Mailbox(address)
		if m == nil {
			s.Counters.Vanished++
			continue
		}
		s.Deliver(m.Inbox, slices.Concat([]byte(received), content))
		s.Counters.Delivered++
	}
	s.Deliver(t.in.sent, content)
}
