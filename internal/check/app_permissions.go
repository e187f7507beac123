package check

import (
	"context"
	"slices"
	"strings"

	"latchkey/internal/finding"
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

// The resources of the permissions (their application IDs are the same in every
// directory).
const (
	graphResource    = "00000003-0000-0000-c000-000000000000"
	exchangeResource = "00000002-0000-0ff1-ce00-000000000000"
)

// delegatedIDs are the delegated mail permissions, under Microsoft Graph and
// under Office 365 Exchange Online; either serves
// (learn.microsoft.com/graph/permissions-reference, and the permissions of the
// Exchange service principal as published; read 2026-11-21).
var delegatedIDs = map[setup.Protocol][2]string{
	setup.IMAP: {"652390e4-393a-48de-9484-05f9b1212954", "195adc35-e27b-454b-a7ed-1ecdffa1c09f"},
	setup.POP3: {"d7b7f2d9-0f45-4ea1-9d42-e50810c06991", "fb698133-92fa-453e-a9ed-688e10f2e5ac"},
	setup.SMTP: {"258f6531-6087-4cc4-bb90-092c5fb3ed3f", "76faac2a-0f20-42f1-928a-50de5b9dbe52"},
}

// roleNames are the application permissions on mail that are met most often.
var roleNames = map[string]string{
	"5e5addcd-3e8d-4e90-baf5-964efab2b20a": "IMAP.AccessAsApp",
	"cb842b43-da6f-4506-86fc-bb12199c656d": "POP.AccessAsApp",
	"e2a3a72e-5f79-4c64-b1b1-878b674786c9": "Mail.ReadWrite",
	"b633e1c5-b582-4048-a93e-9f11b44c7e96": "Mail.Send",
}

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
			name := shortScope(e.Provider.Scopes[protocol])
			if !e.Setup.Application.Has(protocol) || slices.ContainsFunc(app.Permissions, func(p setup.Permission) bool { return grants(p, protocol) }) {
				continue
			}
			out.Findings = append(out.Findings, finding.New(permissionNotInList, "permission", name))
		}
		var roles []string
		for _, p := range app.Permissions {
			if p.Type == "Role" {
				name := roleNames[strings.ToLower(p.ID)]
				if name == "" {
					name = p.ID
				}
				roles = append(roles, name)
			}
		}
		if len(roles) > 0 {
			out.Findings = append(out.Findings, finding.New(permissionsPowerful, "permissions", strings.Join(roles, ", ")))
		}
		return out
	},
}

// grants reports whether an entry is the delegated permission of a protocol, on
// the resource to which its ID belongs.
func grants(p setup.Permission, protocol setup.Protocol) bool {
	ids := delegatedIDs[protocol]
	return p.Type == "Scope" &&
		(strings.EqualFold(p.Resource, graphResource) && strings.EqualFold(p.ID, ids[0]) ||
			strings.EqualFold(p.Resource, exchangeResource) && strings.EqualFold(p.ID, ids[1]))
}
