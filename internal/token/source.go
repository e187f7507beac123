package token

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"latchkey/internal/oauth"
)

// DefaultMinLife is how long a token must live on to be handed out where the
// caller names nothing.
const DefaultMinLife = 5 * time.Minute

// maxSkew is how far the clocks of two nodes may be apart.
const maxSkew = time.Minute

// errClosed: Close was called.
var errClosed = errors.New("token: the source is closed")

// Refresher exchanges the refresh token of a grant for a new token, with one
// request. Its error is the provider's refusal (*oauth.Error) or says that
// nobody knows whether the request has arrived; it contains no secret.
type Refresher interface {
	Refresh(ctx context.Context, g Grant) (oauth.Token, error)
}

// Options are what a Source needs beside its store; each may be zero.
type Options struct {
	// Now is the wall clock, time.Now where nil.
	Now func() time.Time
	// Due returns when a kept grant should be renewed next, after a renewal or
	// a failure (g.Failures counts). Where nil, DueAt stays as it is. A grant
	// that nobody keeps (DueAt zero) is not asked about.
	Due func(g Grant, now time.Time) time.Time
}

// Source hands out access tokens and renews them, one renewal at a time per
// account and slot over all processes that share the store.
type Source struct {
	store     Store
	refresher Refresher
	owner     string
	due       func(Grant, time.Time) time.Time
	clock     clock

	flights singleflight.Group
	running sync.WaitGroup
	stopped chan struct{}

	mu     sync.Mutex
	closed bool
	held   map[string]holdOff
}

// NewSource returns a Source. owner names this process in leases and must be
// different for each process.
func NewSource(store Store, refresher Refresher, owner string, o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Due == nil {
		o.Due = func(g Grant, _ time.Time) time.Time { return g.DueAt }
	}
	return &Source{
		store: store, refresher: refresher, owner: owner, due: o.Due, clock: newClock(o.Now),
		stopped: make(chan struct{}), held: map[string]holdOff{},
	}
}

// Close lets renewals under way come to their end, because the provider may
// have answered already, and waits for them. Renewals are refused afterwards.
func (s *Source) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stopped)
	}
	s.mu.Unlock()
	s.running.Wait()
}

// enter counts a renewal that Close has to wait for.
func (s *Source) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.running.Add(1)
	return nil
}

// Fresh returns a token that lives for at least minLife (DefaultMinLife where
// zero): the stored one if it does, else a renewed one, which may live shorter
// where the provider issues no longer ones. After a failure it repeats the
// error for a while instead of asking the provider again.
//
// Errors: ErrNoToken, ErrNoRefresh, what the Refresher says, the context's end.
func (s *Source) Fresh(ctx context.Context, account string, slot Slot, minLife time.Duration) (oauth.Token, error) {
	if minLife <= 0 {
		minLife = DefaultMinLife
	}
	g, err := s.grant(ctx, account, slot)
	if err != nil {
		return oauth.Token{}, err
	}
	if s.lives(g.Token, minLife) {
		return g.Token, nil
	}
	if err := s.heldOff(g); err != nil {
		return oauth.Token{}, err
	}
	return s.renewAfter(ctx, g)
}

// Renew returns a newer token than the one that was stored when the call began.
// Errors as Fresh.
func (s *Source) Renew(ctx context.Context, account string, slot Slot) (oauth.Token, error) {
	g, err := s.grant(ctx, account, slot)
	if err != nil {
		return oauth.Token{}, err
	}
	return s.renewAfter(ctx, g)
}

// RenewClaimed renews a grant that this process has claimed with Tx.ClaimDue.
// Once the request has left it is seen through, also when ctx ends: the answer
// may be the only copy of the next refresh token.
//
// Errors as Fresh, and ErrSuperseded where the lease was lost to somebody else.
func (s *Source) RenewClaimed(ctx context.Context, g Grant) (oauth.Token, error) {
	if err := s.enter(); err != nil {
		return oauth.Token{}, err
	}
	defer s.running.Done()
	r := renewal{began: time.Now(), keeper: true}
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		r.grant, err = tx.Grant(g.Account, g.Slot)
		if errors.Is(err, ErrNoToken) || err == nil && !r.grant.sameLease(g) {
			return ErrSuperseded
		}
		if err != nil {
			return err
		}
		return r.intend(tx)
	})
	if err != nil {
		return oauth.Token{}, err
	}
	g, err = s.carryOut(context.WithoutCancel(ctx), r)
	return g.Token, err
}

// Accept stores the token of a sign-in in its slot, in the transaction of the
// use case. Whoever is renewing the token it replaces is superseded.
func Accept(tx Tx, g Grant) error {
	old, err := tx.Grant(g.Account, g.Slot)
	switch {
	case err == nil:
		g.Epoch = old.Epoch + 1
		if !old.DueAt.IsZero() { // what was kept is kept on
			g.DueAt = tx.Now()
		}
	case errors.Is(err, ErrNoToken):
		g.Epoch = 1
	default:
		// A token that cannot be opened any more (lost key) gives way: signing
		// in again is the remedy. The revision fences its last holder.
		g.Epoch = 1
		if err := tx.DeleteGrant(g.Account, g.Slot); err != nil {
			return err
		}
	}
	if g.Accepted.IsZero() {
		g.Accepted = tx.Now()
	}
	g.Renewed, g.Renewals, g.AttemptAt = time.Time{}, 0, time.Time{}
	g.LeaseOwner, g.LeaseEnd = "", time.Time{}
	g.Failures, g.LastError = 0, ""
	return tx.PutGrant(g)
}

// Promote puts the candidate into the current token's place. It fails with
// ErrLeased while the candidate is being renewed, because the answer under way
// would be lost, and with ErrNoToken where there is no candidate. If the current
// token was kept, the new one is from now on.
func Promote(tx Tx, account string) error {
	g, err := tx.Grant(account, Candidate)
	if err != nil {
		return err
	}
	if g.LeaseEnd.After(tx.Now()) {
		return ErrLeased
	}
	current, err := tx.Grant(account, Current)
	if err == nil {
		g.Epoch = max(g.Epoch, current.Epoch)
		if !current.DueAt.IsZero() {
			g.DueAt = tx.Now()
		}
	} else if err := tx.DeleteGrant(account, Current); err != nil { // none, or one that cannot be opened
		return err
	}
	g.Slot, g.Epoch = Current, g.Epoch+1
	g.LeaseOwner, g.LeaseEnd = "", time.Time{}
	if err := tx.PutGrant(g); err != nil {
		return err
	}
	return tx.DeleteGrant(account, Candidate)
}

// Discard deletes the token of a slot: a person has decided so. There being
// none is no error.
func Discard(tx Tx, account string, slot Slot) error {
	return tx.DeleteGrant(account, slot)
}

func (s *Source) grant(ctx context.Context, account string, slot Slot) (g Grant, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		g, err = tx.Grant(account, slot)
		return err
	})
	return g, err
}

// lives reports whether t can be used for d longer.
func (s *Source) lives(t oauth.Token, d time.Duration) bool {
	now := s.clock.now()
	// A clock behind the receipt was set back, or another node's is ahead: how
	// much of the lifetime has passed is unknown.
	if t.Access.IsZero() || now.Before(t.ReceivedAt.Add(-maxSkew)) {
		return false
	}
	return t.ExpiresAt.Sub(now) >= d
}
