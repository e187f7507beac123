package oauth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

var metadata = oauth.Metadata{
	Issuer: "https://login.example/t", AuthorizationEndpoint: "https://login.example/t/authorize",
	TokenEndpoint: "https://login.example/t/token", JWKSURI: "https://login.example/t/keys", ResponseISS: true,
}

func newPending(t *testing.T, random io.Reader) oauth.Pending {
	t.Helper()
	c := &oauth.Client{Rand: random, Now: func() time.Time { return now }}
	p, err := c.NewPending(metadata, clientID, redirectURI, scopes)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewPendingTakes256BitsForEachSecret(t *testing.T) {
	random := bytes.Repeat([]byte{1}, 32)
	random = append(random, bytes.Repeat([]byte{2}, 32)...)
	random = append(random, bytes.Repeat([]byte{3}, 32)...)
	p := newPending(t, bytes.NewReader(random))
	for i, got := range []secret.Text{p.State, p.Nonce, p.Verifier} {
		want := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{byte(i + 1)}, 32))
		if got.Reveal() != want {
			t.Errorf("secret %d is not the next 32 random bytes", i)
		}
	}
	a, b := newPending(t, nil), newPending(t, nil)
	if a.State.Equal(b.State) || a.Nonce.Equal(b.Nonce) || a.Verifier.Equal(b.Verifier) || a.State.Equal(a.Nonce) {
		t.Error("two sign-ins share a secret")
	}
}

// The scopes of a provider are shared by all its sign-ins.
func TestScopesAreCopied(t *testing.T) {
	asked := []string{"openid", "x"}
	p, err := new(oauth.Client).NewPending(metadata, clientID, redirectURI, asked)
	if err != nil {
		t.Fatal(err)
	}
	token, err := answering(200, nil, `{"access_token":"a","token_type":"Bearer"}`).ClientCredentials(t.Context(), anApp, asked)
	if err != nil {
		t.Fatal(err)
	}
	p.Scopes[1], token.Scope[1] = "p", "t"
	if diff := cmp.Diff([]string{"openid", "x"}, asked); diff != "" {
		t.Error(diff)
	}
}

func TestNewPendingRefuses(t *testing.T) {
	c := &oauth.Client{Rand: iotest.ErrReader(errors.New("no entropy"))}
	if _, err := c.NewPending(metadata, clientID, redirectURI, scopes); err == nil || !strings.Contains(err.Error(), "no entropy") {
		t.Errorf("without random bytes: error = %v", err)
	}
	c.Rand = bytes.NewReader(make([]byte, 95))
	if _, err := c.NewPending(metadata, clientID, redirectURI, scopes); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("with too few random bytes: error = %v", err)
	}
	c.Rand = nil
	for name, start := range map[string]func() (oauth.Pending, error){
		"no openid": func() (oauth.Pending, error) {
			return c.NewPending(metadata, clientID, redirectURI, []string{"offline_access"})
		},
		"no client ID":    func() (oauth.Pending, error) { return c.NewPending(metadata, "", redirectURI, scopes) },
		"no redirect URI": func() (oauth.Pending, error) { return c.NewPending(metadata, clientID, "", scopes) },
		"no metadata":     func() (oauth.Pending, error) { return c.NewPending(oauth.Metadata{}, clientID, redirectURI, scopes) },
	} {
		if _, err := start(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAuthorizeURL(t *testing.T) {
	p := newPending(t, nil)
	for name, tt := range map[string]struct {
		endpoint string
		hints    oauth.Hints
		more     map[string]string
	}{
		"plain": {metadata.AuthorizationEndpoint, oauth.Hints{}, nil},
		"hints": {metadata.AuthorizationEndpoint, oauth.Hints{LoginHint: "mail@x.example&prompt=none", Prompt: "login", DomainHint: "x.example"},
			map[string]string{"login_hint": "mail@x.example&prompt=none", "prompt": "login", "domain_hint": "x.example"}},
		"endpoint with a query": {metadata.AuthorizationEndpoint + "?p=policy", oauth.Hints{}, map[string]string{"p": "policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			p.AuthorizationEndpoint = tt.endpoint
			u, err := url.Parse(p.AuthorizeURL(tt.hints))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(p.Verifier.Reveal()))
			want := url.Values{
				"response_type": {"code"}, "response_mode": {"query"}, "client_id": {clientID}, "redirect_uri": {redirectURI},
				"scope": {strings.Join(scopes, " ")}, "state": {p.State.Reveal()}, "nonce": {p.Nonce.Reveal()},
				"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
			}
			for name, value := range tt.more {
				want.Set(name, value)
			}
			if diff := cmp.Diff(want, u.Query()); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
			if strings.Contains(u.String(), p.Verifier.Reveal()) {
				t.Error("the verifier is in the address")
			}
		})
	}
}

func TestPendingSurvivesTheSealer(t *testing.T) {
	p := newPending(t, nil)
	sealed, err := p.MarshalSecret()
	if err != nil {
		t.Fatal(err)
	}
	got, err := oauth.UnmarshalPending(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, got, cmp.Comparer(secret.Text.Equal)); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
	if got.Verifier.IsZero() {
		t.Error("the verifier is lost")
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	p := newPending(t, nil)
	token := oauth.Token{Access: secret.New("access-planted"), Refresh: secret.New("refresh-planted")}
	cb, err := oauth.ParseCallback(url.Values{"state": {p.State.Reveal()}, "code": {"code-planted"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{p, &p, token, cb, anApp} {
		wantNoSecret(t, fmt.Errorf("%v %+v %#v", v, v, v), []string{
			p.State.Reveal(), p.Nonce.Reveal(), p.Verifier.Reveal(), "access-planted", "refresh-planted", "code-planted", clientSecret,
		})
		if b, err := json.Marshal(v); !errors.Is(err, secret.ErrMarshal) {
			t.Errorf("json.Marshal(%T) = %d bytes, %v; want ErrMarshal", v, len(b), err)
		}
	}
}

func TestDamagedStoredSecretIsNotQuoted(t *testing.T) {
	for _, stored := range []string{"", "planted", `{"verifier":{"planted":1}}`, `{"access_token":["planted"],"verifier":["planted"]}`} {
		_, pendingErr := oauth.UnmarshalPending(secret.New(stored))
		_, tokenErr := oauth.UnmarshalToken(secret.New(stored))
		if pendingErr == nil || !errors.Is(pendingErr, oauth.ErrMalformed) {
			t.Errorf("UnmarshalPending error = %v", pendingErr)
		}
		for _, err := range []error{pendingErr, tokenErr} {
			wantNoSecret(t, err, []string{"planted"})
		}
	}
}
