package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func setupRoundTrip(t *testing.T, s Stores) {
	var want setup.Setup
	fill(&want)
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.InsertSetup(want) })
	want.Version = 1
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Setup(want.ID)
		same(t, "after InsertSetup", want, got)
		return err
	})
	want.Application.Release = "another"
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.SaveSetup(&want) })
	if want.Version != 2 {
		t.Errorf("SaveSetup left version %d, want 2", want.Version)
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Setup(want.ID)
		same(t, "after SaveSetup", want, got)
		return err
	})
}

func setupOrderAndMissing(t *testing.T, s Stores) {
	update(t, s.Wizard, func(tx wizard.Tx) error {
		for id, mailbox := range map[setup.ID]setup.Address{"1": "c@x.example", "2": "a@x.example", "3": "b@x.example"} {
			n := setup.Setup{ID: id, Application: setup.Application{Mailboxes: []setup.Address{mailbox}}}
			if err := tx.InsertSetup(n); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s.Wizard, func(tx wizard.Tx) error {
		all, err := tx.Setups()
		var order []setup.ID
		for _, one := range all {
			order = append(order, one.ID)
		}
		same(t, "order by title", []setup.ID{"2", "3", "1"}, order)
		return err
	})
	missing := map[string]func(tx wizard.Tx) error{
		"Setup":               func(tx wizard.Tx) error { _, err := tx.Setup("none"); return err },
		"SaveSetup":           func(tx wizard.Tx) error { return tx.SaveSetup(&setup.Setup{ID: "none"}) },
		"DeleteSetup":         func(tx wizard.Tx) error { return tx.DeleteSetup("none") },
		"Touch":               func(tx wizard.Tx) error { return tx.Touch("none") },
		"Changes":             func(tx wizard.Tx) error { _, err := tx.Changes("none"); return err },
		"PutSecret":           func(tx wizard.Tx) error { return tx.PutSecret("none", "n", 1, secret.New("v")) },
		"Secret":              func(tx wizard.Tx) error { _, _, err := tx.Secret("1", "none"); return err },
		"PutResults":          func(tx wizard.Tx) error { return tx.PutResults("none", nil) },
		"StartRun":            func(tx wizard.Tx) error { return tx.StartRun(wizard.Run{ID: "r", Setup: "none"}, at(0)) },
		"LastRun":             func(tx wizard.Tx) error { _, err := tx.LastRun("1"); return err },
		"InsertAttempt":       func(tx wizard.Tx) error { return tx.InsertAttempt(wizard.Attempt{ID: "a", Setup: "none"}) },
		"SaveAttempt":         func(tx wizard.Tx) error { return tx.SaveAttempt(&wizard.Attempt{ID: "none", Setup: "1"}) },
		"Attempt":             func(tx wizard.Tx) error { _, err := tx.Attempt("none"); return err },
		"AttemptByCode":       func(tx wizard.Tx) error { _, err := tx.AttemptByCode(codeHash("none")); return err },
		"AttemptByCode zero":  func(tx wizard.Tx) error { _, err := tx.AttemptByCode(wizard.Hash{}); return err },
		"AttemptByState":      func(tx wizard.Tx) error { _, err := tx.AttemptByState(codeHash("none")); return err },
		"PutAttemptSecret":    func(tx wizard.Tx) error { return tx.PutAttemptSecret("none", "n", secret.New("v")) },
		"AttemptSecret":       func(tx wizard.Tx) error { _, err := tx.AttemptSecret("none", "n"); return err },
		"InsertParticipant":   func(tx wizard.Tx) error { return tx.InsertParticipant(wizard.Participant{ID: "p", Setup: "none"}) },
		"SaveParticipant":     func(tx wizard.Tx) error { return tx.SaveParticipant(&wizard.Participant{ID: "none"}) },
		"Participant":         func(tx wizard.Tx) error { _, err := tx.Participant("none"); return err },
		"ParticipantByInvite": func(tx wizard.Tx) error { _, err := tx.ParticipantByInvite(wizard.Hash{}); return err },
		"PutReport":           func(tx wizard.Tx) error { return tx.PutReport("none", at(0), []byte("{}")) },
		"Report":              func(tx wizard.Tx) error { _, _, err := tx.Report("1"); return err },
	}
	for name, call := range missing {
		if err := try(t.Context(), s.Wizard, call); !errors.Is(err, wizard.ErrNotFound) {
			t.Errorf("%s of a missing record = %v, want ErrNotFound", name, err)
		}
	}
	view(t, s.Wizard, func(tx wizard.Tx) error { // lists of nothing are empty, not errors
		r, err1 := tx.Results("none")
		p, err2 := tx.Participants("none")
		h, err3 := tx.History("none", 10)
		if len(r)+len(p)+len(h) != 0 {
			t.Error("a list of a missing setup is not empty")
		}
		return errors.Join(err1, err2, err3)
	})
}

func setupCompareAndSwap(t *testing.T, s Stores) {
	insert(t, s, "one")
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error {
		return tx.InsertSetup(setup.Setup{ID: "one"})
	}); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("second InsertSetup = %v, want ErrConflict", err)
	}
	first := setup.Setup{ID: "one", Version: 1}
	second := first
	second.Application.Release = "the later writer's"
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.SaveSetup(&first) })
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error {
		return tx.SaveSetup(&second)
	}); !errors.Is(err, wizard.ErrConflict) || second.Version != 1 {
		t.Errorf("SaveSetup with an old version = %v (version %d), want ErrConflict (1)", err, second.Version)
	}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Setup("one")
		same(t, "after the conflict", first, got)
		return err
	})
}

