package check

import (
	"context"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// Env is a check's only window to the world.
type Env struct {
	Now      func() time.Time
	Node     string         // name of this node among the servers
	Nodes    []setup.Server // the other living nodes, which check for themselves
	Setup    setup.Setup
	Config   Config
	Provider provider.Provider
	Product  product.Product

	// Clouds are the providers among which a setup's can be chosen, with their
	// lines; a tenant lives in exactly one.
	Clouds []Cloud

	Probe *probe.Prober
	OAuth *oauth.Client

	// ClientSecret opens the stored secret; its zero value means none is saved.
	ClientSecret func(context.Context) (secret.Text, error)
	// Token returns the mailbox token, alive for some minutes; Refresh renews
	// it now. While a token is issued again both speak of the new one.
	Token   func(context.Context) (oauth.Token, error)
	Refresh func(context.Context) (oauth.Token, error)

	// SelfCall asks our own callback a question through the external URL.
	SelfCall func(context.Context) error
	// SeenHosts are the hosts under which requests have arrived that were not
	// the external URL's.
	SeenHosts func() []SeenHost

	// Proven is when a check last passed for a mailbox, with the present
	// answers; zero: it did not. Nil knows of none. It may read the database.
	Proven func(check string, mailbox setup.Address) time.Time

	SignIn SignIn // how the last sign-in ended
	// Granted is when the token in use was accepted; zero: there is none.
	Granted time.Time
	Keeper  Keeper // what the keeper has done with the token

	// Message makes a test message to a mailbox; its Message-ID is new.
	Message func(from, to setup.Address) probe.Message
	// Pause waits between two looks for a message.
	Pause func(context.Context, time.Duration) error
}

// Cloud is one provider that can be asked for a tenant.
type Cloud struct {
	Provider provider.Provider
	OAuth    *oauth.Client
}

// Config is what the operator has configured and checks depend on.
type Config struct {
	ExternalURL string // "https://latchkey.contoso.example", no slash at the end
	CallbackURL string // our redirect URI
	Provider    provider.Provider
}

// Values looks up configuration values for fingerprints.
func (c Config) Values(f setup.Field) (any, bool) {
	switch f {
	case setup.ConfigExternalURL:
		return c.ExternalURL, true
	case setup.ConfigProvider:
		p := c.Provider
		return []any{p.ID, p.Authority, p.SignInURLs, p.Scopes, p.Extra, p.Hosts}, true
	}
	return nil, false
}

// SeenHost is one foreign Host header, with what a proxy said about it.
type SeenHost struct {
	Host      string
	Forwarded string // Forwarded or X-Forwarded-Host, as evidence only
	At        time.Time
}

// SignIn is the outcome of the newest finished sign-in, as far as checks need
// it.
type SignIn struct {
	Finished bool
	Accepted bool
	Refused  bool // by the owner
	Failure  *Failure
	Identity setup.Identity
	Basis    Basis
	Asked    []string // scopes
	Granted  []string // scopes, as the token endpoint lists them; nil: it said nothing

	OtherJar, NewJar, Cookies, FreshLogin, RightOne Proof
}

// Session is what the evidence of a sign-in adds up to: one verdict for the
// page, the finding and the report.
type Session string

// The verdicts. SessionOpen: nobody has signed in yet.
const (
	SessionOpen       Session = ""
	SessionUnfinished Session = "unfinished"    // and nobody will
	SessionOther      Session = "other_account" // not the right person
	SessionReused     Session = "refused"       // evidence against a fresh session
	SessionFresh      Session = "fresh"         // all five
	SessionSeparate   Session = "separate"      // all but the time of the password
	SessionPassword   Session = "password"      // the time of the password decides
	SessionUnproven   Session = "unproven"      // evidence is missing, none speaks against it
)

// Session returns the verdict. What the owner has accepted is the right
// account, whatever was expected before.
func (in SignIn) Session() Session {
	switch {
	case in.Identity.UserName == "" && in.Finished:
		return SessionUnfinished
	case in.Identity.UserName == "":
		return SessionOpen
	case in.RightOne == ProofNo && !in.Accepted:
		return SessionOther
	case in.FreshLogin == ProofNo, in.NewJar == ProofNo && in.FreshLogin != ProofYes:
		return SessionReused
	case in.OtherJar == ProofYes && in.NewJar == ProofYes && in.Cookies == ProofYes && in.FreshLogin == ProofYes:
		return SessionFresh
	case in.OtherJar == ProofYes && in.NewJar == ProofYes && in.Cookies == ProofYes:
		return SessionSeparate
	case in.FreshLogin == ProofYes:
		return SessionPassword
	}
	return SessionUnproven
}

// Basis are the answers a sign-in rests on. A token that was made with others
// proves nothing about today's.
type Basis struct {
	Cloud, Tenant, ClientID string
	Account                 setup.Address
}

// BasisOf returns the present answers.
func BasisOf(s setup.Setup) Basis {
	return Basis{s.Registration.Cloud, s.Registration.Tenant, s.Registration.ClientID, s.Application.SignInAccount}
}

// Proof is one piece of evidence: "yes", "no" or "missing".
type Proof string

// The values of a Proof.
const (
	ProofYes     Proof = "yes"
	ProofNo      Proof = "no"
	ProofMissing Proof = "missing"
)

// Failure is why a sign-in gave no token: the provider's error, or the guard
// of ours that stopped it.
type Failure struct {
	Err   error
	Guard Guard
}

// Guard names one of our own reasons to stop a sign-in.
type Guard string

// The guards of the callback.
const (
	GuardTenant    Guard = "tenant"     // token of another tenant
	GuardPerson    Guard = "person"     // not the pinned account
	GuardReused    Guard = "reused"     // private session was used before, no new password entry
	GuardNotFresh  Guard = "not_fresh"  // auth_time is before the start
	GuardIDToken   Guard = "id_token"   // signature, issuer, audience or nonce
	GuardLost      Guard = "lost"       // the process died between redeeming and storing
	GuardNoRefresh Guard = "no_refresh" // no refresh token came
	GuardChanged   Guard = "changed"    // the answers it was begun with are others now
)

// Keeper is what the keeper has done with the accepted token.
type Keeper struct {
	Renewals int64
	Renewed  time.Time
	Node     string
	LastErr  string
}

// context assembles what is known for the provider's rules.
func (e *Env) context(t Target) provider.Context {
	s := e.Setup
	c := provider.Context{
		Method: s.Application.Method, Protocol: t.Protocol, Mailbox: string(t.Mailbox),
		SignInUser: string(s.Application.SignInAccount), SignedInAs: e.signedInAs(),
		Server: e.Node, Host: t.Host, Tenant: s.Registration.Tenant,
		ClientID: s.Registration.ClientID, RedirectURI: e.Config.CallbackURL, ExternalURL: e.Config.ExternalURL,
	}
	if t.Port != 0 {
		c.Port = portText(t.Port)
	}
	c.Changed, c.ChangedAgo = e.changed(t.Protocol)
	if t.Protocol == "" {
		if e.SignIn.Accepted && !e.Granted.IsZero() {
			c.GrantAge = e.Now().Sub(e.Granted)
		}
		return c
	}
	if t.Mailbox == "" {
		// No login, so no token; and a pasted block is judged inside of a
		// transaction, where Proven must not ask the database.
		return c
	}
	// Mail checks follow this one, and read their token again, see tokenContext.
	c.TokenFine = e.proven(idTokenClaims, "")
	for works, one := range map[*bool]struct {
		protocol setup.Protocol
		check    string
	}{&c.IMAPWorks: {setup.IMAP, idIMAP}, &c.POP3Works: {setup.POP3, idPOP3}, &c.SMTPWorks: {setup.SMTP, idSMTPLogin}} {
		// What the failing protocol did before says nothing about now.
		*works = one.protocol != t.Protocol && e.proven(one.check, t.Mailbox)
	}
	return c
}

// The IDs of the checks whose outcome explains that of others.
const (
	idTokenClaims = "token_claims"
	idIMAP        = "imap"
	idPOP3        = "pop3"
	idSMTPLogin   = "smtp_login"
)

// provenFor is how long a passed check is believed when another one fails:
// somebody may have changed something since.
const provenFor = time.Hour

func (e *Env) proven(check string, mailbox setup.Address) bool {
	if e.Proven == nil {
		return false
	}
	at := e.Proven(check, mailbox)
	return !at.IsZero() && e.Now().Sub(at) < provenFor
}

// changed is what was changed at Microsoft last, as far as Latchkey has seen
// it, and how long ago: rights by the mailbox script, a secret by the
// registration script, a consent by its link.
func (e *Env) changed(protocol setup.Protocol) (provider.Change, time.Duration) {
	s := e.Setup
	if protocol != "" {
		x := s.Mailbox.Exchange
		if x == nil || !x.Repaired {
			return "", 0
		}
		ago := e.Now().Sub(x.At)
		switch {
		case s.Application.Method != setup.SharedAccount:
			return provider.ChangeSwitch, ago
		case protocol == setup.SMTP:
			return provider.ChangeSendAs, ago
		}
		return provider.ChangeFullAccess, ago
	}
	made, consent := s.Registration.SecretMadeAt, s.Registration.Consent
	if consent != nil && consent.Granted && consent.At.After(made) {
		return provider.ChangeConsent, e.Now().Sub(consent.At)
	}
	if made.IsZero() {
		return "", 0
	}
	return provider.ChangeSecret, e.Now().Sub(made)
}

func (e *Env) signedInAs() string {
	if p := e.Setup.SignIn.Pinned; p != nil {
		return p.UserName
	}
	return string(e.Setup.Application.SignInAccount)
}
