package check

import (
	"context"
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	registrationNotShown = &finding.Definition{
		Code: "registration_not_shown", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true, Asks: "registration_paste",
		Title:       "Nobody has shown the app registration",
		Consequence: "A wrong platform or a missing permission is seen only at the sign-in.",
		Cause:       "Neither its manifest nor the script's block was pasted.",
		Remedy:      "Paste one of them in the step Entra application. Or go on: the sign-in will show it.",
	}
	registrationOfOther = &finding.Definition{
		Code: "registration_of_other_client", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration shown has the client ID {{.shown}}, the one entered is {{.entered}}",
		Consequence: "What was checked is not what the sign-in will use.",
		Cause:       "Two registrations have similar names, or one of the two IDs is from another page.",
		Remedy:      "Open the right registration and paste it again, or correct the client ID.",
		Params:      []string{"shown", "entered"},
	}
	registrationOfOtherTenant = &finding.Definition{
		Code: "registration_of_other_tenant", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration shown belongs to the directory {{.shown}}, the one entered is {{.entered}}",
		Consequence: "The sign-in service does not find the application.",
		Cause:       "The administrator works in several directories, and another one was open.",
		Remedy:      "Switch the directory in the portal, or correct the tenant ID.",
		Params:      []string{"shown", "entered"},
	}
	audiencePersonal = &finding.Definition{
		Code: "audience_personal_only", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration accepts personal Microsoft accounts only",
		Consequence: "No account of a company can sign in.",
		Cause:       "Supported account types were set to personal accounts at the registration.",
		Remedy:      "Set signInAudience to AzureADMyOrg in the manifest, or register the application again.",
	}
	audienceUnknown = &finding.Definition{
		Code: "audience_unknown", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration is for {{.audience}}, which is no audience known here",
		Consequence: "Whether accounts of this company may sign in was not judged.",
		Cause:       "The value of signInAudience was changed by hand, or Microsoft has added one.",
		Remedy:      "Compare it with Supported account types in the portal. For one company it is AzureADMyOrg.",
		Params:      []string{"audience"},
	}
	audienceWide = &finding.Definition{
		Code: "audience_wider_than_needed", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration accepts accounts outside the company ({{.audience}})",
		Consequence: "It works. Accounts of other companies can ask it for a token too.",
		Cause:       "Supported account types are wider than this directory.",
		Remedy:      "Unless other directories need it, set signInAudience to AzureADMyOrg.",
		Params:      []string{"audience"},
	}
	publicClientAllowed = &finding.Definition{
		Code: "public_client_flows_allowed", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration allows public client flows",
		Consequence: "It works. The application can also be used without its client secret.",
		Cause:       "Allow public client flows is on under Authentication.",
		Remedy:      "Set Allow public client flows to No, unless something else needs it.",
	}
	assignmentRequired = &finding.Definition{
		Code: "assignment_required", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "Only assigned accounts may sign in to the application",
		Consequence: "If {{.sign_in_account}} is not assigned, its sign-in stops, and only an administrator can consent.",
		Cause:       "Assignment required is on in the properties of the enterprise application.",
		Remedy:      "Assign {{.sign_in_account}} under Users and groups, or set Assignment required to No.",
		Params:      []string{"sign_in_account"},
	}
	authTimeMissing = &finding.Definition{
		Code: "auth_time_not_configured", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "The optional claim auth_time is not in the registration",
		Consequence: "Whether the password was entered freshly cannot be proven.",
		Cause:       "The claim is not part of a new registration.",
		Remedy:      "Under Token configuration, add the optional claim auth_time to the ID token.",
	}
	registrationUnread = &finding.Definition{
		Code: "registration_partly_read", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "Not everything of the registration could be read: {{.parts}}",
		Consequence: "These parts were not judged.",
		Cause:       "The script lacks a right, or the text was copied in part.",
		Remedy:      "Go on, or have these parts read again by an account with the right.",
		Params:      []string{"parts"},
	}
)

