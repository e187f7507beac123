package world

import (
	"fmt"
	"strings"
	"time"
)

// Names of the healthy world. Tenants and registrations have new identifiers
// at each start, so these are what people and tests hold on to.
const (
	Domain      = "lab.example"
	OtherDomain = "other.example"

	SignInAccount = "svc-mail@lab.example"
	Support       = "support@lab.example"
	Administrator = "admin@lab.example"
	Operator      = "operator@lab.example"
	Stranger      = "eve@other.example"
	Sales         = "sales@lab.example"
	Information   = "info@lab.example"

	AppName    = "Mailbox connector"
	OldAppName = "Mailbox connector (old)"
)

// furnish builds the healthy world.
func (s *State) furnish() {
	home := s.tenant("Lab", Domain)
	other := s.tenant("Other", OtherDomain)

	s.person(home, SignInAccount, "Mail service")
	s.person(home, Support, "Support desk")
	s.person(home, Administrator, "Ada Admin").Administrator = true
	s.person(home, Operator, "Otto Operator")
	s.person(other, Stranger, "Eve Stranger")
	s.shared(home, Sales, "Sales", SignInAccount)
	s.shared(home, Information, "Information", SignInAccount)

	s.registration(home, AppName)
	s.registration(home, OldAppName)

	s.Exchange = Exchange{
		Faults: map[Protocol]Fault{}, Drip: 5 * time.Second, Pace: 1, DeliveryDelay: 3 * time.Second,
		MaxConnections: 20, MaxSubmissions: 3,
		open: map[Protocol]map[string]int{},
	}
}

func (s *State) tenant(name, domain string) *Tenant {
	t := &Tenant{ID: s.GUID(), Name: name, Domains: []string{domain}, Region: "EU", UserConsent: true}
	s.Tenants = append(s.Tenants, t)
	return t
}

func (s *State) person(t *Tenant, upn, name string) *User {
	u := &User{ID: s.GUID(), TenantID: t.ID, UPN: upn, Name: name, Password: s.password()}
	s.Users = append(s.Users, u)
	s.mailbox(u, &Mailbox{Licensed: true, IMAP: true, POP: true})
	return u
}

// shared makes a shared mailbox. Its account exists, with a password nobody
// knows, and is blocked for sign-in, as Exchange creates it.
func (s *State) shared(t *Tenant, address, name, delegate string) {
	u := &User{ID: s.GUID(), TenantID: t.ID, UPN: address, Name: name, Password: s.password(), Disabled: true}
	s.Users = append(s.Users, u)
	d := s.UserByName(delegate).ID
	s.mailbox(u, &Mailbox{Shared: true, IMAP: true, POP: true, FullAccess: []string{d}, SendAs: []string{d}})
}

func (s *State) mailbox(u *User, m *Mailbox) {
	m.Address, m.Name, m.OwnerID = u.UPN, u.Name, u.ID
	m.Inbox = &Folder{Name: "INBOX", UIDValidity: 14, NextUID: 1}
	m.Sent = &Folder{Name: "Sent Items", UIDValidity: 17, NextUID: 1}
	for i, subject := range []string{"Question about an invoice", "Delivery on Friday", "Thank you"} {
		received := s.Now().Add(time.Duration(i-72) * time.Hour)
		m.Inbox.put(letter(m.Address, subject, received, s.GUID()), received, received)
	}
	s.Mailboxes = append(s.Mailboxes, m)
}

func letter(to, subject string, at time.Time, id string) []byte {
	return []byte(strings.Join([]string{
		"Return-Path: <chris@contoso.example>",
		"Received: from mail.contoso.example; " + at.Format(time.RFC1123Z),
		"Date: " + at.Format(time.RFC1123Z),
		"From: Chris Customer <chris@contoso.example>",
		"To: " + to,
		"Subject: " + subject,
		fmt.Sprintf("Message-ID: <%s@contoso.example>", id),
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"",
		"Hello,",
		"",
		"this is a message of the simulator.",
		"",
		"Chris",
		"",
	}, "\r\n"))
}

// registration makes an app registration as the checklist wants it, but with
// no redirect URI and no secret yet: adding them is the person's first task.
func (s *State) registration(t *Tenant, name string) {
	s.Apps = append(s.Apps, &App{
		ClientID: s.GUID(), ObjectID: s.GUID(), TenantID: t.ID, Name: name,
		Permissions: []string{
			"IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send",
			"offline_access", "openid", "profile", "email",
		},
		AuthTimeClaim: true,
		UserConsent:   map[string][]string{},
	})
}
