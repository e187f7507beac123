package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func runLock(t *testing.T, s Stores) {
	insert(t, s, "one", "other")
	var want wizard.Run
	fill(&want)
	want.ID, want.Setup, want.Node, want.LeaseEnd, want.Finished = "r1", "one", "n1", at(60), time.Time{}
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.StartRun(want, at(0)) })
	second := wizard.Run{ID: "r2", Setup: "one", Node: "n1", Started: at(1), LeaseEnd: at(61)}
	start := func(r wizard.Run, now time.Time) error {
		return try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.StartRun(r, now) })
	}
	if err := start(second, at(1)); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("a second run = %v, want ErrConflict", err)
	}
	if err := start(wizard.Run{ID: "r3", Setup: "other", LeaseEnd: at(60)}, at(1)); err != nil {
		t.Errorf("a run of another setup: %v", err)
	}
	want.Done = 3
	want.LeaseEnd = at(90)
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.SaveRun(want) })
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.LastRun("one")
		same(t, "LastRun", want, got)
		return err
	})
	if err := start(second, at(70)); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("a second run within the extended lease = %v, want ErrConflict", err)
	}
	want.Finished = at(71)
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.SaveRun(want) })
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.SaveRun(want) }); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("SaveRun after the end = %v, want ErrConflict", err)
	}
	if err := start(second, at(72)); err != nil {
		t.Errorf("a run after the end of the first: %v", err)
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.LastRun("one")
		same(t, "LastRun", second, got)
		return err
	})

	insert(t, s, "crowd")
	var started atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			r := wizard.Run{ID: "c" + string(rune('a'+i)), Setup: "crowd", LeaseEnd: at(60)}
			if err := start(r, at(0)); err == nil {
				started.Add(1)
			} else if !errors.Is(err, wizard.ErrConflict) {
				t.Errorf("StartRun: %v", err)
			}
		})
	}
	wg.Wait()
	if started.Load() != 1 {
		t.Errorf("%d of 20 parallel runs have started, want 1", started.Load())
	}
}

func runTakeover(t *testing.T, s Stores) {
	insert(t, s, "one")
	dead := wizard.Run{ID: "dead", Setup: "one", Node: "n1", LeaseEnd: at(60)}
	heir := wizard.Run{ID: "heir", Setup: "one", Node: "n2", LeaseEnd: at(200)}
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.StartRun(dead, at(0)) })
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.StartRun(heir, at(61)) })
	dead.LeaseEnd, dead.Finished = at(300), at(100)
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.SaveRun(dead) }); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("SaveRun of the one taken over = %v, want ErrConflict", err)
	}
	stranger := heir
	stranger.Node = "n1"
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.SaveRun(stranger) }); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("SaveRun by another node = %v, want ErrConflict", err)
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.LastRun("one")
		same(t, "LastRun", heir, got)
		return err
	})
}

func attempts(t *testing.T, s Stores) {
	insert(t, s, "one")
	var want wizard.Attempt
	fill(&want)
	want.ID, want.Setup = "a1", "one"
	want.CodeHash, want.StateHash, want.CookieHash = codeHash("code"), codeHash("state"), codeHash("cookie")
	bare := wizard.Attempt{ID: "a2", Setup: "one"}
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.InsertAttempt(want), tx.InsertAttempt(bare))
	})
	want.Version, bare.Version = 1, 1
	expect := func(what string, want wizard.Attempt, read func(tx wizard.Tx) (wizard.Attempt, error)) {
		t.Helper()
		view(t, s.Wizard, func(tx wizard.Tx) error {
			got, err := read(tx)
			same(t, what, want, got)
			return err
		})
	}
	expect("Attempt", want, func(tx wizard.Tx) (wizard.Attempt, error) { return tx.Attempt("a1") })
	expect("AttemptByCode", want, func(tx wizard.Tx) (wizard.Attempt, error) { return tx.AttemptByCode(codeHash("code")) })
	expect("AttemptByState", want, func(tx wizard.Tx) (wizard.Attempt, error) { return tx.AttemptByState(codeHash("state")) })
	expect("Attempt without hashes", bare, func(tx wizard.Tx) (wizard.Attempt, error) { return tx.Attempt("a2") })
	for what, read := range map[string]func(tx wizard.Tx) (wizard.Attempt, error){
		"a state as a code": func(tx wizard.Tx) (wizard.Attempt, error) { return tx.AttemptByCode(codeHash("state")) },
		"a code as a state": func(tx wizard.Tx) (wizard.Attempt, error) { return tx.AttemptByState(codeHash("code")) },
	} {
		err := s.Wizard.View(t.Context(), func(tx wizard.Tx) error { _, err := read(tx); return err })
		if !errors.Is(err, wizard.ErrNotFound) {
			t.Errorf("%s = %v, want ErrNotFound", what, err)
		}
	}
}

