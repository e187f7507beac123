package world

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Platform is the kind of client that a redirect URI belongs to.
type Platform string

// The platforms of a registration. They decide the type of the client: Web is
// confidential, the others are public (learn.microsoft.com reply-url,
// v2-oauth2-auth-code-flow).
const (
	Web    Platform = "web"
	SPA    Platform = "spa"
	Native Platform = "native"
)

// RedirectURI is one entry of a registration.
type RedirectURI struct {
	URI      string
	Platform Platform
}

// Redirect finds the entry that a request's redirect URI matches. The
// comparison is exact, including the case of the path and a slash at the end;
// the only relaxation is that the port of http://localhost is ignored
// (learn.microsoft.com/entra/identity-platform/reply-url).
func (a *App) Redirect(requested string) (RedirectURI, bool) {
	for _, r := range a.RedirectURIs {
		if r.URI == requested || sameOnLocalhost(r.URI, requested) {
			return r, true
		}
	}
	return RedirectURI{}, false
}

func sameOnLocalhost(registered, requested string) bool {
	a, errA := url.Parse(registered)
	b, errB := url.Parse(requested)
	if errA != nil || errB != nil || a.Hostname() != "localhost" || b.Hostname() != "localhost" {
		return false
	}
	a.Host, b.Host = "localhost", "localhost"
	return a.String() == b.String()
}

// ReturnAddress is where the browser is sent for a matched redirect URI: one
// without any path is returned with a slash added, in query mode (the second
// documented relaxation).
func ReturnAddress(redirectURI string, answer url.Values) string {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return redirectURI
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += answer.Encode()
	return u.String()
}

// The portal's limits for redirect URIs.
const (
	maxURILength = 256
	maxURIs      = 256
)

// ErrRedirectURI says why the portal refuses to save a redirect URI.
type ErrRedirectURI struct{ Reason string }

// Error implements error.
func (e *ErrRedirectURI) Error() string { return fmt.Sprintf("world: redirect URI: %s", e.Reason) }

// AddRedirectURI stores a redirect URI as the portal does, slips included. It
// returns *ErrRedirectURI for what the portal refuses.
func (s *State) AddRedirectURI(a *App, uri string, p Platform) error {
	if reason := portalRefuses(uri); reason != "" {
		return &ErrRedirectURI{reason}
	}
	uri += a.Slips.URISuffix
	if a.Slips.URIPlatform != "" {
		p = a.Slips.URIPlatform
	}
	if target := s.App(a.Slips.URIsGoTo); target != nil {
		a = target
	}
	if slices.ContainsFunc(a.RedirectURIs, func(r RedirectURI) bool { return r.URI == uri }) {
		return &ErrRedirectURI{"The value is already in the list."}
	}
	if len(a.RedirectURIs) >= maxURIs {
		return &ErrRedirectURI{"An application can have 256 redirect URIs."}
	}
	a.RedirectURIs = append(a.RedirectURIs, RedirectURI{uri, p})
	return nil
}

func portalRefuses(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "The value must be a valid URI."
	case len(uri) > maxURILength:
		return "The value must have at most 256 characters."
	case u.Scheme != "https" && !(u.Scheme == "http" && u.Hostname() == "localhost"):
		return `The value must begin with "https://" or "http://localhost".`
	case strings.HasPrefix(u.Hostname(), "[") || strings.Contains(u.Hostname(), ":"):
		return "IPv6 addresses are not supported."
	case u.Fragment != "" || strings.Contains(uri, "*"):
		return "The value must not contain a fragment or a wildcard."
	case strings.ContainsAny(uri, "!$'(),;"):
		return "The characters ! $ ' ( ) , ; are not allowed."
	}
	return ""
}

// RemoveRedirectURI takes an entry out; removing an unknown one changes
// nothing.
func (a *App) RemoveRedirectURI(uri string) {
	a.RedirectURIs = slices.DeleteFunc(a.RedirectURIs, func(r RedirectURI) bool { return r.URI == uri })
}
