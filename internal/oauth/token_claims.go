package oauth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"latchkey/internal/secret"
)

// AccessClaims is what can be read in an access token without verifying it.
// An access token is written for the resource, not for us: its format is no
// contract (RFC 6749 §1.4). It explains a refusal; it never grants anything.
type AccessClaims struct {
	Audience []string
	Scopes   []string // "scp", or "scope" (RFC 9068 §2.2.3)
	Roles    []string
	Issued   time.Time // zero: not said
	Expires  time.Time // zero: not said
	// Values holds every other claim that is a string.
	Values map[string]string
}

// maxToken bounds what is decoded; a token with hundreds of groups has 30 kB.
const maxToken = 64 << 10

// DecodeClaims reads the claims of access, unverified, for diagnosis only. It
// reports false for an opaque or encrypted token, which is no fault.
func DecodeClaims(access secret.Text) (AccessClaims, bool) {
	parts := strings.Split(access.Reveal(), ".")
	if len(parts) != 3 || access.Len() > maxToken {
		return AccessClaims{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return AccessClaims{}, false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil || members == nil {
		return AccessClaims{}, false
	}
	c := AccessClaims{
		Audience: list(members["aud"]),
		Roles:    list(members["roles"]),
		Issued:   date(members["iat"]),
		Expires:  date(members["exp"]),
		Values:   map[string]string{},
	}
	for _, name := range []string{"scp", "scope"} {
		for _, s := range list(members[name]) {
			c.Scopes = append(c.Scopes, strings.Fields(s)...)
		}
	}
	for name, raw := range members {
		switch name {
		case "aud", "roles", "scp", "scope":
			continue
		}
		if s := text(raw); s != "" {
			c.Values[name] = clean(s, maxField)
		}
	}
	return c, true
}

// list reads a string or an array of strings.
func list(raw json.RawMessage) []string {
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	if one := text(raw); one != "" {
		return []string{one}
	}
	return nil
}

func date(raw json.RawMessage) time.Time {
	var d numericDate
	if json.Unmarshal(raw, &d) != nil {
		return time.Time{}
	}
	return d.time()
}
