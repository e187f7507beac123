package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/admin"
)

type adminTx = admin.Tx

func accountOf(id string) admin.Account {
	return admin.Account{ID: id, Name: "Name " + id, NameKey: "name " + id, Hash: "hash " + id, Created: at(1), PasswordAt: at(2)}
}

func sessionOf(id string) admin.Session {
	return admin.Session{
		Handle: "handle " + id, Hash: sha256.Sum256([]byte(id)), Kind: admin.KindAdmin, Subject: "a",
		Data: map[string]string{"k": id}, Started: at(1), Seen: at(2), IdleEnd: at(900), End: at(9000), IP: "192.0.2.1", Agent: "browser",
	}
}

func firstAccount(t *testing.T, s Stores) {
	var want admin.Account
	fill(&want)
	claimed := func() (yes bool) {
		adminView(t, s.Admin, func(tx adminTx) (err error) { yes, err = tx.Claimed(); return err })
		return yes
	}
	if claimed() {
		t.Error("Claimed in an empty store")
	}
	adminUpdate(t, s.Admin, func(tx adminTx) error { return tx.InsertFirstAccount(want) })
	if !claimed() {
		t.Error("not Claimed after InsertFirstAccount")
	}
	if err := s.Admin.Update(t.Context(), func(tx adminTx) error { return tx.InsertFirstAccount(accountOf("second")) }); !errors.Is(err, admin.ErrClaimed) {
		t.Errorf("a second first account = %v, want ErrClaimed", err)
	}
	want.Hash, want.PasswordAt = "another", at(9)
	adminUpdate(t, s.Admin, func(tx adminTx) error { return tx.SaveAccount(want) })
	adminView(t, s.Admin, func(tx adminTx) error {
		byID, err1 := tx.Account(want.ID)
		same(t, "Account", want, byID)
		byName, err2 := tx.AccountByName(want.NameKey)
		same(t, "AccountByName", want, byName)
		all, err3 := tx.Accounts()
		same(t, "Accounts", []admin.Account{want}, all)
		return errors.Join(err1, err2, err3)
	})
	for name, call := range map[string]func(tx adminTx) error{
		"Account":       func(tx adminTx) error { _, err := tx.Account("none"); return err },
		"AccountByName": func(tx adminTx) error { _, err := tx.AccountByName("none"); return err },
		"SaveAccount":   func(tx adminTx) error { return tx.SaveAccount(accountOf("none")) },
		"ClaimLink":     func(tx adminTx) error { _, err := tx.ClaimLink(); return err },
		"Session":       func(tx adminTx) error { _, err := tx.Session(admin.Hash{}); return err },
		"TouchSession":  func(tx adminTx) error { return tx.TouchSession(admin.Hash{}, at(0), at(0)) },
		"SaveSessionData": func(tx adminTx) error {
			return tx.SaveSessionData(admin.Hash{}, map[string]string{"k": "v"})
		},
		"DeleteSessionByHandle": func(tx adminTx) error { return tx.DeleteSessionByHandle(admin.KindAdmin, "a", "none") },
	} {
		if err := s.Admin.Update(t.Context(), call); !errors.Is(err, admin.ErrNotFound) {
			t.Errorf("%s of a missing record = %v, want ErrNotFound", name, err)
		}
	}
	adminUpdate(t, s.Admin, func(tx adminTx) error { return tx.DeleteAccounts() })
	if claimed() {
		t.Error("Claimed after DeleteAccounts")
	}
	adminUpdate(t, s.Admin, func(tx adminTx) error { return tx.InsertFirstAccount(want) })
}

func firstAccountRace(t *testing.T, s Stores) {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := s.Admin.Update(t.Context(), func(tx adminTx) error {
				return tx.InsertFirstAccount(accountOf(fmt.Sprint(i)))
			})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, admin.ErrClaimed) {
				t.Errorf("InsertFirstAccount: %v", err)
			}
		})
	}
	wg.Wait()
	adminView(t, s.Admin, func(tx adminTx) error {
		all, err := tx.Accounts()
		if won.Load() != 1 || len(all) != 1 {
			t.Errorf("%d of 20 have won, %d accounts exist, want 1 and 1", won.Load(), len(all))
		}
		return err
	})
}

func claimLink(t *testing.T, s Stores) {
	var want admin.ClaimLink
	fill(&want)
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		return errors.Join(tx.PutClaimLink(admin.ClaimLink{CodeHash: admin.Hash{1}, Issued: at(0), Expires: at(1)}), tx.PutClaimLink(want))
	})
	adminView(t, s.Admin, func(tx adminTx) error {
		got, err := tx.ClaimLink()
		same(t, "ClaimLink", want, got)
		return err
	})
	adminUpdate(t, s.Admin, func(tx adminTx) error { return errors.Join(tx.DeleteClaimLink(), tx.DeleteClaimLink()) })
	if err := s.Admin.View(t.Context(), func(tx adminTx) error { _, err := tx.ClaimLink(); return err }); !errors.Is(err, admin.ErrNotFound) {
		t.Errorf("a deleted link = %v, want ErrNotFound", err)
	}
}

