package oauth_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

func wantRefused(t *testing.T, err error, check oauth.Check) {
	t.Helper()
	if refused, ok := errors.AsType[*oauth.Refused](err); !ok || refused.Check != check {
		t.Errorf("error = %v, want a refusal by %s", err, check)
	}
}

func wantError(t *testing.T, err error, endpoint oauth.Endpoint, status int, code string) *oauth.Error {
	t.Helper()
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok {
		t.Fatalf("error = %v, want *oauth.Error", err)
	}
	if e.Endpoint != endpoint || e.HTTPStatus != status || e.Code != code {
		t.Errorf("error = %+v, want endpoint %s, status %d, code %q", e, endpoint, status, code)
	}
	return e
}

func TestRedeem(t *testing.T) {
	s := newServer(t)
	c := s.client()
	p := s.begin(c)
	token, claims, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
	if err != nil {
		t.Fatal(err)
	}
	want := oauth.Token{
		Access: token.Access, Refresh: token.Refresh, Type: "Bearer", Scope: []string{"https://mail.example/IMAP"},
		ReceivedAt: now, ExpiresAt: now.Add(4346 * time.Second),
	}
	if diff := cmp.Diff(want, token, cmp.Comparer(secret.Text.Equal)); diff != "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(token.Access.Reveal(), "access-") || !strings.HasPrefix(token.Refresh.Reveal(), "refresh-") {
		t.Error("the tokens are not those that were issued")
	}
	if claims.Issuer != s.URL || claims.Subject != "pairwise" || claims.Audience != clientID ||
		!claims.AuthTime.Equal(now.Add(-30*time.Second)) || claims.String("oid") != "object" ||
		claims.String("iat") != "" || claims.String("absent") != "" {
		t.Errorf("claims = %+v", claims)
	}
	if _, ok := claims.Raw["nonce"]; ok {
		t.Error("the nonce is still among the claims")
	}
	if s.requests("token") != 1 || s.requests("keys") != 1 {
		t.Errorf("token requests = %d, keys requests = %d, want 1 and 1", s.requests("token"), s.requests("keys"))
	}
}

func TestRedeemAsPublicClientSendsNoSecret(t *testing.T) {
	s := newServer(t)
	sent := false
	s.token = func(_ http.ResponseWriter, r *http.Request) bool {
		_, sent = r.PostForm["client_secret"]
		return false
	}
	c := s.client()
	p := s.begin(c)
	_, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.Text{})
	wantError(t, err, oauth.TokenEnd, http.StatusUnauthorized, "invalid_client")
	if sent {
		t.Error("an empty client secret was sent")
	}
}

// Every claim that is wrong is refused under its own name, after one token
// request and without a token.
func TestRedeemRefusesIDToken(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = value }
	}
	minutes := func(n int) int64 { return now.Add(time.Duration(n) * time.Minute).Unix() }
	tests := map[string]struct {
		claims func(map[string]any)
		want   oauth.Check // "" for accepted
	}{
		"foreign issuer":            {set("iss", "https://other.example"), oauth.CheckIssuer},
		"issuer with a slash":       {func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }, oauth.CheckIssuer},
		"foreign audience":          {set("aud", "other"), oauth.CheckAudience},
		"no audience":               {func(c map[string]any) { delete(c, "aud") }, oauth.CheckAudience},
		"one more audience":         {set("aud", []string{clientID, "other"}), oauth.CheckAudience},
		"audience as a list of one": {set("aud", []string{clientID}), ""},
		"foreign authorized party":  {set("azp", "other"), oauth.CheckAuthorizedParty},
		"own authorized party":      {set("azp", clientID), ""},
		"expired":                   {set("exp", minutes(-5)), oauth.CheckExpired},
		"expired within the leeway": {set("exp", minutes(-4)), ""},
		"no expiry":                 {func(c map[string]any) { delete(c, "exp") }, oauth.CheckExpired},
		"not yet valid":             {set("nbf", minutes(6)), oauth.CheckNotYetValid},
		"valid within the leeway":   {set("nbf", minutes(5)), ""},
		"no nbf":                    {func(c map[string]any) { delete(c, "nbf") }, ""},
		"issued in the future":      {set("iat", minutes(6)), oauth.CheckNotYetValid},
		"foreign nonce":             {set("nonce", "other"), oauth.CheckNonce},
		"no nonce":                  {func(c map[string]any) { delete(c, "nonce") }, oauth.CheckNonce},
		"no subject":                {func(c map[string]any) { delete(c, "sub") }, oauth.CheckIDToken},
		"nbf of a wrong type":       {set("nbf", "soon"), oauth.CheckIDToken},
		"auth_time absent":          {func(c map[string]any) { delete(c, "auth_time") }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.claims = tt.claims
			c := s.client()
			p := s.begin(c)
			token, claims, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
			if s.requests("token") != 1 {
				t.Errorf("token requests = %d, want 1", s.requests("token"))
			}
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				if _, ok := claims.Raw["auth_time"]; !ok && !claims.AuthTime.IsZero() {
					t.Errorf("AuthTime = %v for an absent claim", claims.AuthTime)
				}
				return
			}
			wantRefused(t, err, tt.want)
			if !token.Access.IsZero() || claims.Subject != "" {
				t.Error("token or claims were returned with a refusal")
			}
		})
	}
}

