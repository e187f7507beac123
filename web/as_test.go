package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crypto"
)

// authority is an authorization server in Entra's shape that signs everybody
// in at once, and lies on demand. It keeps to PKCE and to single use of codes,
// as the real one does.
type authority struct {
	*httptest.Server
	key    *rsa.PrivateKey
	tokens atomic.Int64 // token requests with a code

	mu    sync.Mutex
	codes map[string]url.Values // code → authorize request
	lies  lies
	pause chan struct{} // token requests wait for it, if set
	// claims is the issuer that the discovery document names, "" for the right one.
	claims string
}

// lies change one thing about the answers.
type lies struct {
	person, tenant, issuer, nonce, audience string
	authTime                                time.Time
	noRefresh, noAuthTime                   bool
}

const (
	homeTenant = "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"
	clientID   = "0f1e2d3c-aaaa-4bbb-8ccc-1d2e3f4a5b6c"
	theSecret  = "Vq8~planted-client-secret-value.7f3k"
	// refusedSecret is a value that the authority has never made.
	refusedSecret = "Vq8~another-value-than-the-one.there"
)

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", a.discovery)
	mux.HandleFunc("GET /keys", a.keys)
	mux.HandleFunc("GET /authorize", a.authorize)
	mux.HandleFunc("POST /token", a.token)
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

// lie changes the answers from now on.
func (a *authority) lie(l lies) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lies = l
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (a *authority) issuer() string { return a.URL + "/" + homeTenant + "/v2.0" }

func (a *authority) discovery(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer(w, 200, map[string]any{
		"issuer": or(a.claims, a.issuer()), "authorization_endpoint": a.URL + "/authorize", "token_endpoint": a.URL + "/token",
		"jwks_uri": a.URL + "/keys", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"pairwise"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (a *authority) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "kid": "1", "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(a.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(a.key.E)).Bytes()),
	}}})
}

func (a *authority) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := "0." + rand.Text() + rand.Text()
	a.mu.Lock()
	a.codes[code] = q
	a.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (a *authority) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code, text string) {
		answer(w, 400, map[string]any{"error": code, "error_description": text})
	}
	if err := r.ParseForm(); err != nil {
		refuse("invalid_request", err.Error())
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		if r.PostForm.Get("client_secret") == refusedSecret {
			refuse("invalid_client", "AADSTS7000215: Invalid client secret provided")
			return
		}
		answer(w, 200, map[string]any{"access_token": "none", "token_type": "Bearer", "expires_in": 3600})
		return
	case "refresh_token":
		a.grant(w, r.PostForm, a.lies)
		return
	}
	a.tokens.Add(1)
	a.mu.Lock()
	asked, known := a.codes[r.PostForm.Get("code")]
	delete(a.codes, r.PostForm.Get("code"))
	l, pause := a.lies, a.pause
	a.mu.Unlock()
	if pause != nil {
		<-pause
	}
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case !known:
		refuse("invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed")
	case base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge"):
		refuse("invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge")
	case r.PostForm.Get("redirect_uri") != asked.Get("redirect_uri"):
		refuse("invalid_client", "AADSTS500112: The reply address does not match")
	case r.PostForm.Get("client_secret") != theSecret:
		refuse("invalid_client", "AADSTS7000215: Invalid client secret provided")
	default:
		a.grant(w, asked, l)
	}
}

func or(s, fallback string) string {
	if s != "" {
		return s
	}
	return fallback
}

func (a *authority) grant(w http.ResponseWriter, asked url.Values, l lies) {
	person := or(l.person, "svc-mail@contoso.example")
	now := time.Now()
	authTime := l.authTime
	if authTime.IsZero() {
		authTime = now
	}
	object := sha256.Sum256([]byte(person))
	claims := map[string]any{
		"iss": or(l.issuer, a.issuer()), "aud": or(l.audience, clientID), "sub": "s", "tid": or(l.tenant, homeTenant),
		"oid": base64.RawURLEncoding.EncodeToString(object[:9]), "preferred_username": person, "name": "Service",
		"nonce": or(l.nonce, asked.Get("nonce")), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": authTime.Unix(),
	}
	if l.noAuthTime {
		delete(claims, "auth_time")
	}
	out := map[string]any{
		"access_token":  a.sign(map[string]any{"aud": "https://outlook.office.com", "scp": "IMAP.AccessAsUser.All", "exp": now.Add(time.Hour).Unix(), "mark": "planted-access"}),
		"refresh_token": "planted-refresh-" + rand.Text(), "token_type": "Bearer", "expires_in": 3600,
		"scope": asked.Get("scope"), "id_token": a.sign(claims),
	}
	if l.noRefresh {
		delete(out, "refresh_token")
	}
	answer(w, 200, out)
}

func (a *authority) sign(claims map[string]any) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "1"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	mac, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return strings.Join([]string{text, base64.RawURLEncoding.EncodeToString(mac)}, ".")
}