// Registered judges the app registration as its owner has shown it: whose it
// is, and whom it lets in. What the source did not tell is not judged.
var Registered = &Check{
	ID: "registered",
	Reads: []setup.Field{
		setup.FieldApp, setup.FieldCloud, setup.FieldTenant, setup.FieldClientID, setup.FieldSignInAccount,
	},
	Targets:  entraOnly,
	Needs:    []setup.Field{setup.FieldClientID},
	NeededBy: setup.StepSignIn,
	Finds: []*finding.Definition{
		registrationNotShown, registrationOfOther, registrationOfOtherTenant, audiencePersonal, audienceWide, audienceUnknown,
		publicClientAllowed, assignmentRequired, authTimeMissing, registrationUnread, provider.ClientDisabled,
	},
	Grade: Pasted, Rejudges: true,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		app := e.Setup.Registration.App
		if app == nil {
			return Found(finding.New(registrationNotShown))
		}
		if other, ok := e.ofOther(app); ok {
			return Found(other) // the rest would speak of another application
		}
		out := Passed(Fact{"source", string(app.Source)})
		add := func(f finding.Finding) { out.Findings = append(out.Findings, f) }
		switch app.Audience {
		case "", "AzureADMyOrg":
		case "PersonalMicrosoftAccount":
			add(finding.New(audiencePersonal))
		case "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount":
			add(finding.New(audienceWide, "audience", app.Audience))
		default:
			add(finding.New(audienceUnknown, "audience", app.Audience))
		}
		if app.SignInEnabled == setup.SwitchOff {
			add(finding.New(provider.ClientDisabled, "client_id", app.ClientID))
		}
		if app.AssignmentRequired == setup.SwitchOn {
			add(finding.New(assignmentRequired, "sign_in_account", e.signedInAs()))
		}
		if app.PublicClient == setup.SwitchOn {
			add(finding.New(publicClientAllowed))
		}
		if !slices.Contains(app.Claims, "auth_time") && !unread(app.Unread, "claims") {
			add(finding.New(authTimeMissing))
		}
		if len(app.Unread) > 0 {
			add(finding.New(registrationUnread, "parts", strings.Join(app.Unread, ", ")))
		}
		return out
	},
}

// ofOther compares whose registration was shown with what was entered.
func (e *Env) ofOther(app *setup.Registered) (finding.Finding, bool) {
	r := e.Setup.Registration
	switch {
	case app.ClientID != "" && r.ClientID != "" && !strings.EqualFold(app.ClientID, r.ClientID):
		return finding.New(registrationOfOther, "shown", app.ClientID, "entered", r.ClientID), true
	case app.TenantID != "" && setup.IsGUID(r.Tenant) && !strings.EqualFold(app.TenantID, r.Tenant):
		return finding.New(registrationOfOtherTenant, "shown", app.TenantID, "entered", r.Tenant), true
	}
	return finding.Finding{}, false
}

// shown is the registration, if one was shown and it is the right one.
func (e *Env) shown() *setup.Registered {
	app := e.Setup.Registration.App
	if app == nil {
		return nil
	}
	if _, other := e.ofOther(app); other {
		return nil
	}
	return app
}

// entraOnly: only Entra has registrations of this form.
func entraOnly(e *Env) []Target {
	if e.Provider.Kind != provider.KindEntra {
		return nil
	}
	return []Target{{}}
}

// whereShown: as entraOnly, and only where a registration was shown.
func whereShown(e *Env) []Target {
	if e.Setup.Registration.App == nil {
		return nil
	}
	return entraOnly(e)
}

// unread reports whether a source could not tell a part. Parts are named with
// a reason behind a colon.
func unread(list []string, part string) bool {
	return slices.ContainsFunc(list, func(one string) bool {
		name, _, _ := strings.Cut(one, ":")
		return name == part || strings.HasPrefix(name, part+".") || strings.HasSuffix(name, " "+part)
	})
}
