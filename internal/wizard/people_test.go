package wizard_test

import (
	"errors"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// What a guest may do: save the two steps of the second administrator, in their
// own setup, and nothing else.
func TestWhoMayDoWhat(t *testing.T) {
	b := newBench(t, nil)
	id, other := b.start(), b.start()
	_, invited, err := b.Invite(t.Context(), owner, id, wizard.RoleObserver)
	if err != nil {
		t.Fatal(err)
	}
	err = b.store.Wizard().Update(t.Context(), func(tx wizard.Tx) error { return tx.PutReport(id, b.now(), []byte("{}")) })
	if err != nil {
		t.Fatal(err)
	}
	secretEntries := wizard.Entries{"client_secret": {"of a guest"}, "secret_ends": {"2032-01-01"}}
	acts := map[string]func(wizard.Who) error{
		"Start":  func(who wizard.Who) error { _, err := b.Start(t.Context(), who); return err },
		"List":   func(who wizard.Who) error { _, err := b.List(t.Context(), who); return err },
		"View":   func(who wizard.Who) error { _, err := b.View(t.Context(), who, id); return err },
		"AskRun": func(who wizard.Who) error { return b.AskRun(t.Context(), who, id, setup.StepRegistration) },
		"Invite": func(who wizard.Who) error {
			_, _, err := b.Invite(t.Context(), who, id, wizard.RoleObserver)
			return err
		},
		"Admit":   func(who wizard.Who) error { return b.Admit(t.Context(), who, id, invited.ID) },
		"Dismiss": func(who wizard.Who) error { return b.Dismiss(t.Context(), who, id, invited.ID) },
		"Secret":  func(who wizard.Who) error { return b.SaveSecret(t.Context(), who, id, secretEntries) },
		"Report":  func(who wizard.Who) error { _, _, err := b.StoredReport(t.Context(), who, id); return err },
		"Block":   func(who wizard.Who) error { return b.PasteBlock(t.Context(), who, id, "no block") },
		"Reissue": func(who wizard.Who) error { return b.StartReissue(t.Context(), who, id) },
		"Cancel":  func(who wizard.Who) error { return b.CancelReissue(t.Context(), who, id) },
		"Delete":  func(who wizard.Who) error { return b.Delete(t.Context(), who, id) },
		"Answer 1": func(who wizard.Who) error {
			return b.Answer(t.Context(), who, wizard.Submit{Setup: id, Step: setup.StepApplication, Later: true})
		},
		"Answer 3": func(who wizard.Who) error {
			return b.Answer(t.Context(), who, wizard.Submit{Setup: id, Step: setup.StepRegistration, Later: true})
		},
	}
	people := map[string]wizard.Who{
		"nobody": {}, "waiting": {Kind: wizard.WhoGuest, ID: "g"}, "of another setup": guest(wizard.RoleM365Admin, other),
		"observer": guest(wizard.RoleObserver, id), "second administrator": guest(wizard.RoleM365Admin, id),
	}
	may := map[string]map[string]bool{
		"observer":             {"View": true, "Report": true},
		"second administrator": {"View": true, "Report": true, "AskRun": true, "Secret": true, "Answer 3": true},
	}
	for person, who := range people {
		for name, act := range acts {
			err := act(who)
			if refused := errors.Is(err, wizard.ErrForbidden) || errors.Is(err, wizard.ErrNotFound); refused == may[person][name] {
				t.Errorf("%s by %s: %v", name, person, err)
			}
		}
		b.settle(id)
	}
	v := b.view(id)
	if v.Setup.Registration.SecretRevision != 1 || v.Setup.Registration.SecretSavedBy != "Dana" {
		t.Errorf("the secret: %+v", v.Setup.Registration)
	}
	if list, err := b.List(t.Context(), owner); err != nil || len(list) != 2 || len(v.People) != 1 || v.People[0].State != wizard.ParticipantInvited {
		t.Errorf("%d setups, %v, people %+v", len(list), err, v.People)
	}
}

// An invitation is for a day and for one person; a stay ends when the owner
// ends it, and only through the page of its setup.
func TestInvitation(t *testing.T) {
	b := newBench(t, nil)
	id, other := b.start(), b.start()
	invite := func() (string, wizard.Participant) {
		code, p, err := b.Invite(t.Context(), owner, id, wizard.RoleM365Admin)
		if err != nil {
			t.Fatal(err)
		}
		return code, p
	}
	visitor := wizard.Who{IP: visitorIP}

	code, _ := invite()
	b.pass(24*time.Hour + time.Minute)
	if _, _, err := b.Invitation(t.Context(), code); !errors.Is(err, wizard.ErrInviteDead) {
		t.Errorf("an invitation of yesterday is shown: %v", err)
	}
	if _, err := b.Claim(t.Context(), code, "Dana", visitor); !errors.Is(err, wizard.ErrInviteDead) {
		t.Errorf("an invitation of yesterday is claimed: %v", err)
	}

	code, p := invite()
	if err := b.Admit(t.Context(), owner, id, p.ID); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("somebody who has not come is let in: %v", err)
	}
	b.pass(23 * time.Hour)
	if _, err := b.Claim(t.Context(), code, "Dana", visitor); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Claim(t.Context(), code, "Second", visitor); !errors.Is(err, wizard.ErrInviteDead) {
		t.Errorf("an invitation is claimed twice: %v", err)
	}
	for name, act := range map[string]func() error{
		"let in": func() error { return b.Admit(t.Context(), owner, other, p.ID) }, "ended": func() error { return b.Dismiss(t.Context(), owner, other, p.ID) },
	} {
		if err := act(); !errors.Is(err, wizard.ErrNotFound) {
			t.Errorf("%s through another setup: %v", name, err)
		}
	}
	if got, err := b.GuestSeen(t.Context(), p.ID, ""); err != nil || got.State != wizard.ParticipantWaiting {
		t.Fatalf("the waiting person: %+v, %v", got, err)
	}
	if err := b.Admit(t.Context(), owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Dismiss(t.Context(), owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Guest(t.Context(), p.ID); !errors.Is(err, wizard.ErrForbidden) {
		t.Errorf("Guest of an ended stay: %v", err)
	}
	if _, err := b.GuestSeen(t.Context(), p.ID, setup.StepMailbox); !errors.Is(err, wizard.ErrForbidden) {
		t.Errorf("GuestSeen of an ended stay: %v", err)
	}
	if err := b.Admit(t.Context(), owner, id, p.ID); !errors.Is(err, wizard.ErrConflict) {
		t.Errorf("an ended stay begins again: %v", err)
	}
}

func TestNamesTurnNoText(t *testing.T) {
	for _, name := range []string{
		"", "   ", "a\x00b", "a\u202eb", "a\u202ab", "a\u202bb", "a\u202cb", "a\u202db", "a\u2066b", "a\u2067b", "a\u2068b", "a\u2069b",
		"a\u200eb", "a\u200fb", "a\u061cb", "a\x1b[31mb",
	} {
		if got, err := wizard.ParseName(name); err == nil {
			t.Errorf("%q is accepted as %q", name, got)
		}
	}
	for in, want := range map[string]string{"  Dana  Ruiz ": "Dana Ruiz", "דנה": "דנה", "دانا": "دانا", "نام\u200cها": "نام\u200cها", "李娜": "李娜"} {
		if got, err := wizard.ParseName(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
