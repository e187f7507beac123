package world

import (
	"slices"
	"strings"
	"time"
)

// Protocol is a mail protocol.
type Protocol string

// The protocols of the simulator.
const (
	IMAP Protocol = "imap"
	POP3 Protocol = "pop3"
	SMTP Protocol = "smtp"
)

// Switch is a setting of a mailbox that may leave the decision to the tenant.
type Switch int

// The values of SmtpClientAuthenticationDisabled: empty, $false, $true.
const (
	Inherit Switch = iota
	On
	Off
)

// Mailbox is a mailbox of Exchange Online.
type Mailbox struct {
	Address string
	Aliases []string
	Name    string
	OwnerID string // the user it belongs to; for a shared mailbox its blocked account
	Shared  bool

	Licensed bool
	IMAP     bool // ImapEnabled
	POP      bool // PopEnabled
	SMTPAuth Switch

	FullAccess []string // user IDs
	SendAs     []string // user IDs

	Inbox *Folder
	Sent  *Folder
}

// Folder is a folder of a mailbox. Its pointer may be kept by a mail session,
// its fields are read inside Do only.
type Folder struct {
	Name        string
	UIDValidity uint32
	NextUID     uint32
	Messages    []*Message
}

// Message is a stored message.
type Message struct {
	UID      uint32
	Raw      []byte // with CRLF line ends
	Received time.Time
	Visible  time.Time // from when mail programs see it
	Flags    []string  // system flags and keywords, such as \Seen
}

// Mailbox finds a mailbox by address or alias, nil if there is none.
func (s *State) Mailbox(address string) *Mailbox {
	for _, m := range s.Mailboxes {
		if m.Has(address) {
			return m
		}
	}
	return nil
}

// MailboxOf finds the mailbox of a user, nil if there is none.
func (s *State) MailboxOf(userID string) *Mailbox {
	for _, m := range s.Mailboxes {
		if m.OwnerID == userID {
			return m
		}
	}
	return nil
}

// Has reports whether address is the mailbox's own or one of its aliases.
func (m *Mailbox) Has(address string) bool {
	return strings.EqualFold(m.Address, address) ||
		slices.ContainsFunc(m.Aliases, func(a string) bool { return strings.EqualFold(a, address) })
}

// Usable reports whether the mailbox can be opened at all: a shared one needs
// no licence.
func (m *Mailbox) Usable() bool { return m.Licensed || m.Shared }

// Opens reports whether the user may read the mailbox.
func (m *Mailbox) Opens(userID string) bool {
	return m.OwnerID == userID || slices.Contains(m.FullAccess, userID)
}

// SendsAs reports whether the user may send with the mailbox's address.
func (m *Mailbox) SendsAs(userID string) bool {
	return m.OwnerID == userID || slices.Contains(m.SendAs, userID)
}

// Deliver puts a message into the folder. It becomes visible after the delay
// of the simulator's transport.
func (s *State) Deliver(f *Folder, raw []byte) {
	now := s.Now()
	f.put(raw, now, now.Add(s.Exchange.DeliveryDelay))
}

func (f *Folder) put(raw []byte, received, visible time.Time) {
	f.Messages = append(f.Messages, &Message{UID: f.NextUID, Raw: raw, Received: received, Visible: visible})
	f.NextUID++
}

// Seen returns the messages a mail program can see now, oldest first. It stops
// at the first one that is still on its way, so that none overtakes another:
// mail programs count on rising UIDs.
func (s *State) Seen(f *Folder) []*Message {
	now := s.Now()
	n := 0
	for n < len(f.Messages) && !f.Messages[n].Visible.After(now) {
		n++
	}
	return slices.Clone(f.Messages[:n])
}

// Remove takes messages out of the folder for good.
func (f *Folder) Remove(gone []*Message) {
	f.Messages = slices.DeleteFunc(f.Messages, func(m *Message) bool { return slices.Contains(gone, m) })
}
