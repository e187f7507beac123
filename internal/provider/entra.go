package provider

import (
	"slices"

	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// Entra is Microsoft Entra ID with Exchange Online in the worldwide cloud.
//
// Hosts and scopes: learn.microsoft.com/exchange/client-developer/legacy-protocols/
// how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth (June 2026).
// Both sign-in hosts: Microsoft 365 endpoint set 56.
var Entra = Provider{
	ID: "entra", Name: "Microsoft", Kind: KindEntra,
	Authority:  "https://login.microsoftonline.com",
	SignInURLs: []string{"https://login.microsoftonline.com", "https://login.microsoft.com"},
	Scopes: map[setup.Protocol]string{
		setup.IMAP: "https://outlook.office.com/IMAP.AccessAsUser.All",
		setup.POP3: "https://outlook.office.com/POP.AccessAsUser.All",
		setup.SMTP: "https://outlook.office.com/SMTP.Send",
	},
	Extra:      []string{"offline_access", "openid", "profile", "email"},
	ProbeScope: "https://graph.microsoft.com/.default",
	Hosts: map[setup.Protocol]Endpoint{
		setup.IMAP: {"outlook.office365.com", 993, probe.TLS},
		setup.POP3: {"outlook.office365.com", 995, probe.TLS},
		setup.SMTP: {"smtp.office365.com", 587, probe.STARTTLS},
	},
	// Audiences seen in Exchange tokens; all but the first two are from
	// threads, so a token with another one is refused only when it names
	// Microsoft Graph, see check.TokenClaims.
	Audiences: []string{
		"https://outlook.office.com", "https://outlook.office365.com", "https://ps.outlook.com",
		"00000002-0000-0ff1-ce00-000000000000",
	},
	Claims: Claims{Tenant: "tid", Subject: "oid", UserName: "preferred_username"},
	GUIDs:  true,
	// Microsoft does not document these fragments as stable; the click path
	// always stands beside them.
	Portal: map[PortalPage]string{
		PageRegistrations:  portal + "ApplicationsListBlade",
		PageOverview:       portal + "ApplicationMenuBlade/~/Overview/appId/{client_id}",
		PageAuthentication: portal + "ApplicationMenuBlade/~/Authentication/appId/{client_id}",
		PageCredentials:    portal + "ApplicationMenuBlade/~/Credentials/appId/{client_id}",
		PagePermissions:    portal + "ApplicationMenuBlade/~/CallAnAPI/appId/{client_id}",
	},
	Rules: slices.Concat(entraRules, exchangeRules, transport),
}

const portal = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/"

// graph are the audiences of Microsoft Graph: a token for it is valid and
// useless for mail.
var graph = []string{"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"}

// ForGraph reports whether one of a token's audiences is Microsoft Graph.
func ForGraph(audience []string) bool {
	return slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(graph, a) })
}

// OpenID is the template of a provider from the operator's configuration: any
// OpenID provider with its own mail servers.
var OpenID = Provider{
	Kind:   KindOpenID,
	Extra:  []string{"offline_access", "openid", "profile", "email"},
	Claims: Claims{Subject: "sub", UserName: "preferred_username"},
	Rules:  slices.Concat(openIDRules, transport),
}
