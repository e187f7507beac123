package entra_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
)

func TestRefresh(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	first := b.redeem(b.code(world.Support, nil), secret, nil)
	second := b.refresh(first.Refresh, secret, nil)
	if second.Status != http.StatusOK || second.Refresh == "" || second.Refresh == first.Refresh || second.Access == first.Access || second.ID == "" {
		t.Fatalf("%d %s", second.Status, second.Description)
	}
	if a := b.refresh(first.Refresh, secret, nil); a.Status != http.StatusOK {
		t.Errorf("the old refresh token must stay valid: %d", a.number())
	}
	if got := b.claims(second.ID).Number("auth_time"); got != b.at.Unix() {
		t.Errorf("auth_time = %d", got)
	}
	// A refresh token is not bound to a resource, but to what was granted.
	if a := b.refresh(first.Refresh, secret, change{"scope": "https://outlook.office.com/SMTP.Send"}); b.claims(a.Access).String("scp") != "SMTP.Send" {
		t.Errorf("narrowed: %s", a.Description)
	}
	if a := b.refresh(first.Refresh, secret, change{"scope": "User.Read"}); a.number() != 65001 || a.Suberror != "consent_required" {
		t.Errorf("not granted: %d %s", a.number(), a.Suberror)
	}
	if a := b.refresh(first.Refresh, secret, change{"scope": "https://outlook.office.com/.default"}); b.claims(a.Access).String("scp") != "IMAP.AccessAsUser.All SMTP.Send" {
		t.Errorf("default scope: %s", a.Description)
	}
}

func TestRefreshRefused(t *testing.T) {
	user := func(f func(*world.State, *world.User)) func(*world.State) {
		return func(s *world.State) { f(s, s.UserByName(world.Support)) }
	}
	tests := map[string]struct {
		state  func(*world.State)
		after  time.Duration
		change change
		want   int
		error  string
	}{
		"89 days":            {nil, 89 * 24 * time.Hour, nil, 0, ""},
		"91 days":            {nil, 91 * 24 * time.Hour, nil, 700082, "invalid_grant"},
		"revoked":            {user(func(s *world.State, u *world.User) { s.Revoke(u) }), time.Second, nil, 50173, "invalid_grant"},
		"disabled":           {user(func(_ *world.State, u *world.User) { u.Disabled = true }), 0, nil, 50057, "invalid_grant"},
		"password expired":   {user(func(_ *world.State, u *world.User) { u.PasswordExpired = true }), 0, nil, 0, ""},
		"conditional access": {user(func(_ *world.State, u *world.User) { u.Policy = world.Blocked }), 0, nil, 53003, "invalid_grant"},
		"second factor": {user(func(_ *world.State, u *world.User) { u.Policy = world.StrongAuthentication }), 0, nil, 50076,
			"interaction_required"},
		"no longer assigned": {func(s *world.State) { s.Apps[0].AssignmentRequired = true }, 0, nil, 50105, "interaction_required"},
		"consent taken back": {func(s *world.State) { clear(s.Apps[0].UserConsent) }, 0, nil, 65001, "invalid_grant"},
		"nothing left at all": {func(s *world.State) { clear(s.Apps[0].UserConsent) }, 0, change{"scope": "https://outlook.office.com/.default"}, 65001,
			"invalid_grant"},
		"malformed":         {nil, 0, change{"refresh_token": "x"}, 9002313, "invalid_grant"},
		"missing":           {nil, 0, change{"refresh_token": ""}, 900144, "invalid_request"},
		"never issued":      {func(s *world.State) { clear(s.Refresh) }, 0, nil, 70000, "invalid_grant"},
		"of another client": {func(s *world.State) { each(s.Refresh, func(r *world.RefreshToken) { r.ClientID = "x" }) }, 0, nil, 70000, "invalid_grant"},
		"of another tenant": {func(s *world.State) { each(s.Refresh, func(r *world.RefreshToken) { r.TenantID = "x" }) }, 0, nil, 700005, "invalid_grant"},
		"this one revoked":  {func(s *world.State) { each(s.Refresh, func(r *world.RefreshToken) { r.Revoked = true }) }, 0, nil, 50173, "invalid_grant"},
		"wrong secret":      {nil, 0, change{"client_secret": "x"}, 7000215, "invalid_client"},
		"two resources":     {nil, 0, change{"scope": scopes + " User.Read"}, 28000, "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			secret := b.secret()
			token := b.redeem(b.code(world.Support, nil), secret, nil).Refresh
			b.at = b.at.Add(tt.after)
			if tt.state != nil {
				b.state(tt.state)
			}
			a := b.refresh(token, secret, tt.change)
			if a.number() != tt.want || a.Error != tt.error {
				t.Fatalf("%d %s (%s), want %d %s", a.number(), a.Error, a.Description, tt.want, tt.error)
			}
			if tt.want == 53003 && !strings.Contains(a.Claims, "capolids") {
				t.Errorf("claims = %q", a.Claims)
			}
			if strings.Contains(a.Raw, token) && tt.want != 0 {
				t.Error("the answer repeats the refresh token")
			}
		})
	}
	t.Run("use keeps it alive", func(t *testing.T) {
		b := newBench(t)
		b.state(func(s *world.State) { s.Apps[0].Slips.SecretLife = 1000 * 24 * time.Hour })
		secret := b.secret()
		token := b.redeem(b.code(world.Support, nil), secret, nil).Refresh
		for range 3 {
			b.at = b.at.Add(60 * 24 * time.Hour)
			if a := b.refresh(token, secret, nil); a.Status != http.StatusOK {
				t.Fatalf("%d: %s", a.number(), a.Description)
			}
		}
	})
}

