package token

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

// Errors of every Store and of Source.
var (
	// ErrNoToken: nothing is stored in this slot.
	ErrNoToken = errors.New("token: no token is stored")
	// ErrLeased: another process is renewing this token now.
	ErrLeased = errors.New("token: another process is renewing it")
	// ErrSuperseded: the lease was lost to a newer one; nothing was written.
	ErrSuperseded = errors.New("token: a newer holder has taken over")
)

// Slot tells the token in use from one that is being verified to replace it.
type Slot string

// During a re-issue the new token is the candidate until it has passed.
const (
	Current   Slot = "current"
	Candidate Slot = "candidate"
)

// Grant is one account's token with everything needed to keep it.
type Grant struct {
	Account  string // the setup's ID; one token per setup
	Slot     Slot
	Revision int64 // raised by each acceptance, not by renewals
	// Provider, Tenant and ClientID say who issued the token and to whom: a
	// renewal goes there, whatever has been entered since.
	Provider, Tenant, ClientID string

	Asked []string // scopes of the sign-in, repeated at each renewal
	// Token's secrets are sealed in the store.
	Token oauth.Token

	Accepted time.Time // when a person accepted it
	Renewed  time.Time // last successful renewal
	Renewals int64
	Kept     int64     // renewals made by the keeper
	DueAt    time.Time // when the keeper should renew; zero: nobody keeps it

	// Lease and Epoch fence the renewal: only the holder of the newest epoch
	// may write.
	LeaseOwner string
	LeaseEnd   time.Time
	Epoch      int64
	// AttemptAt is set while a renewal's outcome is unknown.
	AttemptAt time.Time
	Failures  int64
	LastError string // code and description of the last refusal, redacted
}

// Store is what Source needs of a database.
type Store interface {
	Update(ctx context.Context, fn func(Tx) error) error
	View(ctx context.Context, fn func(Tx) error) error
}

// Tx is one transaction.
type Tx interface {
	// Now is the database's clock where several nodes share one, else ours.
	Now() time.Time

	PutGrant(g Grant) error // inserts or replaces the slot
	Grant(account string, slot Slot) (Grant, error)
	DeleteGrant(account string, slot Slot) error

	// ClaimGrant takes the lease of a slot for owner until end and raises the
	// epoch, if nobody holds it; otherwise ErrLeased.
	ClaimGrant(account string, slot Slot, owner string, end time.Time) (Grant, error)
	// ClaimDue takes the leases of at most limit current grants that are due.
	ClaimDue(owner string, end time.Time, limit int) ([]Grant, error)
	// SaveGrant writes a claimed grant and gives the lease back, if the stored
	// epoch is still g.Epoch; otherwise ErrSuperseded. The refresh token that
	// it replaces is kept as the previous one.
	SaveGrant(g Grant) error
	// PreviousRefresh returns the refresh token before the last rotation, kept
	// until the new one has worked once; zero if there is none.
	PreviousRefresh(account string, slot Slot) (secret.Text, error)
}
