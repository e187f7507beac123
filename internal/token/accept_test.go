package token_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func TestASignInSupersedesTheRenewalUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 5 * time.Second}
		s, src := one(t, p, 0)
		done := make(chan oauth.Token)
		go func() {
			got, err := src.Renew(t.Context(), account, token.Current)
			if err != nil {
				t.Errorf("Renew: %v", err)
			}
			done <- got
		}()
		time.Sleep(time.Second)
		signedIn := token.Grant{Account: account, Slot: token.Current, Revision: 2, Token: oauth.Token{
			Access: secret.New("new"), Refresh: secret.New("new-refresh"), ReceivedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		}}
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error { return token.Accept(tx, signedIn) }); err != nil {
			t.Fatal(err)
		}
		if got := <-done; !got.Access.Equal(secret.New("new")) {
			t.Error("the renewal has handed out its own token")
		}
		g := stored(t, s.Tokens(), token.Current)
		if g.Epoch != 3 { // the first sign-in, the renewal, this sign-in
			t.Errorf("epoch %d, want 3", g.Epoch)
		}
		if !g.Token.Refresh.Equal(secret.New("new-refresh")) || g.Renewals != 0 || g.Accepted.IsZero() || !previous(t, s.Tokens()).IsZero() {
			t.Errorf("the accepted token was overwritten: %+v", g)
		}
	})
}

func TestAcceptReplacesWhatCannotBeOpened(t *testing.T) {
	s, _ := one(t, &provider{}, 0)
	broken := &unreadable{s.Tokens()}
	now := token.Grant{Account: account, Slot: token.Current, Revision: 2}
	if err := broken.Update(t.Context(), func(tx token.Tx) error { return token.Accept(tx, now) }); err != nil {
		t.Errorf("Accept: %v", err)
	}
	if g := stored(t, s.Tokens(), token.Current); g.Revision != 2 || !g.Token.Refresh.IsZero() {
		t.Errorf("revision %d, want 2", g.Revision)
	}
}

// unreadable is a store whose grants cannot be opened.
type unreadable struct{ token.Store }

func (u *unreadable) Update(ctx context.Context, fn func(token.Tx) error) error {
	return u.Store.Update(ctx, func(tx token.Tx) error { return fn(unreadableTx{tx}) })
}

type unreadableTx struct{ token.Tx }

func (unreadableTx) Grant(string, token.Slot) (token.Grant, error) {
	return token.Grant{}, errors.New("seal: does not open")
}

func TestPromote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 5 * time.Second}
		s, src := one(t, p, 0)
		promote := func() error {
			return s.Tokens().Update(t.Context(), func(tx token.Tx) error { return token.Promote(tx, account) })
		}
		if err := promote(); !errors.Is(err, token.ErrNoToken) {
			t.Errorf("Promote without a candidate = %v, want ErrNoToken", err)
		}
		candidate := token.Grant{Account: account, Slot: token.Candidate, Revision: 2, ClientID: "new client", Token: oauth.Token{
			Access: secret.New("candidate"), Refresh: refreshNo(0),
		}}
		accept := func(tx token.Tx) error { return token.Accept(tx, candidate) }
		if err := s.Tokens().Update(t.Context(), accept); err != nil {
			t.Fatal(err)
		}
		renewed := make(chan error)
		go func() {
			_, err := src.Renew(t.Context(), account, token.Candidate)
			renewed <- err
		}()
		time.Sleep(time.Second)
		if err := promote(); !errors.Is(err, token.ErrLeased) {
			t.Errorf("Promote during the candidate's renewal = %v, want ErrLeased", err)
		}
		if err := <-renewed; err != nil {
			t.Fatal(err)
		}
		for range 3 { // the current token's epoch runs ahead of the candidate's
			p.newest, p.takes = 0, 0
			if _, err := src.Renew(t.Context(), account, token.Current); err != nil {
				t.Fatal(err)
			}
		}
		before := stored(t, s.Tokens(), token.Current)
		if err := promote(); err != nil {
			t.Fatal(err)
		}
		g := stored(t, s.Tokens(), token.Current)
		if g.Revision != 2 || g.ClientID != "new client" || !g.Token.Refresh.Equal(refreshNo(1)) || g.Renewals != 1 {
			t.Errorf("the current token is not the candidate: %+v", g)
		}
		if g.Epoch <= before.Epoch {
			t.Errorf("epoch %d after %d: a holder of the old token could still save", g.Epoch, before.Epoch)
		}
		if err := promote(); !errors.Is(err, token.ErrNoToken) {
			t.Errorf("the candidate is still there: %v", err)
		}
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error { return token.Discard(tx, account, token.Current) }); err != nil {
			t.Fatal(err)
		}
		if _, err := src.Fresh(t.Context(), account, token.Current, 0); !errors.Is(err, token.ErrNoToken) {
			t.Errorf("Fresh after Discard = %v, want ErrNoToken", err)
		}
	})
}

