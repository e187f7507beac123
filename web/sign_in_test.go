package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// TestTheNormalWindowStaysTheNormalWindow: its session may have ended, its
// cookie still tells that it is no separate one.
func TestTheNormalWindowStaysTheNormalWindow(t *testing.T) {
	var mu sync.Mutex
	var shift time.Duration
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(shift) }
	s := newStandWith(t, differs{now: now})
	owner := s.claimed()
	id := s.ready()
	link := s.link(owner, id)
	mu.Lock()
	shift = 16 * time.Minute
	mu.Unlock()
	owner.Get(strings.TrimPrefix(link, s.url))
	if got := owner.Post(strings.TrimPrefix(link, s.url), nil); strings.Contains(got.Body, s.authority.URL) {
		t.Errorf("the normal window was let go to the sign-in: %d at %s", got.Status, got.Path)
	}
	if a := s.attempt(id); a.State != wizard.AttemptCreated || a.OtherJar == check.ProofYes {
		t.Errorf("the link is %s, other jar: %s", a.State, a.OtherJar)
	}
}

// TestAnUnknownAddressAcceptsNothing: behind a proxy that names no client, two
// unknown addresses are not the same computer.
func TestAnUnknownAddressAcceptsNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		owner, private string
		accepted       bool
	}{
		"both unknown": {"10.1.1.1", "10.9.9.9", false},
		"the same":     {"198.51.100.7", "198.51.100.7", true},
		"two others":   {"198.51.100.7", "198.51.100.8", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandWith(t, differs{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}})
			owner := s.claimed()
			owner.Header = http.Header{"X-Forwarded-For": {tt.owner}}
			id := s.ready()
			private := s.window()
			private.Header = http.Header{"X-Forwarded-For": {tt.private}}
			s.signIn(owner, private, id)
			s.settle(id)
			if a := s.attempt(id); (a.State == wizard.AttemptAccepted) != tt.accepted {
				t.Errorf("opened from %q, begun from %q: %s", a.OpenedBy.IP, a.Starter.IP, a.State)
			}
		})
	}
}

// second is another provider, and what its token endpoint has been sent.
func second(t *testing.T) (p provider.Provider, sent func() []url.Values) {
	other := newAuthority(t)
	p = provider.Entra.At(other.URL, nil)
	p.ID = "second"
	return p, tokenRequests(other)
}

// tokenRequests watches what an authority's token endpoint is sent.
func tokenRequests(a *authority) func() []url.Values {
	var mu sync.Mutex
	var list []url.Values
	inner := a.Config.Handler
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_ = r.ParseForm()
			mu.Lock()
			list = append(list, r.PostForm)
			mu.Unlock()
		}
		inner.ServeHTTP(w, r)
	})
	return func() []url.Values {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

func (s *stand) register(id setup.ID, cloud, client, value string) {
	s.t.Helper()
	s.answer(id, setup.StepRegistration, wizard.Entries{
		"cloud": {cloud}, "tenant": {homeTenant}, "client_id": {client}, "client_secret": {value},
		"redirect_uris": {s.url + "/callback"},
	})
}

func (s *stand) withProvider(cloud string) setup.ID {
	s.t.Helper()
	made, err := s.wizard.Start(s.t.Context(), s.owner)
	if err != nil {
		s.t.Fatal(err)
	}
	s.answer(made.ID, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap"},
	})
	s.register(made.ID, cloud, clientID, theSecret)
	return made.ID
}

const (
	otherClient = "aaaaaaaa-aaaa-4bbb-8ccc-1d2e3f4a5b6c"
	otherSecret = "secret~of~the~second~provider"
)

// TestASecretStaysWithItsProvider: a sign-in that is under way when the
// registration changes ends, and no code, token or secret goes astray.
func TestASecretStaysWithItsProvider(t *testing.T) {
	p, toSecond := second(t)
	s := newStandWith(t, differs{providers: []provider.Provider{p}})
	toFirst := tokenRequests(s.authority)
	owner := s.claimed()
	id := s.withProvider("entra")
	private := s.window()
	back := s.authorized(private, s.leave(private, s.link(owner, id)))
	before := len(toFirst())
	s.register(id, "second", otherClient, otherSecret)
	private.Get(back)
	s.settle(id)
	for _, sent := range toFirst()[before:] {
		t.Errorf("the first provider was sent %v", sent)
	}
	for _, sent := range toSecond() {
		if sent.Get("grant_type") == oauth.GrantAuthorizationCode {
			t.Errorf("the second provider was sent the code of the first")
		}
	}
	if a := s.attempt(id); a.State != wizard.AttemptFailed || s.finding(id) != "token_of_other_registration" {
		t.Errorf("the sign-in is %s, finding %s", a.State, s.finding(id))
	}
}

