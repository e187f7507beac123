package check

import (
	"context"
	"strconv"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	secretEndsSoon = &finding.Definition{
		Code: "client_secret_ends_soon", Severity: finding.Warning, Actor: finding.AppAdmin, Ours: true,
		Title:       "The client secret ends in {{.days}} days, on {{.date}}",
		Consequence: "From that day on no token is renewed, and mail stops.",
		Cause:       "Client secrets have an end date.",
		Remedy:      "Create a second client secret now, and save it here before that day.",
		Params:      []string{"days", "date"},
	}
	secretEndUnknown = &finding.Definition{
		Code: "client_secret_end_unknown", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "Nobody has entered when the client secret ends",
		Consequence: "Latchkey cannot warn before it ends.",
		Cause:       "The end date stands beside the secret in the portal, and was not copied.",
		Remedy:      "Enter the date from the column Expires.",
	}
)

// SecretShape looks at the stored secret without asking anybody: a GUID is the
// identifier of the secret, which the portal keeps showing after the value is
// hidden.
var SecretShape = &Check{
	ID:       "client_secret_shape",
	Reads:    []setup.Field{setup.FieldCloud, setup.FieldClientSecret},
	Needs:    []setup.Field{setup.FieldClientSecret},
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{provider.ClientSecretIsID},
	Grade:    Automatic,
	Run: func(ctx context.Context, e *Env, _ Target) Outcome {
		s, err := e.ClientSecret(ctx)
		if err != nil {
			panic(errInternal{err})
		}
		if e.Provider.GUIDs && setup.IsGUID(s.Reveal()) {
			return Found(finding.New(provider.ClientSecretIsID))
		}
		return Passed()
	},
}

// Client asks the token endpoint, before anybody signs in, whether it accepts
// client ID and secret. A client-credentials request needs no permission and
// carries no right to any mailbox; its token is dropped at once. An invented
// code would prove nothing: its form is refused before the secret is looked at
// (measured by others, August 2026).
var Client = &Check{
	ID:    "client",
	Reads: []setup.Field{setup.FieldCloud, setup.FieldTenant, setup.FieldClientID, setup.FieldClientSecret, setup.ConfigProvider},
	Needs: []setup.Field{setup.FieldClientID, setup.FieldClientSecret},
	Targets: func(e *Env) []Target {
		if e.Provider.ProbeScope == "" {
			return nil
		}
		return []Target{{}}
	},
	After:    []*Check{Tenant, SecretShape},
	NeededBy: setup.StepSignIn,
	Finds:    oauthFindings(),
	Grade:    Automatic, Timeout: 30 * time.Second, MaxAge: 24 * time.Hour,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		r := e.Setup.Registration
		m, err := e.OAuth.Discover(ctx, e.Provider.DiscoveryURL(r.Tenant), func(issuer string) bool {
			return e.Provider.IssuerOK(r.Tenant, issuer)
		})
		if err != nil {
			return e.explain(err, t)
		}
		s, err := e.ClientSecret(ctx)
		if err != nil {
			panic(errInternal{err})
		}
		app := oauth.App{TokenEndpoint: m.TokenEndpoint, ClientID: r.ClientID, Secret: s}
		if _, err := e.OAuth.ClientCredentials(ctx, app, []string{e.Provider.ProbeScope}); err != nil {
			return e.explain(err, t)
		}
		return Passed()
	},
}

// SecretEnd watches the end date that a person has entered: a note is enough
// where none was, a warning comes early, an ended secret stops everything.
var SecretEnd = &Check{
	ID:       "client_secret_end",
	Reads:    []setup.Field{setup.FieldClientSecret, setup.FieldSecretEnds},
	Needs:    []setup.Field{setup.FieldClientSecret},
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{secretEndsSoon, secretEndUnknown, provider.ClientSecretExpired},
	Grade:    Automatic, MaxAge: 12 * time.Hour,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		ends := e.Setup.Registration.SecretEnds
		if ends == "" {
			return Found(finding.New(secretEndUnknown))
		}
		// The portal shows a day without an hour: the whole day still counts.
		left := ends.Time().Add(24 * time.Hour).Sub(e.Now())
		days := int(left / (24 * time.Hour))
		switch {
		case left <= 0:
			return Found(finding.New(provider.ClientSecretExpired).With("end date", string(ends), ""))
		case days <= warnDays:
			return Found(finding.New(secretEndsSoon, "days", strconv.Itoa(days), "date", string(ends)))
		}
		return Passed(Fact{"days_left", strconv.Itoa(days)})
	},
}

// warnDays is how long before its end a secret is warned about.
const warnDays = 30
