package setup

import "time"

// Switch is a setting that somebody else has read out for us. The zero value
// means that it was not read, which is not the same as off.
type Switch string

// On, off, and empty on purpose: the tenant's value holds.
const (
	SwitchOn      Switch = "on"
	SwitchOff     Switch = "off"
	SwitchInherit Switch = "inherit"
)

// SwitchOf turns what a program has read into a Switch; nil was not read.
func SwitchOf(on *bool) Switch {
	switch {
	case on == nil:
		return ""
	case *on:
		return SwitchOn
	}
	return SwitchOff
}

// Source is where evidence came from.
type Source string

// The registration's manifest as the portal shows it, or the block that a
// script has printed.
const (
	FromManifest Source = "manifest"
	FromScript   Source = "script"
)

// Registered is the app registration as its owner has shown it. Lists are nil
// where the source did not tell; Unread names what it should have told and did
// not.
type Registered struct {
	Source Source    `json:"source"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"` // when it was read, or pasted where the source has no time

	ClientID string `json:"client_id"`
	TenantID string `json:"tenant_id,omitempty"`
	Name     string `json:"name,omitempty"`
	Audience string `json:"audience,omitempty"` // signInAudience: "AzureADMyOrg"

	Web    []string `json:"web,omitempty"` // redirect URIs by platform
	SPA    []string `json:"spa,omitempty"`
	Public []string `json:"public,omitempty"` // mobile and desktop

	PublicClient       Switch `json:"public_client,omitempty"`       // "Allow public client flows"
	SignInEnabled      Switch `json:"sign_in_enabled,omitempty"`     // of the enterprise application
	AssignmentRequired Switch `json:"assignment_required,omitempty"` // of the enterprise application

	Permissions []Permission `json:"permissions,omitempty"`
	Consented   []string     `json:"consented"` // scopes granted for everybody
	Secrets     []AppSecret  `json:"secrets,omitempty"`
	Claims      []string     `json:"claims,omitempty"` // optional claims of the ID token

	Unread []string `json:"unread,omitempty"`
}

// Permission is one entry of requiredResourceAccess.
type Permission struct {
	Resource string `json:"resource"` // application ID of the resource
	ID       string `json:"id"`
	Type     string `json:"type"` // "Scope" (delegated) or "Role" (application)
}

// AppSecret describes a client secret of the registration; nobody can read its
// value.
type AppSecret struct {
	ID   string    `json:"id"`
	Ends time.Time `json:"ends,omitzero"`
}

// Exchange is what the Microsoft 365 administrator's script has read about the
// tenant, the account that signs in, and the mailboxes.
type Exchange struct {
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at"`               // by the clock of the computer that ran it
	Module string    `json:"module,omitempty"` // name and version of what it ran with

	// Repaired: the script that read this gave missing rights just before. A
	// right takes up to an hour to work.
	Repaired bool `json:"repaired,omitempty"`

	TenantSMTPAuth Switch `json:"tenant_smtp_auth,omitempty"`
	ModernAuth     Switch `json:"modern_auth,omitempty"`

	Account   Account   `json:"account"`
	Mailboxes []Mailbox `json:"mailboxes,omitempty"`

	Unread []string `json:"unread,omitempty"`
}

// Account is the person who signs in.
type Account struct {
	UserName string    `json:"user_name"` // user principal name
	Primary  string    `json:"primary,omitempty"`
	Type     string    `json:"type,omitempty"` // RecipientTypeDetails: "UserMailbox"
	SignIn   Switch    `json:"sign_in,omitempty"`
	IMAP     Switch    `json:"imap,omitempty"`
	POP3     Switch    `json:"pop3,omitempty"`
	SMTPAuth Switch    `json:"smtp_auth,omitempty"`
	Licences []Licence `json:"licences"` // nil: not read; empty: none
}

// Licence is an assigned plan: the product's part number, and the name of its
// Exchange service plan, "" if it has none.
type Licence struct {
	SKU      string `json:"sku"`                // "ENTERPRISEPACK"
	Exchange string `json:"exchange,omitempty"` // "EXCHANGE_S_ENTERPRISE"
}

// Mailbox is one mailbox as Exchange describes it.
type Mailbox struct {
	Address    Address  `json:"address"`
	UserName   string   `json:"user_name,omitempty"`
	Type       string   `json:"type,omitempty"` // "SharedMailbox"
	FullAccess Switch   `json:"full_access,omitempty"`
	SendAs     Switch   `json:"send_as,omitempty"`
	Readers    []string `json:"readers,omitempty"` // others with Full Access
	Bytes      int64    `json:"bytes,omitempty"`
	Inbox      int64    `json:"inbox,omitempty"` // messages in the inbox
	InboxRead  bool     `json:"inbox_read,omitempty"`
	Forwards   Switch   `json:"forwards,omitempty"` // mail is passed on elsewhere
	Missing    bool     `json:"missing,omitempty"`  // Exchange knows no such mailbox
}

// ProductSignIn is what the mail application itself asks Microsoft for, learnt
// from the authorize address that its own sign-in button opens.
type ProductSignIn struct {
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`

	Authority   string   `json:"authority"` // "https://login.microsoftonline.com"
	Tenant      string   `json:"tenant"`    // as it stands in the path
	ClientID    string   `json:"client_id"`
	RedirectURI string   `json:"redirect_uri"`
	Scopes      []string `json:"scopes"`
	// V1: the older endpoint. It takes no scopes: the request names one service,
	// perhaps only later, and the permissions are those of the registration.
	V1        bool   `json:"v1,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Prompt    string `json:"prompt,omitempty"`
	LoginHint string `json:"login_hint,omitempty"`
	PKCE      bool   `json:"pkce,omitempty"`
}

// LoggedSignIn is one line of the directory's sign-in log, as far as it was
// recognised. Nothing else of the line is kept.
type LoggedSignIn struct {
	By string    `json:"by,omitempty"` // who pasted it
	At time.Time `json:"at"`

	User    Address   `json:"user"`
	Time    time.Time `json:"time,omitzero"`
	AppID   string    `json:"app_id,omitempty"`
	Failure string    `json:"failure,omitempty"` // error code, or its status without one; "" or "0" for a success
	// Unclear: neither a code nor a word says whether it succeeded.
	Unclear bool `json:"unclear,omitempty"`
}
