package setup

import (
	"slices"
	"time"
)

// ID identifies a setup: 26 characters of base32, 130 random bits. It is a
// name, not a key: knowing it opens nothing.
type ID string

// Setup is what has been answered so far. It is stored as one document and
// replaced as a whole by compare-and-swap on Version.
type Setup struct {
	ID        ID        `json:"id"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	// Reissue is set while a token is being issued again; the flow is then the
	// short one and the answers below are those of the finished setup.
	Reissue *Reissue `json:"reissue,omitempty"`

	Application  Application  `json:"application"`
	Addresses    Addresses    `json:"addresses"`
	Registration Registration `json:"registration"`
	Mailbox      Evidence     `json:"mailbox"`
	SignIn       SignIn       `json:"sign_in"`
	Verification Verification `json:"verification"`
	Handover     Handover     `json:"handover"`

	// Checklist holds what people state about points that no program can see.
	Checklist map[Item]Stated `json:"checklist,omitempty"`

	// Typed holds what was saved for later and cannot be used yet, as typed:
	// step → name of the field → values. No check reads it.
	Typed map[StepID]map[string][]string `json:"typed,omitempty"`
}

// Reissue says that, since when and why a token is being issued again.
type Reissue struct {
	StartedAt time.Time `json:"started_at"`
	// Previous is the identity whose token is in use until the new one passes,
	// PreviousRevision its revision.
	Previous         Identity  `json:"previous"`
	PreviousRevision int64     `json:"previous_revision"`
	PreviousAccepted time.Time `json:"previous_accepted,omitzero"`
	PreviousAttempt  string    `json:"previous_attempt,omitempty"`
	// Passed is when the new token has passed and replaced the old one.
	Passed time.Time `json:"passed,omitzero"`
}

// Application is the answer of the first step.
type Application struct {
	Product  string   `json:"product"`            // product profile, see package product
	Release  string   `json:"release,omitempty"`  // "12.6(1)"; empty where the profile has no releases
	Specials []string `json:"specials,omitempty"` // installed engineering specials: "ES1", "ES12_ET1"

	Method        Method     `json:"method"`
	Mailboxes     []Address  `json:"mailboxes"`
	SignInAccount Address    `json:"sign_in_account"` // user principal name of the person who signs in
	Protocols     []Protocol `json:"protocols"`
	Servers       []Server   `json:"servers,omitempty"` // beside the nodes of Latchkey itself

	// ChecklistOnly: Latchkey checks the list and signs nobody in itself; the
	// product's own sign-in proves the rest.
	ChecklistOnly bool `json:"checklist_only,omitempty"`
}

// Method is how the mail application reaches its mailboxes.
type Method string

// The two methods of the vendor's checklist: the mailbox's own account signs
// in, or one account signs in for several mailboxes it has Full Access to.
const (
	MailboxAccount Method = "mailbox_account"
	SharedAccount  Method = "shared_account"
)

// Protocol is one way mail travels.
type Protocol string

// The three protocols, in the order they are always shown.
const (
	IMAP Protocol = "imap"
	POP3 Protocol = "pop3"
	SMTP Protocol = "smtp"
)

// Protocols lists all protocols in display order.
var Protocols = []Protocol{IMAP, POP3, SMTP}

// Has reports whether the application uses p.
func (a Application) Has(p Protocol) bool { return slices.Contains(a.Protocols, p) }

// Role is what a server of the installation does with the token.
type Role string

// An application server makes the first token and sends alarms; a services
// server renews the token, fetches and sends. One machine may be both.
const (
	RoleApplication Role = "application"
	RoleServices    Role = "services"
	RoleAll         Role = "all"
)

// Server is a machine that must reach Microsoft.
type Server struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// Addresses is the answer of the second step. Latchkey's own external URL is
// configuration and not part of a setup.
type Addresses struct {
	ProductURL         string `json:"product_url,omitempty"`          // the product's external-URL setting
	ConsoleURL         string `json:"console_url,omitempty"`          // where its administration console was opened
	ProductRedirectURI string `json:"product_redirect_uri,omitempty"` // the product's own redirect URI
	// ProductSignIn is learnt from the product; nil while nobody has pasted it.
	ProductSignIn *ProductSignIn `json:"product_sign_in,omitempty"`
}

// Registration is the answer of the third step.
type Registration struct {
	Cloud    string `json:"cloud"`     // provider, see package provider
	Tenant   string `json:"tenant"`    // tenant ID or a verified domain
	ClientID string `json:"client_id"` // application (client) ID

	// SecretRevision counts the client secrets stored so far; 0 means none.
	SecretRevision int64     `json:"secret_revision"`
	SecretSavedBy  string    `json:"secret_saved_by,omitempty"`
	SecretSavedAt  time.Time `json:"secret_saved_at,omitzero"`
	SecretEnds     Date      `json:"secret_ends,omitempty"`
	// SecretMadeAt is when a script made the stored secret; zero: it was typed,
	// and nobody knows how old it is.
	SecretMadeAt time.Time `json:"secret_made_at,omitzero"`

	// RedirectURIs are the registered ones as pasted from the portal;
	// RedirectURIsAt says when. Nil means nobody has pasted them.
	RedirectURIs   []string  `json:"redirect_uris,omitempty"`
	RedirectURIsAt time.Time `json:"redirect_uris_at,omitzero"`

	Consent *Consent `json:"consent,omitempty"`
	// ScriptKey is the public half of the one-time key of the present script,
	// "" if that makes no client secret.
	ScriptKey string `json:"script_key,omitempty"`
	// App is the registration as its owner has shown it; nil: not shown.
	App *Registered `json:"app,omitempty"`
}

// Consent is what came back from the admin-consent page.
type Consent struct {
	At          time.Time `json:"at"`
	By          string    `json:"by"` // who opened the link, as known to Latchkey
	Granted     bool      `json:"granted"`
	Error       string    `json:"error,omitempty"`
	Description string    `json:"description,omitempty"`
}

// Evidence is the answer of the mailbox step: a statement by the Microsoft 365
// administrator, or the decision to let the verification show it.
type Evidence struct {
	Decision  Decision             `json:"decision,omitempty"`
	Statement map[Subject]Standing `json:"statement,omitempty"`
	Exchange  *Exchange            `json:"exchange,omitempty"` // with the decision "script"
	By        string               `json:"by,omitempty"`
	At        time.Time            `json:"at,omitzero"`
}

// Decision says what the mailbox step rests on.
type Decision string

// The state that a script has read, a statement by a person, or the outcome of
// the verification step.
const (
	ByScript       Decision = "script"
	ByStatement    Decision = "statement"
	ByVerification Decision = "verification"
)

// Subject is one thing the administrator can state about the mailbox.
type Subject string

// What the checklist asks about the mailbox and the person who signs in.
const (
	SubjectIMAP       Subject = "imap"
	SubjectPOP3       Subject = "pop3"
	SubjectSMTPAuth   Subject = "smtp_auth"
	SubjectLicence    Subject = "licence"
	SubjectFullAccess Subject = "full_access"
	SubjectSendAs     Subject = "send_as"
)

// Standing is an administrator's word on a subject.
type Standing string

// Unknown is an allowed answer: the verification will show.
const (
	StandingYes     Standing = "yes"
	StandingNo      Standing = "no"
	StandingUnknown Standing = "unknown"
)

// Identity is who signed in, as the ID token names them. TenantID and ObjectID
// identify; UserName is for people only, another tenant can choose it freely.
type Identity struct {
	TenantID string `json:"tenant_id,omitempty"`
	ObjectID string `json:"object_id"`
	UserName string `json:"user_name"`
	Name     string `json:"name,omitempty"`
}

// Same reports whether both are the same account of the same tenant.
func (i Identity) Same(other Identity) bool {
	return i.ObjectID != "" && i.TenantID == other.TenantID && i.ObjectID == other.ObjectID
}

// SignIn is what the sign-in step has produced.
type SignIn struct {
	// Attempt is the ID of the sign-in that counts: the newest, or the one in
	// use after a newer one was taken back.
	Attempt string `json:"attempt,omitempty"`
	// Attempts counts finished sign-ins, good or bad; results of the step's
	// checks are bound to it.
	Attempts int64 `json:"attempts"`
	// GrantRevision is that of the token in use; 0 means none.
	GrantRevision int64 `json:"grant_revision"`
	// LastRevision is the highest revision ever given out: one that was taken
	// back is not given out again, because somebody may still hold it.
	LastRevision int64     `json:"last_revision,omitempty"`
	AcceptedAt   time.Time `json:"accepted_at,omitzero"`
	AcceptedBy   string    `json:"accepted_by,omitempty"`
	// Replaced is the token before the one in use, after a sign-in in place.
	Replaced *Replaced `json:"replaced,omitempty"`
	// Pinned is the account accepted first; from then on only it is accepted.
	Pinned *Identity `json:"pinned,omitempty"`
}

// Replaced is whose token was in use before, since when, and until when.
type Replaced struct {
	Identity   Identity  `json:"identity"`
	AcceptedAt time.Time `json:"accepted_at,omitzero"`
	At         time.Time `json:"at"`
}

// Verification is what was decided before the verification.
type Verification struct {
	// TestMessage lists the mailboxes to which one message may be sent.
	TestMessage []Address `json:"test_message,omitempty"`
}

// KeyDecision is what happens with the token Latchkey has obtained.
type KeyDecision string

// Delete the test key; keep it as watchman; let Latchkey keep the token fresh
// and hand it to mail programs; there is none, because nobody signed in here.
const (
	DeleteTestKey KeyDecision = "delete_test_key"
	KeepWatchman  KeyDecision = "keep_as_watchman"
	LatchkeyKeeps KeyDecision = "latchkey_keeps"
	NoKey         KeyDecision = "no_key"
)

// Handover is the answer of the last step.
type Handover struct {
	Key KeyDecision `json:"key,omitempty"`
	// GeneratedAt is when a person stated that the product's own token was
	// generated in the same private window; zero where that does not apply.
	GeneratedAt time.Time `json:"generated_at,omitzero"`
	GeneratedBy string    `json:"generated_by,omitempty"`
	// ProductSignedIn is the line of the sign-in log that shows who made the
	// product's own token; nil: nobody has pasted one.
	ProductSignedIn *LoggedSignIn `json:"product_signed_in,omitempty"`

	ReportAt  time.Time `json:"report_at,omitzero"` // when the report was stored
	DecidedAt time.Time `json:"decided_at,omitzero"`
	DecidedBy string    `json:"decided_by,omitempty"`
}

// Title is what people call the setup: its first mailbox, or the sign-in
// account, or "" while both are unknown.
func (s Setup) Title() string {
	if len(s.Application.Mailboxes) > 0 {
		return string(s.Application.Mailboxes[0])
	}
	return string(s.Application.SignInAccount)
}
