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
	permissionNotInList = &finding.Definition{
		Code: "permission_not_in_registration", Severity: finding.Warning, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration lists no delegated permission {{.permission}}",
		Consequence: "Grant admin consent in the portal leaves it out, and the token may lack it.",
		Cause:       "It was not added under API permissions, or as an application permission.",
		Remedy:      "Add it under API permissions, Microsoft Graph, Delegated permissions. Then grant admin consent.",
		Params:      []string{"permission"},
	}
	permissionsPowerful = &finding.Definition{
		Code: "application_permissions_powerful", Severity: finding.Warning, Actor: finding.AppAdmin, Ours: true,
		Title:       "The registration has application permissions: {{.permissions}}",
		Consequence: "With the client secret alone, programs can use them without any person, often on every mailbox.",
		Cause:       "Application permissions were added beside the delegated ones, or in their place.",
		Remedy:      "Remove them, unless something else uses this registration.",
		Params:      []string{"permissions"},
	}
)

// AppPermissions judges the permissions of the registration as shown. A
// permission outside the list can be asked for at the sign-in all the same, so
// its absence warns and does not stop.
var AppPermissions = &Check{
	ID:       "app_permissions",
	Reads:    []setup.Field{setup.FieldApp, setup.FieldCloud, setup.FieldTenant, setup.FieldClientID, setup.FieldProtocols},
	Targets:  whereShown,
	After:    []*Check{Registered},
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{permissionNotInList, permissionsPowerful},
	Grade:    Pasted, Rejudges: true,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		app := e.shown()
		if app == nil || unread(app.Unread, "permissions") {
			return Passed()
		}
		var out Outcome
		for _, protocol := range setup.Protocols {
			name := provider.ShortScope(e.Provider.Scopes[protocol])
			if !e.Setup.Application.Has(protocol) || slices.ContainsFunc(app.Permissions, func(p setup.Permission) bool { return provider.Permits(p, protocol) }) {
				continue
			}
			out.Findings = append(out.Findings, finding.New(permissionNotInList, "permission", name))
		}
		var roles []string
		for _, p := range app.Permissions {
			if p.Type == "Role" {
				roles = append(roles, provider.RoleName(p.ID))
			}
		}
		if len(roles) > 0 {
			out.Findings = append(out.Findings, finding.New(permissionsPowerful, "permissions", strings.Join(roles, ", ")))
		}
		return out
	},
}
