package bench_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

func TestProviderHandsOutTokensForASignIn(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{Tenant: "11111111-2222-4333-8444-555555555555"})
	before := time.Now().Unix()
	tok := op.SignIn(t, bench.A, bench.ScopeIMAP, bench.ScopeSMTP)

	claims := claimsOf(t, tok.ID.Reveal())
	for name, want := range map[string]any{
		"iss": op.Issuer, "aud": op.ClientID, "sub": op.OID(bench.A), "oid": op.OID(bench.A),
		"preferred_username": bench.A, "email": bench.A, "name": "Account A",
		"tid": "11111111-2222-4333-8444-555555555555",
	} {
		if claims[name] != want {
			t.Errorf("claim %s = %v, want %v", name, claims[name], want)
		}
	}
	if at, _ := claims["auth_time"].(float64); int64(at) < before {
		t.Errorf("auth_time = %v, want at least %d", claims["auth_time"], before)
	}
	if n := tok.Access.Len(); n < 2000 {
		t.Errorf("the access token has %d bytes, want the length of Entra's", n)
	}
	for _, s := range []string{tok.Access.Reveal(), tok.Refresh.Reveal(), op.ClientSecret.Reveal(), op.Password(bench.A).Reveal()} {
		if strings.Contains(op.Log(), s) {
			t.Error("a secret stands in the provider's log")
		}
	}
	if !strings.Contains(op.Log(), "POST /token 200") {
		t.Errorf("the log does not show the token request:\n%s", op.Log())
	}
}

func TestProviderRotatesRefreshTokens(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	first := op.SignIn(t, bench.A, bench.ScopeIMAP)
	second, refusal := op.Refresh(t, first.Refresh)
	if refusal.Code != "" || second.Refresh.IsZero() || second.Refresh.Equal(first.Refresh) {
		t.Fatalf("refresh: %+v, a new refresh token: %v", refusal, !second.Refresh.Equal(first.Refresh))
	}
	// The old one is a stolen one: it and its successors are dead.
	if _, refusal = op.Refresh(t, first.Refresh); refusal.Code != "invalid_grant" {
		t.Errorf("used refresh token: %+v, want invalid_grant", refusal)
	}
	if _, refusal = op.Refresh(t, second.Refresh); refusal.Code != "invalid_grant" {
		t.Errorf("refresh token of a revoked grant: %+v, want invalid_grant", refusal)
	}
}

func TestProviderEndsTokensInTime(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{RefreshTTL: time.Second})
	tok := op.SignIn(t, bench.A)
	time.Sleep(2100 * time.Millisecond)
	if _, refusal := op.Refresh(t, tok.Refresh); refusal.Code != "invalid_grant" {
		t.Errorf("expired refresh token: %+v, want invalid_grant", refusal)
	}
}

func TestProviderKnowsTheApplicationByItself(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	tok, refusal := op.Redeem(t, url.Values{"grant_type": {"client_credentials"}})
	if refusal.Code != "" || tok.Access.IsZero() || !tok.Refresh.IsZero() {
		t.Errorf("client credentials: %+v", refusal)
	}
	// The same with the secret in the body, and with a wrong one.
	for secret, want := range map[string]int{op.ClientSecret.Reveal(): http.StatusOK, "wrong": http.StatusUnauthorized} {
		res, err := http.PostForm(op.Issuer+"/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {op.ClientID}, "client_secret": {secret},
		})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("status %d, want %d", res.StatusCode, want)
		}
	}
}

func TestOnlyTheMailServerMayIntrospect(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	token := op.SignIn(t, bench.A, bench.ScopeIMAP).Access
	res, err := http.PostForm(op.Issuer+"/token/introspection", url.Values{
		"token": {token.Reveal()}, "client_id": {op.ClientID}, "client_secret": {op.ClientSecret.Reveal()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != `{"active":false}` {
		t.Errorf("the application learns something about a live token (%d bytes, %v)", len(body), err)
	}
}

func TestProviderRefusesWhatItShould(t *testing.T) {
	const redirect = "http://localhost:4444/callback"
	op := bench.StartOP(t, bench.OPOptions{RedirectURIs: []string{redirect}})
	authorize := func(changes url.Values) (*http.Response, string) {
		t.Helper()
		q := url.Values{
			"client_id": {op.ClientID}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid"},
			"state": {"s"}, "code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
		}
		for k, v := range changes {
			q[k] = v
		}
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Get(op.Issuer + "/auth?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res, res.Header.Get("Location")
	}
	if res, to := authorize(nil); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/interaction/") {
		t.Errorf("complete request: %d, to %q, want the sign-in page", res.StatusCode, to)
	}
	if res, to := authorize(url.Values{"redirect_uri": {redirect + "/"}}); res.StatusCode != http.StatusBadRequest || to != "" {
		t.Errorf("unknown redirect URI: %d, to %q, want a page and no redirect", res.StatusCode, to)
	}
	if _, to := authorize(url.Values{"code_challenge": nil, "code_challenge_method": nil}); !strings.HasPrefix(to, redirect+"?error=invalid_request") {
		t.Errorf("without PKCE: to %q, want invalid_request", to)
	}
	if _, to := authorize(url.Values{"prompt": {"none"}}); !strings.HasPrefix(to, redirect+"?error=login_required") {
		t.Errorf("prompt=none without a session: to %q, want login_required", to)
	}
}

// claimsOf reads an ID token without checking its signature, which is not the
// subject here.
func claimsOf(t *testing.T, jwt string) map[string]any {
	t.Helper()
	_, rest, _ := strings.Cut(jwt, ".")
	payload, _, _ := strings.Cut(rest, ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(b, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