func attemptConflicts(t *testing.T, s Stores) {
	insert(t, s, "one")
	a := wizard.Attempt{ID: "a1", Setup: "one", CodeHash: codeHash("code")}
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.InsertAttempt(a) })
	for what, other := range map[string]wizard.Attempt{
		"ID":   {ID: "a1", Setup: "one"},
		"code": {ID: "a2", Setup: "one", CodeHash: codeHash("code")},
	} {
		err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.InsertAttempt(other) })
		if !errors.Is(err, wizard.ErrConflict) {
			t.Errorf("InsertAttempt with the same %s = %v, want ErrConflict", what, err)
		}
	}
	// Twenty callbacks with the same state arrive at once: one may redeem.
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error {
				mine, err := tx.Attempt("a1")
				if err != nil || mine.State == wizard.AttemptArrived {
					return errors.Join(err, errGiveUp)
				}
				mine.State = wizard.AttemptArrived
				return tx.SaveAttempt(&mine)
			})
			if err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 callbacks have passed, want 1", won.Load())
	}
	a.Version = 1
	a.State = wizard.AttemptExpired
	err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.SaveAttempt(&a) })
	if !errors.Is(err, wizard.ErrConflict) || a.Version != 1 {
		t.Errorf("SaveAttempt with an old version = %v (version %d), want ErrConflict (1)", err, a.Version)
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Attempt("a1")
		if got.Version != 2 || got.State != wizard.AttemptArrived || got.CodeHash != codeHash("code") {
			t.Errorf("after the race: version %d, state %s", got.Version, got.State)
		}
		return err
	})
}

func attemptSecrets(t *testing.T, s Stores) {
	insert(t, s, "one")
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.InsertAttempt(wizard.Attempt{ID: "a", Setup: "one"}),
			tx.PutAttemptSecret("a", "pending", secret.New("old")),
			tx.PutAttemptSecret("a", "pending", secret.New("pending")),
			tx.PutAttemptSecret("a", "token", secret.New("token")))
	})
	view(t, s.Wizard, func(tx wizard.Tx) error {
		pending, err1 := tx.AttemptSecret("a", "pending")
		token, err2 := tx.AttemptSecret("a", "token")
		if !pending.Equal(secret.New("pending")) || !token.Equal(secret.New("token")) {
			t.Error("a secret comes back as another value")
		}
		return errors.Join(err1, err2)
	})
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.PutAttemptSecret("a", "pending", secret.Text{}) })
	err := s.Wizard.View(t.Context(), func(tx wizard.Tx) error { _, err := tx.AttemptSecret("a", "pending"); return err })
	if !errors.Is(err, wizard.ErrNotFound) {
		t.Errorf("a deleted secret = %v, want ErrNotFound", err)
	}
}

func participants(t *testing.T, s Stores) {
	insert(t, s, "one")
	var want wizard.Participant
	fill(&want)
	want.ID, want.Setup, want.InviteHash = "p2", "one", codeHash("invite")
	later := wizard.Participant{ID: "p1", Setup: "one"}
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.InsertParticipant(want), tx.InsertParticipant(later))
	})
	want.Version, later.Version = 1, 1
	view(t, s.Wizard, func(tx wizard.Tx) error {
		byID, err1 := tx.Participant("p2")
		same(t, "Participant", want, byID)
		byInvite, err2 := tx.ParticipantByInvite(codeHash("invite"))
		same(t, "ParticipantByInvite", want, byInvite)
		all, err3 := tx.Participants("one")
		same(t, "Participants, oldest first", []wizard.Participant{want, later}, all)
		return errors.Join(err1, err2, err3)
	})
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error {
		return tx.InsertParticipant(wizard.Participant{ID: "p3", Setup: "one", InviteHash: codeHash("invite")})
	}); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("the same invitation twice = %v, want ErrConflict", err)
	}
	stale := want
	want.State, want.InviteHash = wizard.ParticipantAdmitted, wizard.Hash{}
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.SaveParticipant(&want) })
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.SaveParticipant(&stale) }); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("SaveParticipant with an old version = %v, want ErrConflict", err)
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Participant("p2")
		same(t, "after SaveParticipant", want, got)
		return err
	})
}

// populate gives a setup one record of everything, with IDs and values that
// begin with the setup's ID.
func populate(t *testing.T, s Stores, id setup.ID) {
	t.Helper()
	name := string(id)
	insert(t, s, id)
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(
			tx.PutSecret(id, "client", 1, secret.New(name+"-secret")),
			tx.PutResults(id, []flow.Result{{Check: name + "-check"}}),
			tx.StartRun(wizard.Run{ID: name + "-run", Setup: id, LeaseEnd: at(60)}, at(0)),
			tx.InsertAttempt(wizard.Attempt{ID: name + "-attempt", Setup: id,
				CodeHash: codeHash(name + "-code"), StateHash: codeHash(name + "-state")}),
			tx.PutAttemptSecret(name+"-attempt", "token", secret.New(name+"-staged")),
			tx.InsertParticipant(wizard.Participant{ID: name + "-guest", Setup: id, InviteHash: codeHash(name + "-invite")}),
			tx.PutReport(id, at(0), []byte(name+"-report")),
			tx.PutGrant(grantOf(name)),
			tx.Audit(audit.Record{Setup: name, At: at(0), ActorName: name + "-actor"}),
		)
	})
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		guest := sessionOf(name + "-session")
		guest.Kind, guest.Subject = "guest", name+"-guest"
		return tx.InsertSession(guest)
	})
}

