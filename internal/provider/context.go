package provider

import (
	"strconv"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// Context is what is known around a symptom. Words alone cannot tell causes
// apart where a server has one sentence for many. Every field may be empty: a
// pasted error comes with nothing, a check of ours with nearly everything.
type Context struct {
	Phase  Phase
	Method setup.Method
	// Grant is the OAuth grant by which the token was made: for mail,
	// client_credentials means that no person signed in.
	Grant    string
	Protocol setup.Protocol

	Mailbox    string // to be opened
	SignInUser string // expected to sign in
	SignedInAs string // who did
	SASLUser   string // login name that was tried
	From       string // sender address that was tried

	Server, Host, Port               string
	Tenant, ClientID                 string
	RedirectURI, ExternalURL         string
	Scope, Audience, Name, Cloud     string
	MailboxOpened, OtherMailboxWorks bool // seen with the same token

	// Scopes are those of the token, or those asked for where the token is not
	// known; Roles are those of a token without a person.
	Scopes, Roles []string
	// Granted are the scopes that a sign-in was given before.
	Granted []string
	// Prompt is the parameter of the sign-in address. Consented: an
	// administrator has consented for everybody.
	Prompt    string
	Consented bool
	// GrantAge is how long ago the sign-in was, or the token was made; 0: unknown.
	GrantAge time.Duration

	// Changed is what somebody changed shortly before, ChangedAgo how long ago
	// that was. Within its spreading time a change explains a refusal.
	Changed    Change
	ChangedAgo time.Duration

	// TokenFine: audience, permissions and lifetime of the token were judged
	// and are right. The others: this protocol works for the same mailbox with
	// a token of the same account.
	TokenFine, IMAPWorks, POP3Works, SMTPWorks bool

	// Other is what was said besides, kept as evidence.
	Other []finding.Evidence
}

// Phase is what was being done when the answer came.
type Phase string

// The phases. A mail protocol's phase has the protocol's name.
const (
	PhaseDiscovery Phase = "discovery"
	PhaseAuthorize Phase = "authorize"
	PhaseConsent   Phase = "admin_consent"
	PhaseToken     Phase = "token" // the code is redeemed
	PhaseRefresh   Phase = "refresh"
	PhaseAppOnly   Phase = "client_credentials"
	PhaseIMAP      Phase = "imap"
	PhasePOP3      Phase = "pop3"
	PhaseSMTP      Phase = "smtp"
	PhaseNetwork   Phase = "network"
)

// Phases lists all phases in their order.
var Phases = []Phase{
	PhaseDiscovery, PhaseAuthorize, PhaseConsent, PhaseToken, PhaseRefresh, PhaseAppOnly,
	PhaseIMAP, PhasePOP3, PhaseSMTP, PhaseNetwork,
}

// place says where a phase happens, in the words of a Symptom.
var place = map[Phase]Symptom{
	PhaseDiscovery: {Endpoint: oauth.Discovery},
	PhaseAuthorize: {Endpoint: oauth.Authorize},
	PhaseConsent:   {Endpoint: oauth.Authorize},
	PhaseToken:     {Endpoint: oauth.TokenEnd, Grant: oauth.GrantAuthorizationCode},
	PhaseRefresh:   {Endpoint: oauth.TokenEnd, Grant: oauth.GrantRefreshToken},
	PhaseAppOnly:   {Endpoint: oauth.TokenEnd, Grant: oauth.GrantClientCredentials},
	PhaseIMAP:      {Protocol: probe.IMAP},
	PhasePOP3:      {Protocol: probe.POP3},
	PhaseSMTP:      {Protocol: probe.SMTP},
}

// Delegate reports whether the mailbox belongs to another account than the one
// that signed in, as far as is known.
func (c Context) Delegate() bool {
	// The method alone says so where no name is known.
	return c.Method == setup.SharedAccount && (c.Mailbox == "" || !strings.EqualFold(c.Mailbox, c.SignedInAs))
}

// AppOnly reports whether the token was made without a person.
func (c Context) AppOnly() bool {
	return c.Grant == oauth.GrantClientCredentials || len(c.Roles) > 0 && len(c.Scopes) == 0
}

// stranger: two names are known, and the account is not the mailbox's own.
func (c Context) stranger() bool {
	return c.Mailbox != "" && c.SignedInAs != "" && !strings.EqualFold(c.Mailbox, c.SignedInAs)
}

// blank: nobody has said who signed in for what.
func (c Context) blank() bool { return c.Method == "" && c.SignedInAs == "" }

func (c Context) value(name string) string {
	switch name {
	case "protocol":
		return strings.ToUpper(string(c.Protocol))
	case "mailbox":
		return c.Mailbox
	case "sign_in_account":
		return first(c.SignInUser, c.SignedInAs)
	case "signed_in_as":
		return c.SignedInAs
	case "sasl_user":
		return c.SASLUser
	case "from":
		return c.From
	case "server":
		return c.Server
	case "host":
		return c.Host
	case "port":
		return c.Port
	case "tenant":
		return c.Tenant
	case "client_id":
		return c.ClientID
	case "redirect_uri":
		return c.RedirectURI
	case "external_url":
		return c.ExternalURL
	case "scope":
		return c.Scope
	case "audience":
		return c.Audience
	case "ago":
		return strconv.Itoa(int(c.ChangedAgo.Minutes()))
	}
	return ""
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
