package wizard

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// Errors of every Store.
var (
	// ErrNotFound: no such record, or one that must not be told apart from it.
	ErrNotFound = errors.New("wizard: not found")
	// ErrConflict: somebody else has changed the record since it was read.
	ErrConflict = errors.New("wizard: changed by somebody else meanwhile")
)

// Store remembers. Each function runs in one transaction: what an Update has
// not returned from without error has not happened. Update transactions of one
// setup are serialised. fn may be called again after a lost race, so it has no
// effect but through tx.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}

// Tx is one transaction. Reading methods return ErrNotFound where a single
// record is asked for and missing.
type Tx interface {
	token.Tx

	Setup(id setup.ID) (setup.Setup, error)
	Setups() ([]setup.Setup, error) // by title
	// InsertSetup stores a new setup with Version 1.
	InsertSetup(s setup.Setup) error
	// SaveSetup stores s if the stored version equals s.Version, and raises
	// both; otherwise ErrConflict.
	SaveSetup(s *setup.Setup) error
	DeleteSetup(id setup.ID) error

	// Touch raises the setup's change number, Changes returns it: open pages
	// watch it. Every writing method below touches the setup by itself.
	Touch(id setup.ID) error
	Changes(id setup.ID) (int64, error)

	// PutSecret seals a value under a name and revision; only the newest
	// revision is kept.
	PutSecret(id setup.ID, name string, revision int64, value secret.Text) error
	Secret(id setup.ID, name string) (value secret.Text, revision int64, err error)

	// PutResults replaces the results with the same check and target key.
	PutResults(id setup.ID, results []flow.Result) error
	Results(id setup.ID) ([]flow.Result, error)

	// StartRun stores a run and fails with ErrConflict while another run of
	// the same setup is unfinished and its lease has not ended at now.
	StartRun(r Run, now time.Time) error
	// SaveRun stores progress or the end of a run that this node still owns;
	// otherwise ErrConflict.
	SaveRun(r Run) error
	// LastRun returns the newest run of a setup.
	LastRun(id setup.ID) (Run, error)

	// SaveNode says that a node is there; Nodes returns those seen since.
	SaveNode(n Node) error
	Nodes(since time.Time) ([]Node, error)
	// AskNetwork notes that somebody wants the network checks of a setup to
	// run; NetworkAsks returns the wishes since.
	AskNetwork(id setup.ID, at time.Time) error
	NetworkAsks(since time.Time) ([]NetworkAsk, error)

	InsertAttempt(a Attempt) error
	// SaveAttempt is a compare-and-swap on Version, like SaveSetup.
	SaveAttempt(a *Attempt) error
	Attempt(id string) (Attempt, error)
	AttemptByCode(hash Hash) (Attempt, error)
	AttemptByState(hash Hash) (Attempt, error)
	// PutAttemptSecret and AttemptSecret keep what must not be readable in the
	// database: the pending request and the staged token. A zero value deletes.
	PutAttemptSecret(attempt, name string, value secret.Text) error
	AttemptSecret(attempt, name string) (secret.Text, error)

	InsertParticipant(p Participant) error
	SaveParticipant(p *Participant) error // compare-and-swap on Version
	// SaveParticipantQuietly is SaveParticipant that does not touch the setup:
	// for what open pages need not show at once.
	SaveParticipantQuietly(p *Participant) error
	Participant(id string) (Participant, error)
	ParticipantByInvite(hash Hash) (Participant, error)
	Participants(id setup.ID) ([]Participant, error) // oldest first

	PutReport(id setup.ID, at time.Time, document []byte) error
	Report(id setup.ID) (document []byte, at time.Time, err error) // the newest

	// Audit appends to the chain. A use case that changes something and
	// cannot write its record must fail.
	Audit(r audit.Record) error
	History(id setup.ID, limit int) ([]audit.Record, error) // newest first
}

// Hash is SHA-256 of a code of at least 128 bits that nobody can guess: what
// the database holds in place of the code.
type Hash [32]byte

// MarshalText writes hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(b []byte) error {
	raw, err := hex.AppendDecode(nil, b)
	if err != nil || len(raw) != len(h) {
		return errors.New("wizard: not a hash")
	}
	copy(h[:], raw)
	return nil
}

// Run is one run of checks. It lives in the database, so that any node can
// show its progress and a crashed one is taken over when its lease has ended.
type Run struct {
	ID       string       `json:"id"`
	Setup    setup.ID     `json:"setup"`
	Step     setup.StepID `json:"step"`
	Node     string       `json:"node"`
	Started  time.Time    `json:"started"`
	Finished time.Time    `json:"finished,omitzero"`
	LeaseEnd time.Time    `json:"lease_end"`
	Total    int          `json:"total"`
	Done     int          `json:"done"`
	Running  []string     `json:"running,omitempty"` // check IDs under way
	// Asked are the steps somebody has asked for and the run has not yet taken
	// up; whoever joins a run adds to it. Taken are those it works on.
	Asked []setup.StepID `json:"asked,omitempty"`
	Taken []setup.StepID `json:"taken,omitempty"`
	// Resumed is when the run began that died and that this one goes on with.
	Resumed time.Time `json:"resumed,omitzero"`
}

// Over reports whether r is not working any more at now.
func (r Run) Over(now time.Time) bool { return !r.Finished.IsZero() || now.After(r.LeaseEnd) }

