package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// grantOf is a current grant of an account, with nothing leased.
func grantOf(account string) token.Grant {
	return token.Grant{Account: account, Slot: token.Current, Revision: 1, Token: oauth.Token{
		Access: secret.New(account + "-access"), Refresh: secret.New(account + "-refresh-1"),
	}}
}

func tokenUpdate(t *testing.T, s Stores, fn func(tx token.Tx) error) {
	t.Helper()
	if err := s.Tokens.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func readGrant(t *testing.T, s Stores, account string, slot token.Slot) (g token.Grant) {
	t.Helper()
	if err := s.Tokens.View(t.Context(), func(tx token.Tx) (err error) {
		g, err = tx.Grant(account, slot)
		return err
	}); err != nil {
		t.Fatalf("Grant(%s, %s): %v", account, slot, err)
	}
	return g
}

// claim takes a lease from the database's own now for a while.
func claim(t *testing.T, s Stores, account, owner string, lease time.Duration) (g token.Grant, err error) {
	err = s.Tokens.Update(t.Context(), func(tx token.Tx) (err error) {
		g, err = tx.ClaimGrant(account, token.Current, owner, tx.Now().Add(lease))
		return err
	})
	return g, err
}

func grantRoundTrip(t *testing.T, s Stores) {
	insert(t, s, "one")
	var want token.Grant
	fill(&want)
	want.Account, want.Slot = "one", token.Current
	candidate := grantOf("one")
	candidate.Slot = token.Candidate
	tokenUpdate(t, s, func(tx token.Tx) error { return errors.Join(tx.PutGrant(want), tx.PutGrant(candidate)) })
	same(t, "current", want, readGrant(t, s, "one", token.Current))
	same(t, "candidate", candidate, readGrant(t, s, "one", token.Candidate))

	var replaced token.Grant
	fill(&replaced)
	replaced.Account, replaced.Slot, replaced.Revision, replaced.Token.Refresh = "one", token.Current, 99, secret.New("r")
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.PutGrant(replaced) })
	same(t, "replaced", replaced, readGrant(t, s, "one", token.Current))

	saved := replaced
	saved.ClientID, saved.Renewals, saved.Kept, saved.Failures, saved.LastError = "c", 7, 8, 9, "e"
	saved.Asked = []string{"s1", "s2"}
	saved.Token.Access, saved.DueAt, saved.Renewed, saved.AttemptAt = secret.New("a"), at(1), at(2), at(3)
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.SaveGrant(saved) })
	saved.LeaseOwner, saved.LeaseEnd = "", time.Time{} // given back
	same(t, "saved", saved, readGrant(t, s, "one", token.Current))

	tokenUpdate(t, s, func(tx token.Tx) error {
		return errors.Join(tx.DeleteGrant("one", token.Current), tx.DeleteGrant("one", token.Current))
	})
	for name, call := range map[string]func(tx token.Tx) error{
		"Grant":           func(tx token.Tx) error { _, err := tx.Grant("one", token.Current); return err },
		"PreviousRefresh": func(tx token.Tx) error { _, err := tx.PreviousRefresh("one", token.Current); return err },
		"ClaimGrant":      func(tx token.Tx) error { _, err := tx.ClaimGrant("one", token.Current, "n", at(9)); return err },
	} {
		if err := s.Tokens.Update(t.Context(), call); !errors.Is(err, token.ErrNoToken) {
			t.Errorf("%s of an empty slot = %v, want ErrNoToken", name, err)
		}
	}
	same(t, "candidate after deleting the current", candidate, readGrant(t, s, "one", token.Candidate))
	if err := s.Tokens.Update(t.Context(), func(tx token.Tx) error { return tx.PutGrant(grantOf("nobody")) }); !errors.Is(err, wizard.ErrNotFound) {
		t.Errorf("PutGrant without a setup = %v, want ErrNotFound", err)
	}
}

