package provider

import (
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// The national clouds. Sign-in hosts and portals are Microsoft's own words
// (learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
// 2026-11-21). Mail hosts and scopes come from one public mail program whose
// author could not try them; each such value is named in Unconfirmed, and all
// can be replaced in the configuration.
var (
	// EntraUSGov is US Government GCC High. Plain GCC lives in the worldwide
	// cloud.
	EntraUSGov = Provider{
		ID: "entra_usgov", Name: "Microsoft (US Government GCC High)", Kind: KindEntra,
		Authority:  "https://login.microsoftonline.us",
		SignInURLs: []string{"https://login.microsoftonline.us"},
		Scopes:     entraScopes("https://outlook.office365.us"), Extra: entraExtra,
		ProbeScope: "https://graph.microsoft.us/.default",
		Hosts: map[setup.Protocol]Endpoint{
			setup.IMAP: {"outlook.office365.us", 993, probe.TLS},
			setup.POP3: {"outlook.office365.us", 995, probe.TLS},
			setup.SMTP: {"smtp.office365.us", 587, probe.STARTTLS},
		},
		Audiences: []string{"https://outlook.office365.us", ExchangeID},
		Claims:    entraClaims, GUIDs: true, Issuers: microsoftIssuers,
		Portal: portalAt("https://portal.azure.us", false), Rules: microsoftRules,
		Unconfirmed: []string{"scopes", "hosts.imap", "hosts.pop3", "hosts.smtp"},
	}
	// EntraUSGovDoD is the US Department of Defense. It shares sign-in host
	// and portal with GCC High.
	EntraUSGovDoD = Provider{
		ID: "entra_usgov_dod", Name: "Microsoft (US Government DoD)", Kind: KindEntra,
		Authority:  "https://login.microsoftonline.us",
		SignInURLs: []string{"https://login.microsoftonline.us"},
		Scopes:     entraScopes("https://outlook.office365.us"), Extra: entraExtra,
		ProbeScope: "https://dod-graph.microsoft.us/.default",
		Hosts: map[setup.Protocol]Endpoint{
			setup.IMAP: {"outlook-dod.office365.us", 993, probe.TLS},
			setup.POP3: {"outlook-dod.office365.us", 995, probe.TLS},
			setup.SMTP: {"outlook-dod.office365.us", 587, probe.STARTTLS},
		},
		Audiences: []string{"https://outlook.office365.us", "https://outlook-dod.office365.us", ExchangeID},
		Claims:    entraClaims, GUIDs: true, Issuers: microsoftIssuers,
		Portal: portalAt("https://portal.azure.us", false), Rules: microsoftRules,
		Unconfirmed: []string{"scopes", "hosts.imap", "hosts.pop3", "hosts.smtp", "probe_scope"},
	}
	// EntraChina is the cloud in China, operated by 21Vianet. The greeting of
	// its mail host was seen in one user's log.
	EntraChina = Provider{
		ID: "entra_china", Name: "Microsoft (China, 21Vianet)", Kind: KindEntra,
		Authority:  "https://login.partner.microsoftonline.cn",
		SignInURLs: []string{"https://login.partner.microsoftonline.cn"},
		Scopes:     entraScopes("https://partner.outlook.cn"), Extra: entraExtra,
		ProbeScope: "https://microsoftgraph.chinacloudapi.cn/.default",
		Hosts: map[setup.Protocol]Endpoint{
			setup.IMAP: {"partner.outlook.cn", 993, probe.TLS},
			setup.POP3: {"partner.outlook.cn", 995, probe.TLS},
			setup.SMTP: {"partner.outlook.cn", 587, probe.STARTTLS},
		},
		Audiences: []string{"https://partner.outlook.cn", ExchangeID},
		Claims:    entraClaims, GUIDs: true, Issuers: microsoftIssuers,
		Portal: portalAt("https://portal.azure.cn", false), Rules: microsoftRules,
		Unconfirmed: []string{"scopes", "hosts.pop3", "hosts.smtp", "probe_scope"},
	}
)

// BuiltIn lists the providers that need no configuration: Microsoft's clouds,
// the worldwide one first.
func BuiltIn() []Provider { return []Provider{Entra, EntraUSGov, EntraUSGovDoD, EntraChina} }

// cloudNames are what people call the clouds.
var cloudNames = map[string][]string{
	Entra.ID:         {"global", "worldwide", "commercial", "public", "gcc"},
	EntraUSGov.ID:    {"usgov", "us_gov", "gcc_high", "gcchigh", "usgovernment"},
	EntraUSGovDoD.ID: {"dod", "usgov_dod"},
	EntraChina.ID:    {"china", "21vianet"},
}

// CloudByName returns the built-in provider of an ID or a usual name, such as
// "gcc_high"; case, blanks and hyphens do not count.
func CloudByName(name string) (Provider, bool) {
	name = word(name)
	for _, p := range BuiltIn() {
		if name == p.ID || slices.Contains(cloudNames[p.ID], name) {
			return p, true
		}
	}
	return Provider{}, false
}

// CloudOf tells the national cloud of a tenant from its discovery document:
// the issuer's host, and for the two clouds that share one host
// tenant_region_sub_scope, which is DOD or DODCON (GCC High). Any of the
// sign-in hosts may have been asked. ok is false for a document that is none
// of Microsoft's.
func CloudOf(m oauth.Metadata) (p Provider, ok bool) {
	host := hostOf(m.Issuer)
	if host == "login.chinacloudapi.cn" { // the older name of the China host
		return EntraChina, true
	}
	i := slices.IndexFunc(BuiltIn(), func(p Provider) bool { return host == hostOf(p.Authority) })
	if i < 0 {
		// Otherwise any server could choose, by one word, where a token goes.
		return Provider{}, false
	}
	switch strings.ToUpper(m.Extra["tenant_region_sub_scope"]) {
	case "DOD":
		return EntraUSGovDoD, true
	case "DODCON":
		return EntraUSGov, true
	}
	return BuiltIn()[i], true
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	return strings.ToLower(u.Host)
}
