package world

import (
	"maps"
	"time"
)

// Entra are the settings of the identity service itself.
type Entra struct {
	Throttled bool // the token endpoint answers 429 in plain text
	BadProxy  bool // something in between answers 502 in HTML

	// ForGraph makes access tokens name Microsoft Graph as their audience,
	// whatever was asked for.
	ForGraph bool

	// Life fixes the life of access tokens; 0 means random, 60 to 90 minutes.
	Life time.Duration

	OldLineBreaks  bool // "\r\n" instead of spaces in error_description
	NoErrorURI     bool
	NoNewRefresh   bool // a refresh answers without refresh_token
	ScopesReversed bool // the scope echo in another order
}

// Exchange are the settings of the mail service.
type Exchange struct {
	Faults map[Protocol]Fault
	// Drip is the pause between two bytes of a Dripping server.
	Drip time.Duration
	// Pace scales Exchange's own delays; 1 is as recorded, 0 is none.
	Pace float64
	// DeliveryDelay is how long a sent message is on its way.
	DeliveryDelay time.Duration

	// IMAPOffAtOnce makes a mailbox with IMAP switched off refuse at
	// AUTHENTICATE; without it the refusal comes at the first mailbox
	// command. Reports disagree, so both can be chosen.
	IMAPOffAtOnce bool
	// SendAsEarly refuses a foreign sender at MAIL FROM (550 5.7.60);
	// without it the refusal comes after the message (554 5.2.0).
	SendAsEarly bool

	Throttled      bool // IMAP: the person's budget is used up
	MaxConnections int  // per person, IMAP and POP3 each
	MaxSubmissions int  // per person, SMTP

	open map[Protocol]map[string]int // protocol → user ID → connections
}

// Fault is a way in which a listener misbehaves before any protocol.
type Fault int

// The faults. Mute accepts the connection and never says a word; Dripping
// sends its answers byte by byte; Endless sends a greeting without end; HangsUp
// closes at once; Plain speaks without TLS where TLS comes first (IMAP, POP3);
// ForeignAuthority and ForeignName show the certificate of somebody in between.
const (
	Healthy Fault = iota
	Mute
	Dripping
	Endless
	HangsUp
	Plain
	ForeignAuthority
	ForeignName
)

// Connect counts a connection of a person in and reports whether it is within
// the limit. Every call needs a Disconnect, also after a refusal.
func (s *State) Connect(p Protocol, userID string) bool {
	if s.Exchange.open[p] == nil {
		s.Exchange.open[p] = map[string]int{}
	}
	s.Exchange.open[p][userID]++
	limit := s.Exchange.MaxConnections
	if p == SMTP {
		limit = s.Exchange.MaxSubmissions
	}
	return s.Exchange.open[p][userID] <= limit
}

// Disconnect counts a connection out.
func (s *State) Disconnect(p Protocol, userID string) { s.Exchange.open[p][userID]-- }

// Counters count what clients did, for tests that must show what a client did
// not do.
type Counters struct {
	TokenRequests map[string]int // by grant_type, "" if missing
	Codes         int
	SignIns       int
	Authorize     int

	Connections map[Protocol]int
	Logins      map[Protocol]int
	Refusals    map[Protocol]int

	Submitted int // messages accepted over SMTP
	Delivered int // copies put into an inbox
	Vanished  int // recipients that are not in this world

	FlagsChanged int // STORE, or a FETCH of a body without PEEK that set \Seen
	Deleted      int // EXPUNGE, CLOSE of deleted messages, POP3 DELE
	Selected     int // SELECT, as opposed to the read-only EXAMINE
	Retrieved    int // POP3 RETR
}

func newCounters() Counters {
	return Counters{
		TokenRequests: map[string]int{},
		Connections:   map[Protocol]int{},
		Logins:        map[Protocol]int{},
		Refusals:      map[Protocol]int{},
	}
}

func (c Counters) clone() Counters {
	c.TokenRequests = maps.Clone(c.TokenRequests)
	c.Connections = maps.Clone(c.Connections)
	c.Logins = maps.Clone(c.Logins)
	c.Refusals = maps.Clone(c.Refusals)
	return c
}