func grantLease(t *testing.T, s Stores) {
	insert(t, s, "one")
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.PutGrant(grantOf("one")) })
	first, err := claim(t, s, "one", "n1", time.Minute)
	if err != nil || first.Epoch != 1 || first.LeaseOwner != "n1" || first.LeaseEnd.IsZero() ||
		!first.Token.Refresh.Equal(secret.New("one-refresh-1")) {
		t.Fatalf("ClaimGrant = epoch %d of %q, %v", first.Epoch, first.LeaseOwner, err)
	}
	for _, owner := range []string{"n1", "n2"} {
		if _, err := claim(t, s, "one", owner, time.Minute); !errors.Is(err, token.ErrLeased) {
			t.Errorf("ClaimGrant by %s during the lease = %v, want ErrLeased", owner, err)
		}
	}
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.SaveGrant(first) })
	if _, err := claim(t, s, "one", "n2", time.Millisecond); err != nil {
		t.Errorf("ClaimGrant after the lease was given back: %v", err)
	}
	time.Sleep(5 * time.Millisecond)
	third, err := claim(t, s, "one", "n3", time.Minute)
	if err != nil || third.Epoch != 3 {
		t.Errorf("ClaimGrant after the lease has ended = epoch %d, %v, want 3", third.Epoch, err)
	}

	insert(t, s, "crowd")
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.PutGrant(grantOf("crowd")) })
	var wg sync.WaitGroup
	owners := make(chan string, 20)
	for i := range 20 {
		wg.Go(func() {
			owner := fmt.Sprint("n", i)
			if _, err := claim(t, s, "crowd", owner, time.Minute); err == nil {
				owners <- owner
			} else if !errors.Is(err, token.ErrLeased) {
				t.Errorf("ClaimGrant: %v", err)
			}
		})
	}
	wg.Wait()
	if len(owners) != 1 {
		t.Errorf("%d of 20 have got the lease, want 1", len(owners))
	}
}

