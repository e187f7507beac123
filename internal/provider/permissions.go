package provider

import (
	"slices"
	"strings"

	"latchkey/internal/setup"
)

// The application IDs of the resources, the same in every directory.
const (
	GraphID    = "00000003-0000-0000-c000-000000000000"
	ExchangeID = "00000002-0000-0ff1-ce00-000000000000"
)

// Delegated is a delegated permission as a registration lists it: under
// Microsoft Graph, where the portal shows it, or under Office 365 Exchange
// Online. Either serves.
type Delegated struct {
	Name     string // without the resource
	Graph    string // its ID there
	Exchange string // its ID there; "" where Exchange has none
}

// delegated are those of the mail protocols
// (learn.microsoft.com/graph/permissions-reference, and the permissions of the
// Exchange service principal as published; read 2026-11-21).
var delegated = map[setup.Protocol]Delegated{
	setup.IMAP: {"IMAP.AccessAsUser.All", "652390e4-393a-48de-9484-05f9b1212954", "195adc35-e27b-454b-a7ed-1ecdffa1c09f"},
	setup.POP3: {"POP.AccessAsUser.All", "d7b7f2d9-0f45-4ea1-9d42-e50810c06991", "fb698133-92fa-453e-a9ed-688e10f2e5ac"},
	setup.SMTP: {"SMTP.Send", "258f6531-6087-4cc4-bb90-092c5fb3ed3f", "76faac2a-0f20-42f1-928a-50de5b9dbe52"},
}

// everySignIn are what a sign-in with a refresh token and a checked identity
// needs.
var everySignIn = []Delegated{
	{Name: "User.Read", Graph: "e1fe6dd8-ba31-4d61-89e7-88639da4683d"},
	{Name: "email", Graph: "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0"},
	{Name: "offline_access", Graph: "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"},
	{Name: "openid", Graph: "37f7f235-527c-4136-accd-4a02d197296e"},
	{Name: "profile", Graph: "14dad69e-099b-42c9-810b-d002981feec1"},
}

// roles are the application permissions on mail that are met most often.
var roles = map[string]string{
	"5e5addcd-3e8d-4e90-baf5-964efab2b20a": "IMAP.AccessAsApp",
	"cb842b43-da6f-4506-86fc-bb12199c656d": "POP.AccessAsApp",
	"e2a3a72e-5f79-4c64-b1b1-878b674786c9": "Mail.ReadWrite",
	"b633e1c5-b582-4048-a93e-9f11b44c7e96": "Mail.Send",
}

// ShortScope is a scope without the address of its resource.
func ShortScope(scope string) string { return scope[strings.LastIndexByte(scope, '/')+1:] }

// Permissions are the delegated permissions that a registration needs for the
// protocols.
func Permissions(protocols []setup.Protocol) []Delegated {
	var list []Delegated
	for _, p := range setup.Protocols {
		if slices.Contains(protocols, p) {
			list = append(list, delegated[p])
		}
	}
	return append(list, everySignIn...)
}

// Registers is what a registration holds for the protocols: the delegated
// permissions, as the portal names them, and the optional claim of the ID token
// that tells when the person signed in, "" where the provider sends it unasked.
func (p Provider) Registers(protocols []setup.Protocol) (permissions []string, claim string) {
	if p.Kind == KindEntra {
		for _, one := range Permissions(protocols) {
			permissions = append(permissions, one.Name)
		}
		return permissions, "auth_time"
	}
	for _, scope := range p.AskFor(protocols) {
		permissions = append(permissions, ShortScope(scope))
	}
	return permissions, ""
}

// Permits reports whether an entry of a registration is the delegated
// permission of a protocol, on the resource to which its ID belongs.
func Permits(p setup.Permission, protocol setup.Protocol) bool {
	want := delegated[protocol]
	return p.Type == "Scope" &&
		(strings.EqualFold(p.Resource, GraphID) && strings.EqualFold(p.ID, want.Graph) ||
			strings.EqualFold(p.Resource, ExchangeID) && strings.EqualFold(p.ID, want.Exchange))
}

// RoleName is the name of an application permission, its ID where the name is
// not known.
func RoleName(id string) string {
	if name, ok := roles[strings.ToLower(id)]; ok {
		return name
	}
	return id
}