func setupParallelSaves(t *testing.T, s Stores) {
	const writers, rounds = 50, 4
	insert(t, s, "one")
	for version := int64(1); version <= rounds; version++ {
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				mine := setup.Setup{ID: "one", Version: version}
				mine.Application.Release = fmt.Sprint(version, "-", i)
				err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.SaveSetup(&mine) })
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, wizard.ErrConflict):
					lost.Add(1)
				default:
					t.Errorf("SaveSetup: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != writers-1 {
			t.Errorf("version %d: %d won and %d lost, want 1 and %d", version, won.Load(), lost.Load(), writers-1)
		}
	}
}

func changesGrow(t *testing.T, s Stores) {
	insert(t, s, "one", "other")
	changes := func(id setup.ID) (n int64) {
		view(t, s.Wizard, func(tx wizard.Tx) (err error) { n, err = tx.Changes(id); return err })
		return n
	}
	one := setup.Setup{ID: "one", Version: 1}
	a, p := wizard.Attempt{ID: "a", Setup: "one", Version: 1}, wizard.Participant{ID: "p", Setup: "one", Version: 1}
	run := wizard.Run{ID: "r", Setup: "one", Node: "n", LeaseEnd: at(60)}
	for _, step := range []struct {
		name string
		do   func(tx wizard.Tx) error
	}{
		{"Touch", func(tx wizard.Tx) error { return tx.Touch("one") }},
		{"SaveSetup", func(tx wizard.Tx) error { return tx.SaveSetup(&one) }},
		{"PutSecret", func(tx wizard.Tx) error { return tx.PutSecret("one", "n", 1, secret.New("v")) }},
		{"PutResults", func(tx wizard.Tx) error { return tx.PutResults("one", nil) }},
		{"StartRun", func(tx wizard.Tx) error { return tx.StartRun(run, at(0)) }},
		{"SaveRun", func(tx wizard.Tx) error { return tx.SaveRun(run) }},
		{"InsertAttempt", func(tx wizard.Tx) error { return tx.InsertAttempt(a) }},
		{"SaveAttempt", func(tx wizard.Tx) error { return tx.SaveAttempt(&a) }},
		{"PutAttemptSecret", func(tx wizard.Tx) error { return tx.PutAttemptSecret("a", "n", secret.New("v")) }},
		{"InsertParticipant", func(tx wizard.Tx) error { return tx.InsertParticipant(p) }},
		{"SaveParticipant", func(tx wizard.Tx) error { return tx.SaveParticipant(&p) }},
		{"PutReport", func(tx wizard.Tx) error { return tx.PutReport("one", at(0), []byte("{}")) }},
		{"Audit", func(tx wizard.Tx) error { return tx.Audit(audit.Record{Setup: "one", At: at(0)}) }},
		{"PutGrant", func(tx wizard.Tx) error { return tx.PutGrant(grantOf("one")) }},
		{"DeleteGrant", func(tx wizard.Tx) error { return tx.DeleteGrant("one", "current") }},
	} {
		before, other := changes("one"), changes("other")
		update(t, s.Wizard, step.do)
		if changes("one") <= before {
			t.Errorf("%s does not raise the change number", step.name)
		}
		if changes("other") != other {
			t.Errorf("%s raises another setup's change number", step.name)
		}
	}
}

var errGiveUp = errors.New("storetest: gave up")

func rollbackLeavesNothing(t *testing.T, s Stores) {
	insert(t, s, "kept")
	for name, fail := range map[string]func() error{
		"error": func() error { return errGiveUp },
		"panic": func() error { panic(errGiveUp) },
	} {
		func() {
			defer func() { _ = recover() }()
			err := s.Wizard.Update(t.Context(), func(tx wizard.Tx) error {
				if err := errors.Join(
					tx.InsertSetup(setup.Setup{ID: "gone"}),
					tx.PutSecret("kept", "n", 1, secret.New("v")),
					tx.InsertAttempt(wizard.Attempt{ID: "a", Setup: "kept"}),
					tx.PutGrant(grantOf("kept")),
					tx.Audit(audit.Record{Setup: "kept", At: at(0)}),
				); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				return fail()
			})
			if !errors.Is(err, errGiveUp) {
				t.Errorf("%s: Update = %v, want what fn returned", name, err)
			}
		}()
		view(t, s.Wizard, func(tx wizard.Tx) error {
			_, gone := tx.Setup("gone")
			_, _, value := tx.Secret("kept", "n")
			_, attempt := tx.Attempt("a")
			_, grant := tx.Grant("kept", "current")
			for what, err := range map[string]error{"setup": gone, "secret": value, "attempt": attempt, "grant": grant} {
				if err == nil {
					t.Errorf("%s: the %s has survived", name, what)
				}
			}
			return nil
		})
		if head, err := s.Audit.Head(t.Context()); err != nil || head.Seq != 0 {
			t.Errorf("%s: the audit record has survived: %d, %v", name, head.Seq, err)
		}
	}
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.InsertSetup(setup.Setup{ID: "gone"}) }) // still usable
}