func grantSuperseded(t *testing.T, s Stores) {
	insert(t, s, "one")
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.PutGrant(grantOf("one")) })
	late, err := claim(t, s, "one", "slow", time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond)
	newer, err := claim(t, s, "one", "quick", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	late.Token.Refresh, newer.Token.Refresh = secret.New("late"), secret.New("newer")
	save := func(g token.Grant) error {
		return s.Tokens.Update(t.Context(), func(tx token.Tx) error { return tx.SaveGrant(g) })
	}
	if err := save(late); !errors.Is(err, token.ErrSuperseded) {
		t.Errorf("SaveGrant with an old epoch before the newer one = %v, want ErrSuperseded", err)
	}
	if g := readGrant(t, s, "one", token.Current); g.LeaseOwner != "quick" {
		t.Errorf("the late writer has ended the lease of the newer one (owner %q)", g.LeaseOwner)
	}
	if err := save(newer); err != nil {
		t.Fatal(err)
	}
	if err := save(late); !errors.Is(err, token.ErrSuperseded) {
		t.Errorf("SaveGrant with an old epoch after the newer one = %v, want ErrSuperseded", err)
	}
	if g := readGrant(t, s, "one", token.Current); !g.Token.Refresh.Equal(secret.New("newer")) {
		t.Error("the late writer has overwritten the newer token")
	}

	// Deleted, accepted anew, claimed: the epoch is the same, the token is not.
	again := grantOf("one")
	again.Revision = 2
	tokenUpdate(t, s, func(tx token.Tx) error {
		return errors.Join(tx.DeleteGrant("one", token.Current), tx.PutGrant(again))
	})
	for range late.Epoch {
		if again, err = claim(t, s, "one", "quick", time.Millisecond); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if again.Epoch != late.Epoch {
		t.Fatalf("the test wants equal epochs, has %d and %d", again.Epoch, late.Epoch)
	}
	if err := save(late); !errors.Is(err, token.ErrSuperseded) {
		t.Errorf("SaveGrant of an earlier revision = %v, want ErrSuperseded", err)
	}
}

func grantPrevious(t *testing.T, s Stores) {
	insert(t, s, "one")
	g := grantOf("one")
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.PutGrant(g) })
	previous := func() (p secret.Text) {
		if err := s.Tokens.View(t.Context(), func(tx token.Tx) (err error) {
			p, err = tx.PreviousRefresh("one", token.Current)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return p
	}
	expect := func(when, want string) {
		t.Helper()
		if !previous().Equal(secret.New(want)) {
			t.Errorf("%s: the previous refresh token is not %q", when, want)
		}
	}
	save := func(change func(*token.Grant)) {
		t.Helper()
		claimed, err := claim(t, s, "one", "n", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		change(&claimed)
		tokenUpdate(t, s, func(tx token.Tx) error { return tx.SaveGrant(claimed) })
		g = claimed
	}
	rotate := func(to string) func(*token.Grant) {
		return func(g *token.Grant) { g.Token.Refresh, g.Renewals = secret.New(to), g.Renewals+1 }
	}
	expect("at first", "")
	save(rotate("refresh-2"))
	expect("after a rotation", "one-refresh-1")
	save(func(g *token.Grant) { g.Failures++ })
	expect("after a failure", "one-refresh-1")
	tokenUpdate(t, s, func(tx token.Tx) error {
		noted := g
		noted.AttemptAt, noted.LeaseEnd = at(1), time.Time{}
		return tx.PutGrant(noted)
	})
	expect("after noting an attempt", "one-refresh-1")
	save(rotate("refresh-3"))
	expect("after a second rotation", "refresh-2")
	save(func(g *token.Grant) { g.Renewals++ })
	expect("after the new one has worked without being rotated", "")
	save(rotate("refresh-4"))
	expect("after a third rotation", "refresh-3")
	tokenUpdate(t, s, func(tx token.Tx) error {
		g := grantOf("one")
		g.Revision, g.Token.Refresh = 2, secret.New("of another sign-in")
		return tx.PutGrant(g)
	})
	expect("after another sign-in", "")
}

func claimDueParallel(t *testing.T, s Stores) {
	const rows, workers, batch = 500, 4, 7
	var ids []setup.ID
	for i := range rows {
		ids = append(ids, setup.ID(fmt.Sprintf("s%03d", i)))
	}
	insert(t, s, ids...)
	tokenUpdate(t, s, func(tx token.Tx) error {
		for i, id := range ids {
			g := grantOf(string(id))
			g.DueAt = at(-100000 * 3600).Add(time.Duration(i) * time.Second) // long ago by any clock
			if err := tx.PutGrant(g); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	owners := map[string]string{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			owner := fmt.Sprint("n", w)
			for {
				var got []token.Grant
				err := s.Tokens.Update(t.Context(), func(tx token.Tx) (err error) {
					got, err = tx.ClaimDue(owner, tx.Now().Add(time.Hour), batch)
					return err
				})
				if err != nil {
					t.Errorf("ClaimDue: %v", err)
					return
				}
				if len(got) == 0 {
					return
				}
				if len(got) > batch {
					t.Errorf("ClaimDue returned %d, want at most %d", len(got), batch)
				}
				mu.Lock()
				for _, g := range got {
					if other, twice := owners[g.Account]; twice {
						t.Errorf("%s was claimed by %s and by %s", g.Account, other, owner)
					}
					if g.Epoch != 1 || g.LeaseOwner != owner || !g.Token.Refresh.Equal(secret.New(g.Account+"-refresh-1")) {
						t.Errorf("%s was claimed with epoch %d and owner %s", g.Account, g.Epoch, g.LeaseOwner)
					}
					owners[g.Account] = owner
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(owners) != rows {
		t.Errorf("%d of %d due grants were claimed", len(owners), rows)
	}
}

func claimDueOnlyDue(t *testing.T, s Stores) {
	insert(t, s, "later", "earlier", "future", "unkept", "leased", "candidate")
	tokenUpdate(t, s, func(tx token.Tx) error {
		now := tx.Now()
		for account, due := range map[string]time.Time{
			"later": now.Add(-time.Minute), "earlier": now.Add(-time.Hour), "future": now.Add(time.Hour),
			"unkept": {}, "leased": now.Add(-time.Hour), "candidate": now.Add(-time.Hour),
		} {
			g := grantOf(account)
			g.DueAt = due
			if account == "candidate" { // beside a current one that is not due
				current := g
				current.DueAt = now.Add(time.Hour)
				if err := tx.PutGrant(current); err != nil {
					return err
				}
				g.Slot = token.Candidate
			}
			if err := tx.PutGrant(g); err != nil {
				return err
			}
		}
		return nil
	})
	if _, err := claim(t, s, "leased", "other", time.Hour); err != nil {
		t.Fatal(err)
	}
	tokenUpdate(t, s, func(tx token.Tx) error {
		due, err := tx.ClaimDue("n", tx.Now().Add(time.Minute), 10)
		var accounts []string
		for _, g := range due {
			accounts = append(accounts, g.Account)
		}
		same(t, "due, longest first", []string{"earlier", "later"}, accounts)
		return err
	})
}

func claimDueUnreadable(t *testing.T, s Stores) {
	insert(t, s, "bad", "good")
	tokenUpdate(t, s, func(tx token.Tx) error {
		bad, good := grantOf("bad"), grantOf("good")
		bad.DueAt, good.DueAt = tx.Now().Add(-time.Hour), tx.Now().Add(-time.Minute)
		return errors.Join(tx.PutGrant(bad), tx.PutGrant(good))
	})
	if err := s.Exec(`UPDATE grants SET sealed_token = (SELECT sealed_token FROM grants WHERE account = 'good') WHERE account = 'bad'`); err != nil {
		t.Fatal(err)
	}
	for round, want := range []int{1, 0} { // the bad one is not asked for again at once
		tokenUpdate(t, s, func(tx token.Tx) error {
			due, err := tx.ClaimDue("n", tx.Now().Add(time.Minute), 10)
			if len(due) != want || want == 1 && due[0].Account != "good" {
				t.Errorf("round %d: %d grants claimed, want %d", round, len(due), want)
			}
			return err
		})
	}
	if n, err := s.Int(`SELECT failures FROM grants WHERE account = 'bad'`); err != nil || n != 1 {
		t.Errorf("%d failures are noted, want 1 (%v)", n, err)
	}
	// A new sign-in replaces what cannot be opened.
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.PutGrant(grantOf("bad")) })
	readGrant(t, s, "bad", token.Current)
}
