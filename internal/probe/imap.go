package probe

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

type imapSession struct {
	*talk
	conn   *bridge
	client *imapclient.Client
	after  []string // capabilities after the login
}

func (s *imapSession) start() error {
	if err := s.greet(); err != nil {
		return err
	}
	if s.target.Security == STARTTLS {
		if err := s.upgrade(); err != nil {
			return err
		}
	}
	return s.underTLS()
}

// underTLS starts the library and asks what the server offers.
func (s *imapSession) underTLS() error {
	s.enter(Capability)
	// A greeting with capabilities, so that the library does not ask by itself
	// behind our back; the true ones are asked for next.
	s.conn = newBridge(s.talk, "* OK [CAPABILITY IMAP4rev1] ready")
	s.client = imapclient.New(s.conn, nil)
	if err := s.client.WaitGreeting(); err != nil {
		return err
	}
	caps, err := s.client.Capability().Wait()
	if err != nil {
		return err
	}
	s.offered(names(caps), mechanismsOf(caps))
	return nil
}

func names(caps imap.CapSet) []string {
	var list []string
	for c := range caps {
		list = append(list, string(c))
	}
	slices.Sort(list)
	return list
}

func mechanismsOf(caps imap.CapSet) []string {
	list := caps.AuthMechanisms()
	slices.Sort(list)
	return list
}

// upgrade asks for TLS in the clear (RFC 9051 §6.2.1), by hand: the library
// would hide the plain part from the transcript, and would not look whether
// the server offers it. Nothing learned here is kept.
func (s *imapSession) upgrade() error {
	s.enter(STARTTLSStage)
	if err := s.command("S1", "CAPABILITY"); err != nil {
		return err
	}
	offers := func(line string) bool {
		words := strings.Fields(strings.ToUpper(line))
		return len(words) > 2 && words[1] == "CAPABILITY" && slices.Contains(words, "STARTTLS")
	}
	if !slices.ContainsFunc(s.rec.heard().lines, offers) {
		return &kindError{NoSTARTTLS, "the server does not offer STARTTLS"}
	}
	if err := s.command("S2", "STARTTLS"); err != nil {
		return err
	}
	return s.secure()
}

// command sends one command in the clear and reads to its tagged answer.
func (s *imapSession) command(tag, text string) error {
	if err := s.send(tag + " " + text); err != nil {
		return err
	}
	for {
		line, err := s.line()
		switch {
		case err != nil:
			return err
		case !strings.HasPrefix(line, tag+" "):
			continue
		case parseIMAP(line).Status != "OK":
			return errRefused
		}
		return nil
	}
}

func (s *imapSession) login() error {
	s.conn.pace(true)
	defer s.conn.pace(false)
	return s.client.Authenticate(s.sasl)
}

func (s *imapSession) entered() {
	s.conn.settle() // now the library asks for the new capabilities by itself
	s.after = names(s.client.Caps())
}

func (s *imapSession) goodbye() error { return s.client.Logout().Wait() }

func (s *imapSession) release() {
	if s.client != nil {
		_ = s.client.Close() // its error is the one the commands have returned
	}
}

// examine opens the inbox read-only. AUTHENTICATE alone proves little: some
// servers accept the token and refuse the mailbox with the first command.
func (s *imapSession) examine() (*imap.SelectData, error) {
	s.enter(Open)
	return s.client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
}

func (s *imapSession) open(out *MailboxReport) error {
	data, err := s.examine()
	if err != nil {
		return err
	}
	out.After, out.Messages = s.after, int(data.NumMessages)
	return nil
}

// candidates is the number of messages whose header is compared.
const candidates = 3

// find searches by Message-ID. The server's search finds parts of fields, so
// the newest candidates are compared; BODY.PEEK leaves \Seen alone (RFC 9051
// §6.4.5). Numbers and not UIDs, because the library throws a literal away
// that a server sends before the UID; numbers hold still between these two
// commands (RFC 9051 §7.5.1).
func (s *imapSession) find(messageID string, out *Found) error {
	data, err := s.examine()
	if err != nil {
		return err
	}
	s.enter(Search)
	criteria := &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: messageID}}}
	result, err := s.client.Search(criteria, nil).Wait()
	if err != nil {
		return err
	}
	out.Messages, out.Searched = int(data.NumMessages), int(data.NumMessages)
	numbers := newest(result.All)
	if len(numbers) == 0 {
		return nil
	}
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
	options := &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}
	messages, err := s.client.Fetch(imap.SeqSetNum(numbers...), options).Collect()
	if err != nil {
		return err
	}
	for _, m := range messages {
		header := bytes.NewReader(m.FindBodySection(section))
		if parsed, err := mail.ReadMessage(header); err == nil && parsed.Header.Get("Message-ID") == messageID {
			out.Present = true
		}
	}
	return nil
}

// newest returns the highest few numbers of a set. It walks ranges, because a
// server may claim one of four billion.
func newest(set imap.NumSet) []uint32 {
	ranges, _ := set.(imap.SeqSet)
	var numbers []uint32
	for _, r := range slices.Backward(ranges) {
		for n := r.Stop; n >= r.Start && n > 0 && len(numbers) < candidates; n-- {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
