package world

import (
	"net/url"
	"slices"
	"time"
)

// Lifetimes of what Entra issues (facts of learn.microsoft.com: authorization
// code about ten minutes; refresh token 90 days without use, 24 hours for a
// single-page application).
const (
	CodeLife       = 10 * time.Minute
	RefreshIdle    = 90 * 24 * time.Hour
	RefreshLifeSPA = 24 * time.Hour
)

// Code is an issued authorization code.
type Code struct {
	ClientID    string
	TenantID    string
	UserID      string
	RedirectURI string // as it was sent to the authorization endpoint
	Platform    Platform
	Scopes      []string
	Nonce       string
	Challenge   string // PKCE, "" if none was sent
	Method      string // "S256", "plain", or "" for plain
	Issued      time.Time
	AuthTime    time.Time
	Redeemed    bool
}

// RefreshToken is an issued refresh token.
type RefreshToken struct {
	ClientID string
	TenantID string
	UserID   string
	Platform Platform
	Scopes   []string
	Issued   time.Time
	Used     time.Time
	AuthTime time.Time
	Revoked  bool
}

// Session is what a browser's cookie stands for: the accounts signed in there,
// the most recent one last.
type Session struct{ Accounts []SignedIn }

// SignedIn is one account in a browser session.
type SignedIn struct {
	UserID   string
	AuthTime time.Time // when the password was entered
}

// Flow is a request to the authorization or admin consent endpoint that waits
// for a person.
type Flow struct {
	ID       string
	Consent  bool   // admin consent instead of a sign-in
	Segment  string // the tenant as the address names it
	Query    url.Values
	Started  time.Time
	UserID   string // once signed in
	AuthTime time.Time
	Ticket   string // what the company's sign-in service hands over, once
	TicketOf string // the user ID it stands for
}

// FlowLife is how long a sign-in page may be left open (assumed; Entra ends an
// abandoned one with AADSTS50089).
const FlowLife = time.Hour

// Issue stores a new authorization code and returns it.
func (s *State) Issue(c Code) string {
	value := s.grant(480)
	c.Issued = s.Now()
	s.Codes[value] = &c
	s.Counters.Codes++
	return value
}

// IssueRefresh stores a new refresh token and returns it.
func (s *State) IssueRefresh(r RefreshToken) string {
	value := s.grant(840)
	r.Issued, r.Used = s.Now(), s.Now()
	s.Refresh[value] = &r
	return value
}

// Begin stores a flow.
func (s *State) Begin(f Flow) *Flow {
	f.ID, f.Started = s.Text(24), s.Now()
	s.Flows[f.ID] = &f
	return &f
}

// Flow finds a flow that has not aged out, nil if there is none.
func (s *State) Flow(id string) *Flow {
	f := s.Flows[id]
	if f == nil || s.Now().Sub(f.Started) > FlowLife {
		return nil
	}
	return f
}

// SignIn notes in the browser's session that a person proved who they are, and
// returns the cookie's value: a new one, so that a value planted in the
// browser beforehand is worth nothing.
func (s *State) SignIn(cookie, userID string) string {
	next := &Session{}
	if old := s.Sessions[cookie]; old != nil {
		next.Accounts = slices.DeleteFunc(old.Accounts, func(a SignedIn) bool { return a.UserID == userID })
		delete(s.Sessions, cookie)
	}
	next.Accounts = append(next.Accounts, SignedIn{userID, s.Now()})
	value := s.Text(32)
	s.Sessions[value] = next
	return value
}

// Accounts returns the living accounts of a browser session, the most recent
// one last.
func (s *State) Accounts(cookie string) []SignedIn {
	session := s.Sessions[cookie]
	if session == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(session.Accounts), func(a SignedIn) bool {
		u := s.User(a.UserID)
		return u == nil || u.Disabled || u.Dead(a.AuthTime)
	})
}