func TestARefreshTokenStaysWithItsProvider(t *testing.T) {
	p, toSecond := second(t)
	s := newStandWith(t, differs{providers: []provider.Provider{p}})
	toFirst := tokenRequests(s.authority)
	owner := s.claimed()
	id := s.withProvider("entra")
	s.signIn(owner, s.window(), id)
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	if _, err := s.wizard.Tokens().Renew(t.Context(), string(id), token.Current); err != nil {
		t.Fatalf("renewal before the change: %v", err)
	}
	before := len(toFirst())
	s.register(id, "second", clientID, otherSecret)
	if _, err := s.wizard.Tokens().Renew(t.Context(), string(id), token.Current); err == nil {
		t.Error("renewed after the provider was changed")
	}
	for _, sent := range slicesOf(toFirst()[before:], toSecond()) {
		if sent.Get("refresh_token") != "" {
			t.Errorf("a refresh token was sent: %s %s", sent.Get("grant_type"), sent.Get("client_id"))
		}
	}
}

func slicesOf(lists ...[]url.Values) (all []url.Values) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// TestAWaitingCommandOutlivesADeadRun: what was asked of a run that died is
// done by the next one before Wait returns.
func TestAWaitingCommandOutlivesADeadRun(t *testing.T) {
	s := newStand(t)
	s.claimed()
	id := s.ready()
	now := time.Now()
	err := s.store.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
		return tx.StartRun(wizard.Run{ID: "dead", Setup: id, Node: "NODE1", Started: now, LeaseEnd: now.Add(2 * time.Second)}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.wizard.StartRun(t.Context(), id, wizard.Everything); err != nil {
		t.Fatal(err)
	}
	if err := s.wizard.Wait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := s.view(id)
	ran := 0
	for _, st := range v.Steps {
		for _, c := range st.Checks {
			if c.Result != nil && c.Result.At.After(now) {
				ran++
			}
		}
	}
	if ran == 0 || v.Run.Finished.IsZero() {
		t.Errorf("Wait returned after %d checks of run %s, finished %v", ran, v.Run.ID, v.Run.Finished)
	}
}

func TestConsentThatIsFalseIsNone(t *testing.T) {
	s := newStand(t)
	s.claimed()
	id := s.ready()
	u, err := url.Parse(s.wizard.ConsentURL(s.view(id), s.owner))
	if err != nil {
		t.Fatal(err)
	}
	s.window().Get("/callback?admin_consent=False&state=" + url.QueryEscape(u.Query().Get("state")))
	if c := s.view(id).Setup.Registration.Consent; c == nil || c.Granted {
		t.Errorf("consent %+v, want one that was not granted", c)
	}
}

// TestARevisionIsGivenOutOnce: whoever still renews a token that was taken back
// must not overwrite the one that came after it.
func TestARevisionIsGivenOutOnce(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	accept := func() {
		t.Helper()
		s.signIn(owner, s.window(), id)
		owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
		s.settle(id)
	}
	accept()
	if err := s.wizard.StartReissue(t.Context(), s.owner, id); err != nil {
		t.Fatal(err)
	}
	s.settle(id)
	accept()
	var stale token.Grant
	update := func(fn func(tx token.Tx) error) {
		t.Helper()
		if err := s.store.Tokens().Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx token.Tx) (err error) {
		stale, err = tx.ClaimGrant(string(id), token.Candidate, "another node", time.Now().Add(time.Minute))
		return err
	})
	if err := s.wizard.CancelReissue(t.Context(), s.owner, id); err != nil {
		t.Fatal(err)
	}
	s.settle(id)
	if err := s.wizard.StartReissue(t.Context(), s.owner, id); err != nil {
		t.Fatal(err)
	}
	s.settle(id)
	accept()
	update(func(tx token.Tx) error {
		_, err := tx.ClaimGrant(string(id), token.Candidate, "this node", time.Now().Add(time.Minute))
		return err
	})
	stale.Token.Refresh = secret.New("refresh-token-of-the-one-taken-back")
	err := s.store.Tokens().Update(t.Context(), func(tx token.Tx) error { return tx.SaveGrant(stale) })
	if err == nil {
		t.Error("a token that was taken back has replaced a newer one")
	}
}

// TestARedemptionThatTheNetworkStopsIsExplained: what is stored of a failure
// must still tell a closed way from an answer that nobody knows.
func TestARedemptionThatTheNetworkStopsIsExplained(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	back := s.authorized(private, s.leave(private, s.link(owner, id)))
	s.authority.Close()
	private.Get(back)
	s.settle(id)
	if got := s.finding(id); got != "connection_refused" {
		t.Errorf("finding %s: %s", got, s.attempt(id).Failure)
	}
}
