package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"latchkey/internal/lab/world"
)

// tokenBody is a successful answer of the token endpoint (RFC 6749 §5.1).
type tokenBody struct {
	Type       string `json:"token_type"`
	Scope      string `json:"scope,omitempty"`
	ExpiresIn  int64  `json:"expires_in"`
	ExtExpires int64  `json:"ext_expires_in"`
	Access     string `json:"access_token"`
	Refresh    string `json:"refresh_token,omitempty"`
	ID         string `json:"id_token,omitempty"`
}

// session is the sign-in that a token goes back to.
type session struct {
	user      *world.User
	platform  world.Platform
	nonce     string
	authTime  time.Time
	scopes    []string
	refreshed bool
	since     time.Time // when the refresh token in hand was issued
}

// life is random between 60 and 90 minutes, as Entra's is, unless the world
// fixes it.
func (c *call) life() time.Duration {
	if fixed := c.state.Entra.Life; fixed > 0 {
		return fixed
	}
	return c.state.Between(time.Hour, 90*time.Minute).Truncate(time.Second)
}

// userToken issues what belongs to a person's grant.
func (c *call) userToken(q request, from session) *tokenBody {
	s, u := c.state, from.user
	resource, audience := q.resource()
	if s.Entra.ForGraph {
		resource, audience = world.Graph, world.Graph.Prefixes[0]
	}
	scopes := scopeWords(q, resource)
	life := c.life()
	claims := c.common(audience, u.TenantID, life)
	claims["acr"], claims["amr"] = "1", []string{"pwd"}
	claims["name"], claims["upn"], claims["unique_name"] = u.Name, u.UPN, u.UPN
	claims["oid"], claims["puid"] = u.ID, puid(u.ID)
	claims["scp"] = strings.Join(scopes, " ")
	claims["sub"] = pairwise(resource.ID, u.ID)
	if from.platform != world.Web {
		claims["appidacr"] = "0"
	}
	body := &tokenBody{
		Type: "Bearer", Scope: c.echo(scopes, resource, audience),
		ExpiresIn: int64(life / time.Second), ExtExpires: int64(life / time.Second), Access: s.SignAccess(claims),
	}
	if q.Offline && !(from.refreshed && s.Entra.NoNewRefresh) {
		body.Refresh = c.newRefresh(from)
	}
	if q.OpenID {
		body.ID = s.SignID(c.idClaims(q, from))
	}
	return body
}

// newRefresh issues a refresh token. That of a single-page application keeps
// the age of the first one.
func (c *call) newRefresh(from session) string {
	value := c.state.IssueRefresh(world.RefreshToken{
		ClientID: c.app.ClientID, TenantID: from.user.TenantID, UserID: from.user.ID,
		Platform: from.platform, Scopes: from.scopes, AuthTime: from.authTime,
	})
	if from.refreshed && from.platform == world.SPA {
		c.state.Refresh[value].Issued = from.since
	}
	return value
}

// common are the claims of each access token, in the form of version 1, which
// is what Exchange's tokens have.
func (c *call) common(audience, tenantID string, life time.Duration) world.Claims {
	now := c.state.Now()
	return world.Claims{
		"aud": audience, "iss": "https://sts.windows.net/" + tenantID + "/",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(),
		"aio": c.state.Text(40), "app_displayname": c.app.Name, "appid": c.app.ClientID, "appidacr": "1",
		"rh": "1." + c.state.Text(30), "tid": tenantID, "uti": c.state.Text(16), "ver": "1.0",
	}
}

// appToken issues a token for the application itself, without any role.
func (c *call) appToken(q request) *tokenBody {
	_, audience := q.resource()
	life := c.life()
	claims := c.common(audience, c.tenant.ID, life)
	claims["idtyp"], claims["oid"], claims["sub"] = "app", c.app.ObjectID, c.app.ObjectID
	return &tokenBody{
		Type: "Bearer", ExpiresIn: int64(life / time.Second), ExtExpires: int64(life / time.Second), Access: c.state.SignAccess(claims),
	}
}

// scopeWords are the permissions a token carries: those asked for that the
// resource has, and for Graph the sign-in permissions too.
func scopeWords(q request, r *world.Resource) []string {
	words := slices.Clone(q.Names)
	if r == world.Graph {
		for _, oidc := range []struct {
			asked bool
			name  string
		}{{q.Email, "email"}, {q.OpenID, "openid"}, {q.Profile, "profile"}} {
			if oidc.asked {
				words = append(words, oidc.name)
			}
		}
	}
	return words
}

// echo is the scope of the answer, permissions with the prefix they were asked
// for with.
func (c *call) echo(words []string, r *world.Resource, prefix string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if r.Offers(w) && !slices.Contains([]string{"openid", "profile", "email"}, w) {
			out[i] = prefix + "/" + w
		}
	}
	if c.state.Entra.ScopesReversed {
		slices.Reverse(out)
	}
	return strings.Join(out, " ")
}

// idClaims are those of an ID token of version 2 (learn.microsoft.com
// id-token-claims-reference).
func (c *call) idClaims(q request, from session) world.Claims {
	s, u := c.state, from.user
	now := s.Now()
	claims := world.Claims{
		"aud": c.app.ClientID, "iss": c.server.origin + "/" + u.TenantID + "/v2.0",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"aio": s.Text(40), "rh": "1." + s.Text(30), "sub": pairwise(c.app.ClientID, u.ID),
		"tid": u.TenantID, "uti": s.Text(16), "ver": "2.0",
	}
	if q.Profile {
		claims["oid"], claims["name"], claims["preferred_username"] = u.ID, u.Name, u.UPN
	}
	if m := s.MailboxOf(u.ID); q.Email && m != nil {
		claims["email"] = m.Address
	}
	if from.nonce != "" {
		claims["nonce"] = from.nonce
	}
	if c.app.AuthTimeClaim {
		claims["auth_time"] = from.authTime.Unix()
	}
	return claims
}

// pairwise is a subject that differs from client to client (OpenID Connect
// Core §8.1).
func pairwise(client, user string) string {
	sum := sha256.Sum256([]byte(client + "\x00" + user))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// puid is the identifier that Exchange's tokens carry beside the object ID.
func puid(user string) string {
	return "1003" + strings.ToUpper(strings.ReplaceAll(user, "-", "")[:12])
}