// Who is the person behind a request.
type Who struct {
	Kind  WhoKind `json:"kind"`
	ID    string  `json:"id"`   // account or participant
	Name  string  `json:"name"` // as shown
	IP    string  `json:"ip,omitempty"`
	Agent string  `json:"agent,omitempty"` // User-Agent, cut to 200 characters

	// Role and Setup bound a guest; an administrator is an owner everywhere.
	Role  ParticipantRole `json:"role,omitempty"`
	Setup setup.ID        `json:"setup,omitempty"`
}

// WhoKind tells administrators from guests and from the program itself.
type WhoKind string

// The kinds of Who.
const (
	WhoAdmin  WhoKind = "admin"
	WhoGuest  WhoKind = "guest"
	WhoSystem WhoKind = "system"
)

// AttemptState is how far an attempt has come.
type AttemptState string

// The states in order; the last six are final.
const (
	AttemptCreated   AttemptState = "created"   // link exists
	AttemptConfirmed AttemptState = "confirmed" // link consumed in the fresh browser
	AttemptArrived   AttemptState = "arrived"   // callback is in, code not yet redeemed
	AttemptRedeeming AttemptState = "redeeming" // the token request is under way
	AttemptStaged    AttemptState = "staged"    // token is in, waits for acceptance
	AttemptAccepted  AttemptState = "accepted"
	AttemptRefused   AttemptState = "refused" // by the owner
	AttemptFailed    AttemptState = "failed"  // by the provider or by a guard
	AttemptReplaced  AttemptState = "replaced"
	AttemptExpired   AttemptState = "expired"
	AttemptLost      AttemptState = "lost" // the process died between redeeming and storing
)

// Attempt is one sign-in from the link to the acceptance.
type Attempt struct {
	ID      string       `json:"id"`
	Version int64        `json:"version"`
	Setup   setup.ID     `json:"setup"`
	State   AttemptState `json:"state"`

	CodeHash   Hash `json:"-"` // of the link's code
	StateHash  Hash `json:"-"` // of the state parameter
	CookieHash Hash `json:"-"` // of the transaction cookie

	Starter   Who         `json:"starter"`
	Account   string      `json:"account"`   // who is expected to sign in
	Basis     check.Basis `json:"basis"`     // the answers it was started with
	Scopes    []string    `json:"scopes"`    // what is asked for
	Started   time.Time   `json:"started"`   // link made
	Expires   time.Time   `json:"expires"`   // link dead
	Opened    time.Time   `json:"opened"`    // first GET of the link
	Confirmed time.Time   `json:"confirmed"` // link consumed
	Arrived   time.Time   `json:"arrived"`   // callback
	Finished  time.Time   `json:"finished"`  // staged or failed

	OpenedBy Who  `json:"opened_by"` // browser that consumed the link
	JarHash  Hash `json:"jar_hash"`  // of its cookie jar
	LetIn    bool `json:"let_in"`    // the owner has recognised that browser

	OtherJar   check.Proof `json:"other_jar"`   // E1: the normal window's cookie is absent
	NewJar     check.Proof `json:"new_jar"`     // E2: this private session was not used before
	Cookies    check.Proof `json:"cookies"`     // E3: cookies work
	FreshLogin check.Proof `json:"fresh_login"` // E4: auth_time is after the start
	RightOne   check.Proof `json:"right_one"`   // E5: tenant and person as expected

	Identity setup.Identity `json:"identity"`
	Granted  []string       `json:"granted,omitempty"` // scopes the provider says it granted
	Failure  []byte         `json:"failure,omitempty"` // JSON of the failure, see Failure
	// Pasted: the failure is what a person has pasted. The provider may still
	// answer; its own answer then counts.
	Pasted bool `json:"pasted,omitempty"`
	// Told: the failure is in the words of a person, who may say it again.
	Told bool `json:"told,omitempty"`
}

// Participant is a second person, invited to one setup.
type Participant struct {
	ID         string           `json:"id"`
	Version    int64            `json:"version"`
	Setup      setup.ID         `json:"setup"`
	Role       ParticipantRole  `json:"role"`
	State      ParticipantState `json:"state"`
	Name       string           `json:"name"`
	InviteHash Hash             `json:"-"`
	InvitedBy  Who              `json:"invited_by"`
	Invited    time.Time        `json:"invited"`
	Expires    time.Time        `json:"expires"`
	Claimed    time.Time        `json:"claimed"`
	ClaimedBy  Who              `json:"claimed_by"`
	Admitted   time.Time        `json:"admitted"`
	LastSeen   time.Time        `json:"last_seen"`
	LastStep   setup.StepID     `json:"last_step,omitempty"`
}

// ParticipantRole is what a guest may do.
type ParticipantRole string

// The Microsoft 365 administrator edits registration and mailbox; an observer
// reads.
const (
	RoleM365Admin ParticipantRole = "m365_admin"
	RoleObserver  ParticipantRole = "observer"
)

// ParticipantState is how far an invitation has come.
type ParticipantState string

// Invited, knocking, let in, or out.
const (
	ParticipantInvited  ParticipantState = "invited"
	ParticipantWaiting  ParticipantState = "waiting"
	ParticipantAdmitted ParticipantState = "admitted"
	ParticipantRefused  ParticipantState = "refused"
	ParticipantRevoked  ParticipantState = "revoked"
)