func TestRedeemRefusesSignature(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	tests := map[string]struct {
		sign func(s *server, payload []byte) string
		want oauth.Check
	}{
		"alg none": {func(_ *server, payload []byte) string {
			return b64([]byte(`{"alg":"none"}`)) + "." + b64(payload) + "."
		}, oauth.CheckIDToken},
		"HMAC with the public key": {func(s *server, payload []byte) string {
			der, err := x509.MarshalPKIXPublicKey(s.key.Key.(*rsa.PrivateKey).Public())
			if err != nil {
				s.t.Error(err)
			}
			public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			return signed(s.t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: "key-1"}}, payload)
		}, oauth.CheckIDToken},
		"another key with the same ID": {func(s *server, payload []byte) string {
			return signed(s.t, jose.SigningKey{Algorithm: jose.RS256, Key: newKey(s.t, "key-1")}, payload)
		}, oauth.CheckSignature},
		"another key without ID": {func(s *server, payload []byte) string {
			return signed(s.t, jose.SigningKey{Algorithm: jose.RS256, Key: newKey(s.t, "")}, payload)
		}, oauth.CheckSignature},
		"key in the token": {func(s *server, payload []byte) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: newKey(s.t, "").Key},
				&jose.SignerOptions{EmbedJWK: true})
			if err != nil {
				s.t.Error(err)
			}
			jws, err := signer.Sign(payload)
			if err != nil {
				s.t.Error(err)
			}
			compact, err := jws.CompactSerialize()
			if err != nil {
				s.t.Error(err)
			}
			return compact
		}, oauth.CheckSignature},
		"no signature":  {func(*server, []byte) string { return "not a token" }, oauth.CheckIDToken},
		"no ID token":   {func(*server, []byte) string { return "" }, oauth.CheckIDToken},
		"JSON form JWS": {func(*server, []byte) string { return `{"payload":"e30","signatures":[]}` }, oauth.CheckIDToken},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.sign = func(payload []byte) string { return tt.sign(s, payload) }
			c := s.client()
			p := s.begin(c)
			_, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
			wantRefused(t, err, tt.want)
			if refused, ok := err.(*oauth.Refused); ok && name == "no ID token" && refused.Got != "none" {
				t.Errorf("Got = %q, want none", refused.Got)
			}
		})
	}
}

// A token whose key has no ID is accepted if any published key fits.
func TestRedeemWithoutKeyID(t *testing.T) {
	s := newServer(t)
	s.sign = func(payload []byte) string {
		return signed(t, jose.SigningKey{Algorithm: jose.RS256, Key: s.key.Key}, payload)
	}
	c := s.client()
	p := s.begin(c)
	if _, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret)); err != nil {
		t.Error(err)
	}
}

// The server changes its key between our fetch of the keys and the token.
func TestRedeemFollowsKeyRollover(t *testing.T) {
	s := newServer(t)
	s.token = func(http.ResponseWriter, *http.Request) bool {
		s.key = newKey(t, "key-2")
		return false
	}
	c := s.client()
	p := s.begin(c)
	if _, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret)); err != nil {
		t.Error(err)
	}
	if s.requests("keys") != 2 || s.requests("token") != 1 {
		t.Errorf("keys requests = %d, token requests = %d, want 2 and 1", s.requests("keys"), s.requests("token"))
	}
}

// An unreachable or broken key set is found before the code is spent, and the
// same callback can then be redeemed.
func TestRedeemSpendsNoCodeWithoutKeys(t *testing.T) {
	for body, want := range map[string]string{
		"<html>": "not a key set", `{"keys":7}`: "not a key set", `{"keys":[]}`: "no signing key",
		`{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"key-1"}]}`: "no signing key",
		`{"keys":[` + encryptionKey(t) + `]}`:                   "no signing key",
	} {
		t.Run(body[:min(len(body), 30)], func(t *testing.T) {
			s := newServer(t)
			s.keys = func(w http.ResponseWriter, _ *http.Request) bool {
				_, _ = w.Write([]byte(body))
				return true
			}
			c := s.client()
			p := s.begin(c)
			cb := s.signIn(p)
			_, _, err := c.Redeem(t.Context(), p, cb, secret.New(clientSecret))
			if e := wantError(t, err, oauth.Keys, http.StatusOK, ""); !errors.Is(e, oauth.ErrMalformed) || !strings.Contains(e.Error(), want) {
				t.Errorf("error = %v, want ErrMalformed: %s", e, want)
			}
			if s.requests("token") != 0 {
				t.Errorf("token requests = %d, want 0", s.requests("token"))
			}
			s.keys = nil
			if _, _, err := c.Redeem(t.Context(), p, cb, secret.New(clientSecret)); err != nil {
				t.Errorf("second try: %v", err)
			}
		})
	}
}

