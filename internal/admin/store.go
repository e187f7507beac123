package admin

import (
	"context"
	"time"

	"latchkey/internal/audit"
)

// Hash is SHA-256 of a random code or of a name that is only counted: what the
// database holds in place of it.
type Hash [32]byte

// Store remembers. Each function runs in one transaction: what an Update has
// not returned from without error has not happened. fn may be called again
// after a lost race, so it has no effect but through tx.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}

// Tx is one transaction. Reading methods return ErrNotFound where a single
// record is asked for and missing.
type Tx interface {
	// Claimed reports whether the first administrator exists.
	Claimed() (bool, error)
	// InsertFirstAccount stores the first administrator; ErrClaimed if there
	// is one, also when two transactions try at the same moment.
	InsertFirstAccount(a Account) error
	// SaveAccount replaces the record with the same ID.
	SaveAccount(a Account) error
	Account(id string) (Account, error)
	AccountByName(key string) (Account, error)
	Accounts() ([]Account, error) // oldest first
	// DeleteAccounts removes every account and the mark that one exists.
	DeleteAccounts() error

	// PutClaimLink replaces the one link there can be.
	PutClaimLink(l ClaimLink) error
	ClaimLink() (ClaimLink, error)
	DeleteClaimLink() error

	// Failures returns the zero value for a key that is not stored.
	Failures(key Hash) (Failures, error)
	PutFailures(key Hash, f Failures) error // the zero value deletes
	// PruneFailures removes counters older than failed, and marks of good
	// logins (Count 0) older than good.
	PruneFailures(failed, good time.Time) error

	InsertSession(s Session) error
	Session(hash Hash) (Session, error)
	// TouchSession and SaveSessionData change one thing each, so that two
	// requests of one browser do not undo each other's work.
	TouchSession(hash Hash, seen, idleEnd time.Time) error
	SaveSessionData(hash Hash, data map[string]string) error
	DeleteSession(hash Hash) error // no error if there is none
	// DeleteSessionByHandle ends a session of subject; ErrNotFound for
	// somebody else's.
	DeleteSessionByHandle(kind Kind, subject, handle string) error
	DeleteSessionsOf(kind Kind, subject string) error
	Sessions(kind Kind, subject string) ([]Session, error) // without Data, newest first
	PruneSessions(now time.Time) error                     // whose IdleEnd or End has come

	// Audit appends to the chain. What cannot be recorded does not happen.
	Audit(r audit.Record) error
}

// ClaimLink is the one-time link that makes the first administrator.
type ClaimLink struct {
	CodeHash Hash
	Issued   time.Time
	Expires  time.Time
	Tries    int // wrong codes so far
}

// Failures counts failed logins. Count 0 with a time marks a client that has
// logged in to an account before.
type Failures struct {
	Count int
	Last  time.Time
}
