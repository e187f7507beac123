package world

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// signingKey signs ID tokens and access tokens (RS256, RFC 7518 §3.3).
type signingKey struct {
	ID      string
	Private *rsa.PrivateKey
}

// PublicKey is a verification key as a key document shows it (RFC 7517).
type PublicKey struct {
	ID string
	N  string // base64url
	E  string // base64url
}

// PublicKey returns the key that verifies ID tokens.
func (s *State) PublicKey() PublicKey {
	k := s.key.Private.PublicKey
	return PublicKey{
		ID: s.key.ID,
		N:  base64.RawURLEncoding.EncodeToString(k.N.Bytes()),
		E:  base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes()),
	}
}

// Claims are the claims of a token.
type Claims map[string]any

// String returns a text claim, "" if it is absent or of another type.
func (c Claims) String(name string) string {
	v, _ := c[name].(string)
	return v
}

// Number returns a numeric claim, 0 if it is absent or of another type.
func (c Claims) Number(name string) int64 {
	switch v := c[name].(type) {
	case int64:
		return v
	case float64:
		return int64(v)
	}
	return 0
}

// SignID returns a signed ID token.
func (s *State) SignID(c Claims) string {
	return s.sign(map[string]any{"typ": "JWT", "alg": "RS256", "kid": s.key.ID}, c)
}

// SignAccess returns a signed access token. Its header carries a nonce and the
// signature covers the hash of that nonce instead, so only the resource can
// verify it: Exchange's tokens have such a header, and clients are not meant
// to look inside.
func (s *State) SignAccess(c Claims) string {
	return s.sign(map[string]any{"typ": "JWT", "alg": "RS256", "kid": s.key.ID, "nonce": s.Text(32)}, c)
}

func (s *State) sign(header map[string]any, c Claims) string {
	payload := segment(c)
	sum := sha256.Sum256([]byte(signedHeader(header) + "." + payload))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key.Private, crypto.SHA256, sum[:])
	if err != nil {
		// A 2048 bit key can sign a SHA-256 sum; nothing else can fail here.
		panic(fmt.Sprintf("world: sign: %v", err))
	}
	return segment(header) + "." + payload + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// signedHeader is the header as the signature covers it.
func signedHeader(header map[string]any) string {
	nonce, ok := header["nonce"].(string)
	if !ok {
		return segment(header)
	}
	hashed := map[string]any{}
	for k, v := range header {
		hashed[k] = v
	}
	sum := sha256.Sum256([]byte(nonce))
	hashed["nonce"] = base64.RawURLEncoding.EncodeToString(sum[:])
	return segment(hashed)
}

func segment(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		// Only texts, numbers and lists of texts are put into a token.
		panic(fmt.Sprintf("world: token: %v", err))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ErrToken is returned for a token that this world did not sign.
var ErrToken = errors.New("world: not a token of this world")

// Verify checks the signature of a token and returns its claims. It does not
// look at lifetimes or audiences.
func (s *State) Verify(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, ErrToken
	}
	var header map[string]any
	var claims Claims
	if decode(parts[0], &header) != nil || decode(parts[1], &claims) != nil || header["alg"] != "RS256" {
		return nil, ErrToken
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, ErrToken
	}
	sum := sha256.Sum256([]byte(signedHeader(header) + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&s.key.Private.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, ErrToken
	}
	return claims, nil
}

func decode(part string, into any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
