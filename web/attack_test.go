package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// signIn walks a link to its end in a private window.
func (s *stand) signIn(owner, private *window, id setup.ID) shown {
	s.t.Helper()
	address := s.leave(private, s.link(owner, id))
	return private.Get(s.authorized(private, address))
}

func (s *stand) attempt(id setup.ID) wizard.Attempt { return s.view(id).Attempt }

func TestSignInIsStagedAndUsedOnlyWhenAccepted(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	got := s.signIn(owner, s.window(), id)
	if !strings.HasSuffix(got.Path, "/done") || strings.Contains(got.Path, "code=") {
		t.Errorf("the callback led to %s", got.Path)
	}
	if a := s.attempt(id); a.State != wizard.AttemptStaged || s.stored(id) {
		t.Fatalf("attempt is %s, token in use = %v", a.State, s.stored(id))
	}
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	if a := s.attempt(id); a.State != wizard.AttemptAccepted || !s.stored(id) {
		t.Errorf("after acceptance: attempt is %s, token stored = %v", a.State, s.stored(id))
	}
	s.noSecretIn(theSecret, "planted-refresh-", "planted-access")
}

// T01: two open sign-ins, their codes swapped: the code does not fit the
// verifier of the other.
func TestCodesSwappedBetweenTwoSetups(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	one, two := s.ready(), s.ready()
	windows := []*window{s.window(), s.window()}
	var callbacks []url.Values
	for i, id := range []setup.ID{one, two} {
		_, query, _ := strings.Cut(s.authorized(windows[i], s.leave(windows[i], s.link(owner, id))), "?")
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		callbacks = append(callbacks, v)
	}
	a, b := callbacks[0].Get("code"), callbacks[1].Get("code")
	callbacks[0].Set("code", b)
	callbacks[1].Set("code", a)
	for i, id := range []setup.ID{one, two} {
		windows[i].Get("/callback?" + callbacks[i].Encode())
		if got := s.finding(id); got != "code_of_another_sign_in" || s.stored(id) || s.attempt(id).State != wizard.AttemptFailed {
			t.Errorf("setup %d: finding %q, attempt %s, stored %v", i+1, got, s.attempt(id).State, s.stored(id))
		}
	}
}

// T06: reload, double click, two tabs, a proxy that repeats: one token request.
func TestFiftyParallelCallbacksMakeOneTokenRequest(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	callback := s.authorized(private, s.leave(private, s.link(owner, id)))
	s.authority.mu.Lock()
	s.authority.pause = make(chan struct{})
	s.authority.mu.Unlock()
	var group sync.WaitGroup
	for range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			if got := private.Get(callback); got.Status != http.StatusOK {
				t.Errorf("a callback was answered %d", got.Status)
			}
		}()
	}
	time.Sleep(300 * time.Millisecond) // let the others arrive while the first one redeems
	close(s.authority.pause)
	group.Wait()
	private.Get(callback) // and once more, afterwards
	if n := s.authority.tokens.Load(); n != 1 {
		t.Errorf("%d token requests", n)
	}
	if a := s.attempt(id); a.State != wizard.AttemptStaged {
		t.Errorf("attempt is %s", a.State)
	}
}

// T01, T02: the callback arrives in another browser than the one that
// confirmed. That browser has cookies of its own, of its own attempt even.
func TestForeignBrowser(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	victim, attacker := s.ready(), s.ready()
	private, foreign := s.window(), s.window()
	callback := s.authorized(private, s.leave(private, s.link(owner, victim)))
	s.leave(foreign, s.link(owner, attacker))
	for name, w := range map[string]*window{"with cookies of another sign-in": foreign, "without cookies": s.window(), "owner's own window": owner} {
		if got := w.Get(callback); got.Status != http.StatusForbidden {
			t.Errorf("%s: answered %d", name, got.Status)
		}
	}
	if s.authority.tokens.Load() != 0 || s.attempt(victim).State != wizard.AttemptConfirmed {
		t.Errorf("a foreign browser used the code up: %d token requests, attempt %s", s.authority.tokens.Load(), s.attempt(victim).State)
	}
	refused := 0
	for _, record := range s.view(victim).History {
		if record.Action == "callback_refused" {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d refusals are recorded, want 3", refused)
	}
	// The right browser is not harmed.
	private.Get(callback)
	if a := s.attempt(victim); a.State != wizard.AttemptStaged {
		t.Errorf("the right browser then got %s", a.State)
	}
}

// T04, T07, T08: whoever answers wrongly is never stored or used.
func TestLyingAuthority(t *testing.T) {
	for name, tt := range map[string]struct {
		lies lies
		want string
	}{
		"wrong issuer":        {lies{issuer: "https://login.evil.example/" + homeTenant + "/v2.0"}, "id_token_refused"},
		"wrong nonce":         {lies{nonce: "of another sign-in"}, "id_token_refused"},
		"wrong audience":      {lies{audience: "another client"}, "id_token_refused"},
		"wrong tenant":        {lies{tenant: "11111111-2222-4333-8444-555555555555"}, "tenant_of_another"},
		"old password entry":  {lies{authTime: time.Now().Add(-time.Hour)}, "sign_in_not_fresh"},
		"no refresh token":    {lies{noRefresh: true}, "refresh_token_missing"},
		"another person":      {lies{person: "admin@contoso.example"}, "other_account_signed_in"},
		"same name, no claim": {lies{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			owner := s.claimed()
			id := s.ready()
			s.authority.lie(tt.lies)
			s.signIn(owner, s.window(), id)
			if got := s.finding(id); got != tt.want {
				t.Errorf("finding %q, want %q", got, tt.want)
			}
			if s.stored(id) {
				t.Error("a token is in use")
			}
			s.noSecretIn("planted-refresh-", "planted-access")
		})
	}
}

// A refused person: the first acceptance pins the account, and from then on no
// other one is even staged.
func TestRefusedAndPinnedPerson(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.authority.lie(lies{person: "admin@contoso.example"})
	s.signIn(owner, s.window(), id)
	owner.Post("/m/"+string(id)+"/sign-in/refuse", url.Values{"attempt": {s.attempt(id).ID}})
	if got := s.finding(id); got != "sign_in_turned_down" || s.stored(id) {
		t.Fatalf("after the refusal: %q, stored %v", got, s.stored(id))
	}
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	if s.stored(id) {
		t.Fatal("a refused token was accepted afterwards")
	}
	s.authority.lie(lies{})
	s.signIn(owner, s.window(), id)
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	if !s.stored(id) {
		t.Fatal("the right account was not accepted")
	}
	revision := s.view(id).Key.Revision
	s.authority.lie(lies{person: "admin@contoso.example"})
	s.signIn(owner, s.window(), id)
	if a := s.attempt(id); a.State != wizard.AttemptFailed || s.finding(id) != "account_changed" {
		t.Errorf("another person after the pin: attempt %s, finding %q", a.State, s.finding(id))
	}
	if s.view(id).Key.Revision != revision {
		t.Error("the token in use was touched")
	}
}

// A staged token that nobody accepts is not accepted by another administrator's
// page that still shows an older attempt.
func TestAcceptNamesItsAttempt(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.signIn(owner, s.window(), id)
	old := s.attempt(id).ID
	s.authority.lie(lies{person: "admin@contoso.example"})
	s.signIn(owner, s.window(), id)
	if got := owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {old}}); got.Status != http.StatusConflict {
		t.Errorf("accepting a replaced attempt: %d", got.Status)
	}
	if s.stored(id) {
		t.Error("something was accepted")
	}
}
