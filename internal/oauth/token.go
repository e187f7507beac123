package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/secret"
)

// Token is the answer to a token request (RFC 6749 §5.1).
type Token struct {
	Access secret.Text
	// Refresh is zero where the server gave none. After Refresh it is the old
	// one then, which stays valid (RFC 6749 §6).
	Refresh secret.Text
	Type    string // always "Bearer"
	// Scope is what was granted; where the answer does not say, what was asked
	// for (RFC 6749 §5.1).
	Scope      []string
	ReceivedAt time.Time // by our clock, UTC
	ExpiresAt  time.Time // ReceivedAt plus the stated lifetime, see lifetime
}

const (
	// assumedLifetime is used where the answer states none that makes sense:
	// long enough to be used once, too short to be wrong for long.
	assumedLifetime = 5 * time.Minute
	// maxLifetime bounds what is believed. The longest known access token lives
	// 28 hours (Microsoft Learn, "Configurable token lifetimes", read in 2026).
	maxLifetime = 48 * time.Hour
)

// parseToken reads a success answer; asked are the requested scopes. It
// returns the ID token beside the Token, because it is for one moment only.
// The caller turns the error into an *Error; it contains no value.
func parseToken(a answer, now time.Time, asked []string) (Token, secret.Text, error) {
	var members map[string]json.RawMessage
	if a.status < 200 || a.status > 299 || json.Unmarshal(a.body, &members) != nil {
		return Token{}, secret.Text{}, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	if text(members["error"]) != "" {
		return Token{}, secret.Text{}, fmt.Errorf("%w: an error with a success status", ErrMalformed)
	}
	t := Token{Type: "Bearer", Scope: slices.Clone(asked), ReceivedAt: now}
	// A client must not use a type it does not understand (RFC 6749 §7.1).
	if !strings.EqualFold(text(members["token_type"]), t.Type) {
		return Token{}, secret.Text{}, fmt.Errorf("%w: token_type is not Bearer", ErrMalformed)
	}
	var idToken secret.Text
	for name, field := range map[string]*secret.Text{
		"access_token": &t.Access, "refresh_token": &t.Refresh, "id_token": &idToken,
	} {
		value, err := member(members, name)
		if err != nil {
			return Token{}, secret.Text{}, err
		}
		*field = value
	}
	if t.Access.IsZero() {
		return Token{}, secret.Text{}, fmt.Errorf("%w: access_token is missing", ErrMalformed)
	}
	if granted := strings.Fields(text(members["scope"])); len(granted) > 0 {
		t.Scope = granted
	}
	t.ExpiresAt = now.Add(lifetime(members["expires_in"]))
	return t, idToken, nil
}

// member returns the secret called name. Absent and null are "none"; a value
// of another type or with control characters is an error, not "none": a token
// that arrived must not be taken for one that did not.
func member(members map[string]json.RawMessage, name string) (secret.Text, error) {
	var value *string
	raw, ok := members[name]
	if !ok {
		return secret.Text{}, nil
	}
	if json.Unmarshal(raw, &value) != nil {
		return secret.Text{}, fmt.Errorf("%w: %s is not a string", ErrMalformed, name)
	}
	if value == nil {
		return secret.Text{}, nil
	}
	if !visible(*value) {
		return secret.Text{}, fmt.Errorf("%w: %s has control characters", ErrMalformed, name)
	}
	return secret.New(*value), nil
}

// lifetime reads expires_in: seconds, as a number or (some servers) a string.
func lifetime(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), math.IsNaN(seconds), seconds <= 0:
		return assumedLifetime
	case seconds >= maxLifetime.Seconds():
		return maxLifetime
	}
	return time.Duration(seconds * float64(time.Second)).Truncate(time.Second)
}

type wireToken struct {
	Access     string    `json:"access_token"`
	Refresh    string    `json:"refresh_token,omitempty"`
	Type       string    `json:"token_type"`
	Scope      []string  `json:"scope"`
	ReceivedAt time.Time `json:"received_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// MarshalSecret writes t with its secrets, as JSON, for the sealer and for
// nobody else.
func (t Token) MarshalSecret() (secret.Text, error) {
	return marshal(wireToken{t.Access.Reveal(), t.Refresh.Reveal(), t.Type, t.Scope, t.ReceivedAt, t.ExpiresAt})
}

// UnmarshalToken is the inverse of MarshalSecret.
func UnmarshalToken(sealed secret.Text) (Token, error) {
	var w wireToken
	if err := unmarshal(sealed, &w); err != nil {
		return Token{}, fmt.Errorf("oauth: stored token: %w", err)
	}
	return Token{secret.New(w.Access), secret.New(w.Refresh), w.Type, w.Scope, w.ReceivedAt, w.ExpiresAt}, nil
}
