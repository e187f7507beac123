package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

func TestLifetime(t *testing.T) {
	for raw, want := range map[string]time.Duration{
		`4346`:          4346 * time.Second,
		`"3599"`:        3599 * time.Second,
		`3599.9`:        3599 * time.Second,
		`36e2`:          time.Hour,
		`100800`:        28 * time.Hour,
		`172801`:        48 * time.Hour,
		`99999999999`:   48 * time.Hour,
		`1e999`:         48 * time.Hour,
		`0`:             5 * time.Minute,
		`-3600`:         5 * time.Minute,
		`-1e999`:        5 * time.Minute,
		`null`:          5 * time.Minute,
		`"soon"`:        5 * time.Minute,
		`"NaN"`:         5 * time.Minute,
		`{"seconds":1}`: 5 * time.Minute,
		`[3600]`:        5 * time.Minute,
		`true`:          5 * time.Minute,
	} {
		c := answering(200, nil, `{"access_token":"a","token_type":"bearer","expires_in":`+raw+`}`)
		token, err := c.ClientCredentials(t.Context(), anApp, nil)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if got := token.ExpiresAt.Sub(token.ReceivedAt); got != want || !token.ReceivedAt.Equal(now) {
			t.Errorf("%s: lifetime = %v from %v, want %v", raw, got, token.ReceivedAt, want)
		}
	}
	token, err := answering(200, nil, `{"access_token":"a","token_type":"Bearer"}`).ClientCredentials(t.Context(), anApp, nil)
	if err != nil || token.ExpiresAt.Sub(now) != 5*time.Minute {
		t.Errorf("absent: expires %v, error %v", token.ExpiresAt, err)
	}
}

func TestTokenResponseThatIsNone(t *testing.T) {
	for name, body := range map[string]string{
		"no access token":                    `{"token_type":"Bearer","expires_in":3600}`,
		"empty access token":                 `{"access_token":"","token_type":"Bearer"}`,
		"null access token":                  `{"access_token":null,"token_type":"Bearer"}`,
		"access token of a wrong type":       `{"access_token":7,"token_type":"Bearer"}`,
		"no type":                            `{"access_token":"a"}`,
		"another type":                       `{"access_token":"a","token_type":"mac"}`,
		"refresh token of a wrong type":      `{"access_token":"a","token_type":"Bearer","refresh_token":{}}`,
		"line break in the access token":     `{"access_token":"a\r\nb","token_type":"Bearer"}`,
		"separator in the access token":      `{"access_token":"a\u0001b","token_type":"Bearer"}`,
		"umlaut in the refresh token":        `{"access_token":"a","token_type":"Bearer","refresh_token":"ä"}`,
		"ID token of a wrong type":           `{"access_token":"a","token_type":"Bearer","id_token":[]}`,
		"list":                               `[{"access_token":"a","token_type":"Bearer"}]`,
		"null":                               `null`,
		"nothing":                            ``,
		"form, which RFC 6749 does not have": `access_token=a&token_type=Bearer`,
	} {
		t.Run(name, func(t *testing.T) {
			token, err := answering(200, nil, body).Refresh(t.Context(), anApp, secret.New("r"), nil)
			if e := wantError(t, err, oauth.TokenEnd, 200, ""); !errors.Is(e, oauth.ErrMalformed) {
				t.Errorf("error = %v, want ErrMalformed", e)
			}
			if !token.Access.IsZero() || !token.Refresh.IsZero() && token.Refresh.Reveal() != "r" {
				t.Error("a token was returned with an error")
			}
		})
	}
	t.Run("created", func(t *testing.T) {
		_, err := answering(302, nil, `{"access_token":"a","token_type":"Bearer"}`).ClientCredentials(t.Context(), anApp, nil)
		wantError(t, err, oauth.TokenEnd, 302, "")
	})
}

func TestRefresh(t *testing.T) {
	tests := map[string]struct {
		body        string
		wantRefresh string
		wantScope   []string
	}{
		"rotated":     {`{"access_token":"a","token_type":"Bearer","refresh_token":"new","scope":" x  y "}`, "new", []string{"x", "y"}},
		"not rotated": {`{"access_token":"a","token_type":"Bearer"}`, "old", scopes},
		"null":        {`{"access_token":"a","token_type":"Bearer","refresh_token":null,"scope":""}`, "old", scopes},
		"empty":       {`{"access_token":"a","token_type":"Bearer","refresh_token":"","scope":7}`, "old", scopes},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			token, err := answering(200, nil, tt.body).Refresh(t.Context(), anApp, secret.New("old"), scopes)
			if err != nil {
				t.Fatal(err)
			}
			if token.Refresh.Reveal() != tt.wantRefresh {
				t.Errorf("refresh token is not %q", tt.wantRefresh)
			}
			if diff := cmp.Diff(tt.wantScope, token.Scope); diff != "" {
				t.Errorf("scope (-want +got):\n%s", diff)
			}
		})
	}
}

// The first token has no refresh token where the server gave none; nothing
// invents one.
func TestRedeemShowsThatThereIsNoRefreshToken(t *testing.T) {
	s := newServer(t)
	s.response = func(answer map[string]any) { delete(answer, "refresh_token") }
	c := s.client()
	p := s.begin(c)
	token, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
	if err != nil {
		t.Fatal(err)
	}
	if !token.Refresh.IsZero() {
		t.Error("a refresh token came from nowhere")
	}
}

