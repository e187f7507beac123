package world

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"
)

// clock is a clock that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newWorld(t *testing.T) (*World, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	w, err := New(c.now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return w, c
}

func TestNewReportsRandomnessThatFails(t *testing.T) {
	if _, err := New(time.Now, bytes.NewReader([]byte("short"))); err == nil {
		t.Error("New made a world from five bytes of randomness")
	}
}

func TestEachWorldHasNewSecrets(t *testing.T) {
	a, _ := newWorld(t)
	b, _ := newWorld(t)
	values := map[string]bool{}
	for _, w := range []*World{a, b} {
		w.Do(func(s *State) {
			for _, u := range s.Users {
				values[u.Password] = true
				values[u.ID] = true
			}
			values[s.Tenants[0].ID] = true
			values[s.Apps[0].ClientID] = true
			values[s.PublicKey().N] = true
		})
	}
	var users int
	a.Do(func(s *State) { users = len(s.Users) })
	if want := 2 * (2*users + 3); len(values) != want {
		t.Errorf("%d different values in two worlds, want %d", len(values), want)
	}
}

func TestHealthyWorld(t *testing.T) {
	w, _ := newWorld(t)
	w.Do(func(s *State) {
		for _, address := range []string{Sales, Information} {
			m, u := s.Mailbox(address), s.UserByName(SignInAccount)
			if !m.Shared || !m.Opens(u.ID) || !m.SendsAs(u.ID) {
				t.Errorf("%s: the sign-in account must have Full Access and Send As on a shared mailbox", address)
			}
			if !s.UserByName(address).Disabled {
				t.Errorf("%s: the account of a shared mailbox must be blocked", address)
			}
			if m.Opens(s.UserByName(Support).ID) || m.SendsAs(s.UserByName(Operator).ID) {
				t.Errorf("%s: somebody without rights has rights", address)
			}
		}
		if a := s.Apps[0]; a.Name != AppName || len(a.RedirectURIs)+len(a.Secrets) != 0 {
			t.Error("the registration must come without redirect URI and secret")
		}
	})
}

func TestRedirectComparison(t *testing.T) {
	tests := map[string]struct {
		registered, requested string
		match                 bool
	}{
		"same":                         {"https://app.contoso.example/callback", "https://app.contoso.example/callback", true},
		"slash at the end":             {"https://app.contoso.example/callback/", "https://app.contoso.example/callback", false},
		"case of the path":             {"https://app.contoso.example/Callback", "https://app.contoso.example/callback", false},
		"case of the host":             {"https://App.contoso.example/callback", "https://app.contoso.example/callback", false},
		"scheme":                       {"http://app.contoso.example/callback", "https://app.contoso.example/callback", false},
		"port":                         {"https://app.contoso.example:8443/callback", "https://app.contoso.example/callback", false},
		"query":                        {"https://app.contoso.example/callback", "https://app.contoso.example/callback?x=1", false},
		"port of localhost":            {"http://localhost/callback", "http://localhost:8080/callback", true},
		"other port of localhost":      {"http://localhost:1/callback", "http://localhost:8080/callback", true},
		"path of localhost":            {"http://localhost/Callback", "http://localhost:8080/callback", false},
		"scheme of localhost":          {"https://localhost/callback", "http://localhost/callback", false},
		"port of a loopback address":   {"http://127.0.0.1:1/callback", "http://127.0.0.1:8080/callback", false},
		"host that begins like it":     {"http://localhost/callback", "http://localhost.contoso.example/callback", false},
		"no path and a slash":          {"https://app.contoso.example", "https://app.contoso.example/", false},
		"something that is not a URI":  {"http://localhost/callback", "http://localhost:port/callback", false},
		"localhost as somebody's name": {"http://localhost/callback", "http://localhost@contoso.example/callback", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := &App{RedirectURIs: []RedirectURI{{"https://other.contoso.example/", SPA}, {tt.registered, Web}}}
			r, ok := a.Redirect(tt.requested)
			if ok != tt.match || ok && r.Platform != Web {
				t.Errorf("Redirect(%q) = %v, %v; want match = %v", tt.requested, r, ok, tt.match)
			}
		})
	}
}

func TestReturnAddress(t *testing.T) {
	for uri, want := range map[string]string{
		"https://app.contoso.example":         "https://app.contoso.example/?code=x",
		"https://app.contoso.example/cb":      "https://app.contoso.example/cb?code=x",
		"https://app.contoso.example/cb?t=1":  "https://app.contoso.example/cb?t=1&code=x",
		"http://localhost:8080/auth/callback": "http://localhost:8080/auth/callback?code=x",
	} {
		if got := ReturnAddress(uri, map[string][]string{"code": {"x"}}); got != want {
			t.Errorf("ReturnAddress(%q) = %q, want %q", uri, got, want)
		}
	}
}