func encryptionKey(t *testing.T) string {
	t.Helper()
	key := serverKey(t)
	key.Use = "enc"
	b, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A code that belongs to another sign-in of ours does not fit the verifier
// (threat T05); its state does not fit either (threat T01).
func TestRedeemRefusesSwappedCode(t *testing.T) {
	s := newServer(t)
	c := s.client()
	mine, other := s.begin(c), s.begin(c)
	cb := s.signIn(mine)
	foreign := s.signIn(other)

	_, _, err := c.Redeem(t.Context(), mine, foreign, secret.New(clientSecret))
	wantRefused(t, err, oauth.CheckState)
	if s.requests("token") != 0 || s.requests("keys") != 0 {
		t.Error("a foreign callback caused a request")
	}
	cb.Code = foreign.Code
	_, _, err = c.Redeem(t.Context(), mine, cb, secret.New(clientSecret))
	wantError(t, err, oauth.TokenEnd, http.StatusBadRequest, "invalid_grant")
	if s.requests("token") != 1 {
		t.Errorf("token requests = %d, want 1", s.requests("token"))
	}
}

func TestRedeemRefusesIncompletePending(t *testing.T) {
	s := newServer(t)
	c := s.client()
	p := s.begin(c)
	cb := s.signIn(p)
	for name, spoil := range map[string]func(*oauth.Pending, *oauth.Callback){
		"two empty states": func(p *oauth.Pending, cb *oauth.Callback) { p.State, cb.State = secret.Text{}, secret.Text{} },
		"no verifier":      func(p *oauth.Pending, _ *oauth.Callback) { p.Verifier = secret.Text{} },
		"no nonce":         func(p *oauth.Pending, _ *oauth.Callback) { p.Nonce = secret.Text{} },
	} {
		t.Run(name, func(t *testing.T) {
			p, cb := p, cb
			spoil(&p, &cb)
			_, _, err := c.Redeem(t.Context(), p, cb, secret.New(clientSecret))
			wantRefused(t, err, oauth.CheckState)
		})
	}
	cb.Code = secret.Text{}
	_, _, err := c.Redeem(t.Context(), p, cb, secret.New(clientSecret))
	wantRefused(t, err, oauth.CheckCallback)
	if s.requests("token") != 0 {
		t.Errorf("token requests = %d, want 0", s.requests("token"))
	}
}

// Mix-up: a response that names another server, or names none where one was
// promised, reaches no endpoint (threat T07).
func TestRedeemComparesResponseIssuer(t *testing.T) {
	tests := map[string]struct {
		redirect func(url.Values)
		promised bool
		refused  bool
	}{
		"own":     {func(url.Values) {}, true, false},
		"foreign": {func(q url.Values) { q.Set("iss", "https://other.example") }, false, true},
		"foreign with error": {func(q url.Values) {
			q.Set("iss", "https://other.example")
			q.Set("error", "access_denied")
			q.Del("code")
		}, false, true},
		"missing and promised": {func(q url.Values) { q.Del("iss") }, true, true},
		"missing, no promise":  {func(q url.Values) { q.Del("iss") }, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.redirect = tt.redirect
			s.metadata = func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = tt.promised }
			c := s.client()
			p := s.begin(c)
			_, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
			if !tt.refused {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefused(t, err, oauth.CheckResponseIssuer)
			if s.requests("token") != 0 || s.requests("keys") != 0 {
				t.Error("a foreign response caused a request")
			}
		})
	}
}

func TestRedeemReturnsTheServersRefusal(t *testing.T) {
	s := newServer(t)
	s.redirect = func(q url.Values) {
		q.Del("code")
		q.Set("error", "access_denied")
		q.Set("error_subcode", "cancel")
		q.Set("error_description", "X65004: declined.\r\nTrace ID: 7")
	}
	c := s.client()
	p := s.begin(c)
	_, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
	e := wantError(t, err, oauth.Authorize, 0, "access_denied")
	if e.Subcode != "cancel" || e.Description != "X65004: declined. Trace ID: 7" {
		t.Errorf("error = %+v", e)
	}
	if s.requests("token") != 0 {
		t.Errorf("token requests = %d, want 0", s.requests("token"))
	}
}

func TestRedeemEndsWithItsContext(t *testing.T) {
	s := newServer(t)
	c := s.client()
	p := s.begin(c)
	cb := s.signIn(p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := c.Redeem(ctx, p, cb, secret.New(clientSecret))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	if s.requests("token") != 0 {
		t.Errorf("token requests = %d, want 0", s.requests("token"))
	}
}
