package admin_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

func (h *house) start(t *testing.T, want admin.Session) (secret.Text, admin.Session) {
	t.Helper()
	id, s, err := h.Start(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return id, s
}

func (h *house) alive(t *testing.T, id secret.Text) bool {
	t.Helper()
	_, err := h.Load(t.Context(), id)
	if err != nil && !errors.Is(err, admin.ErrNoSession) {
		t.Fatal(err)
	}
	return err == nil
}

var adminSession = admin.Session{Kind: admin.KindAdmin, Subject: "a", Data: map[string]string{"k": "planted-data"}, IP: home, Agent: "browser"}

func TestASessionIsWhatWasStarted(t *testing.T) {
	h := newHouse(t)
	id, started := h.start(t, adminSession)
	if id.Len() != 52 {
		t.Errorf("an ID of %d characters, want 52 (256 bits)", id.Len())
	}
	got, err := h.Load(t.Context(), id)
	if err != nil || got.Kind != admin.KindAdmin || got.Subject != "a" || got.Data["k"] != "planted-data" ||
		got.IP != home || got.Agent != "browser" || got.Handle != started.Handle || !got.Started.Equal(h.time) {
		t.Errorf("Load = %+v, %v", got, err)
	}
	other, _ := h.start(t, adminSession)
	if id.Equal(other) {
		t.Error("two sessions have one ID")
	}
	value := id.Reveal()
	for what, wrong := range map[string]string{
		"nothing": "", "cut": value[:51], "longer": value + "a", "upper case": "A" + value[1:], "the handle": started.Handle,
		"the hash": fmt.Sprintf("%x", started.Hash),
	} {
		if h.alive(t, secret.New(wrong)) {
			t.Errorf("%s opens a session", what)
		}
	}
	dump := h.files(t)
	for _, planted := range []string{value, "planted-data"} {
		if bytes.Contains(dump, []byte(planted)) {
			t.Error("the ID or the data can be read in the database")
		}
	}
}

func TestASessionEnds(t *testing.T) {
	h := newHouse(t)
	id, _ := h.start(t, adminSession)
	for range 9 * 4 {
		h.pass(15*time.Minute - time.Second)
		if !h.alive(t, id) {
			break
		}
	}
	if age := h.time.Sub(time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)); age < 7*time.Hour+45*time.Minute || age > 8*time.Hour+15*time.Minute {
		t.Errorf("a session in use has ended after %v, want 8 hours", age)
	}
	id, _ = h.start(t, adminSession)
	h.pass(15 * time.Minute)
	if h.alive(t, id) {
		t.Error("a session is alive after 15 idle minutes")
	}
	if err := h.Put(t.Context(), id, "k", "v"); !errors.Is(err, admin.ErrNoSession) {
		t.Errorf("Put after the end = %v, want ErrNoSession", err)
	}
	if _, err := h.KeepAlive(t.Context(), id); !errors.Is(err, admin.ErrNoSession) {
		t.Errorf("KeepAlive after the end = %v, want ErrNoSession", err)
	}
}

func TestAWaitingPageKeepsASessionForAnHour(t *testing.T) {
	h := newHouse(t)
	id, _ := h.start(t, adminSession)
	h.pass(10 * time.Minute)
	if !h.alive(t, id) { // the person's last request
		t.Fatal("the session has ended")
	}
	last := h.time
	for {
		got, err := h.KeepAlive(t.Context(), id)
		if err != nil {
			break
		}
		if got.Subject != adminSession.Subject || got.Data["k"] != "planted-data" {
			t.Fatalf("KeepAlive = %+v", got)
		}
		h.pass(5 * time.Minute)
		if h.time.Sub(last) > 2*time.Hour {
			t.Fatal("the page keeps the session for ever")
		}
	}
	if d := h.time.Sub(last); d != admin.WaitLimit {
		t.Errorf("the page has kept the session for %v, want %v", d, admin.WaitLimit)
	}
	if h.alive(t, id) {
		t.Error("the session is alive after that")
	}
}

func TestRenewKillsTheOldID(t *testing.T) {
	h := newHouse(t)
	before, _ := h.start(t, admin.Session{Kind: admin.KindAnonymous})
	h.pass(5 * time.Minute)
	after, s, err := h.Renew(t.Context(), before, adminSession)
	if err != nil {
		t.Fatal(err)
	}
	if h.alive(t, before) {
		t.Error("the ID from before the login still opens a session")
	}
	if !h.alive(t, after) || !s.Started.Equal(h.time) || !s.End.Equal(h.time.Add(admin.AbsoluteLimit)) {
		t.Errorf("the new session: %+v", s)
	}
	if _, _, err := h.Renew(t.Context(), secret.New("never existed"), adminSession); err != nil {
		t.Errorf("Renew of an unknown session: %v", err)
	}
}

