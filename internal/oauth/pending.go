package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"latchkey/internal/secret"
)

// Pending is a sign-in that was started and has not come back. Everything the
// redemption needs is fixed here, when it starts: an authorization response
// says only which Pending it belongs to, so that it cannot choose the server
// that gets the code (mix-up, RFC 9700 §4.4).
//
// State, Nonce and Verifier are 256 random bits each. Whoever keeps a Pending
// binds it to the browser and to its purpose, and takes it out once.
type Pending struct {
	State, Nonce, Verifier secret.Text

	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	JWKSURI               string
	ResponseISS           bool // see Metadata

	ClientID    string
	RedirectURI string
	Scopes      []string
	CreatedAt   time.Time
}

// NewPending starts a sign-in. The scopes must contain "openid": without an ID
// token nobody knows who signed in (OpenID Connect Core §3.1.2.1).
func (c *Client) NewPending(m Metadata, clientID, redirectURI string, scopes []string) (Pending, error) {
	for _, v := range []string{m.Issuer, m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI, clientID, redirectURI} {
		if v == "" {
			return Pending{}, errors.New("oauth: a sign-in needs issuer, endpoints, client ID and redirect URI")
		}
	}
	if !slices.Contains(scopes, "openid") {
		return Pending{}, errors.New("oauth: a sign-in needs the scope openid")
	}
	p := Pending{
		Issuer: m.Issuer, AuthorizationEndpoint: m.AuthorizationEndpoint, TokenEndpoint: m.TokenEndpoint,
		JWKSURI: m.JWKSURI, ResponseISS: m.ResponseISS,
		ClientID: clientID, RedirectURI: redirectURI, Scopes: slices.Clone(scopes), CreatedAt: c.now(),
	}
	for _, field := range []*secret.Text{&p.State, &p.Nonce, &p.Verifier} {
		// 32 bytes make 43 characters, the least RFC 7636 §4.1 allows for a verifier.
		b := make([]byte, 32)
		if _, err := io.ReadFull(c.random(), b); err != nil {
			return Pending{}, fmt.Errorf("oauth: random bytes: %w", err)
		}
		*field = secret.New(base64.RawURLEncoding.EncodeToString(b))
	}
	return p, nil
}

// Hints ask for a certain person and a fresh sign-in. They bind the server to
// nothing: who came back is in the ID token.
type Hints struct {
	LoginHint  string // OpenID Connect Core §3.1.2.1
	Prompt     string // same place: "login", "select_account", "consent", "none"
	DomainHint string // not standard: the organisation to sign in at
}

// AuthorizeURL returns the address to send the browser to (RFC 6749 §4.1.1),
// always with an S256 challenge (RFC 7636 §4.3) and the answer in the query: a
// cross-site POST would arrive without the browser's SameSite cookies. The
// address contains state and nonce: it is for the browser, not for a log.
func (p Pending) AuthorizeURL(h Hints) string {
	options := []oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(p.Verifier.Reveal()),
		oauth2.SetAuthURLParam("nonce", p.Nonce.Reveal()),
		oauth2.SetAuthURLParam("response_mode", "query"),
	}
	for _, hint := range [][2]string{
		{"login_hint", h.LoginHint}, {"prompt", h.Prompt}, {"domain_hint", h.DomainHint},
	} {
		if hint[1] != "" {
			options = append(options, oauth2.SetAuthURLParam(hint[0], hint[1]))
		}
	}
	return p.config(secret.Text{}).AuthCodeURL(p.State.Reveal(), options...)
}

// config is p for x/oauth2. The style of client authentication is fixed: with
// an unknown one the library sends a failed request a second time, and a code
// is good for one (threat T20).
func (p Pending) config(clientSecret secret.Text) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: clientSecret.Reveal(), RedirectURL: p.RedirectURI, Scopes: p.Scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL: p.AuthorizationEndpoint, TokenURL: p.TokenEndpoint, AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

type wirePending struct {
	State                 string    `json:"state"`
	Nonce                 string    `json:"nonce"`
	Verifier              string    `json:"verifier"`
	Issuer                string    `json:"issuer"`
	AuthorizationEndpoint string    `json:"authorization_endpoint"`
	TokenEndpoint         string    `json:"token_endpoint"`
	JWKSURI               string    `json:"jwks_uri"`
	ResponseISS           bool      `json:"response_iss,omitempty"`
	ClientID              string    `json:"client_id"`
	RedirectURI           string    `json:"redirect_uri"`
	Scopes                []string  `json:"scopes"`
	CreatedAt             time.Time `json:"created_at"`
}

// MarshalSecret writes p with its secrets, as JSON, for the sealer and for
// nobody else.
func (p Pending) MarshalSecret() (secret.Text, error) {
	return marshal(wirePending{
		p.State.Reveal(), p.Nonce.Reveal(), p.Verifier.Reveal(),
		p.Issuer, p.AuthorizationEndpoint, p.TokenEndpoint, p.JWKSURI, p.ResponseISS,
		p.ClientID, p.RedirectURI, p.Scopes, p.CreatedAt,
	})
}

// UnmarshalPending is the inverse of MarshalSecret.
func UnmarshalPending(sealed secret.Text) (Pending, error) {
	var w wirePending
	if err := unmarshal(sealed, &w); err != nil {
		return Pending{}, fmt.Errorf("oauth: stored sign-in: %w", err)
	}
	return Pending{
		secret.New(w.State), secret.New(w.Nonce), secret.New(w.Verifier),
		w.Issuer, w.AuthorizationEndpoint, w.TokenEndpoint, w.JWKSURI, w.ResponseISS,
		w.ClientID, w.RedirectURI, w.Scopes, w.CreatedAt,
	}, nil
}

func marshal(v any) (secret.Text, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return secret.Text{}, fmt.Errorf("oauth: %w", err)
	}
	return secret.New(string(b)), nil
}

// unmarshal drops the decoder's error: it quotes the value it stopped at.
func unmarshal(sealed secret.Text, v any) error {
	if json.NewDecoder(strings.NewReader(sealed.Reveal())).Decode(v) != nil {
		return ErrMalformed
	}
	return nil
}
