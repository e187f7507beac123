package token_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// one is a node with a token that has to be renewed in life.
func one(t *testing.T, p *provider, life time.Duration) (*store.Store, *token.Source) {
	t.Helper()
	s := openStore(t, store.Options{Path: newPath(t)})
	src := source(t, s.Tokens(), p, "node", token.Options{})
	accept(t, s.Tokens(), token.Current, life)
	return s, src
}

func TestFreshHandsOutWhatLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		s, src := one(t, p, time.Hour)
		fresh := func(minLife time.Duration, want int) {
			t.Helper()
			got, err := src.Fresh(t.Context(), account, token.Current, minLife)
			if err != nil || !got.Access.Equal(accessNo(want)) {
				t.Errorf("Fresh: %v, not access token %d", err, want)
			}
		}
		fresh(time.Hour, 0)
		time.Sleep(55 * time.Minute)
		fresh(0, 0) // the default, five minutes, to the second
		p.expect(t, 0)
		time.Sleep(time.Second)
		fresh(time.Minute, 0)
		fresh(0, 1)
		p.expect(t, 1)
		if g := stored(t, s.Tokens(), token.Current); !g.Token.Access.Equal(accessNo(1)) || g.Renewals != 1 ||
			!g.Renewed.Equal(time.Now().Truncate(time.Millisecond)) || !g.AttemptAt.IsZero() || !g.LeaseEnd.IsZero() {
			t.Errorf("stored: %+v", g)
		}
		// A provider whose tokens never live so long is asked once per call.
		fresh(2*time.Hour, 2)
		p.expect(t, 2)
		if _, err := src.Fresh(t.Context(), account, token.Candidate, 0); !errors.Is(err, token.ErrNoToken) {
			t.Errorf("Fresh of an empty slot = %v, want ErrNoToken", err)
		}
	})
}

func TestAHundredCallersMakeOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 2 * time.Second, strict: true}
		_, src := one(t, p, time.Minute)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				got, err := src.Fresh(t.Context(), account, token.Current, 0)
				if err != nil || !got.Access.Equal(accessNo(1)) {
					t.Errorf("Fresh: %v, or another token", err)
				}
			})
		}
		wg.Wait()
		p.expect(t, 1)
	})
}

func TestRenewIsNewerThanWhatWasStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		_, src := one(t, p, time.Hour)
		for want := 1; want <= 3; want++ {
			got, err := src.Renew(t.Context(), account, token.Current)
			if err != nil || !got.Access.Equal(accessNo(want)) {
				t.Errorf("Renew: %v, not access token %d", err, want)
			}
		}
		p.expect(t, 3)
	})
}

func TestTwoNodesRenewOneAtATime(t *testing.T) {
	path := newPath(t)
	p := &provider{strict: true, takes: time.Millisecond, life: time.Second}
	var nodes []*token.Source
	for i := range 2 {
		s := openStore(t, store.Options{Path: path})
		nodes = append(nodes, source(t, s.Tokens(), p, fmt.Sprint("node", i), token.Options{}))
		if i == 0 {
			accept(t, s.Tokens(), token.Current, 0)
		}
	}
	var wg sync.WaitGroup
	for _, src := range nodes {
		for range 5 {
			wg.Go(func() {
				for range 4 {
					if _, err := src.Renew(t.Context(), account, token.Current); err != nil {
						t.Errorf("Renew: %v", err)
					}
				}
			})
		}
	}
	wg.Wait()
	if p.together != 1 || p.reused != 0 || p.revoked {
		t.Errorf("%d requests at a time, %d reused tokens, revoked %v", p.together, p.reused, p.revoked)
	}
	t.Logf("%d requests for %d calls", p.requests, 2*5*4)
}

func TestWaitingForAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := newPath(t)
		p := &provider{takes: 5 * time.Second}
		a, b := openStore(t, store.Options{Path: path}), openStore(t, store.Options{Path: path})
		nodeA, nodeB := source(t, a.Tokens(), p, "a", token.Options{}), source(t, b.Tokens(), p, "b", token.Options{})
		accept(t, a.Tokens(), token.Current, 0)
		go func() { _, _ = nodeA.Fresh(t.Context(), account, token.Current, 0) }()
		time.Sleep(time.Second) // a holds the lease and waits for the provider

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := nodeB.Fresh(short, account, token.Current, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Fresh with too little time = %v, want DeadlineExceeded", err)
		}
		got, err := nodeB.Fresh(t.Context(), account, token.Current, 0)
		if err != nil || !got.Access.Equal(accessNo(1)) {
			t.Errorf("Fresh: %v, or not the token that the other process has stored", err)
		}
		p.expect(t, 1)
	})
}

// TestTheFirstOfTwoWaitersLeaves: both wait for another process, in one flight.
func TestTheFirstOfTwoWaitersLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := newPath(t)
		p := &provider{takes: 5 * time.Second}
		a, b := openStore(t, store.Options{Path: path}), openStore(t, store.Options{Path: path})
		nodeA, nodeB := source(t, a.Tokens(), p, "a", token.Options{}), source(t, b.Tokens(), p, "b", token.Options{})
		accept(t, a.Tokens(), token.Current, 0)
		go func() { _, _ = nodeA.Fresh(t.Context(), account, token.Current, 0) }()
		time.Sleep(time.Second)
		go func() {
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _ = nodeB.Fresh(short, account, token.Current, 0)
		}()
		time.Sleep(500 * time.Millisecond)
		if got, err := nodeB.Fresh(t.Context(), account, token.Current, 0); err != nil || !got.Access.Equal(accessNo(1)) {
			t.Errorf("the one who stays: %v, or another token", err)
		}
	})
}

func TestCloseDoesNotWaitForAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, src := one(t, &provider{}, 0)
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error {
			_, err := tx.ClaimGrant(account, token.Current, "somebody else", tx.Now().Add(token.Lease))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := src.Fresh(t.Context(), account, token.Current, 0)
			done <- err
		}()
		time.Sleep(time.Second)
		began := time.Now()
		go src.Close()
		if err := <-done; err == nil || time.Since(began) > time.Second {
			t.Errorf("Fresh = %v, %v after Close", err, time.Since(began))
		}
	})
}

// TestPausedBeforeTheRequest stops a process after it has claimed the token and
// lets another one take over: the first must not send its request any more.
func TestPausedBeforeTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := newPath(t)
		p := &provider{strict: true}
		var pause time.Duration
		a := openStore(t, store.Options{Path: path, Hook: func(point string) {
			if point == "after_commit" {
				d := pause
				pause = 0
				time.Sleep(d)
			}
		}})
		b := openStore(t, store.Options{Path: path})
		nodeA, nodeB := source(t, a.Tokens(), p, "a", token.Options{}), source(t, b.Tokens(), p, "b", token.Options{})
		accept(t, a.Tokens(), token.Current, 0)
		pause = 90 * time.Second
		done := make(chan error)
		go func() {
			_, err := nodeA.Fresh(t.Context(), account, token.Current, 0)
			done <- err
		}()
		time.Sleep(time.Second)
		began := time.Now()
		got, err := nodeB.Fresh(t.Context(), account, token.Current, 0)
		if err != nil || !got.Access.Equal(accessNo(1)) {
			t.Errorf("the second node: %v, or another token", err)
		}
		if waited := time.Since(began); waited > token.Lease+time.Second {
			t.Errorf("the second node has waited %v", waited)
		}
		if err := <-done; !errors.Is(err, token.ErrSuperseded) {
			t.Errorf("the paused node: %v, want ErrSuperseded", err)
		}
		p.expect(t, 1)
		if p.reused != 0 {
			t.Error("the paused node has sent its request after all")
		}
	})
}