func viewCannotWrite(t *testing.T, s Stores) {
	insert(t, s, "one")
	if err := s.Wizard.View(t.Context(), func(tx wizard.Tx) error { return tx.Touch("one") }); err == nil {
		t.Error("a View has written")
	}
}

func cancelledContext(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Wizard.Update(ctx, func(tx wizard.Tx) error {
		if err := tx.InsertSetup(setup.Setup{ID: "one"}); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update with a cancelled context = %v, want context.Canceled", err)
	}
	if err := s.Wizard.View(ctx, func(wizard.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View with a cancelled context = %v, want context.Canceled", err)
	}
	err = s.Wizard.View(t.Context(), func(tx wizard.Tx) error { _, err := tx.Setup("one"); return err })
	if !errors.Is(err, wizard.ErrNotFound) {
		t.Errorf("after the cancelled Update: %v, want ErrNotFound", err)
	}
}

func secrets(t *testing.T, s Stores) {
	insert(t, s, "one", "other")
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.PutSecret("one", "client", 1, secret.New("first")),
			tx.PutSecret("one", "key", 1, secret.New("key")), tx.PutSecret("one", "client", 2, secret.New("second")))
	})
	expect := func(name, want string, revision int64) {
		t.Helper()
		view(t, s.Wizard, func(tx wizard.Tx) error {
			got, r, err := tx.Secret("one", name)
			if !got.Equal(secret.New(want)) || r != revision {
				t.Errorf("secret %s is another value or has revision %d, want %d", name, r, revision)
			}
			return err
		})
	}
	expect("client", "second", 2)
	expect("key", "key", 1)
	if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error {
		return tx.PutSecret("one", "client", 1, secret.New("late"))
	}); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("an older revision: %v, want ErrConflict", err)
	}
	expect("client", "second", 2)
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.PutSecret("one", "client", 3, secret.Text{}) })
	if err := s.Wizard.View(t.Context(), func(tx wizard.Tx) error {
		_, _, err := tx.Secret("one", "client")
		return err
	}); !errors.Is(err, wizard.ErrNotFound) {
		t.Errorf("a deleted secret: %v, want ErrNotFound", err)
	}
	expect("key", "key", 1)
}

func results(t *testing.T, s Stores) {
	insert(t, s, "one")
	imap, pop := check.Target{Mailbox: "a@x.example", Protocol: setup.IMAP}, check.Target{Mailbox: "a@x.example", Protocol: setup.POP3}
	found := flow.Result{
		Check: "imap", Target: imap, Node: "n1", Fingerprint: "f1", At: at(1), Took: 1500, SkippedBy: "tcp",
		Facts: []check.Fact{{Name: "greeting", Value: "OK"}},
		Findings: []finding.Finding{{
			Causes:   []finding.Cause{{Definition: &finding.Definition{Code: "imap_disabled"}, Likelihood: finding.Likely}},
			Params:   map[string]string{"mailbox": "a@x.example"},
			Evidence: []finding.Evidence{{Source: "imap", Text: "NO AUTHENTICATE failed.", Ref: "r"}},
		}},
	}
	passed := flow.Result{Check: "imap", Target: pop, Node: "n1", Fingerprint: "f1", At: at(1)}
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.PutResults("one", []flow.Result{found, passed}) })
	newer := flow.Result{Check: "imap", Target: imap, Node: "n2", Fingerprint: "f2", At: at(2)}
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Results("one")
		same(t, "stored results", []flow.Result{found, passed}, got)
		return err
	})
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.PutResults("one", []flow.Result{newer}) })
	view(t, s.Wizard, func(tx wizard.Tx) error {
		got, err := tx.Results("one")
		same(t, "after a newer result", []flow.Result{newer, passed}, got)
		return err
	})
}

func reports(t *testing.T, s Stores) {
	insert(t, s, "one")
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.PutReport("one", at(1), []byte(`{"n":1}`)) })
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.PutReport("one", at(2), []byte(`{"n":2}`)) })
	view(t, s.Wizard, func(tx wizard.Tx) error {
		document, when, err := tx.Report("one")
		if string(document) != `{"n":2}` || !when.Equal(at(2)) {
			t.Errorf("Report = %s at %v, want the newest", document, when)
		}
		return err
	})
}
