package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/admin"
)

func (h *house) login(t *testing.T, as, with, from string) error {
	t.Helper()
	_, err := h.Login(t.Context(), as, text(with), from)
	return err
}

func TestLogin(t *testing.T) {
	h := newHouse(t)
	a := h.claimed(t)
	for _, spelling := range []string{"Erika", "erika", " ERIKA "} {
		if got, err := h.Login(t.Context(), spelling, text(password), home); err != nil || got.ID != a.ID {
			t.Errorf("Login as %q: %v", spelling, err)
		}
	}
	for _, bad := range [][2]string{{"Erika", "wrong"}, {"Erika", ""}, {"nobody", password}, {"", ""}, {password, "Erika"}} {
		if err := h.login(t, bad[0], bad[1], home); !errors.Is(err, admin.ErrBadLogin) {
			t.Errorf("Login as %q = %v, want ErrBadLogin", bad[0], err)
		}
	}
	log := h.actions(t)
	if last := log[len(log)-1]; last.Actor != "" || last.RemoteIP != home || last.Action != "sign_in_refused" {
		t.Errorf("the record of a refused login: %+v", last)
	}
	// The password typed into the field for the name must not be kept.
	if bytes.Contains(h.files(t), []byte(password)) {
		t.Error("what was typed as a name can be read in the database")
	}
}

func TestAnUnknownNameTakesTheSameTime(t *testing.T) {
	h := newHouse(t)
	strong, err := admin.NewService(h.store.Admin(), h.now, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Service = strong
	h.claimed(t)
	// The fastest of each, taken in turn, so that other work on the machine
	// falls on both. Without the decoy an unknown name is a hundred times as fast.
	fastest := map[string]time.Duration{}
	for range 8 {
		for _, as := range []string{name, "nobody"} {
			h.pass(time.Hour)
			began := time.Now()
			if err := h.login(t, as, "wrong password", home); !errors.Is(err, admin.ErrBadLogin) {
				t.Fatal(err)
			}
			if took := time.Since(began); fastest[as] == 0 || took < fastest[as] {
				fastest[as] = took
			}
		}
	}
	if ratio := float64(fastest["nobody"]) / float64(fastest[name]); ratio < 0.25 || ratio > 4 {
		t.Errorf("a known name takes %v, an unknown one %v", fastest[name], fastest["nobody"])
	}
}

func TestGuessingIsSlowAndTheOwnerIsNotLockedOut(t *testing.T) {
	h := newHouse(t)
	h.claimed(t)
	if err := h.login(t, name, password, home); err != nil {
		t.Fatal(err)
	}
	began, guesses := h.time, 0
	for h.time.Sub(began) < 6*time.Hour {
		// Each guess comes from another address and spells the name differently.
		from := fmt.Sprintf("198.51.%d.%d", guesses/250, guesses%250)
		as := []string{"erika", "ERIKA", "Eri\u200bka", " erika", "ｅrika"}[guesses%5]
		err := h.login(t, as, fmt.Sprint("guess ", guesses), from)
		var wait *admin.TooManyTriesError
		switch {
		case errors.As(err, &wait):
			if !errors.Is(err, admin.ErrTooManyTries) || !wait.RetryAt.After(h.time) || wait.RetryAt.Sub(h.time) > 30*time.Second {
				t.Fatalf("retry at %v, now %v", wait.RetryAt, h.time)
			}
			if guesses == 300 {
				if err := h.login(t, name, password, home); err != nil {
					t.Errorf("the owner, from the usual address, during the attack: %v", err)
				}
			}
			h.time = wait.RetryAt
		case errors.Is(err, admin.ErrBadLogin):
			guesses++
		default:
			t.Fatal(err)
		}
	}
	// One per half a minute, and a few more that the owner's login has given back.
	if guesses < 700 || guesses > 760 {
		t.Errorf("%d guesses in six hours, want about 730", guesses)
	}
	if err := h.login(t, name, "one more", "198.51.255.1"); !errors.Is(err, admin.ErrBadLogin) {
		t.Fatal(err)
	}
	// From an address that was never seen the owner waits like everybody, but
	// not longer than the ceiling, and then gets in with the first try.
	var wait *admin.TooManyTriesError
	if err := h.login(t, name, password, "203.0.113.9"); !errors.As(err, &wait) {
		t.Fatalf("from a new address: %v, want to wait", err)
	}
	h.time = wait.RetryAt
	if err := h.login(t, name, password, "203.0.113.9"); err != nil {
		t.Errorf("from a new address after the wait: %v", err)
	}
}

func TestAHundredParallelGuessesAreNotAHundredGuesses(t *testing.T) {
	h := newHouse(t)
	h.claimed(t)
	var looked, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			err := h.login(t, name, "guess", fmt.Sprintf("198.51.100.%d", i))
			switch {
			case errors.Is(err, admin.ErrBadLogin):
				looked.Add(1)
			case errors.Is(err, admin.ErrTooManyTries):
				refused.Add(1)
			default:
				t.Errorf("Login: %v", err)
			}
		})
	}
	wg.Wait()
	if looked.Load() != 5 || refused.Load() != 95 {
		t.Errorf("%d guesses were looked at and %d refused, want 5 and 95", looked.Load(), refused.Load())
	}
}

