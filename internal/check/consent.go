package check

import (
	"context"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

var (
	consentRefused = &finding.Definition{
		Code: "admin_consent_refused", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The admin-consent page came back without a consent",
		Consequence: "If the tenant demands an administrator's consent, the sign-in will stop.",
		Cause:       "The page was cancelled, or the account has no right to consent for everybody.",
		Remedy:      "Open the admin-consent link again as a Cloud Application Administrator, and accept.",
	}
	consentOpen = &finding.Definition{
		Code: "admin_consent_not_given", Severity: finding.Note, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The admin-consent link was not used yet",
		Consequence: "Many tenants let no user consent alone. Then the sign-in stops there.",
		Cause:       "Nobody has opened the link, or consent was given in the portal.",
		Remedy:      "Open the link, or go on: the sign-in will show whether it is needed.",
	}
)

// Consent records how the admin-consent page came back. Its word is not
// trusted as proof: the sign-in and the token's permissions are.
var Consent = &Check{
	ID:    "admin_consent",
	Reads: []setup.Field{setup.FieldConsent, setup.FieldClientID, setup.FieldTenant, setup.FieldCloud},
	Needs: []setup.Field{setup.FieldClientID},
	Targets: func(e *Env) []Target {
		if e.Provider.Claims.Tenant == "" {
			return nil
		}
		return []Target{{}}
	},
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{consentRefused, consentOpen},
	Grade:    Human,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		c := e.Setup.Registration.Consent
		switch {
		case c == nil:
			return Found(finding.New(consentOpen))
		case !c.Granted:
			return Found(finding.New(consentRefused).With("admin consent", c.Error+" "+c.Description, ""))
		}
		return Passed()
	},
}
