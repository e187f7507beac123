package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

// A lease is spent like this: a request begins in the first twenty seconds or
// not at all, takes fifteen at most, and leaves twenty-five to save its answer.
// So a process that was paused does not send a request beside its successor's.
const (
	Lease          = startWithin + requestTimeout + saveTimeout
	startWithin    = 20 * time.Second
	requestTimeout = 15 * time.Second
	saveTimeout    = 25 * time.Second

	// flightTimeout is enough to wait for somebody else's lease and claim one.
	flightTimeout = 2 * Lease
	// pollEvery is how often a lease held elsewhere is looked at.
	pollEvery = 200 * time.Millisecond
)

// ErrNoRefresh: the provider gave no refresh token, so nothing can be renewed.
var ErrNoRefresh = errors.New("token: there is no refresh token")

// renewAfter returns a newer token than the one seen. All callers of this
// process share one flight per account and slot; one that goes away leaves it
// to the others.
func (s *Source) renewAfter(ctx context.Context, seen Grant) (oauth.Token, error) {
	for {
		flight := s.flights.DoChan(key(seen), func() (any, error) {
			if err := s.enter(); err != nil {
				return Grant{}, err
			}
			defer s.running.Done()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTimeout)
			defer cancel()
			return s.fly(ctx, seen)
		})
		select {
		case r := <-flight:
			g, _ := r.Val.(Grant)
			// The flight may have begun for a caller who had seen less.
			if r.Err != nil || g.newerThan(seen) {
				return g.Token, r.Err
			}
		case <-ctx.Done():
			return oauth.Token{}, fmt.Errorf("token: waiting for a renewal: %w", ctx.Err())
		}
	}
}

func key(g Grant) string { return string(g.Slot) + "\x00" + g.Account }

// fly claims the grant and renews it, or waits for the process that has claimed
// it and returns what that one has stored.
func (s *Source) fly(ctx context.Context, seen Grant) (Grant, error) {
	for {
		r := renewal{began: time.Now()}
		claimed, err := s.claim(ctx, seen, &r)
		switch {
		case errors.Is(err, ErrLeased):
			if err := s.awaitLease(ctx, seen); err != nil {
				return Grant{}, err
			}
		case err != nil:
			return Grant{}, err
		case !claimed:
			return r.grant, nil
		default:
			return s.carryOut(context.WithoutCancel(ctx), r)
		}
	}
}

// renewal is one attempt under a lease.
type renewal struct {
	grant Grant
	began time.Time // a moment before the lease was taken
	// open: the attempt before this one has no known outcome.
	open   bool
	keeper bool
}

// claim takes the lease and writes down the intention to renew; it returns
// false where the token is already newer than the one seen.
func (s *Source) claim(ctx context.Context, seen Grant, r *renewal) (claimed bool, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		claimed = false
		if r.grant, err = tx.Grant(seen.Account, seen.Slot); err != nil || r.grant.newerThan(seen) {
			return err
		}
		r.grant, err = tx.ClaimGrant(seen.Account, seen.Slot, s.owner, tx.Now().Add(Lease))
		if err != nil {
			return err
		}
		claimed = true
		return r.intend(tx)
	})
	return claimed, err
}

// intend records the attempt before the request leaves, with a whole lease
// ahead. If this process dies with the answer in its hands, the next holder of
// the lease finds the record.
func (r *renewal) intend(tx Tx) error {
	r.open = !r.grant.AttemptAt.IsZero()
	r.grant.AttemptAt = tx.Now()
	r.grant.LeaseEnd = r.grant.AttemptAt.Add(Lease)
	return tx.PutGrant(r.grant)
}

// sameLease reports whether g is still under the lease that other was claimed
// with: neither taken over, nor given back, nor replaced by another sign-in.
func (g Grant) sameLease(other Grant) bool {
	return g.Epoch == other.Epoch && g.Revision == other.Revision && g.LeaseOwner == other.LeaseOwner
}

func (g Grant) newerThan(seen Grant) bool {
	return g.Revision > seen.Revision || g.Revision == seen.Revision && g.Renewals > seen.Renewals
}

// awaitLease returns when the lease that others hold has been given back or has
// ended.
func (s *Source) awaitLease(ctx context.Context, seen Grant) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.stopped:
			return errClosed
		case <-ctx.Done():
			return fmt.Errorf("token: waiting for another process: %w", ctx.Err())
		}
		leased := false
		err := s.store.View(ctx, func(tx Tx) error {
			g, err := tx.Grant(seen.Account, seen.Slot)
			leased = g.LeaseEnd.After(tx.Now())
			return err
		})
		if err != nil || !leased {
			return err
		}
	}
}

