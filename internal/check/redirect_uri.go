package check

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	redirectURINotShown = &finding.Definition{
		Code: "redirect_uris_not_compared", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true, Asks: "redirect_uris",
		Title:       "The registered redirect URIs were not compared",
		Consequence: "If one differs, the sign-in ends on Microsoft's page.",
		Cause:       "Nobody has pasted the list from the portal.",
		Remedy:      "Copy the list under Authentication into the step Entra application. Or go on: the sign-in will show it.",
	}
	redirectURINotListed = &finding.Definition{
		Code: "redirect_uri_not_listed", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The pasted list does not contain the redirect URI {{.redirect_uri}}",
		Consequence: "If the list is complete, the sign-in ends on Microsoft's page.",
		Cause:       "The registered redirect URI differs in at least one character, or the list was not copied whole.",
		Remedy:      "Under Authentication > Web, register exactly this redirect URI. Then paste the whole list again.",
		Params:      []string{"redirect_uri"},
	}
	redirectURIForm = &finding.Definition{
		Code: "redirect_uri_form", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Microsoft cannot register the redirect URI {{.redirect_uri}}",
		Consequence: "The portal refuses to save it, or the sign-in never comes back.",
		Cause: "It must begin with https (http only on localhost), have at most 256 characters, " +
			"and hold none of ! $ ' ( ) , ; * #.",
		Remedy: "Change the external URL so that the redirect URI keeps to these rules.",
		Params: []string{"redirect_uri"},
	}
)

// RedirectURIForm applies Microsoft's rules to the URIs before anybody
// registers them (learn.microsoft.com/entra/identity-platform/reply-url,
// 2026-11-21).
var RedirectURIForm = &Check{
	ID:    "redirect_uri_form",
	Reads: []setup.Field{setup.FieldProduct, setup.FieldProductRedirectURI, setup.ConfigExternalURL},
	Finds: []*finding.Definition{redirectURIForm},
	Grade: Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		var out Outcome
		for _, uri := range WantedURIs(e) {
			if part := unfit(uri); part != "" {
				out.Findings = append(out.Findings, finding.New(redirectURIForm, "redirect_uri", uri).With("offending part", part, ""))
			}
		}
		return out
	},
}

// WantedURIs are the ones that must be registered: ours, unless nobody signs in
// here, and the product's own where it has one.
func WantedURIs(e *Env) []string {
	var list []string
	if !e.Setup.Application.ChecklistOnly {
		list = append(list, e.Config.CallbackURL)
	}
	if uri := e.Setup.Addresses.ProductRedirectURI; e.Product.OwnRedirect && uri != "" {
		list = append(list, uri)
	}
	return list
}

// unfit returns the part of uri that breaks a rule, "" if none does.
func unfit(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return uri
	case u.Scheme != "https" && !isLocalhost(u):
		return u.Scheme + "://"
	case len(uri) > 256:
		return strconv.Itoa(len(uri)) + " characters"
	}
	if i := strings.IndexAny(uri, "!$'(),;*#"); i >= 0 {
		return uri[i : i+1]
	}
	return ""
}

// RedirectURIs compares the registered redirect URIs, as pasted from the
// portal, with the ones that will be sent: to the character.
var RedirectURIs = &Check{
	ID: "redirect_uris",
	Reads: []setup.Field{
		setup.FieldProduct, setup.FieldProductRedirectURI, setup.FieldRedirectURIs, setup.FieldClientID, setup.ConfigExternalURL,
		setup.FieldApp, setup.FieldChecklistOnly,
	},
	NeededBy: setup.StepSignIn,
	Finds: []*finding.Definition{
		redirectURINotListed, provider.RedirectURINone, provider.PlatformIsSPA, provider.ClientIsPublic, redirectURINotShown,
	},
	Grade: Pasted,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		if _, ok := registeredURIs(e); !ok {
			return Found(finding.New(redirectURINotShown))
		}
		var out Outcome
		for _, c := range CompareRedirectURIs(e) {
			platform, elsewhere := e.otherPlatform(c.Needed)
			switch {
			case c.Same:
			case elsewhere:
				out.Findings = append(out.Findings, finding.New(platform).With("registered", c.Needed, ""))
			case c.Seen == "":
				out.Findings = append(out.Findings, finding.New(provider.RedirectURINone, "redirect_uri", c.Needed))
			default:
				out.Findings = append(out.Findings, finding.New(redirectURINotListed, "redirect_uri", c.Needed).
					With("needed", c.Needed, "").
					With("registered", c.Seen, strconv.Itoa(setup.FirstDifference(c.Needed, c.Seen))))
			}
		}
		return out
	},
}

// registeredURIs are those of the platform Web as pasted; false if nobody has
// shown them.
func registeredURIs(e *Env) ([]string, bool) {
	r := e.Setup.Registration
	if r.RedirectURIs != nil {
		return r.RedirectURIs, true
	}
	if app := e.shown(); app != nil && !unread(app.Unread, "web") {
		return app.Web, true
	}
	return nil, false
}

// otherPlatform reports that a URI which is not registered for the platform Web
// is registered for another one, where it does harm.
func (e *Env) otherPlatform(uri string) (*finding.Definition, bool) {
	app := e.shown()
	if app == nil {
		return nil, false
	}
	same := func(r string) bool { return matchesRegistered(uri, r) }
	switch {
	case slices.ContainsFunc(app.SPA, same):
		return provider.PlatformIsSPA, true
	case slices.ContainsFunc(app.Public, same):
		return provider.ClientIsPublic, true
	}
	return nil, false
}

// matchesRegistered compares as Entra does: exactly, but for the port of
// localhost, and a registered URI without path, which gains a slash. Addresses
// are parsed to see whether an exception holds and compared as they were
// written: parsing makes a capital scheme and an empty fragment disappear.
func matchesRegistered(want, registered string) bool {
	w, err1 := url.Parse(want)
	r, err2 := url.Parse(registered)
	if err1 != nil || err2 != nil {
		return want == registered
	}
	if isLocalhost(w) && isLocalhost(r) {
		want = strings.Replace(want, w.Host, w.Hostname(), 1)
		registered = strings.Replace(registered, r.Host, r.Hostname(), 1)
	}
	return want == registered || r.Path == "" && want == registered+"/"
}