func each(tokens map[string]*world.RefreshToken, f func(*world.RefreshToken)) {
	for _, r := range tokens {
		f(r)
	}
}

func TestSinglePageRefreshTokensEndAfterADay(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Apps[0].RedirectURIs[0].Platform = world.SPA })
	origin := func(r *http.Request) { r.Header.Set("Origin", "http://localhost:8080") }
	call := func(form url.Values) answer { return b.post(b.tenant, form, origin) }
	first := call(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.app}, "code": {b.code(world.Support, nil)}, "redirect_uri": {callback}, "code_verifier": {verifier},
	})
	if first.Status != http.StatusOK {
		t.Fatal(first.Description)
	}
	refresh := func(token string) answer {
		return call(url.Values{"grant_type": {"refresh_token"}, "client_id": {b.app}, "refresh_token": {token}})
	}
	b.at = b.at.Add(23 * time.Hour)
	second := refresh(first.Refresh)
	if second.Status != http.StatusOK {
		t.Fatal(second.Description)
	}
	b.at = b.at.Add(2 * time.Hour)
	if a := refresh(second.Refresh); a.number() != 700084 {
		t.Errorf("%d: a new token must not live longer than the first", a.number())
	}
}

// The type of the client is that of the redirect URI the grant was made for,
// whatever else is registered.
func TestPublicClientBesideAConfidentialOne(t *testing.T) {
	b := newBench(t)
	const desktop = "http://localhost/desktop"
	b.state(func(s *world.State) {
		if err := s.AddRedirectURI(s.Apps[0], desktop, world.Native); err != nil {
			t.Fatal(err)
		}
	})
	public := change{"redirect_uri": desktop, "client_secret": ""}
	if a := b.redeem(b.code(world.Support, change{"redirect_uri": desktop}), b.secret(), change{"redirect_uri": desktop}); a.number() != 700025 {
		t.Errorf("with a secret: %d", a.number())
	}
	a := b.redeem(b.code(world.Support, change{"redirect_uri": desktop}), "", public)
	if a.Status != http.StatusOK || b.claims(a.Access).String("appidacr") != "0" {
		t.Fatalf("%d %s", a.Status, a.Description)
	}
	if a := b.refresh(a.Refresh, "", change{"client_secret": ""}); a.Status != http.StatusOK {
		t.Errorf("refresh: %d", a.number())
	}
	if a := b.refresh(a.Refresh, b.secret(), nil); a.number() != 700025 {
		t.Errorf("refresh with a secret: %d", a.number())
	}
}