// TestAShortClaimIsMadeWhole: a keeper that has claimed many grants comes to the
// last one when its lease is nearly over.
func TestAShortClaimIsMadeWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 10 * time.Second}
		s, src := one(t, p, 0)
		var g token.Grant
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) (err error) {
			g, err = tx.ClaimGrant(account, token.Current, "keeper", tx.Now().Add(time.Second))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(5 * time.Second)
			if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error {
				_, err := tx.ClaimGrant(account, token.Current, "other", tx.Now().Add(token.Lease))
				return err
			}); !errors.Is(err, token.ErrLeased) {
				t.Errorf("ClaimGrant during the request = %v, want ErrLeased", err)
			}
		}()
		if _, err := src.RenewClaimed(t.Context(), g); err != nil {
			t.Errorf("RenewClaimed: %v", err)
		}
	})
}

func TestAGrantThatNobodyKeepsStaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, store.Options{Path: newPath(t)})
		src := source(t, s.Tokens(), &provider{}, "node", token.Options{Due: func(_ token.Grant, now time.Time) time.Time { return now }})
		accept(t, s.Tokens(), token.Current, 0)
		if _, err := src.Renew(t.Context(), account, token.Current); err != nil {
			t.Fatal(err)
		}
		if g := stored(t, s.Tokens(), token.Current); !g.DueAt.IsZero() {
			t.Errorf("due %v, want never", g.DueAt)
		}
	})
}

func TestRenewClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: time.Second}
		s := openStore(t, store.Options{Path: newPath(t)})
		due := func(g token.Grant, now time.Time) time.Time { return now.Add(time.Duration(1+g.Failures) * time.Hour) }
		src := source(t, s.Tokens(), p, "keeper", token.Options{Due: due})
		accept(t, s.Tokens(), token.Current, time.Hour)
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error {
			g, err := tx.Grant(account, token.Current)
			if err != nil {
				return err
			}
			g.DueAt = tx.Now()
			return tx.PutGrant(g)
		}); err != nil {
			t.Fatal(err)
		}
		claimed := func() token.Grant {
			t.Helper()
			var due []token.Grant
			if err := s.Tokens().Update(t.Context(), func(tx token.Tx) (err error) {
				due, err = tx.ClaimDue("keeper", tx.Now().Add(token.Lease), 10)
				return err
			}); err != nil || len(due) != 1 {
				t.Fatalf("ClaimDue = %d grants, %v", len(due), err)
			}
			return due[0]
		}
		g := claimed()
		got, err := src.RenewClaimed(t.Context(), g)
		if err != nil || !got.Access.Equal(accessNo(1)) {
			t.Fatalf("RenewClaimed: %v, or another token", err)
		}
		after := stored(t, s.Tokens(), token.Current)
		if after.Kept != 1 || after.Renewals != 1 || !after.DueAt.Equal(time.Now().Add(time.Hour).Truncate(time.Millisecond)) {
			t.Errorf("kept %d, renewals %d, due %v", after.Kept, after.Renewals, after.DueAt)
		}
		if _, err := src.RenewClaimed(t.Context(), g); !errors.Is(err, token.ErrSuperseded) {
			t.Errorf("RenewClaimed with a lease given back = %v, want ErrSuperseded", err)
		}
		time.Sleep(2 * time.Hour)
		old := claimed()
		time.Sleep(2 * token.Lease)
		newer := claimed()
		requests := p.requests
		if _, err := src.RenewClaimed(t.Context(), old); !errors.Is(err, token.ErrSuperseded) || p.requests != requests {
			t.Errorf("RenewClaimed with an old epoch = %v and %d requests, want ErrSuperseded and none", err, p.requests-requests)
		}
		p.answer = func(context.Context, int) error { return invalidGrant() }
		if _, err := src.RenewClaimed(t.Context(), newer); err == nil {
			t.Error("RenewClaimed has swallowed a refusal")
		}
		if g := stored(t, s.Tokens(), token.Current); !g.DueAt.Equal(time.Now().Add(2 * time.Hour).Truncate(time.Millisecond)) {
			t.Errorf("due %v after a failure, want in two hours", g.DueAt)
		}
		// The keeper is told to stop while a request is out: the answer is saved.
		p.answer = nil
		time.Sleep(3 * time.Hour)
		g = claimed()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := src.RenewClaimed(ctx, g); err != nil {
			t.Errorf("RenewClaimed that was told to stop: %v", err)
		}
		if after := stored(t, s.Tokens(), token.Current); !after.Token.Refresh.Equal(refreshNo(p.newest)) {
			t.Error("the answer that came after the stop was not saved")
		}
	})
}
