package bench

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/secret"
)

// ownRedirectURI is where SignIn is sent back to. Nothing listens there: the
// redirect is read, not followed.
const ownRedirectURI = "http://127.0.0.1/bench"

// Tokens is what the token endpoint handed out.
type Tokens struct{ Access, Refresh, ID secret.Text }

// Refusal is an error of the token endpoint, RFC 6749 §5.2; the zero value is
// none.
type Refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// SignIn gets tokens as a person would: authorization code with PKCE, through
// the provider's forms, in a fresh cookie jar. Nothing of our own client takes
// part. It asks for openid, profile, email, offline_access and the scopes.
func (op *OP) SignIn(t testing.TB, email string, scopes ...string) Tokens {
	t.Helper()
	verifier, state := rand.Text()+rand.Text(), rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	w := newWalker(t, ownRedirectURI)
	w.get(op.Issuer + "/auth?" + url.Values{
		"client_id": {op.ClientID}, "response_type": {"code"}, "redirect_uri": {ownRedirectURI},
		"scope": {strings.Join(append([]string{"openid", "profile", "email", "offline_access"}, scopes...), " ")},
		"state": {state}, "nonce": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	w.submit("Sign in", map[string]secret.Text{"Email": secret.New(email), "Password": op.Password(email)})
	w.submit("Allow", nil)
	answer := w.arrived()
	if answer.Get("state") != state || answer.Get("code") == "" {
		t.Fatalf("bench: the provider answered with error %q, state unchanged: %v", answer.Get("error"), answer.Get("state") == state)
	}
	tokens, refusal := op.Redeem(t, url.Values{
		"grant_type": {"authorization_code"}, "redirect_uri": {ownRedirectURI},
		"code": {answer.Get("code")}, "code_verifier": {verifier},
	})
	if refusal != (Refusal{}) {
		t.Fatalf("bench: the token endpoint refused the code: %+v", refusal)
	}
	return tokens
}

// Refresh uses a refresh token up and returns the next tokens.
func (op *OP) Refresh(t testing.TB, token secret.Text) (Tokens, Refusal) {
	t.Helper()
	return op.Redeem(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.Reveal()}})
}

// Revoke ends a token (RFC 7009); with a refresh token its access tokens end
// too.
func (op *OP) Revoke(t testing.TB, token secret.Text) {
	t.Helper()
	if status, _ := op.post(t, "/token/revocation", url.Values{"token": {token.Reveal()}}); status != http.StatusOK {
		t.Fatalf("bench: the revocation endpoint answered %d", status)
	}
}

// Redeem sends a request to the token endpoint with the application's secret.
func (op *OP) Redeem(t testing.TB, form url.Values) (Tokens, Refusal) {
	t.Helper()
	_, body := op.post(t, "/token", form)
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		ID      string `json:"id_token"`
		Refusal
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("bench: the token endpoint's answer is not JSON: %v", err)
	}
	return Tokens{secret.New(answer.Access), secret.New(answer.Refresh), secret.New(answer.ID)}, answer.Refusal
}

func (op *OP) post(t testing.TB, path string, form url.Values) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, op.Issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	req.SetBasicAuth(url.QueryEscape(op.ClientID), url.QueryEscape(op.ClientSecret.Reveal()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := oneShot.Do(req)
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	return res.StatusCode, body
}

// oneShot keeps no connection open, so that no test waits for another's.
var oneShot = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: callTimeout}