func TestOneClientIsSlowedDownOverAllNames(t *testing.T) {
	h := newHouse(t)
	h.claimed(t)
	for i := range 10 {
		// All of one IPv6 network, and names that nobody has.
		if err := h.login(t, fmt.Sprint("name", i), "x", fmt.Sprintf("2001:db8::%x", i+1)); !errors.Is(err, admin.ErrBadLogin) {
			t.Fatal(err)
		}
	}
	if err := h.login(t, "name10", "x", "2001:db8::ffff"); !errors.Is(err, admin.ErrTooManyTries) {
		t.Errorf("the eleventh guess from one network = %v, want ErrTooManyTries", err)
	}
	if err := h.login(t, "name10", "x", "2001:db8:0:1::1"); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("a guess from another network = %v, want ErrBadLogin", err)
	}
	for i := range 10 {
		if err := h.login(t, fmt.Sprint("name", i), "x", []string{"192.0.2.7", "::ffff:192.0.2.7"}[i%2]); !errors.Is(err, admin.ErrBadLogin) {
			t.Fatal(err)
		}
	}
	if err := h.login(t, "name10", "x", "::ffff:192.0.2.7"); !errors.Is(err, admin.ErrTooManyTries) {
		t.Errorf("an IPv4 address in two spellings = %v, want ErrTooManyTries", err)
	}
	// Logging in to one's own account does not buy new guesses at others.
	h.pass(time.Second)
	if err := h.login(t, name, password, "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	if err := h.login(t, "name10", "x", "192.0.2.7"); !errors.Is(err, admin.ErrTooManyTries) {
		t.Errorf("a guess after a good login = %v, want ErrTooManyTries", err)
	}
	h.pass(time.Hour)
	for i := range 10 { // the count begins anew
		if err := h.login(t, fmt.Sprint("name", i), "x", "192.0.2.7"); !errors.Is(err, admin.ErrBadLogin) {
			t.Errorf("guess %d after an hour = %v, want ErrBadLogin", i, err)
		}
	}
}

func TestTheDelayGrows(t *testing.T) {
	h := newHouse(t)
	h.claimed(t)
	var delays []time.Duration
	for len(delays) < 8 {
		var wait *admin.TooManyTriesError
		if err := h.login(t, name, "guess", home); errors.As(err, &wait) {
			delays = append(delays, wait.RetryAt.Sub(h.time)/time.Second)
			h.time = wait.RetryAt
		}
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30}; !slices.Equal(delays, want) {
		t.Errorf("delays in seconds %d, want %d", delays, want)
	}
}

func TestAClockSetBackDoesNotLockAnybodyOut(t *testing.T) {
	h := newHouse(t)
	h.claimed(t)
	for range 5 {
		_ = h.login(t, name, "wrong", home)
	}
	h.pass(-365 * 24 * time.Hour)
	var wait *admin.TooManyTriesError
	if err := h.login(t, name, password, home); !errors.As(err, &wait) {
		t.Fatalf("Login = %v, want to wait", err)
	}
	if d := wait.RetryAt.Sub(h.time); d > 30*time.Second {
		t.Errorf("the wait is %v", d)
	}
}