func TestDeadSessionsAreRemoved(t *testing.T) {
	h := newHouse(t)
	_, dead := h.start(t, adminSession)
	h.pass(admin.IdleLimit)
	h.start(t, adminSession)
	err := h.store.Admin().View(t.Context(), func(tx admin.Tx) error { _, err := tx.Session(dead.Hash); return err })
	if !errors.Is(err, admin.ErrNotFound) {
		t.Errorf("a dead session is still stored: %v", err)
	}
}

func TestAChangeOfOneValueKeepsTheRest(t *testing.T) {
	h := newHouse(t)
	id, _ := h.start(t, adminSession)
	h.pass(time.Minute)
	if !h.alive(t, id) {
		t.Fatal("the session has ended")
	}
	// Fifty requests of one browser at once, each with a value of its own.
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if err := h.Put(t.Context(), id, fmt.Sprint(i), "entry"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got, err := h.Load(t.Context(), id)
	if err != nil || len(got.Data) != 51 || got.Data["k"] != "planted-data" || !got.Seen.Equal(h.time) || got.Subject != "a" {
		t.Errorf("after 50 values: %d of them, %+v, %v", len(got.Data), got, err)
	}
	var took atomic.Int64
	for range 20 {
		group.Go(func() {
			if value, err := h.Take(t.Context(), id, "k"); err != nil {
				t.Error(err)
			} else if value == "planted-data" {
				took.Add(1)
			}
		})
	}
	group.Wait()
	if n := took.Load(); n != 1 {
		t.Errorf("%d requests got a value that one may have", n)
	}
	if err := h.Put(t.Context(), id, "7", ""); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Load(t.Context(), id); err != nil || len(got.Data) != 49 {
		t.Errorf("after Take and an empty Put: %d values, %v", len(got.Data), err)
	}
}

func TestEndingSessions(t *testing.T) {
	h := newHouse(t)
	signedOut := func() (n int) {
		for _, r := range h.actions(t) {
			if r.Action == audit.SignedOut && r.Actor == "a" {
				n++
			}
		}
		return n
	}
	first, _ := h.start(t, adminSession)
	h.pass(time.Second)
	second, s2 := h.start(t, adminSession)
	guest, g := h.start(t, admin.Session{Kind: admin.KindGuest, Subject: "a"})
	list, err := h.Sessions(t.Context(), admin.KindAdmin, "a")
	if err != nil || len(list) != 2 || list[0].Handle != s2.Handle || list[0].Data != nil {
		t.Errorf("Sessions = %+v, %v", list, err)
	}
	if err := h.EndByHandle(t.Context(), admin.KindAdmin, "a", g.Handle); !errors.Is(err, admin.ErrNoSession) {
		t.Errorf("ending a guest's session as one's own = %v, want ErrNoSession", err)
	}
	if err := h.EndByHandle(t.Context(), admin.KindAdmin, "a", s2.Handle); err != nil {
		t.Fatal(err)
	}
	if h.alive(t, second) || !h.alive(t, first) || !h.alive(t, guest) {
		t.Error("EndByHandle has ended other sessions than the one")
	}
	if err := errors.Join(h.End(t.Context(), first), h.End(t.Context(), first)); err != nil {
		t.Fatal(err)
	}
	third, _ := h.start(t, adminSession)
	if h.alive(t, first) {
		t.Error("an ended session is alive")
	}
	if err := h.EndAll(t.Context(), admin.KindAdmin, "a"); err != nil {
		t.Fatal(err)
	}
	if h.alive(t, third) || !h.alive(t, guest) {
		t.Error("EndAll has ended too little or too much")
	}
	if n := signedOut(); n != 3 { // by handle, by ID (the second time there was none), all
		t.Errorf("%d records of ended sessions, want 3", n)
	}
	h.start(t, adminSession)
	h.pass(time.Hour)
	if list, err := h.Sessions(t.Context(), admin.KindAdmin, "a"); err != nil || len(list) != 0 {
		t.Errorf("dead sessions are listed: %v, %v", list, err)
	}
}
