package wizard_test

import (
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// T06: fifty arrivals that have all found the attempt waiting, and one token
// request. The hook holds each of them behind its look at the attempt.
func TestParallelArrivalsRedeemOnce(t *testing.T) {
	const many = 50
	var here sync.WaitGroup
	here.Add(many)
	b := newBench(t, func(o *wizard.Options) {
		o.Hook = func(point string) {
			if point == "callback_arrived" {
				here.Done()
				here.Wait()
			}
		}
	})
	w := private()
	_, query := b.confirmed(b.ready(), &w)
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			if _, err := b.Callback(t.Context(), query, w); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := b.authority.tokens.Load(); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

// A link that was made while the provider was being asked replaces the sign-in:
// its token is dropped.
func TestTokenOfAReplacedSignInIsDropped(t *testing.T) {
	var b *bench
	var id setup.ID
	var once sync.Once
	b = newBench(t, func(o *wizard.Options) {
		o.KnownClientIP = true
		o.Hook = func(point string) {
			if point == "redeemed" {
				once.Do(func() { b.link(id) })
			}
		}
	})
	id = b.ready()
	w := private()
	w.Who.IP = ownerIP // it would be accepted by itself
	a := b.signIn(id, w)
	if a.State != wizard.AttemptReplaced || b.attempt(a.ID).State != wizard.AttemptReplaced || b.kept(a.ID) != "" || b.view(id).Key.Present {
		t.Errorf("the replaced sign-in is %s, keeps %q, a token is in use: %v", b.attempt(a.ID).State, b.kept(a.ID), b.view(id).Key.Present)
	}
}

// How a sign-in has ended is told to the browser that confirmed it alone.
func TestOutcomeIsForTheBrowserThatConfirmed(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	w := private()
	_, query := b.confirmed(id, &w)
	a, err := b.Callback(t.Context(), query, w)
	if err != nil {
		t.Fatal(err)
	}
	for name, cookie := range map[string]string{"no cookie": "", "another cookie": "another", "its own ID": a.ID} {
		other := w
		other.Cookie = cookie
		if _, _, err := b.Outcome(t.Context(), a.ID, other); !errors.Is(err, wizard.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := b.Callback(t.Context(), query, other); !errors.Is(err, wizard.ErrForeignBrowser) {
			t.Errorf("%s, the callback: %v", name, err)
		}
	}
	if got, _, err := b.Outcome(t.Context(), a.ID, w); err != nil || got.State != wizard.AttemptStaged {
		t.Errorf("the browser itself: %s, %v", got.State, err)
	}
}

// Whatever ends a sign-in, nothing of its request or its token stays behind.
func TestEndedSignInKeepsNoSecret(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	for name, end := range map[string]func(a wizard.Attempt) error{
		"accepted": func(a wizard.Attempt) error { return b.Accept(t.Context(), owner, id, a.ID) },
		"refused":  func(a wizard.Attempt) error { return b.Refuse(t.Context(), owner, id, a.ID) },
		"replaced": func(wizard.Attempt) error { b.link(id); return nil },
		"expired":  func(wizard.Attempt) error { b.pass(11 * time.Minute); return b.Sweep(t.Context(), id) },
	} {
		a := b.signIn(id, private())
		if kept := b.kept(a.ID); kept != "staged" {
			t.Fatalf("before it is %s, %q is kept", name, kept)
		}
		if err := end(a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b.settle(id)
		if got := b.attempt(a.ID); string(got.State) != name || b.kept(a.ID) != "" {
			t.Errorf("a sign-in that should be %s is %s and keeps %q", name, got.State, b.kept(a.ID))
		}
	}
	w := private()
	a, query := b.confirmed(id, &w)
	if kept := b.kept(a.ID); kept != "pending" {
		t.Fatalf("on the way, %q is kept", kept)
	}
	query = url.Values{"error": {"access_denied"}, "state": query["state"]}
	if got, err := b.Callback(t.Context(), query, w); err != nil || got.State != wizard.AttemptFailed || b.kept(a.ID) != "" {
		t.Errorf("a failed sign-in is %s and keeps %q, %v", got.State, b.kept(a.ID), err)
	}
	b.settle(id)
}

// T02, T03: a token is used without a click only for the expected person, and
// only from the owner's address or the browser the owner has let in.
func TestAcceptedByItself(t *testing.T) {
	for name, tt := range map[string]struct {
		known  bool // client addresses can be believed
		ip     string
		letIn  bool
		person string
		want   wizard.AttemptState
	}{
		"right person, owner's address":                {true, ownerIP, false, expected, wizard.AttemptAccepted},
		"right person, browser let in":                 {false, visitorIP, true, expected, wizard.AttemptAccepted},
		"right person, another address":                {true, visitorIP, false, expected, wizard.AttemptStaged},
		"right person, address that cannot be trusted": {false, ownerIP, false, expected, wizard.AttemptStaged},
		"another person, owner's address":              {true, ownerIP, false, "admin@contoso.example", wizard.AttemptStaged},
		"another person, browser let in":               {false, visitorIP, true, "admin@contoso.example", wizard.AttemptStaged},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, func(o *wizard.Options) { o.KnownClientIP = tt.known })
			b.authority.signs(tt.person, b.now)
			id := b.ready()
			w := private()
			w.Who.IP = tt.ip
			a, query := b.confirmed(id, &w)
			if tt.letIn {
				if err := b.LetIn(t.Context(), owner, id, a.ID); err != nil {
					t.Fatal(err)
				}
			}
			a, err := b.Callback(t.Context(), query, w)
			if err != nil {
				t.Fatal(err)
			}
			b.settle(id)
			if a.State != tt.want || b.view(id).Key.Present != (tt.want == wizard.AttemptAccepted) {
				t.Errorf("it is %s, a token is in use: %v, want %s", a.State, b.view(id).Key.Present, tt.want)
			}
		})
	}
}

// E2, E4: a private session that was used before needs a password entry that is
// newer than the link.
func TestFreshness(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	never := func() time.Time { return time.Time{} }
	old := func() time.Time { return b.now().Add(-time.Hour) }
	for name, tt := range map[string]struct {
		jar     check.Proof
		login   func() time.Time
		want    wizard.AttemptState
		finding string
	}{
		"used session, no claim":     {check.ProofNo, never, wizard.AttemptFailed, "private_session_reused"},
		"used session, new password": {check.ProofNo, b.now, wizard.AttemptStaged, ""},
		"new session, no claim":      {check.ProofYes, never, wizard.AttemptStaged, ""},
		"new session, old password":  {check.ProofYes, old, wizard.AttemptFailed, "sign_in_not_fresh"},
	} {
		b.authority.signs(expected, tt.login)
		w := private()
		w.Jar = tt.jar
		a := b.signIn(id, w)
		if a.State != tt.want {
			t.Errorf("%s: it is %s, want %s", name, a.State, tt.want)
		}
		if st, _ := b.view(id).Step(setup.StepSignIn); tt.finding != "" && (len(st.Findings()) == 0 || st.Findings()[0].Code() != tt.finding) {
			t.Errorf("%s: found %d findings", name, len(st.Findings()))
		}
	}
}

// E1: the window that started a sign-in never carries it out, and uses nothing
// up by trying.
func TestNormalWindowUsesNothingUp(t *testing.T) {
	b := newBench(t, nil)
	code, a := b.link(b.ready())
	normal := private()
	normal.Session = true
	if _, err := b.OpenLink(t.Context(), code, normal); !errors.Is(err, wizard.ErrSameWindow) {
		t.Errorf("OpenLink: %v", err)
	}
	if _, err := b.ConfirmLink(t.Context(), code, normal); !errors.Is(err, wizard.ErrSameWindow) || b.attempt(a.ID).State != wizard.AttemptCreated {
		t.Errorf("ConfirmLink: %v, the attempt is %s", err, b.attempt(a.ID).State)
	}
	bare := private()
	bare.Jar, bare.JarID = check.ProofMissing, ""
	if _, err := b.ConfirmLink(t.Context(), code, bare); !errors.Is(err, wizard.ErrNoCookies) || b.attempt(a.ID).State != wizard.AttemptCreated {
		t.Errorf("without cookies: %v, the attempt is %s", err, b.attempt(a.ID).State)
	}
	if _, err := b.ConfirmLink(t.Context(), code, private()); err != nil {
		t.Errorf("a private window: %v", err)
	}
}

// What a person was asked to do within a time cannot be done after it.
func TestSignInTimesOut(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	var dead *wizard.LinkDeadError

	code, a := b.link(id)
	b.pass(29 * time.Minute)
	if _, err := b.OpenLink(t.Context(), code, private()); err != nil {
		t.Errorf("a link of 29 minutes: %v", err)
	}
	b.pass(2 * time.Minute)
	if _, err := b.OpenLink(t.Context(), code, private()); !errors.As(err, &dead) || dead.State != wizard.AttemptExpired {
		t.Errorf("a link of 31 minutes is opened: %v", err)
	}
	if _, err := b.ConfirmLink(t.Context(), code, private()); !errors.As(err, &dead) || b.attempt(a.ID).State == wizard.AttemptConfirmed {
		t.Errorf("a link of 31 minutes is used: %v, %s", err, b.attempt(a.ID).State)
	}

	w := private()
	_, query := b.confirmed(id, &w)
	b.pass(31 * time.Minute)
	if got, err := b.Callback(t.Context(), query, w); err != nil || got.State != wizard.AttemptExpired || b.authority.tokens.Load() != 0 {
		t.Errorf("a callback after 31 minutes: %s, %v, %d token requests", got.State, err, b.authority.tokens.Load())
	}

	staged := b.signIn(id, private())
	b.pass(10*time.Minute + time.Second)
	if err := b.Accept(t.Context(), owner, id, staged.ID); !errors.Is(err, wizard.ErrConflict) || b.view(id).Key.Present {
		t.Errorf("accepted after ten minutes: %v, a token is in use: %v", err, b.view(id).Key.Present)
	}
	staged = b.signIn(id, private())
	b.pass(9 * time.Minute)
	if err := b.Accept(t.Context(), owner, id, staged.ID); err != nil || !b.view(id).Key.Present {
		t.Errorf("accepted after nine minutes: %v", err)
	}
	b.settle(id)
}

// An attempt is acted on by an administrator and through its own setup.
func TestAttemptBelongsToItsSetup(t *testing.T) {
	b := newBench(t, nil)
	one, two := b.ready(), b.ready()
	w := private()
	a, query := b.confirmed(one, &w)
	helper := guest(wizard.RoleM365Admin, one)
	check := func(what string, act func(wizard.Who, setup.ID) error) {
		t.Helper()
		if err := act(helper, one); !errors.Is(err, wizard.ErrForbidden) {
			t.Errorf("%s by a guest: %v", what, err)
		}
		if err := act(wizard.Who{}, one); !errors.Is(err, wizard.ErrForbidden) {
			t.Errorf("%s by nobody: %v", what, err)
		}
		if err := act(owner, two); !errors.Is(err, wizard.ErrNotFound) {
			t.Errorf("%s through another setup: %v", what, err)
		}
	}
	check("LetIn", func(who wizard.Who, id setup.ID) error { return b.LetIn(t.Context(), who, id, a.ID) })
	if got := b.attempt(a.ID); got.LetIn {
		t.Error("somebody was let in")
	}
	if _, err := b.Callback(t.Context(), query, w); err != nil {
		t.Fatal(err)
	}
	check("Refuse", func(who wizard.Who, id setup.ID) error { return b.Refuse(t.Context(), who, id, a.ID) })
	check("Accept", func(who wizard.Who, id setup.ID) error { return b.Accept(t.Context(), who, id, a.ID) })
	if got := b.attempt(a.ID); got.State != wizard.AttemptStaged || b.view(two).Key.Present {
		t.Errorf("the attempt is %s, the other setup has a token: %v", got.State, b.view(two).Key.Present)
	}
	if _, _, err := b.BeginSignIn(t.Context(), helper, one); !errors.Is(err, wizard.ErrForbidden) {
		t.Errorf("a guest makes a link: %v", err)
	}
}

// T34: no address of a later step opens it.
func TestGatesHoldWhateverIsAsked(t *testing.T) {
	b := newBench(t, nil)
	id := b.start()
	var blocked *wizard.BlockedError
	if _, _, err := b.BeginSignIn(t.Context(), owner, id); !errors.As(err, &blocked) || blocked.Step != setup.StepSignIn {
		t.Errorf("a link for an empty setup: %v", err)
	}
	submit := wizard.Submit{Setup: id, Step: setup.StepHandover, Entries: wizard.Entries{"key": {"delete_test_key"}}, Confirmed: true}
	if err := b.Answer(t.Context(), owner, submit); !errors.As(err, &blocked) || blocked.Step != setup.StepHandover {
		t.Errorf("a hand-over of an empty setup: %v", err)
	}
	if s := b.view(id).Setup; !s.Handover.DecidedAt.IsZero() || s.SignIn.Attempt != "" {
		t.Errorf("something was stored: %+v %+v", s.Handover, s.SignIn)
	}
}

// Who pastes what Microsoft's page shows ends the sign-in: an administrator or
// the second one of this setup.
func TestShownIsForThoseWhoAct(t *testing.T) {
	b := newBench(t, nil)
	id, other := b.ready(), b.ready()
	for name, who := range map[string]wizard.Who{
		"nobody": {}, "an observer": guest(wizard.RoleObserver, id), "the second administrator of another setup": guest(wizard.RoleM365Admin, other),
		"a guest in the waiting room": {Kind: wizard.WhoGuest, ID: "g"},
	} {
		w := private()
		a, _ := b.confirmed(id, &w)
		if _, err := b.Shown(t.Context(), who, id, "AADSTS50011: The redirect URI does not match"); !errors.Is(err, wizard.ErrForbidden) || b.attempt(a.ID).State != wizard.AttemptConfirmed {
			t.Errorf("%s: %v, the attempt is %s", name, err, b.attempt(a.ID).State)
		}
	}
	for name, who := range map[string]wizard.Who{"the owner": owner, "the second administrator": guest(wizard.RoleM365Admin, id)} {
		w := private()
		a, _ := b.confirmed(id, &w)
		if _, err := b.Shown(t.Context(), who, id, "AADSTS50011: The redirect URI does not match"); err != nil || b.attempt(a.ID).State != wizard.AttemptFailed {
			t.Errorf("%s: %v, the attempt is %s", name, err, b.attempt(a.ID).State)
		}
		b.settle(id)
	}
}
