package entra_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/entra"
	"latchkey/internal/lab/world"
)

// bench is a running server with a clock that tests move.
type bench struct {
	t      *testing.T
	world  *world.World
	origin string
	at     time.Time
	app    string // client ID
	tenant string // GUID
}

const (
	callback = "http://localhost:8080/callback"
	scopes   = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access openid profile email"
	verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"
)

// newBench starts a server whose registration has the redirect URI callback.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, at: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	w, err := world.New(func() time.Time { return b.at }, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.world = w
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	b.origin = "http://" + host
	server.Config.Handler = entra.New(entra.Options{World: w, Origin: b.origin, Host: host, Log: slog.New(slog.DiscardHandler)})
	server.Start()
	t.Cleanup(server.Close)
	b.state(func(s *world.State) {
		b.app, b.tenant = s.Apps[0].ClientID, s.Tenants[0].ID
		if err := s.AddRedirectURI(s.Apps[0], callback, world.Web); err != nil {
			t.Fatal(err)
		}
	})
	return b
}

func (b *bench) state(f func(*world.State)) { b.world.Do(f) }

func (b *bench) window() *browser { return newBrowser(b.t, b.origin) }

func (b *bench) password(upn string) string {
	var p string
	b.state(func(s *world.State) { p = s.UserByName(upn).Password })
	return p
}

func (b *bench) secret() string {
	var v string
	b.state(func(s *world.State) { v = s.AddSecret(s.Apps[0], "test").Value })
	return v
}

// change is a set of parameters that differ from the usual ones; an empty
// value leaves the parameter out.
type change map[string]string

func (c change) apply(v url.Values) url.Values {
	for name, value := range c {
		if v.Set(name, value); value == "" {
			v.Del(name)
		}
	}
	return v
}

// request is the path of an authorization request of the tenant.
func (b *bench) request(c change) string { return b.requestAt(b.tenant, c) }

func (b *bench) requestAt(segment string, c change) string {
	sum := sha256.Sum256([]byte(verifier))
	return "/" + segment + "/oauth2/v2.0/authorize?" + c.apply(url.Values{
		"client_id": {b.app}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {scopes},
		"state": {"st&te="}, "nonce": {"n0"}, "response_mode": {"query"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}).Encode()
}

func (b *bench) signIn(p *page, upn string) *page {
	b.t.Helper()
	return p.Press("Sign in", map[string]string{"Email": upn, "Password": b.password(upn)})
}

// code signs a person in, agrees, and returns the code.
func (b *bench) code(upn string, c change) string {
	b.t.Helper()
	p := b.signIn(b.window().Open(b.request(c)), upn)
	if p.Left == nil {
		p = p.Press("Accept", nil)
	}
	code := p.Answer("code")
	if code == "" {
		b.t.Fatalf("no code: %s", p.Answer("error_description"))
	}
	return code
}

// answer is a token endpoint's answer.
type answer struct {
	Status      int
	Header      http.Header
	Raw         string
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
	URI         string `json:"error_uri"`
	Suberror    string `json:"suberror"`
	Claims      string `json:"claims"`
	TraceID     string `json:"trace_id"`
	Scope       string `json:"scope"`
	ExpiresIn   int    `json:"expires_in"`
	Access      string `json:"access_token"`
	Refresh     string `json:"refresh_token"`
	ID          string `json:"id_token"`
}

func (a answer) number() int {
	if len(a.Codes) == 0 {
		return 0
	}
	return a.Codes[0]
}

// post sends a form to the token endpoint of a tenant segment.
func (b *bench) post(segment string, form url.Values, edit func(*http.Request)) answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.origin+"/"+segment+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if edit != nil {
		edit(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{Status: response.StatusCode, Header: response.Header, Raw: string(raw)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &a); err != nil {
			b.t.Fatal(err)
		}
	}
	return a
}

func (b *bench) redeem(code, secret string, c change) answer {
	b.t.Helper()
	return b.post(b.tenant, c.apply(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.app}, "client_secret": {secret},
		"code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}), nil)
}

func (b *bench) refresh(token, secret string, c change) answer {
	b.t.Helper()
	return b.post(b.tenant, c.apply(url.Values{
		"grant_type": {"refresh_token"}, "client_id": {b.app}, "client_secret": {secret}, "refresh_token": {token},
	}), nil)
}

// claims reads a token's claims without verifying it.
func (b *bench) claims(token string) world.Claims {
	b.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		b.t.Fatalf("not a JWT, %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		b.t.Fatal(err)
	}
	var c world.Claims
	if err := json.Unmarshal(raw, &c); err != nil {
		b.t.Fatal(err)
	}
	return c
}
