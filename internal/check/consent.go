package check

import (
	"context"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	consentRefused = &finding.Definition{
		Code: "admin_consent_refused", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:        "The admin-consent page came back without a consent",
		Consequence:  "If the tenant demands an administrator's consent, the sign-in will stop.",
		Cause:        "The page was cancelled, or the account has no right to consent for everybody.",
		Remedy:       "Open the admin-consent link again as a Cloud Application Administrator, and accept.",
		AdminConsent: true,
	}
	consentOpen = &finding.Definition{
		Code: "admin_consent_not_given", Severity: finding.Note, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The admin-consent link was not used yet",
		Consequence: "Many tenants let no user consent alone. Then the sign-in stops there.",
		Cause:       "Nobody has opened the link, or consent was given in the portal.",
		Remedy:      "Open the link, or go on: the sign-in will show whether it is needed.", AdminConsent: true,
	}
	consentIncomplete = &finding.Definition{
		Code: "admin_consent_incomplete", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:        "The consent for everybody lacks {{.scopes}}",
		Consequence:  "Unless {{.sign_in_account}} may consent alone, its sign-in stops, or the token lacks a permission.",
		Cause:        "No administrator has consented since these permissions were added.",
		Remedy:       "Under API permissions, select Grant admin consent, or open the admin-consent link.",
		AdminConsent: true,
		Wait:         5 * time.Minute,
		Params:       []string{"scopes", "sign_in_account"},
	}
)

// Consent records how the admin-consent page came back. Its word is not
// trusted as proof: the sign-in and the token's permissions are.
var Consent = &Check{
	ID: "admin_consent",
	Reads: []setup.Field{
		setup.FieldConsent, setup.FieldClientID, setup.FieldTenant, setup.FieldCloud,
		setup.FieldApp, setup.FieldProtocols, setup.FieldSignInAccount,
	},
	Needs: []setup.Field{setup.FieldClientID},
	Targets: func(e *Env) []Target {
		if e.Provider.Claims.Tenant == "" {
			return nil
		}
		return []Target{{}}
	},
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{consentRefused, consentOpen, consentIncomplete},
	Grade:    Human,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		c := e.Setup.Registration.Consent
		app := e.shown()
		// What a script has read is proof; what the page returned is a word.
		// A consent given after the script has run is not in what it read.
		if app != nil && app.Source == setup.FromScript && !unread(app.Unread, "consented") &&
			!unread(app.Unread, "enterprise_application") && (c == nil || c.At.Before(app.At)) {
			return e.judgeConsented(app.Consented)
		}
		switch {
		case c == nil && e.Setup.Application.ChecklistOnly:
			return Passed() // the link is ours, and nobody signs in here
		case c == nil:
			return Found(finding.New(consentOpen))
		case !c.Granted:
			return Found(finding.New(consentRefused).With("admin consent", c.Error+" "+c.Description, ""))
		}
		return Passed()
	},
}

// judgeConsented compares what was granted for everybody with what is asked
// for. offline_access is implied where the consent page was accepted, and the
// identity scopes are granted with it.
func (e *Env) judgeConsented(consented []string) Outcome {
	var missing []string
	for _, p := range e.Setup.Application.Protocols {
		short := provider.ShortScope(e.Provider.Scopes[p])
		if short != "" && !slices.ContainsFunc(consented, func(c string) bool { return strings.EqualFold(provider.ShortScope(c), short) }) {
			missing = append(missing, short)
		}
	}
	if len(missing) > 0 {
		return Found(finding.New(consentIncomplete,
			"scopes", strings.Join(missing, ", "), "sign_in_account", e.signedInAs()).
			With("consented", strings.Join(consented, " "), ""))
	}
	return Passed(Fact{"scopes", strings.Join(consented, " ")})
}