func TestARehashFollowsTheCosts(t *testing.T) {
	h := newHouse(t)
	old := h.claimed(t)
	h.Restore()
	a, err := h.Login(t.Context(), name, text(password), home)
	if err != nil || a.Hash == old.Hash {
		t.Fatalf("Login: %v, or the hash is still the old one", err)
	}
	stored, err := h.Account(t.Context(), a.ID)
	if err != nil || stored.Hash != a.Hash {
		t.Errorf("the new hash is not stored: %v", err)
	}
	if again, err := h.Login(t.Context(), name, text(password), home); err != nil || again.Hash != a.Hash {
		t.Errorf("hashed again without need: %v", err)
	}
}

func TestChangePassword(t *testing.T) {
	h := newHouse(t)
	a := h.claimed(t)
	id, _, err := h.Start(t.Context(), admin.Session{Kind: admin.KindAdmin, Subject: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	const next = "another phrase entirely"
	change := func(id, old, password string) error {
		return h.ChangePassword(t.Context(), id, text(old), text(password), home)
	}
	if err := change(a.ID, "wrong", next); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("with a wrong old password: %v, want ErrBadLogin", err)
	}
	if err := change("nobody", password, next); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("of nobody: %v, want ErrBadLogin", err)
	}
	var weak *admin.PasswordError
	if err := change(a.ID, password, "short"); !errors.As(err, &weak) {
		t.Errorf("to a short one: %v, want a PasswordError", err)
	}
	if _, err := h.Load(t.Context(), id); err != nil {
		t.Errorf("a refused change has ended the session: %v", err)
	}
	if err := change(a.ID, password, next); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Load(t.Context(), id); !errors.Is(err, admin.ErrNoSession) {
		t.Errorf("the session after the change: %v, want ErrNoSession", err)
	}
	if err := h.login(t, name, password, home); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("the old password: %v, want ErrBadLogin", err)
	}
	if err := h.login(t, name, next, home); err != nil {
		t.Errorf("the new password: %v", err)
	}
	for range 10 {
		_ = change(a.ID, "guess", next)
	}
	if err := change(a.ID, "guess", next); !errors.Is(err, admin.ErrTooManyTries) {
		t.Errorf("guessing the old password = %v, want ErrTooManyTries", err)
	}
}

// between is a store that does something before its n-th Update.
type between struct {
	admin.Store
	n    int
	what func()
}

func (b *between) Update(ctx context.Context, fn func(admin.Tx) error) error {
	if b.n--; b.n == 0 {
		b.what()
	}
	return b.Store.Update(ctx, fn)
}

// TestAChangeDuringALogin: the login has compared the old password when the new
// one is set. It must neither succeed nor write the old hash back.
func TestAChangeDuringALogin(t *testing.T) {
	h := newHouse(t)
	a := h.claimed(t)
	const next = "another phrase entirely"
	b := &between{Store: h.store.Admin(), n: 2, what: func() {
		if err := h.ChangePassword(t.Context(), a.ID, text(password), text(next), home); err != nil {
			t.Error(err)
		}
	}}
	slow, err := admin.NewService(b, h.now, nil) // with today's costs: it would hash again
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Login(t.Context(), name, text(password), home); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("the login with the old password = %v, want ErrBadLogin", err)
	}
	if err := h.login(t, name, next, home); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// TestAChangeDuringAChange: of two changes that have compared the same old
// password one wins.
func TestAChangeDuringAChange(t *testing.T) {
	h := newHouse(t)
	a := h.claimed(t)
	const next = "another phrase entirely"
	b := &between{Store: h.store.Admin(), n: 3, what: func() {
		if err := h.ChangePassword(t.Context(), a.ID, text(password), text(next), home); err != nil {
			t.Error(err)
		}
	}}
	slow, err := admin.NewService(b, h.now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := slow.ChangePassword(t.Context(), a.ID, text(password), text("a third phrase, late"), home); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("the later change = %v, want ErrBadLogin", err)
	}
	if err := h.login(t, name, next, home); err != nil {
		t.Errorf("the password of the first change: %v", err)
	}
}
