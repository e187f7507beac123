package exchange

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
)

// A conversation with somebody who sends anything at all must end without a
// panic: it would take the whole program down.
func FuzzConversation(f *testing.F) {
	for _, text := range []string{
		"A CAPABILITY\r\nA LIST \"\" *\r\nA LOGOUT\r\n", "A SELECT INBOX\r\nA FETCH 1:* (BODY[HEADER.FIELDS (A B)]<1.2> ENVELOPE)\r\n",
		"A UID SEARCH HEADER {3+}\r\na\r\nSINCE 1-Jan-2026\r\n", "A STATUS INBOX (MESSAGES)\r\nA STORE 1 +FLAGS (\\Seen)\r\nA EXPUNGE\r\n",
		"A LIST ((((((((((\r\nA \"\\\r\nUID\r\nA UID\r\n", "A SELECT INBOX\r\nA SEARCH (UID *) 1\r\nA UID FETCH *:0 ALL\r\n",
		"CAPA\r\nLIST 1\r\nTOP 1 99999999999999999999\r\nRETR -1\r\nDELE 1\r\nUIDL\r\nQUIT\r\n",
		"EHLO x\r\nMAIL FROM:<support@lab.example> SIZE=x\r\nRCPT TO:<a@b>\r\nBDAT 3\r\nabcBDAT 0 LAST\r\nDATA\r\n.\r\n..\r\n.\r\n",
		"MAIL FROM:\r\nMAIL FROM:<\r\nRCPT TO\r\nBDAT -1\r\nDATA\r\nFrom: (((\r\n\r\n.\r\n",
	} {
		f.Add(text)
	}
	w, err := world.New(time.Now, strings.NewReader(strings.Repeat("seed", 8)))
	if err != nil {
		f.Fatal(err)
	}
	e := New(Options{World: w, Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range []world.Protocol{world.IMAP, world.POP3, world.SMTP} {
			e.overhear(t, p, text)
		}
	})
}

// overhear holds a conversation of somebody who is already in.
func (e *Server) overhear(t *testing.T, p world.Protocol, text string) {
	client, server := net.Pipe()
	c := &conn{ctx: context.Background(), server: e, protocol: p}
	c.use(server)
	in := &login{expires: time.Now().Add(time.Hour)}
	c.do(func(s *world.State) {
		s.Exchange.Pace = 0
		m := s.Mailbox(world.Support)
		in.userID, in.address, in.inbox, in.sent = m.OwnerID, m.Address, m.Inbox, m.Sent
		s.Connect(p, in.userID)
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		switch p {
		case world.IMAP:
			(&imapSession{conn: c, in: in}).run()
		case world.POP3:
			(&popSession{conn: c, in: in, messages: in.inbox.Messages, deleted: map[int]bool{}}).run()
		default:
			(&smtpSession{conn: c, in: in, secure: true, hello: true, within: true}).run()
		}
	}()
	go func() {
		io.WriteString(client, text)
		time.Sleep(time.Millisecond)
		client.Close()
	}()
	io.Copy(io.Discard, bufio.NewReader(client))
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: the conversation did not end", p)
	}
}