func loginFailures(t *testing.T, s Stores) {
	put := map[admin.Hash]admin.Failures{
		{1}: {Count: 3, Last: at(0)}, {2}: {Count: 3, Last: at(100)}, {3}: {Count: 0, Last: at(0)}, {4}: {Count: 0, Last: at(-100)},
		{5}: {Count: 1, Last: at(100)},
	}
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		for key, f := range put {
			if err := errors.Join(tx.PutFailures(key, admin.Failures{Count: 9, Last: at(9)}), tx.PutFailures(key, f)); err != nil {
				return err
			}
		}
		return nil
	})
	expect := func(when string, want map[admin.Hash]admin.Failures) {
		t.Helper()
		adminView(t, s.Admin, func(tx adminTx) error {
			for key := range put {
				got, err := tx.Failures(key)
				if err != nil {
					return err
				}
				same(t, fmt.Sprintf("%s: counter %d", when, key[0]), want[key], got)
			}
			return nil
		})
	}
	expect("stored", put)
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		return errors.Join(tx.PutFailures(admin.Hash{5}, admin.Failures{}), tx.PruneFailures(at(50), at(-50)))
	})
	expect("pruned", map[admin.Hash]admin.Failures{{2}: put[admin.Hash{2}], {3}: put[admin.Hash{3}]})
}

func sessions(t *testing.T, s Stores) {
	var want admin.Session
	fill(&want)
	want.Kind, want.Subject = admin.KindAdmin, "a"
	bare := sessionOf("bare")
	bare.Data = nil
	other := sessionOf("other")
	other.Subject = "b"
	guest := sessionOf("guest")
	guest.Kind = admin.KindGuest
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		return errors.Join(tx.InsertSession(want), tx.InsertSession(bare), tx.InsertSession(other), tx.InsertSession(guest))
	})
	expect := func(what string, want admin.Session) {
		t.Helper()
		adminView(t, s.Admin, func(tx adminTx) error {
			got, err := tx.Session(want.Hash)
			same(t, what, want, got)
			return err
		})
	}
	expect("full", want)
	expect("without data", bare)
	adminView(t, s.Admin, func(tx adminTx) error {
		list, err := tx.Sessions(admin.KindAdmin, "a")
		listed := want
		listed.Data = nil
		same(t, "Sessions, newest first", []admin.Session{bare, listed}, list)
		return err
	})
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		return errors.Join(tx.TouchSession(want.Hash, at(50), at(60)), tx.SaveSessionData(want.Hash, map[string]string{"new": "data"}))
	})
	want.Seen, want.IdleEnd, want.Data = at(50), at(60), map[string]string{"new": "data"}
	expect("touched and saved", want)
	gone := func(what string, hash admin.Hash) {
		t.Helper()
		if err := s.Admin.View(t.Context(), func(tx adminTx) error { _, err := tx.Session(hash); return err }); !errors.Is(err, admin.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
	for _, foreign := range []admin.Session{other, guest} {
		if err := s.Admin.Update(t.Context(), func(tx adminTx) error {
			return tx.DeleteSessionByHandle(admin.KindAdmin, "a", foreign.Handle)
		}); !errors.Is(err, admin.ErrNotFound) {
			t.Errorf("ending somebody else's session by its handle = %v, want ErrNotFound", err)
		}
	}
	adminUpdate(t, s.Admin, func(tx adminTx) error { return tx.DeleteSessionByHandle(admin.KindAdmin, "a", bare.Handle) })
	gone("ended by handle", bare.Hash)
	adminUpdate(t, s.Admin, func(tx adminTx) error { return tx.DeleteSessionsOf(admin.KindAdmin, "a") })
	gone("ended with all", want.Hash)
	expect("somebody else's", other)
	expect("of another kind", guest)
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		return errors.Join(tx.DeleteSession(other.Hash), tx.DeleteSession(other.Hash))
	})
	gone("ended", other.Hash)

	for name, s2 := range map[string]struct {
		idle, end time.Time
		alive     bool
	}{
		"alive": {at(1001), at(1001), true}, "idle": {at(1000), at(2000), false}, "over": {at(2000), at(1000), false},
	} {
		one := sessionOf("prune " + name)
		one.IdleEnd, one.End = s2.idle, s2.end
		adminUpdate(t, s.Admin, func(tx adminTx) error { return errors.Join(tx.InsertSession(one), tx.PruneSessions(at(1000))) })
		err := s.Admin.View(t.Context(), func(tx adminTx) error { _, err := tx.Session(one.Hash); return err })
		if (err == nil) != s2.alive {
			t.Errorf("PruneSessions, %s: %v, want alive %v", name, err, s2.alive)
		}
	}
}