// What exactly goes over the wire, for each grant.
func TestTokenRequests(t *testing.T) {
	s := newServer(t)
	var form url.Values
	s.token = func(_ http.ResponseWriter, r *http.Request) bool {
		form = r.PostForm
		if r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("request has a query, credentials or cookies in its head: %v", r.URL.RawQuery)
		}
		return false
	}
	c := s.client()
	p := s.begin(c)
	cb := s.signIn(p)
	check := func(err error, want url.Values) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("form (-want +got):\n%s", diff)
		}
	}
	client := url.Values{"client_id": {clientID}, "client_secret": {clientSecret}, "scope": {"openid profile offline_access https://mail.example/IMAP"}}
	with := func(pairs ...string) url.Values {
		form := url.Values{}
		for name, value := range client {
			form[name] = value
		}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}

	_, _, err := c.Redeem(t.Context(), p, cb, secret.New(clientSecret))
	check(err, with("grant_type", "authorization_code", "code", cb.Code.Reveal(), "code_verifier", p.Verifier.Reveal(),
		"redirect_uri", redirectURI))
	_, err = c.Refresh(t.Context(), s.app(), secret.New("refresh-x"), scopes)
	check(err, with("grant_type", "refresh_token", "refresh_token", "refresh-x"))
	_, err = c.ClientCredentials(t.Context(), s.app(), scopes)
	check(err, with("grant_type", "client_credentials"))
	if _, err = c.Refresh(t.Context(), s.app(), secret.Text{}, scopes); err == nil {
		t.Error("a refresh without a refresh token succeeded")
	}
	if n := s.requests("token"); n != 3 {
		t.Errorf("token requests = %d, want 3", n)
	}
}

// One call is one request, whatever the answer: no second authentication
// style, no retry (threat T20).
func TestOneRequestPerCall(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"invalid_client": func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		},
		"throttled": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		},
		"unavailable": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) },
		"hung up":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.token = func(w http.ResponseWriter, r *http.Request) bool {
				answer(w, r)
				return true
			}
			c := s.client()
			p := s.begin(c)
			_, _, redeemErr := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
			if n := s.requests("token"); redeemErr == nil || n != 1 {
				t.Errorf("Redeem: error %v, token requests = %d, want 1", redeemErr, n)
			}
			_, err := c.Refresh(t.Context(), s.app(), secret.New("refresh-x"), scopes)
			if n := s.requests("token"); err == nil || n != 2 {
				t.Errorf("Refresh: error %v, token requests = %d, want 1 more", err, n)
			}
			_, err = c.ClientCredentials(t.Context(), s.app(), scopes)
			if n := s.requests("token"); err == nil || n != 3 {
				t.Errorf("ClientCredentials: error %v, token requests = %d, want 1 more", err, n)
			}
		})
	}
}

func TestTokenSurvivesTheSealer(t *testing.T) {
	token := oauth.Token{
		Access: secret.New("a"), Refresh: secret.New("r"), Type: "Bearer", Scope: []string{"x"},
		ReceivedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	sealed, err := token.MarshalSecret()
	if err != nil {
		t.Fatal(err)
	}
	got, err := oauth.UnmarshalToken(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(token, got, cmp.Comparer(secret.Text.Equal)); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}

// Whatever a token endpoint answers: a token that is fit for use, or an error
// of one line that contains nothing of what was sent.
func FuzzTokenResponse(f *testing.F) {
	f.Add(200, "application/json", "", `{"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r","scope":"x"}`)
	f.Add(400, "application/json", "60", problem)
	f.Add(200, "application/json", "", `{"access_token":"refresh-planted","token_type":"Bearer","expires_in":-1}`)
	f.Add(502, "text/html", "Sat, 21 Nov 2026 10:02:30 GMT", "<html>\x1b[31m refresh-planted")
	f.Add(400, "text/plain", "-1", "error=x&error_description=refresh-planted")
	f.Add(302, "", "9999999999999999999999", "")
	f.Fuzz(func(t *testing.T, status int, contentType, retryAfter, body string) {
		c := answering(status, map[string]string{"Content-Type": contentType, "Retry-After": retryAfter}, body)
		token, err := c.Refresh(context.Background(), anApp, secret.New("refresh-planted"), scopes)
		if err == nil {
			if status < 200 || status > 299 || token.Access.IsZero() || token.Refresh.IsZero() || len(token.Scope) == 0 {
				t.Fatal("accepted an answer that is no token response")
			}
			if life := token.ExpiresAt.Sub(now); life <= -time.Nanosecond || life > 48*time.Hour {
				t.Fatalf("lifetime %v", life)
			}
			return
		}
		e, ok := errors.AsType[*oauth.Error](err)
		if !ok || e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour {
			t.Fatalf("error = %#v", err)
		}
		wantOneLine(t, err)
		shown := fmt.Sprintf("%+v %v", *e, err)
		for _, planted := range []string{"refresh-planted", clientSecret} {
			inJSON, _ := json.Marshal(planted)
			if strings.Contains(shown, planted) || strings.Contains(shown, strings.Trim(string(inJSON), `"`)) {
				t.Fatal("a secret is in the error")
			}
		}
	})
}
