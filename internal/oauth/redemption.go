package oauth

import (
	"context"
	"strings"

	"golang.org/x/oauth2"

	"latchkey/internal/secret"
)

// Redeem finishes the sign-in p with its authorization response cb: it
// exchanges the code for a token (RFC 6749 §4.1.3) and verifies who signed in.
// clientSecret is zero for a public client. It sends one token request, also
// when that fails: a code is good for one.
//
// The keys are fetched before the code is spent, so that a closed way to them
// costs no second sign-in. A context that ends with the browser's request may
// end between code and token; give one that does not.
//
// Errors: *Refused when cb does not belong to p or the ID token must not be
// believed; *Error when the server said no, in the redirect (Authorize) or at
// an endpoint. A token that arrived with a refused ID token is dropped.
func (c *Client) Redeem(ctx context.Context, p Pending, cb Callback, clientSecret secret.Text) (Token, IDClaims, error) {
	if err := p.accept(cb); err != nil {
		return Token{}, IDClaims{}, err
	}
	keys, err := c.fetchKeys(ctx, p.JWKSURI)
	if err != nil {
		return Token{}, IDClaims{}, err
	}
	t, idToken, err := c.tokenRequest(ctx, GrantAuthorizationCode, p.TokenEndpoint, p.Scopes,
		[]secret.Text{cb.Code, p.State, p.Nonce, p.Verifier, clientSecret},
		func(ctx context.Context) error {
			// The scopes are repeated although RFC 6749 §4.1.3 has no such
			// parameter: a server with several resources learns here which
			// one the token is for (Microsoft Learn, "Authorization code
			// flow", read in 2026), and the others ignore it (§3.2).
			_, err := p.config(clientSecret).Exchange(ctx, cb.Code.Reveal(), oauth2.VerifierOption(p.Verifier.Reveal()),
				oauth2.SetAuthURLParam("scope", strings.Join(p.Scopes, " ")))
			return err
		})
	if err != nil {
		return Token{}, IDClaims{}, err
	}
	claims, err := c.verify(ctx, p, idToken, keys)
	if err != nil {
		return Token{}, IDClaims{}, err
	}
	return t, claims, nil
}

// accept judges an authorization response before anything is sent. The state
// of p is required to exist: two empty strings are equal, too. The issuer comes
// before the error, because an error of a foreign server explains nothing here
// (RFC 9207 §2.4).
func (p Pending) accept(cb Callback) error {
	switch {
	case p.State.IsZero() || p.Verifier.IsZero() || p.Nonce.IsZero() || !p.State.Equal(cb.State):
		return &Refused{Check: CheckState}
	case cb.Issuer == "" && p.ResponseISS:
		return &Refused{Check: CheckResponseIssuer, Want: p.Issuer}
	case cb.Issuer != "" && cb.Issuer != p.Issuer:
		return &Refused{Check: CheckResponseIssuer, Got: redactor{cb.Code, cb.State}.text(cb.Issuer, maxField), Want: p.Issuer}
	case cb.Err != nil:
		return cb.Err
	case cb.Code.IsZero():
		return &Refused{Check: CheckCallback, Got: "no code"}
	}
	return nil
}
