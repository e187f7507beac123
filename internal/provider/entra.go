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
	Scopes:     entraScopes("https://outlook.office.com"),
	Extra:      entraExtra,
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
		ExchangeID,
	},
	Claims:  entraClaims,
	GUIDs:   true,
	Issuers: microsoftIssuers,
	Portal:  portalAt("https://entra.microsoft.com", true),
	Rules:   microsoftRules,
}

var (
	entraExtra     = []string{"offline_access", "openid", "profile", "email"}
	entraClaims    = Claims{Tenant: "tid", Subject: "oid", UserName: "preferred_username"}
	microsoftRules = slices.Concat(
		entraRules, pastedRules, programRules, exchangeChallenge, mailWords, exchangeRules, commandRules, mailRules, wordRules, transport,
	)
)

// entraScopes are the delegated permissions of Exchange at one address.
func entraScopes(resource string) map[setup.Protocol]string {
	scopes := map[setup.Protocol]string{}
	for protocol, p := range delegated {
		scopes[protocol] = resource + "/" + p.Name
	}
	return scopes
}

// graph are the audiences of Microsoft Graph: a token for it is valid and
// useless for mail.
var graph = []string{
	"https://graph.microsoft.com", GraphID,
	"https://graph.microsoft.us", "https://dod-graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn",
}

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
