package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/secret"
)

// IDClaims is what a verified ID token says (OpenID Connect Core §2).
type IDClaims struct {
	Issuer   string
	Subject  string
	Audience string    // the client ID
	AuthTime time.Time // when the person proved who they are; zero: not said
	// Raw holds all claims but the nonce, which has served its purpose.
	Raw map[string]any
}

// String returns the claim called name, "" if it is absent or no string.
func (c IDClaims) String(name string) string {
	s, _ := c.Raw[name].(string)
	return s
}

// leeway is granted to clocks that differ, ours and the server's.
const leeway = 5 * time.Minute

// algorithms are the accepted signatures: public keys only. "none" proves
// nothing, and with an HMAC the published key would be the signing key
// (RFC 8725 §2.1). RS256 is what every OpenID provider must offer.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256}

// fetchKeys fetches the signing keys of the server (RFC 7517 §5). They are not
// kept: a sign-in is rare, and a key that was withdrawn must not be believed.
func (c *Client) fetchKeys(ctx context.Context, address string) ([]jose.JSONWebKey, error) {
	a, err := c.get(ctx, Keys, address)
	if err != nil {
		return nil, err
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(a.body, &document); err != nil {
		return nil, errorOf(a, "", c.now(), nil, fmt.Errorf("%w: not a key set", ErrMalformed))
	}
	var keys []jose.JSONWebKey
	for _, raw := range document.Keys {
		var key jose.JSONWebKey
		// Keys of unknown kinds and for other uses are not ours to judge
		// (RFC 7517 §4.2, §5); IsPublic leaves out symmetric and private ones.
		if json.Unmarshal(raw, &key) == nil && key.IsPublic() && key.Use != "enc" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errorOf(a, "", c.now(), nil, fmt.Errorf("%w: no signing key", ErrMalformed))
	}
	return keys, nil
}

// keySet checks one signature for go-oidc. The library's own remote key set
// reads without limit, fetches in a goroutine that outlives the call, and
// quotes the body in its errors.
type keySet struct {
	client  *Client
	address string
	keys    []jose.JSONWebKey
	err     error // the library flattens what VerifySignature returns
}

// VerifySignature implements oidc.KeySet. A key ID that is not among the keys
// makes it fetch them again, once: the server may have changed keys between
// our two requests (OpenID Connect Core §10.1.1).
func (s *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(jwt, algorithms)
	if err != nil {
		return nil, err
	}
	id := jws.Signatures[0].Header.KeyID
	candidates := withID(s.keys, id)
	if len(candidates) == 0 {
		if s.keys, s.err = s.client.fetchKeys(ctx, s.address); s.err != nil {
			return nil, s.err
		}
		candidates = withID(s.keys, id)
	}
	for _, key := range candidates {
		if payload, err := jws.Verify(key); err == nil {
			return payload, nil
		}
	}
	s.err = &Refused{Check: CheckSignature}
	return nil, s.err
}

// withID returns the keys called id; all, if a token names none.
func withID(keys []jose.JSONWebKey, id string) []jose.JSONWebKey {
	if id == "" {
		return keys
	}
	return (&jose.JSONWebKeySet{Keys: keys}).Key(id)
}

// verify believes an ID token or says why not (OpenID Connect Core §3.1.3.7).
// The library checks form, algorithm and signature. The claims are checked
// here, where each rule has its name: the library grants no leeway for "exp",
// accepts a second spelling for one vendor's issuer, and does not look at
// nonce and authorized party.
func (c *Client) verify(ctx context.Context, p Pending, raw secret.Text, keys []jose.JSONWebKey) (IDClaims, error) {
	if raw.IsZero() {
		return IDClaims{}, &Refused{Check: CheckIDToken, Got: "none"}
	}
	set := &keySet{client: c, address: p.JWKSURI, keys: keys}
	config := &oidc.Config{SkipClientIDCheck: true, SkipIssuerCheck: true, SkipExpiryCheck: true}
	for _, a := range algorithms {
		config.SupportedSigningAlgs = append(config.SupportedSigningAlgs, string(a))
	}
	t, err := oidc.NewVerifier(p.Issuer, set, config).Verify(ctx, raw.Reveal())
	if set.err != nil {
		return IDClaims{}, set.err
	}
	var claims idClaims
	if err == nil {
		err = errors.Join(t.Claims(&claims), t.Claims(&claims.raw))
	}
	if err != nil {
		return IDClaims{}, &Refused{Check: CheckIDToken, Got: redactor{raw, p.Nonce}.text(err.Error(), maxField)}
	}
	if err := claims.check(p, t, c.now()); err != nil {
		return IDClaims{}, err
	}
	delete(claims.raw, "nonce")
	return IDClaims{
		Issuer: t.Issuer, Subject: t.Subject, Audience: p.ClientID,
		AuthTime: claims.AuthTime.time(), Raw: claims.raw,
	}, nil
}

// idClaims are the claims that the library does not hand out.
type idClaims struct {
	NotBefore       numericDate `json:"nbf"`
	AuthTime        numericDate `json:"auth_time"`
	AuthorizedParty string      `json:"azp"`
	raw             map[string]any
}

// check applies the rules. All of now's differences within the leeway pass.
func (c idClaims) check(p Pending, t *oidc.IDToken, now time.Time) error {
	refuse := func(check Check, got, want string) error {
		return &Refused{Check: check, Got: clean(got, maxField), Want: want}
	}
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case t.Issuer != p.Issuer:
		return refuse(CheckIssuer, t.Issuer, p.Issuer)
	// One audience, and it is us: no other party is trusted with this token.
	case len(t.Audience) != 1 || t.Audience[0] != p.ClientID:
		return refuse(CheckAudience, fmt.Sprint(t.Audience), p.ClientID)
	case c.AuthorizedParty != "" && c.AuthorizedParty != p.ClientID:
		return refuse(CheckAuthorizedParty, c.AuthorizedParty, p.ClientID)
	case !now.Before(t.Expiry.Add(leeway)):
		return refuse(CheckExpired, at(t.Expiry), "after "+at(now))
	case c.NotBefore.time().After(now.Add(leeway)):
		return refuse(CheckNotYetValid, at(c.NotBefore.time()), "before "+at(now))
	case t.IssuedAt.After(now.Add(leeway)):
		return refuse(CheckNotYetValid, at(t.IssuedAt), "before "+at(now))
	case !p.Nonce.Equal(secret.New(t.Nonce)):
		return refuse(CheckNonce, "", "")
	case t.Subject == "":
		return refuse(CheckIDToken, "no subject", "")
	}
	return nil
}

// numericDate is seconds since 1970 (RFC 7519 §2), 0 if absent.
type numericDate float64

// latestDate is the end of the year 9999, the last that RFC 3339 can write.
const latestDate = 253402300799

func (d numericDate) time() time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(min(d, latestDate)), 0).UTC()
}
