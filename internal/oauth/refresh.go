package oauth

import (
	"context"
	"errors"
	"net/url"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey/internal/secret"
)

// Refresh exchanges a refresh token for a new access token (RFC 6749 §6). The
// result holds the new refresh token, or the old one where the answer has
// none; store it before the access token is used. Scopes may be empty: the
// server then repeats those of the grant.
//
// It sends one request, also when that fails. An ID token in the answer is not
// read: who signed in was settled by Redeem.
//
// Errors: *Error.
func (c *Client) Refresh(ctx context.Context, app App, refresh secret.Text, scopes []string) (Token, error) {
	if refresh.IsZero() {
		return Token{}, errors.New("oauth: there is no refresh token")
	}
	t, err := c.applicationGrant(ctx, GrantRefreshToken, app, scopes, url.Values{
		"grant_type":    {GrantRefreshToken},
		"refresh_token": {refresh.Reveal()},
	}, refresh)
	if err == nil && t.Refresh.IsZero() {
		t.Refresh = refresh
	}
	return t, err
}

// ClientCredentials asks for a token in the application's own name (RFC 6749
// §4.4): it proves client ID and secret before any person signs in.
//
// It sends one request, also when that fails. Errors: *Error.
func (c *Client) ClientCredentials(ctx context.Context, app App, scopes []string) (Token, error) {
	return c.applicationGrant(ctx, GrantClientCredentials, app, scopes, nil)
}

// applicationGrant sends a grant that consists of the client's own knowledge.
// x/oauth2 has no refresh with scopes; its client credentials let the grant
// type be replaced.
func (c *Client) applicationGrant(ctx context.Context, grant string, app App, scopes []string, form url.Values,
	sent ...secret.Text) (Token, error) {
	config := &clientcredentials.Config{
		ClientID: app.ClientID, ClientSecret: app.Secret.Reveal(), TokenURL: app.TokenEndpoint,
		Scopes: scopes, EndpointParams: form, AuthStyle: oauth2.AuthStyleInParams,
	}
	t, _, err := c.tokenRequest(ctx, grant, app.TokenEndpoint, scopes, append(sent, app.Secret),
		func(ctx context.Context) error {
			_, err := config.Token(ctx)
			return err
		})
	return t, err
}