// carryOut asks the provider, outside any transaction, and saves the answer
// before anybody sees it.
func (s *Source) carryOut(ctx context.Context, r renewal) (Grant, error) {
	if time.Since(r.began) > startWithin {
		return Grant{}, ErrSuperseded
	}
	t, refused := s.request(ctx, r)
	g := s.outcome(r, t, refused)
	s.noteOutcome(g, refused)
	saved := s.save(ctx, g)
	switch {
	case refused != nil && (saved == nil || errors.Is(saved, ErrSuperseded)):
		return Grant{}, refused
	case refused != nil:
		return Grant{}, errors.Join(refused, saved)
	case errors.Is(saved, ErrSuperseded):
		return s.successor(ctx, g)
	case saved != nil:
		return Grant{}, saved // an unsaved token is not used
	}
	return g, nil
}

// outcome is the grant as it has to be saved.
func (s *Source) outcome(r renewal, t oauth.Token, refused error) Grant {
	g, now := r.grant, s.clock.now()
	if refused != nil {
		g.Failures++
		g.LastError = shorten(refused.Error())
		if answered(refused) {
			g.AttemptAt = time.Time{}
		}
	} else {
		if t.Refresh.IsZero() {
			t.Refresh = g.Token.Refresh // RFC 6749 §6: the old one stays valid
		}
		g.Token, g.Renewed, g.Renewals = t, now, g.Renewals+1
		if r.keeper {
			g.Kept++
		}
		g.Failures, g.LastError, g.AttemptAt = 0, "", time.Time{}
	}
	if !g.DueAt.IsZero() {
		g.DueAt = s.due(g, now)
	}
	return g
}

// successor returns what the newer holder has stored. Our own answer is dropped:
// used beside the newer one it could make a strict provider revoke both.
func (s *Source) successor(ctx context.Context, g Grant) (Grant, error) {
	stored, err := s.grant(ctx, g.Account, g.Slot)
	if err != nil {
		return Grant{}, err
	}
	if !s.lives(stored.Token, 0) {
		return Grant{}, ErrSuperseded
	}
	return stored, nil
}

// request asks for a new token. After an attempt whose outcome is unknown a
// refusal may mean that the stored refresh token never was the newest one; the
// one before it is then tried, once.
func (s *Source) request(ctx context.Context, r renewal) (oauth.Token, error) {
	g := r.grant
	t, err := s.ask(ctx, g)
	var refusal *oauth.Error
	if !r.open || !errors.As(err, &refusal) || refusal.Code != "invalid_grant" {
		return t, err
	}
	var previous secret.Text
	if viewErr := s.store.View(ctx, func(tx Tx) (err error) {
		previous, err = tx.PreviousRefresh(g.Account, g.Slot)
		return err
	}); viewErr != nil {
		return t, errors.Join(err, viewErr)
	}
	if previous.IsZero() || time.Since(r.began) > startWithin {
		return t, err
	}
	g.Token.Refresh = previous
	if t, previousErr := s.ask(ctx, g); previousErr == nil {
		if t.Refresh.IsZero() {
			t.Refresh = previous
		}
		return t, nil
	}
	return t, err // the refusal of the newer one is the one to explain
}

func (s *Source) ask(ctx context.Context, g Grant) (oauth.Token, error) {
	if g.Token.Refresh.IsZero() {
		return oauth.Token{}, ErrNoRefresh
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return s.refresher.Refresh(ctx, g)
}

// answered reports whether err leaves no doubt that the provider has issued
// nothing. A cut connection, a gateway's timeout and a garbled success leave
// one; a request that never reached the token endpoint does not.
func answered(err error) bool {
	if errors.Is(err, ErrNoRefresh) {
		return true
	}
	var e *oauth.Error
	return errors.As(err, &e) &&
		(e.Endpoint != oauth.TokenEnd || e.Code != "" || e.HTTPStatus >= 400 && e.HTTPStatus < 500)
}

// save writes g and gives the lease back. It tries again while the database
// fails: g may hold the only copy of a refresh token.
func (s *Source) save(ctx context.Context, g Grant) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		err := s.store.Update(ctx, func(tx Tx) error { return tx.SaveGrant(g) })
		if err == nil || errors.Is(err, ErrSuperseded) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("token: saving a renewed token: %w", err)
		}
	}
}

// shorten bounds what is kept of an error.
func shorten(s string) string {
	const limit = 500
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
