// Package oauth is the client's side of OAuth 2.0 and OpenID Connect: discovery
// (RFC 8414, OpenID Connect Discovery 1.0), the authorization code grant with
// PKCE (RFC 6749 §4.1, RFC 7636, RFC 9207), the ID token (OpenID Connect Core
// 1.0 §3.1.3.7), refresh (RFC 6749 §6) and client credentials (RFC 6749 §4.4).
//
// It owns the rules of the conversation: which address may be asked, that one
// call sends one token request, that no redirect is followed, how much is read,
// and what an answer must contain before it is believed. It speaks through
// golang.org/x/oauth2 with the client authentication in the body, never probing
// for another style, and checks signatures through go-oidc.
//
// An answer that says no becomes an *Error with the fields of the protocol; an
// answer that must not be believed becomes a *Refused. Neither contains a
// token, code, verifier, state or client secret: see redact.go.
//
// It deliberately does not know what any vendor's error number means (package
// provider), which scopes or hosts are right, whether a grant is worth
// retrying (package token), how a pending sign-in is bound to a browser and
// used only once (package wizard), or where anything is kept (package store).
package oauth