// TestPausedBeforeSaving stops a process with the answer in its hands.
func TestPausedBeforeSaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := newPath(t)
		p := &provider{answer: func(_ context.Context, n int) error {
			if n == 1 {
				time.Sleep(90 * time.Second) // deaf to its deadline, as a stopped process is
			}
			return nil
		}}
		a, b := openStore(t, store.Options{Path: path}), openStore(t, store.Options{Path: path})
		nodeA, nodeB := source(t, a.Tokens(), p, "a", token.Options{}), source(t, b.Tokens(), p, "b", token.Options{})
		accept(t, a.Tokens(), token.Current, 0)
		type outcome struct {
			t   oauth.Token
			err error
		}
		done := make(chan outcome)
		go func() {
			t1, err := nodeA.Fresh(t.Context(), account, token.Current, 0)
			done <- outcome{t1, err}
		}()
		time.Sleep(time.Second)
		began := time.Now()
		newer, err := nodeB.Fresh(t.Context(), account, token.Current, 0)
		if err != nil {
			t.Fatalf("the second node: %v", err)
		}
		if waited := time.Since(began); waited > token.Lease+time.Second {
			t.Errorf("the second node has waited %v", waited)
		}
		late := <-done
		if late.err != nil || !late.t.Access.Equal(newer.Access) {
			t.Errorf("the late node: %v, or its own token instead of the stored one", late.err)
		}
		if g := stored(t, b.Tokens(), token.Current); !g.Token.Access.Equal(newer.Access) || g.Renewals != 1 {
			t.Error("the late writer has overwritten the newer token")
		}
	})
}

func TestACallerThatLeavesDoesNotStopTheRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 5 * time.Second}
		s, src := one(t, p, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := src.Fresh(ctx, account, token.Current, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Fresh = %v, want DeadlineExceeded", err)
		}
		src.Close() // waits for the renewal under way
		if g := stored(t, s.Tokens(), token.Current); !g.Token.Refresh.Equal(refreshNo(1)) || !g.AttemptAt.IsZero() {
			t.Error("the rotated token was not saved")
		}
		if _, err := src.Renew(t.Context(), account, token.Current); err == nil {
			t.Error("Renew after Close has succeeded")
		}
		p.expect(t, 1)
	})
}

func TestAClockSetBackHandsOutNothingExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offset time.Duration
		wall := func() time.Time { return time.Now().Add(offset) }
		p := &provider{}
		s := openStore(t, store.Options{Path: newPath(t), Now: wall})
		src := source(t, s.Tokens(), p, "node", token.Options{Now: wall})
		accept(t, s.Tokens(), token.Current, time.Hour)
		time.Sleep(2 * time.Hour)
		offset = -90 * time.Minute // by the wall, half of the lifetime is left
		got, err := src.Fresh(t.Context(), account, token.Current, 0)
		if err != nil || !got.Access.Equal(accessNo(1)) {
			t.Errorf("Fresh: %v, or the expired token", err)
		}
		offset = -24 * time.Hour // and a start with a clock that is behind the receipt
		again := source(t, s.Tokens(), p, "again", token.Options{Now: wall})
		got, err = again.Fresh(t.Context(), account, token.Current, 0)
		if err != nil || !got.Access.Equal(accessNo(2)) {
			t.Errorf("Fresh: %v, or a token received in the future", err)
		}
	})
}

func TestAClockSetForwardRenewsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offset time.Duration
		p := &provider{}
		s := openStore(t, store.Options{Path: newPath(t)})
		src := source(t, s.Tokens(), p, "node", token.Options{Now: func() time.Time { return time.Now().Add(offset) }})
		accept(t, s.Tokens(), token.Current, time.Hour)
		offset = time.Minute // another node's clock, within what is tolerated
		if _, err := src.Fresh(t.Context(), account, token.Current, 0); err != nil {
			t.Fatal(err)
		}
		p.expect(t, 0)
	})
}
