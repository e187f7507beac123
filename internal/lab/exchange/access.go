package exchange

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"latchkey/internal/lab/world"
)

// refusal is why Exchange does not let somebody in. Each protocol has its own
// words for them, and POP3 only one sentence for all.
type refusal int

const (
	admitted refusal = iota
	// badToken: not readable, not ours, over, for another resource, without
	// the protocol's permission, or for a mailbox that does not exist.
	badToken
	// notConnected: the token is good, but there is no mailbox behind it for
	// this person. IMAP says OK first and refuses the first mailbox command.
	notConnected
	// notOwn: SMTP wants the token's own person as the user.
	notOwn
	smtpOffTenant
	smtpOffMailbox
)

// login is a conversation that got in.
type login struct {
	userID  string
	address string
	expires time.Time
	inbox   *world.Folder
	sent    *world.Folder
}

// credentials takes an XOAUTH2 message apart:
// "user=" address 0x01 "auth=Bearer " token 0x01 0x01, in base64.
func credentials(blob string) (user, token string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(blob))
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(string(b), "\x01")
	if len(parts) != 4 || parts[2] != "" || parts[3] != "" {
		return "", "", false
	}
	user, okUser := strings.CutPrefix(parts[0], "user=")
	token, okToken := strings.CutPrefix(parts[1], "auth=Bearer ")
	return user, token, okUser && okToken && user != ""
}

// admit decides on an XOAUTH2 message. The mailbox that is named must be one
// the token's person may open; the protocol's switches are those of the
// person, not of the mailbox.
func admit(s *world.State, p world.Protocol, blob string) (login, refusal) {
	address, token, ok := credentials(blob)
	if !ok {
		return login{}, badToken
	}
	u, expires := bearer(s, p, token)
	target := s.Mailbox(address)
	if u == nil || target == nil {
		return login{}, badToken
	}
	l := login{userID: u.ID, address: target.Address, expires: expires, inbox: target.Inbox, sent: target.Sent}
	if p == world.SMTP {
		return l, admitSMTP(s, u, target)
	}
	return l, admitReader(s, p, u, target)
}

// bearer reads the token as a resource server does. It returns nil for one
// that gives no access to the protocol.
func bearer(s *world.State, p world.Protocol, token string) (*world.User, time.Time) {
	claims, err := s.Verify(token)
	if err != nil {
		return nil, time.Time{}
	}
	expires := time.Unix(claims.Number("exp"), 0).UTC()
	scopes := strings.Fields(claims.String("scp"))
	switch {
	case !world.ExchangeOnline.Audience(claims.String("aud")):
		return nil, time.Time{}
	case !s.Now().Before(expires):
		return nil, time.Time{}
	case !slices.Contains(scopes, p.Permission()):
		return nil, time.Time{}
	}
	return s.User(claims.String("oid")), expires
}

func admitReader(s *world.State, p world.Protocol, u *world.User, target *world.Mailbox) refusal {
	own := s.MailboxOf(u.ID)
	on := own != nil && (p == world.IMAP && own.IMAP || p == world.POP3 && own.POP)
	switch {
	case own == nil || !own.Usable():
		return notConnected
	case !on && p == world.IMAP && s.Exchange.IMAPOffAtOnce:
		return badToken
	case !on, !target.Usable(), !target.Opens(u.ID):
		return notConnected
	}
	return admitted
}

func admitSMTP(s *world.State, u *world.User, target *world.Mailbox) refusal {
	switch {
	case target.OwnerID != u.ID || !target.Usable():
		return notOwn
	case target.SMTPAuth == world.Off:
		return smtpOffMailbox
	case target.SMTPAuth == world.Inherit && s.Tenant(u.TenantID).SMTPAuthDisabled:
		return smtpOffTenant
	}
	return admitted
}

// enter decides and counts. A conversation that got in must leave.
func (c *conn) enter(blob string) (login, refusal, bool) {
	var l login
	var r refusal
	within := true
	c.do(func(s *world.State) {
		l, r = admit(s, c.protocol, blob)
		if r != admitted {
			s.Counters.Refusals[c.protocol]++
			return
		}
		s.Counters.Logins[c.protocol]++
		within = s.Connect(c.protocol, l.userID)
	})
	return l, r, within
}

func (c *conn) leave(l login) {
	c.do(func(s *world.State) { s.Disconnect(c.protocol, l.userID) })
}

// Exchange answers a good login in about a second and lets a refused one wait,
// longest at POP3 (recorded: SMTP 5 to 7 s, POP3 about 9 s).
func (c *conn) pauseAfter(r refusal) error {
	switch {
	case r == admitted, r == notConnected && c.protocol == world.IMAP:
		return c.pause(800*time.Millisecond, 1200*time.Millisecond)
	case c.protocol == world.POP3:
		return c.pause(8*time.Second, 9*time.Second)
	}
	return c.pause(5*time.Second, 7*time.Second)
}
