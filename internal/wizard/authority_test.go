package wizard_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	homeTenant = "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"
	clientID   = "0f1e2d3c-aaaa-4bbb-8ccc-1d2e3f4a5b6c"
	expected   = "svc-mail@contoso.example"
)

// authority is an authorization server in Entra's shape. It signs in the person
// it is told to, at the time it is told.
type authority struct {
	*httptest.Server
	now    func() time.Time
	tokens atomic.Int64 // token requests with a code

	mu     sync.Mutex
	asked  map[string]url.Values // code → authorize request
	person string
	// login is when the password was entered; zero for no claim about it.
	login func() time.Time
}

var authorityKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newAuthority(t *testing.T, now func() time.Time) *authority {
	a := &authority{now: now, asked: map[string]url.Values{}, person: expected, login: now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("tenant") != homeTenant {
			reply(w, 400, map[string]any{"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."})
			return
		}
		reply(w, 200, map[string]any{
			"issuer": a.issuer(), "authorization_endpoint": a.URL + "/authorize", "token_endpoint": a.URL + "/token",
			"jwks_uri": a.URL + "/keys", "response_types_supported": []string{"code"},
			"subject_types_supported": []string{"pairwise"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		key := authorityKey()
		reply(w, 200, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "use": "sig", "kid": "1", "alg": "RS256",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("POST /token", a.token)
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) issuer() string { return a.URL + "/" + homeTenant + "/v2.0" }

// signs changes who signs in, and when the password was entered.
func (a *authority) signs(person string, login func() time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.person, a.login = person, login
}

// authorize is the visit to the authority: what it sends back to the callback.
func (a *authority) authorize(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	code := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[code] = u.Query()
	return url.Values{"code": {code}, "state": {u.Query().Get("state")}}
}

func (a *authority) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") == "client_credentials" {
		reply(w, 200, map[string]any{"access_token": "none", "token_type": "Bearer", "expires_in": 3600})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked[r.PostForm.Get("code")]
	if r.PostForm.Get("grant_type") == "authorization_code" {
		a.tokens.Add(1)
		if asked == nil {
			reply(w, 400, map[string]any{"error": "invalid_grant", "error_description": "AADSTS54005: OAuth2 Authorization code was already redeemed"})
			return
		}
		delete(a.asked, r.PostForm.Get("code"))
	}
	now := a.now()
	object := sha256.Sum256([]byte(a.person))
	claims := map[string]any{
		"iss": a.issuer(), "aud": clientID, "sub": "s", "tid": homeTenant, "oid": base64.RawURLEncoding.EncodeToString(object[:9]),
		"preferred_username": a.person, "name": "Service", "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	if login := a.login(); !login.IsZero() {
		claims["auth_time"] = login.Unix()
	}
	reply(w, 200, map[string]any{
		"access_token":  sign(map[string]any{"aud": "https://outlook.office.com", "scp": "IMAP.AccessAsUser.All", "exp": now.Add(time.Hour).Unix()}),
		"refresh_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600, "scope": asked.Get("scope"), "id_token": sign(claims),
	})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func sign(claims map[string]any) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "1"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	mac, err := rsa.SignPKCS1v15(rand.Reader, authorityKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(mac)
}
