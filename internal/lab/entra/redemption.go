package entra

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"latchkey/internal/lab/world"
)

// redeem exchanges an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
func (c *call) redeem() (*tokenBody, *fault) {
	value := c.form.Get("code")
	if value == "" {
		return nil, missing("code")
	}
	if !world.WellFormed(value) {
		return nil, malformed()
	}
	code := c.state.Codes[value]
	platform := c.platform()
	if code != nil {
		platform = code.Platform
	}
	if why := c.authenticate(platform); why != nil {
		return nil, why
	}
	if why := c.judgeCode(code); why != nil {
		return nil, why
	}
	u := c.state.User(code.UserID)
	want, why := c.want(u, code.Scopes)
	if why != nil {
		return nil, why
	}
	resource, _ := want.resource()
	if why := c.person(u, resource); why != nil {
		return nil, why
	}
	code.Redeemed = true
	granted := parsed(code.Scopes)
	want.OpenID, want.Profile, want.Email = granted.OpenID, granted.Profile, granted.Email
	want.Offline = granted.Offline
	return c.userToken(want, session{user: u, platform: platform, nonce: code.Nonce, authTime: code.AuthTime, scopes: code.Scopes}), nil
}

// judgeCode looks at the code itself.
func (c *call) judgeCode(code *world.Code) *fault {
	now, uri := c.state.Now(), c.form.Get("redirect_uri")
	switch {
	case code == nil || code.ClientID != c.app.ClientID:
		return unknownGrant()
	case c.tenant != nil && code.TenantID != c.tenant.ID:
		return otherTenant()
	case code.Redeemed:
		return codeReused()
	case now.Sub(code.Issued) > world.CodeLife:
		return codeExpired()
	case uri == "":
		return missing("redirect_uri")
	case uri != code.RedirectURI:
		return replyAddress(uri, code.RedirectURI)
	case code.Challenge != "" && !verifies(c.form.Get("code_verifier"), code):
		return verifierMismatch()
	}
	return nil
}

// verifies compares the verifier with the challenge (RFC 7636 §4.6); without a
// method the challenge is plain (§4.3).
func verifies(verifier string, code *world.Code) bool {
	got := verifier
	if code.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(got), []byte(code.Challenge)) == 1
}

// parsed are the OpenID Connect scopes among words.
func parsed(words []string) request {
	var q request
	for _, w := range words {
		q.openID(w)
	}
	return q
}

// refresh exchanges a refresh token (RFC 6749 §6). The old token stays valid,
// as at Entra, and a new one comes with the answer.
func (c *call) refresh() (*tokenBody, *fault) {
	value := c.form.Get("refresh_token")
	if value == "" {
		return nil, missing("refresh_token")
	}
	if !world.WellFormed(value) {
		return nil, malformed()
	}
	token := c.state.Refresh[value]
	platform := c.platform()
	if token != nil {
		platform = token.Platform
	}
	if why := c.authenticate(platform); why != nil {
		return nil, why
	}
	if why := c.judgeRefresh(token); why != nil {
		return nil, why
	}
	u := c.state.User(token.UserID)
	want, why := c.want(u, token.Scopes)
	if why != nil {
		return nil, why
	}
	resource, _ := want.resource()
	if why := c.person(u, resource); why != nil {
		return nil, why
	}
	token.Used = c.state.Now()
	want.Offline = true
	return c.userToken(want, session{
		user: u, platform: platform, authTime: token.AuthTime, scopes: token.Scopes, refreshed: true, since: token.Issued,
	}), nil
}

// judgeRefresh looks at the refresh token itself.
func (c *call) judgeRefresh(token *world.RefreshToken) *fault {
	if token == nil || token.ClientID != c.app.ClientID {
		return unknownGrant()
	}
	now, u := c.state.Now(), c.state.User(token.UserID)
	switch {
	case c.tenant != nil && token.TenantID != c.tenant.ID:
		return otherTenant()
	case token.Revoked || u.Dead(token.Issued):
		return revoked(token.Issued, u.TokensValidFrom)
	case token.Platform == world.SPA && now.Sub(token.Issued) > world.RefreshLifeSPA:
		return spaLifeOver(token.Issued)
	case now.Sub(token.Used) > world.RefreshIdle:
		return idleTooLong(token.Issued)
	}
	return nil
}