func deleteSetup(t *testing.T, s Stores) {
	populate(t, s, "gone")
	populate(t, s, "kept")
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.DeleteSetup("gone"), tx.Audit(audit.Record{Setup: "gone", At: at(1), ActorName: "deleter"}))
	})
	for id, there := range map[string]bool{"gone": false, "kept": true} {
		found := present(t, s, id)
		for what, yes := range found {
			if yes != there {
				t.Errorf("%s of the setup %q: present %v, want %v", what, id, yes, there)
			}
		}
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		history, err := tx.History("gone", 10)
		if len(history) != 2 || history[0].ActorName != "deleter" {
			t.Errorf("History has %d records after the deletion, want 2, newest first", len(history))
		}
		return err
	})
	// Whoever was renewing the token, or signing in, finds no way back in.
	for name, write := range map[string]func(tx wizard.Tx) error{
		"PutGrant":  func(tx wizard.Tx) error { return tx.PutGrant(grantOf("gone")) },
		"SaveGrant": func(tx wizard.Tx) error { return tx.SaveGrant(grantOf("gone")) },
		"PutSecret": func(tx wizard.Tx) error { return tx.PutSecret("gone", "client", 2, secret.New("v")) },
	} {
		if err := try(t.Context(), s.Wizard, write); err == nil {
			t.Errorf("%s for a deleted setup has succeeded", name)
		}
	}
	if present(t, s, "gone")["grant"] {
		t.Error("a token of a deleted setup came back")
	}
}

// present tells which records of the populated setup called name exist.
func present(t *testing.T, s Stores, name string) map[string]bool {
	t.Helper()
	id := setup.ID(name)
	found := map[string]bool{}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		note := func(what string, err error) { found[what] = err == nil }
		_, err := tx.Setup(id)
		note("setup", err)
		_, _, err = tx.Secret(id, "client")
		note("secret", err)
		list, err := tx.Results(id)
		found["results"] = err == nil && len(list) > 0
		_, err = tx.LastRun(id)
		note("run", err)
		_, err = tx.Attempt(name + "-attempt")
		note("attempt", err)
		_, err = tx.AttemptByState(codeHash(name + "-state"))
		note("attempt by state", err)
		_, err = tx.AttemptSecret(name+"-attempt", "token")
		note("staged token", err)
		_, err = tx.ParticipantByInvite(codeHash(name + "-invite"))
		note("participant", err)
		_, _, err = tx.Report(id)
		note("report", err)
		_, err = tx.Grant(name, "current")
		note("grant", err)
		return nil
	})
	adminView(t, s.Admin, func(tx adminTx) error {
		_, err := tx.Session(sessionOf(name + "-session").Hash)
		found["guest's session"] = err == nil
		return nil
	})
	return found
}

func setupsAreApart(t *testing.T, s Stores) {
	populate(t, s, "one")
	populate(t, s, "other")
	view(t, s.Wizard, func(tx wizard.Tx) error {
		one, err1 := tx.Results("one")
		guests, err2 := tx.Participants("one")
		history, err3 := tx.History("one", 10)
		run, err4 := tx.LastRun("one")
		report, _, err5 := tx.Report("one")
		value, _, err6 := tx.Secret("one", "client")
		if len(one) != 1 || one[0].Check != "one-check" || len(guests) != 1 || guests[0].ID != "one-guest" ||
			len(history) != 1 || history[0].ActorName != "one-actor" ||
			run.ID != "one-run" || string(report) != "one-report" || !value.Equal(secret.New("one-secret")) {
			t.Errorf("a list of one setup holds something of another: %v %v %v %s %s", one, guests, history, run.ID, report)
		}
		return errors.Join(err1, err2, err3, err4, err5, err6)
	})
	// Writing somebody else's record under one's own setup.
	for name, write := range map[string]func(tx wizard.Tx) error{
		"SaveAttempt": func(tx wizard.Tx) error {
			return tx.SaveAttempt(&wizard.Attempt{ID: "other-attempt", Setup: "one", Version: 1})
		},
		"SaveParticipant": func(tx wizard.Tx) error {
			return tx.SaveParticipant(&wizard.Participant{ID: "other-guest", Setup: "one", Version: 1})
		},
		"SaveRun": func(tx wizard.Tx) error {
			return tx.SaveRun(wizard.Run{ID: "other-run", Setup: "one"})
		},
	} {
		if err := try(t.Context(), s.Wizard, write); !errors.Is(err, wizard.ErrConflict) {
			t.Errorf("%s across setups = %v, want ErrConflict", name, err)
		}
	}
}
