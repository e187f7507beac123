package oauth_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID = "4ac5f0f2-0000-4000-8000-00000000c11e"
	// Each way to write it (form, address, page, JSON, log) differs from the
	// others, and no part of it is long enough to look like a token.
	clientSecret = `pl.an+t e/d"s<e&c>r.e~t`
	redirectURI  = "http://localhost:8080/callback"
)

var (
	now    = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	scopes = []string{"openid", "profile", "offline_access", "https://mail.example/IMAP"}
)

// server is a small authorization server that is strict by itself and can be
// told to misbehave. Its zero knobs are the behaviour of the standards.
type server struct {
	*httptest.Server
	t *testing.T

	claims   func(claims map[string]any)                       // changes the ID token
	sign     func(payload []byte) string                       // signs it in another way
	token    func(w http.ResponseWriter, r *http.Request) bool // answers in place of the token endpoint
	response func(answer map[string]any)                       // changes the token response
	keys     func(w http.ResponseWriter, r *http.Request) bool // answers in place of the keys endpoint
	metadata func(m map[string]any)                            // changes the metadata
	redirect func(query url.Values)                            // changes the authorization response

	mu     sync.Mutex
	count  map[string]int
	codes  map[string]grant
	issued []string // every secret that was handed out, for leak tests
	key    jose.JSONWebKey
}

type grant struct{ challenge, nonce, redirectURI string }

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, count: map[string]int{}, codes: map[string]grant{}, key: serverKey(t)}
	mux := http.NewServeMux()
	for path, handler := range map[string]http.HandlerFunc{
		"GET /.well-known/openid-configuration": s.serveMetadata,
		"GET /authorize":                        s.serveAuthorize,
		"POST /token":                           s.serveToken,
		"GET /keys":                             s.serveKeys,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.count[strings.TrimPrefix(r.URL.Path, "/")]++
			handler(w, r)
		})
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// serverKey is made once, it takes a while; what must differ from it is made
// by newKey.
func serverKey(t *testing.T) jose.JSONWebKey {
	t.Helper()
	onceKey.Do(func() { sharedKey = newKey(t, "key-1") })
	return sharedKey
}

var (
	onceKey   sync.Once
	sharedKey jose.JSONWebKey
)

func newKey(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: key, KeyID: id, Algorithm: "RS256", Use: "sig"}
}

// requests returns how often an endpoint was called.
func (s *server) requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[path]
}

func (s *server) client() *oauth.Client {
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &oauth.Client{HTTP: &http.Client{Transport: transport}, Now: func() time.Time { return now }}
}

func (s *server) app() oauth.App {
	return oauth.App{TokenEndpoint: s.URL + "/token", ClientID: clientID, Secret: secret.New(clientSecret)}
}

func (s *server) isIssuer(issuer string) bool { return issuer == s.URL }

// begin discovers and starts a sign-in.
func (s *server) begin(c *oauth.Client) oauth.Pending {
	s.t.Helper()
	m, err := c.Discover(s.t.Context(), s.URL+"/.well-known/openid-configuration", s.isIssuer)
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := c.NewPending(m, clientID, redirectURI, scopes)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// signIn sends the browser to p's address and returns what comes back.
func (s *server) signIn(p oauth.Pending) oauth.Callback {
	s.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	response, err := browser.Get(p.AuthorizeURL(oauth.Hints{}))
	if err != nil {
		s.t.Fatal(err)
	}
	response.Body.Close()
	location, err := response.Location()
	if err != nil {
		s.t.Fatalf("authorize: HTTP %d: %v", response.StatusCode, err)
	}
	cb, err := oauth.ParseCallback(location.Query())
	if err != nil {
		s.t.Fatal(err)
	}
	return cb
}

func (s *server) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
		"jwks_uri": s.URL + "/keys", "region": "EU", "authorization_response_iss_parameter_supported": true,
		"scopes_supported": []string{"openid"},
	}
	if s.metadata != nil {
		s.metadata(m)
	}
	writeJSON(w, http.StatusOK, m)
}

func (s *server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, want := range map[string]string{
		"response_type": "code", "response_mode": "query", "code_challenge_method": "S256",
		"client_id": clientID, "redirect_uri": redirectURI, "scope": strings.Join(scopes, " "),
	} {
		if q.Get(name) != want {
			http.Error(w, name+" is "+q.Get(name), http.StatusBadRequest)
			return
		}
	}
	code := s.secret("code")
	s.codes[code] = grant{q.Get("code_challenge"), q.Get("nonce"), q.Get("redirect_uri")}
	answer := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {s.URL}, "session_state": {"x"}}
	if s.redirect != nil {
		s.redirect(answer)
	}
	http.Redirect(w, r, redirectURI+"?"+answer.Encode(), http.StatusFound)
}

func (s *server) serveToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.token != nil && s.token(w, r) {
		return
	}
	refuse := func(status int, code string) { writeJSON(w, status, map[string]any{"error": code}) }
	if r.PostForm.Get("client_id") != clientID || r.PostForm.Get("client_secret") != clientSecret ||
		r.Header.Get("Authorization") != "" {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	answer := map[string]any{
		"token_type": "Bearer", "expires_in": 4346, "access_token": s.secret("access"),
		"scope": "https://mail.example/IMAP",
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		g, ok := s.codes[r.PostForm.Get("code")]
		delete(s.codes, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || g.redirectURI != r.PostForm.Get("redirect_uri") ||
			g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refuse(http.StatusBadRequest, "invalid_grant")
			return
		}
		answer["refresh_token"] = s.secret("refresh")
		answer["id_token"] = s.idToken(g.nonce)
	case "refresh_token":
		if !strings.HasPrefix(r.PostForm.Get("refresh_token"), "refresh-") {
			refuse(http.StatusBadRequest, "invalid_grant")
			return
		}
		answer["refresh_token"] = s.secret("refresh")
	}
	if s.response != nil {
		s.response(answer)
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *server) idToken(nonce string) string {
	claims := map[string]any{
		"iss": s.URL, "sub": "pairwise", "aud": clientID, "nonce": nonce, "oid": "object", "tid": "tenant",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix() - 30,
	}
	if s.claims != nil {
		s.claims(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		s.t.Error(err)
	}
	if s.sign != nil {
		return s.sign(payload)
	}
	return signed(s.t, jose.SigningKey{Algorithm: jose.RS256, Key: s.key}, payload)
}

func signed(t *testing.T, key jose.SigningKey, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Error(err)
		return ""
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Error(err)
		return ""
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		t.Error(err)
	}
	return compact
}

func (s *server) serveKeys(w http.ResponseWriter, r *http.Request) {
	if s.keys != nil && s.keys(w, r) {
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{
		map[string]any{"kty": "unheard-of", "kid": s.key.KeyID}, s.key.Public(),
	}})
}

// secret makes a value that must never be seen again outside its place.
func (s *server) secret(kind string) string {
	v := fmt.Sprintf("%s-planted%d.%s", kind, len(s.issued), rand.Text())
	s.issued = append(s.issued, v)
	return v
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func gzipped(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
