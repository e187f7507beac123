package provider

import (
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
)

// What the sign-in service says about the redirect URI.
var (
	RedirectURIMismatch = &finding.Definition{
		Code: "redirect_uri_mismatch", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft does not know the redirect URI {{.redirect_uri}}",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "The registered redirect URI differs in at least one character: case, slash, port or scheme.",
		Remedy:      "Under Authentication > Web, register exactly this redirect URI.",
		Link:        on(PageAuthentication),
		Wait:        registrationSpread,
		Params:      []string{"redirect_uri"},
	}
	RedirectURIHTTP = &finding.Definition{
		Code: "redirect_uri_http", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The application sent the redirect URI {{.redirect_uri}}, which begins with http",
		Consequence: "The sign-in ends on Microsoft's page: it accepts http for localhost only.",
		Cause:       "A proxy ends the encryption, and the application builds the address from what it sees behind the proxy.",
		Remedy:      "Enter the https address that browsers use as external URL of the application. Do not try to register the http address.",
		Params:      []string{"redirect_uri"},
	}
	RedirectURIForeign = &finding.Definition{
		Code: "redirect_uri_not_of_external_url", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The application sent the redirect URI {{.redirect_uri}}, and its external URL is {{.external_url}}",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "The application builds the address from an internal name, or from an old external URL.",
		Remedy:      "Compare the external URL setting of the application with the address in the browser, and register what it then sends.",
		Params:      []string{"redirect_uri", "external_url"},
	}
	RedirectURINone = &finding.Definition{
		Code: "redirect_uri_none", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The application has no redirect URI at all",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "No redirect URI was added after the registration.",
		Remedy:      "Under Authentication > Web, register {{.redirect_uri}}.",
		Link:        on(PageAuthentication),
		Wait:        registrationSpread,
		Params:      []string{"redirect_uri"},
	}
	RedirectURINotSent = &finding.Definition{
		Code: "redirect_uri_not_sent", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The sign-in request named no redirect URI",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "The application sent none, or the address was cut when it was copied.",
		Remedy:      "Make a new link, and open it whole. If it repeats, enter the external URL of the application.",
	}
	RedirectURIScheme = &finding.Definition{
		Code: "redirect_uri_scheme", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Microsoft takes no redirect URI that begins with urn:",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "Addresses such as urn:ietf:wg:oauth:2.0:oob are of an old kind, which is not accepted any more.",
		Remedy: "Let the application send an https address. A program without a web server sends " +
			"https://login.microsoftonline.com/common/oauth2/nativeclient or http://localhost. Register exactly what it sends.",
		Link: on(PageAuthentication),
		Wait: registrationSpread,
	}
	RedirectURIChanged = &finding.Definition{
		Code: "redirect_uri_changed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The redirect URI changed between sign-in and token request",
		Consequence: "The code of this sign-in cannot be used.",
		Cause:       "The external URL was changed while somebody was signing in, or the two requests spell it differently.",
		Remedy:      "Let both requests send the same redirect URI, to the last slash. Then make a new link, and sign in again.",
	}
)

// plainHTTP: the redirect URI that was sent is http and not this computer's.
func plainHTTP(k Case) bool {
	sent := strings.ToLower(first(quoted(k.Text, "redirect_uri"), k.RedirectURI))
	rest, http := strings.CutPrefix(sent, "http://")
	return http && !strings.HasPrefix(rest, "localhost") && !strings.HasPrefix(rest, "127.0.0.1")
}

// notExternal: what was sent does not begin with the external URL.
func notExternal(k Case) bool {
	sent := strings.ToLower(first(quoted(k.Text, "redirect_uri"), k.RedirectURI))
	external := strings.ToLower(strings.TrimSuffix(k.ExternalURL, "/"))
	return sent != "" && external != "" && sent != external && !strings.HasPrefix(sent, external+"/")
}

var redirectRules = []Rule{
	// The number of a mismatch stands on old pages also where nothing is registered.
	{Vendor: []int{50011}, Text: []string{"No reply address is registered", "No redirect URI is registered"}, Means: certain(RedirectURINone)},
	{Vendor: []int{50011, 70004}, Endpoint: oauth.TokenEnd, Means: certain(RedirectURIChanged)},
	{Vendor: []int{50011, 70004}, Text: []string{"provided when requesting"}, Means: certain(RedirectURIChanged)},
	{Vendor: []int{500112}, Means: certain(RedirectURIChanged)},
	{Vendor: []int{50011, 70004}, When: notExternal, Means: likely(RedirectURIForeign, RedirectURIMismatch)},
	{Vendor: []int{50011, 70004}, When: plainHTTP, Means: likely(RedirectURIHTTP, RedirectURIMismatch)},
	{Vendor: []int{50011, 70004}, Means: certain(RedirectURIMismatch)},
	{Vendor: []int{500113}, Means: certain(RedirectURINone)},
	{Vendor: []int{500119}, Means: certain(RedirectURIScheme)},
	{Vendor: []int{900971}, Means: likely(RedirectURINotSent, RedirectURINone)},
}
