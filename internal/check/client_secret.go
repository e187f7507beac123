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
		Remedy:      "Create a second client secret now, and save it in the step Entra application before that day.",
		Params:      []string{"days", "date"},
	}
	secretEndsThisSeason = &finding.Definition{
		Code: "client_secret_ends", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "The client secret ends in {{.days}} days, on {{.date}}",
		Consequence: "From that day on no token is renewed, and mail stops.",
		Cause:       "Client secrets have an end date.",
		Remedy:      "Put the day into the calendar of the Microsoft 365 administrator.",
		Params:      []string{"days", "date"},
	}
	secretEndOver = &finding.Definition{
		Code: "client_secret_end_over", Severity: finding.Warning, Actor: finding.AppAdmin, Ours: true,
		Title:       "By the date known here, the client secret ended on {{.date}}",
		Consequence: "If the date is right, no token is renewed any more. Microsoft's own answer counts.",
		Cause:       "The date is mistyped, or belongs to another secret. Or the secret has ended.",
		Remedy:      "Compare it with the column Expires, and correct the date. If the secret has ended, save a new one.",
		Params:      []string{"date"},
	}
	secretEndUnknown = &finding.Definition{
		Code: "client_secret_end_unknown", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true, Asks: "secret_ends",
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
	Targets:  unlessChecklistOnly(setup.FieldClientSecret),
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{provider.ClientSecretIsID, provider.InternalError},
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
		return unlessChecklistOnly(setup.FieldClientSecret)(e)
	},
	After:    []*Check{Tenant, SecretShape},
	NeededBy: setup.StepSignIn,
	Finds:    with(answers(provider.AtDiscovery, provider.AtAppOnly), append(spreading, issuerDiffers, provider.TenantNeeded)...),
	Grade:    Automatic, Timeout: 30 * time.Second, MaxAge: 24 * time.Hour,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		r := e.Setup.Registration
		m, err := e.OAuth.Discover(ctx, e.Provider.DiscoveryURL(r.Tenant), func(issuer string) bool {
			return e.Provider.IssuerOK(r.Tenant, issuer)
		})
		if err != nil {
			return e.undiscovered(err, t)
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

// SecretEnd watches the end date that a person has entered or shown: a note is
// enough where none was, and a warning comes early. A date stops nothing, even
// one that is over: whether the secret still works is for Client to ask.
var SecretEnd = &Check{
	ID:       "client_secret_end",
	Reads:    []setup.Field{setup.FieldClientSecret, setup.FieldSecretEnds, setup.FieldApp, setup.FieldClientID, setup.FieldTenant},
	Needs:    []setup.Field{setup.FieldClientSecret},
	Targets:  unlessChecklistOnly(setup.FieldClientSecret),
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{secretEndsSoon, secretEndsThisSeason, secretEndUnknown, secretEndOver},
	Grade:    Automatic, MaxAge: 12 * time.Hour,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		ends := SecretEnds(e)
		if ends == "" {
			return Found(finding.New(secretEndUnknown))
		}
		// The portal shows a day without an hour: the whole day still counts.
		left := ends.Time().Add(24 * time.Hour).Sub(e.Now())
		days := int(left / (24 * time.Hour))
		switch {
		case left <= 0:
			return Found(finding.New(secretEndOver, "date", string(ends)))
		case days <= warnDays:
			return Found(finding.New(secretEndsSoon, "days", strconv.Itoa(days), "date", string(ends)))
		case days <= noteDays:
			return Found(finding.New(secretEndsThisSeason, "days", strconv.Itoa(days), "date", string(ends)))
		}
		return Passed(Fact{"days_left", strconv.Itoa(days)})
	},
}

// SecretEnds is the day a person has entered, else that of the only secret of
// the registration shown. Of several, nobody can say which one was saved here;
// if all of them have ended, the last one tells it.
func SecretEnds(e *Env) setup.Date {
	if entered := e.Setup.Registration.SecretEnds; entered != "" {
		return entered
	}
	app := e.shown()
	if app == nil {
		return ""
	}
	var last time.Time
	for _, s := range app.Secrets {
		if s.Ends.After(last) {
			last = s.Ends
		}
	}
	if last.IsZero() || len(app.Secrets) > 1 && last.After(e.Now()) {
		return ""
	}
	return setup.Date(last.UTC().Format(time.DateOnly))
}

// How long before its end a secret is noted, and warned about.
const (
	noteDays = 60
	warnDays = 30
)

// unlessChecklistOnly: without a sign-in here, a check applies only if the
// field was filled all the same.
func unlessChecklistOnly(f setup.Field) func(*Env) []Target {
	return func(e *Env) []Target {
		if e.Setup.Application.ChecklistOnly && e.Setup.Empty(f) {
			return nil
		}
		return []Target{{}}
	}
}
