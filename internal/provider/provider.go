package provider

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// Kind tells the two families of providers apart where data is not enough.
type Kind string

// Entra has tenants in its addresses and numbers in its errors; an OpenID
// provider has neither.
const (
	KindEntra  Kind = "entra"
	KindOpenID Kind = "openid"
)

// Provider is one identity and mail provider, as data.
type Provider struct {
	ID   string
	Name string // what people call the sign-in service
	Kind Kind

	// Authority is the base address of the sign-in service. At Entra the
	// tenant is appended; an OpenID provider's is its issuer.
	Authority string
	// SignInURLs must answer from every server that handles tokens.
	SignInURLs []string

	Scopes map[setup.Protocol]string // delegated permission per protocol
	Extra  []string                  // further scopes: identity and refresh token
	// ProbeScope is what the client-credentials probe asks for; "" means the
	// provider has no such grant and the secret is first tried at redemption.
	ProbeScope string

	Hosts     map[setup.Protocol]Endpoint
	Audiences []string // what the access token's audience may be; nil: not judged

	Claims Claims
	// GUIDs says that tenants, client IDs and secret IDs are GUIDs, so that a
	// GUID in the secret field is the secret's ID.
	GUIDs bool

	// Issuers are the organisations that issue its certificates; none:
	// not judged. Any other one opens the traffic, or is new.
	Issuers []string
	// Elsewhere: it does not live where its maker has put it, see At; whose
	// certificates it has is then nothing to wonder about.
	Elsewhere bool

	Portal map[PortalPage]string // deep links, with placeholders
	Rules  []Rule

	// Unconfirmed names the values that nobody has seen working, as the
	// configuration spells them: "scopes", "hosts.imap". They are shown with
	// that mark.
	Unconfirmed []string
}

// Endpoint is where one protocol is spoken.
type Endpoint struct {
	Host     string
	Port     int
	Security probe.Security
}

// Claims names the claims of the ID token that identify a person.
type Claims struct {
	Tenant   string // "" where the provider has no tenants
	Subject  string
	UserName string
}

// At returns a copy of p that lives at another address: a test server, a
// simulator, a mirror. hosts replaces the mail hosts where it has an entry.
func (p Provider) At(authority string, hosts map[setup.Protocol]Endpoint) Provider {
	p.Authority, p.Elsewhere, p.Issuers = strings.TrimSuffix(authority, "/"), true, nil
	p.SignInURLs = []string{p.Authority}
	all := map[setup.Protocol]Endpoint{}
	maps.Copy(all, p.Hosts)
	maps.Copy(all, hosts)
	p.Hosts = all
	return p
}

// DiscoveryURL is the address of the OpenID configuration. Entra accepts a
// tenant ID or any verified domain of the tenant
// (learn.microsoft.com/entra/identity-platform/v2-protocols-oidc, 2026-11-21).
func (p Provider) DiscoveryURL(tenant string) string {
	const document = "/.well-known/openid-configuration"
	if p.Kind == KindEntra {
		return p.Authority + "/" + url.PathEscape(tenant) + "/v2.0" + document
	}
	return p.Authority + document
}

// IssuerOK says whether a discovered issuer belongs to this provider and
// tenant. For Entra it is the authority with a tenant ID; if a tenant ID was
// asked for, exactly that one. It never accepts the template of the
// multi-tenant documents.
func (p Provider) IssuerOK(tenant, issuer string) bool {
	if p.Kind != KindEntra {
		return issuer == p.Authority || issuer == p.Authority+"/"
	}
	id := p.TenantOf(issuer)
	return id != "" && (!setup.IsGUID(tenant) || strings.EqualFold(id, tenant))
}

// TenantOf returns the tenant ID an Entra issuer names, "" for anything else.
func (p Provider) TenantOf(issuer string) string {
	id, ok := strings.CutPrefix(issuer, p.Authority+"/")
	if !ok {
		return ""
	}
	id, ok = strings.CutSuffix(id, "/v2.0")
	if !ok || !setup.IsGUID(id) {
		return ""
	}
	return strings.ToLower(id)
}

// AskFor returns the scopes of a sign-in for the chosen protocols: one mail
// resource, the identity, and a refresh token.
func (p Provider) AskFor(protocols []setup.Protocol) []string {
	var scopes []string
	for _, protocol := range setup.Protocols {
		if slices.Contains(protocols, protocol) && p.Scopes[protocol] != "" {
			scopes = append(scopes, p.Scopes[protocol])
		}
	}
	return append(scopes, p.Extra...)
}

// AdminConsentURL is the page where an administrator consents for everybody;
// "" where the provider has none
// (learn.microsoft.com/entra/identity-platform/v2-admin-consent, 2026-11-21).
func (p Provider) AdminConsentURL(tenant, clientID, redirectURI, state string, scopes []string) string {
	if p.Kind != KindEntra {
		return ""
	}
	q := url.Values{
		"client_id":    {clientID},
		"scope":        {strings.Join(scopes, " ")},
		"redirect_uri": {redirectURI},
		"state":        {state},
	}
	return p.Authority + "/" + url.PathEscape(tenant) + "/v2.0/adminconsent?" + q.Encode()
}

// Connections lists what one server must reach for the chosen protocols: the
// sign-in service and each protocol's mail host.
func (p Provider) Connections(protocols []setup.Protocol) []Connection {
	var list []Connection
	for _, address := range p.SignInURLs {
		list = append(list, Connection{Target: WebTarget(address)})
	}
	for _, protocol := range setup.Protocols {
		if e, ok := p.Hosts[protocol]; ok && slices.Contains(protocols, protocol) {
			list = append(list, Connection{Protocol: protocol, Target: e.Target(protocol)})
		}
	}
	return list
}

// Connection is one thing to reach: a mail host by its protocol, or the
// sign-in service, with an empty protocol.
type Connection struct {
	Protocol setup.Protocol
	Target   probe.Target
}

// WebTarget is where a web address leads, for a check without a request. An
// address that does not parse gives a target that no prober accepts.
func WebTarget(address string) probe.Target {
	u, err := url.Parse(address)
	if err != nil {
		return probe.Target{Protocol: probe.HTTPS}
	}
	t := probe.Target{Protocol: probe.HTTPS, Host: u.Hostname(), Port: 443}
	if u.Scheme == "http" { // a provider on this computer
		t.Protocol, t.Port = probe.TCP, 80
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		t.Port = port
	}
	return t
}

// Target is the endpoint as the prober wants it.
func (e Endpoint) Target(protocol setup.Protocol) probe.Target {
	return probe.Target{Protocol: probe.Protocol(protocol), Host: e.Host, Port: e.Port, Security: e.Security}
}

// Definitions lists every definition Explain can report, each once.
func (p Provider) Definitions() []*finding.Definition {
	var list []*finding.Definition
	add := func(d *finding.Definition) {
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	for _, r := range p.Rules {
		for _, m := range r.Means {
			add(m.Definition)
		}
	}
	for _, change := range Changes() {
		if slices.ContainsFunc(changes[change].repairs, func(d *finding.Definition) bool { return slices.Contains(list, d) }) {
			add(changes[change].waiting)
		}
	}
	return append(list, AddressWithCode, AddressToSignIn, TextIsToken, Unexplained)
}