func TestPortalRefusesRedirectURIs(t *testing.T) {
	tests := map[string]struct {
		uri string
		ok  bool
	}{
		"https":            {"https://app.contoso.example/callback", true},
		"http localhost":   {"http://localhost:8080/callback", true},
		"http elsewhere":   {"http://app.contoso.example/callback", false},
		"http 127.0.0.1":   {"http://127.0.0.1/callback", false},
		"no scheme":        {"app.contoso.example/callback", false},
		"other scheme":     {"myapp://callback", false},
		"IPv6":             {"https://[::1]/callback", false},
		"wildcard":         {"https://*.contoso.example/callback", false},
		"fragment":         {"https://app.contoso.example/#callback", false},
		"forbidden":        {"https://app.contoso.example/a,b", false},
		"256 characters":   {"https://app.contoso.example/" + strings.Repeat("a", 256-28), true},
		"257 characters":   {"https://app.contoso.example/" + strings.Repeat("a", 257-28), false},
		"not even a URI":   {"https://app.contoso.example/%zz", false},
		"already in there": {"https://there.contoso.example/", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &State{}
			a := &App{RedirectURIs: []RedirectURI{{"https://there.contoso.example/", Web}}}
			err := s.AddRedirectURI(a, tt.uri, Web)
			var refused *ErrRedirectURI
			if (err == nil) != tt.ok || err != nil && !errors.As(err, &refused) {
				t.Errorf("AddRedirectURI(%q) = %v, want ok = %v", tt.uri, err, tt.ok)
			}
			if got := len(a.RedirectURIs) == 2; got != tt.ok {
				t.Errorf("stored = %v, want %v", got, tt.ok)
			}
		})
	}
}

func TestPortalKeepsAtMost256URIs(t *testing.T) {
	s, a := &State{}, &App{}
	for i := range 256 {
		if err := s.AddRedirectURI(a, "https://app.contoso.example/"+strings.Repeat("a", i), Web); err != nil && i < 228 {
			t.Fatal(err)
		}
	}
	for i := 0; len(a.RedirectURIs) < 256; i++ {
		a.RedirectURIs = append(a.RedirectURIs, RedirectURI{strings.Repeat("b", i), Web})
	}
	if err := s.AddRedirectURI(a, "https://one.too.many.example/", Web); err == nil {
		t.Error("the 257th redirect URI was accepted")
	}
}

func TestSlipsOfTheHand(t *testing.T) {
	s := &State{}
	twin := &App{ClientID: "twin"}
	a := &App{ClientID: "a", Slips: Slips{URISuffix: "/"}}
	s.Apps = []*App{a, twin}
	if err := s.AddRedirectURI(a, "https://app.contoso.example/cb", Web); err != nil {
		t.Fatal(err)
	}
	if got := a.RedirectURIs[0].URI; got != "https://app.contoso.example/cb/" {
		t.Errorf("stored %q, want a slash appended", got)
	}
	a.Slips = Slips{URIsGoTo: "twin"}
	if err := s.AddRedirectURI(a, "https://app.contoso.example/cb", Web); err != nil {
		t.Fatal(err)
	}
	if len(a.RedirectURIs) != 1 || len(twin.RedirectURIs) != 1 {
		t.Errorf("%d and %d redirect URIs, want the second one at the twin", len(a.RedirectURIs), len(twin.RedirectURIs))
	}
}

func TestSecrets(t *testing.T) {
	w, c := newWorld(t)
	w.Do(func(s *State) {
		a := s.Apps[0]
		good := s.AddSecret(a, "good")
		a.Slips.SecretLife = -time.Hour
		old := s.AddSecret(a, "old")
		tests := map[string]struct {
			value string
			at    time.Time
			want  SecretState
		}{
			"value":           {good.Value, c.at, SecretGood},
			"last moment":     {good.Value, good.Ends.Add(-1), SecretGood},
			"at the end":      {good.Value, good.Ends, SecretExpired},
			"ended before":    {old.Value, c.at, SecretExpired},
			"secret ID":       {good.ID, c.at, SecretWrong},
			"cut":             {good.Value[:len(good.Value)-1], c.at, SecretWrong},
			"other case":      {strings.ToLower(good.Value), c.at, SecretWrong},
			"nothing":         {"", c.at, SecretWrong},
			"with whitespace": {good.Value + " ", c.at, SecretWrong},
		}
		for name, tt := range tests {
			if got := a.CheckSecret(tt.value, tt.at); got != tt.want {
				t.Errorf("%s: CheckSecret = %v, want %v", name, got, tt.want)
			}
		}
		if !old.Created.Before(old.Ends) || old.Ends.After(c.at) {
			t.Errorf("an ended secret was made at %v and ended at %v", old.Created, old.Ends)
		}
		if len(good.Value) != 40 {
			t.Errorf("a value has %d characters, Entra's have 40", len(good.Value))
		}
	})
}

func TestConsent(t *testing.T) {
	a := &App{UserConsent: map[string][]string{}}
	a.Consent("u", []string{"A", "B"})
	a.ConsentForAll([]string{"C"})
	a.Consent("u", []string{"B"})
	for _, tt := range []struct {
		user string
		want []string
		ok   bool
	}{
		{"u", []string{"A", "B", "C"}, true}, {"u", []string{"D"}, false}, {"v", []string{"C"}, true},
		{"v", []string{"A"}, false}, {"v", nil, true},
	} {
		if got := a.Consented(tt.user, tt.want); got != tt.ok {
			t.Errorf("Consented(%s, %v) = %v", tt.user, tt.want, got)
		}
	}
	if len(a.UserConsent["u"]) != 2 {
		t.Errorf("consent is kept as %v", a.UserConsent["u"])
	}
}
