package wizard_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// A panic in one check is a finding of this check, with a reference to the log;
// the others and the process go on.
func TestPanicOfACheckIsContained(t *testing.T) {
	b := newBench(t, func(o *wizard.Options) {
		p := o.Providers[0]
		p.Rules = append([]provider.Rule{{
			Kind: []probe.Kind{probe.Refused, probe.NoSuchHost, probe.DNSFailed, probe.Unreachable, probe.Timeout, probe.ForbiddenAddress},
			When: func(provider.Case) bool { panic("planted") },
		}}, p.Rules...)
		o.Providers = []provider.Provider{p}
	})
	b.authority.Close() // so that something has to be explained
	id := b.start()
	b.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"mailbox_account"}, "mailboxes": {expected}, "sign_in_account": {expected}, "protocols": {"imap"},
	})
	b.answer(id, setup.StepAddresses, nil)
	b.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {"client-secret"}, "redirect_uris": {"http://localhost:8080/callback"},
	})
	st, _ := b.view(id).Step(setup.StepRegistration)
	internal, fine := 0, 0
	for _, c := range st.Checks {
		switch {
		case c.Result == nil:
		case len(c.Result.Findings) > 0 && c.Result.Findings[0].Code() == "internal_error":
			internal++
		case len(c.Result.Findings) == 0:
			fine++
		}
	}
	if internal == 0 || fine == 0 {
		t.Errorf("%d checks report a fault of ours, %d passed", internal, fine)
	}
	if v := b.view(id); v.Running {
		t.Error("the run has not ended")
	}
	b.Close()
	if !strings.Contains(b.log.String(), "check failed by its own fault") {
		t.Error("the log does not name the fault")
	}
}

// A run that was thought dead and taken over by another node stores nothing
// more, however late it comes back.
func TestRunThatWasTakenOverStoresNothing(t *testing.T) {
	stuck, release := make(chan struct{}), make(chan struct{})
	begun := sync.OnceFunc(func() { close(stuck) })
	b := newBench(t, func(o *wizard.Options) {
		o.Hook = func(point string) {
			if point == "result_before_commit" { // none of its results gets through in time
				begun()
				<-release
			}
		}
	})
	two := b.node("NODE2", nil)
	id := b.start()
	submit := wizard.Submit{Setup: id, Step: setup.StepApplication, Confirmed: true, Entries: wizard.Entries{
		"product": {"other"}, "method": {"mailbox_account"}, "mailboxes": {expected}, "sign_in_account": {expected}, "protocols": {"imap"},
	}}
	if err := b.Answer(t.Context(), owner, submit); err != nil {
		t.Fatal(err)
	}
	<-stuck
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	// The stuck run renews its lease every four seconds; between two of them it
	// ends by the clock, and the other node takes over.
	for range 10 {
		b.pass(20 * time.Second)
		if err := two.AskRun(t.Context(), owner, id, setup.StepApplication); err != nil {
			t.Fatal(err)
		}
		if b.view(id).Run.Node == "NODE2" {
			break
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := two.Wait(ctx, id); err != nil {
		t.Fatal(err)
	}
	before := b.view(id).Run
	free()
	b.Close() // waits for the run that comes back
	after := b.view(id)
	if after.Run.ID != before.ID || after.Run.Done != before.Done || after.Run.Node != "NODE2" || !after.Run.LeaseEnd.Equal(before.LeaseEnd) {
		t.Errorf("the run of the other node was changed from %+v to %+v", before, after.Run)
	}
	st, _ := after.Step(setup.StepApplication)
	for _, c := range st.Checks {
		if c.Result == nil || c.Result.Node != "NODE2" {
			t.Errorf("%s: the result is %+v", c.Check.ID, c.Result)
		}
	}
}

// Who goes back to the token in use leaves no second one behind.
func TestCancelledReissueLeavesNoToken(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	accept := func() {
		t.Helper()
		a := b.signIn(id, private())
		if err := b.Accept(t.Context(), owner, id, a.ID); err != nil {
			t.Fatal(err)
		}
		b.settle(id)
	}
	has := func(slot token.Slot) (revision int64) {
		t.Helper()
		err := b.store.Wizard().View(t.Context(), func(tx wizard.Tx) error {
			g, err := tx.Grant(string(id), slot)
			revision = g.Revision
			if errors.Is(err, token.ErrNoToken) {
				return nil
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	accept()
	current := has(token.Current)
	if err := b.StartReissue(t.Context(), owner, id); err != nil {
		t.Fatal(err)
	}
	b.settle(id)
	accept()
	if current == 0 || has(token.Current) != current || has(token.Candidate) <= current {
		t.Fatalf("before: current %d, was %d; candidate %d", has(token.Current), current, has(token.Candidate))
	}
	if err := b.CancelReissue(t.Context(), owner, id); err != nil {
		t.Fatal(err)
	}
	b.settle(id)
	if got := has(token.Candidate); got != 0 || has(token.Current) != current {
		t.Errorf("after: candidate %d, current %d, want none and %d", got, has(token.Current), current)
	}
}

// A finding that a check makes itself has its portal link as soon as it is
// stored: the page shows an address, not a placeholder.
func TestStoredFindingsLeadToThePortal(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	b.answer(id, setup.StepMailbox, wizard.Entries{
		"decision": {"statement"}, "imap": {"no"}, "licence": {"unknown"}, "full_access": {"unknown"},
	})
	st, _ := b.view(id).Step(setup.StepMailbox)
	for _, c := range st.Checks {
		if c.Result == nil {
			continue
		}
		for _, f := range c.Result.Findings {
			if f.Code() != "imap_disabled" {
				continue
			}
			if got := f.Params["link_users"]; !strings.HasPrefix(got, "https://") {
				t.Errorf("link %q", got)
			}
			return
		}
	}
	t.Error("nothing was found about IMAP")
}

// Checks learn of each other what has passed with today's answers.
func TestWhatHasPassedIsKnown(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	if at := b.Proven(id, "client", ""); at.IsZero() || b.now().Sub(at) > time.Minute {
		t.Errorf("the secret was accepted at %v", at)
	}
	if at := b.Proven(id, "imap", "sales@contoso.example"); !at.IsZero() {
		t.Errorf("IMAP was never tried, and passed at %v", at)
	}
	if at := b.Proven(id, "client", "sales@contoso.example"); !at.IsZero() {
		t.Errorf("the secret is of no mailbox, and passed at %v", at)
	}
	b.authority.Close() // so that new answers cannot pass
	b.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {"6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"}, "redirect_uris": {"http://localhost:8080/callback"},
	})
	if at := b.Proven(id, "client", ""); !at.IsZero() {
		t.Errorf("another client ID was never accepted, and passed at %v", at)
	}
}
