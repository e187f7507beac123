package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// Config is everything the operator can decide.
type Config struct {
	Listen         string         `toml:"listen"`       // host:port to listen on
	ExternalURL    string         `toml:"external_url"` // where browsers reach it; "" = http://localhost with the port
	Data           string         `toml:"data"`         // folder of the database and the key
	Node           string         `toml:"node"`         // name of this server; "" = its host name
	Role           setup.Role     `toml:"role"`         // all, application or services
	CAFile         string         `toml:"ca_file"`      // further certificate authorities, PEM
	TLSCertificate string         `toml:"tls_certificate"`
	TLSKey         string         `toml:"tls_key"`
	TrustedProxies []netip.Prefix `toml:"trusted_proxies"`
	AllowNetworks  []netip.Prefix `toml:"allow_networks"`
	// Proxy is the way to the providers where nobody gets out directly:
	// http://host:port or socks5://host:port; "" = directly.
	Proxy     string     `toml:"proxy"`
	Providers []Provider `toml:"provider"`
	// Guides are addresses at which this site keeps the vendor's guides, by the
	// title that the vendor gives them.
	Guides map[string]string `toml:"guides"`
}

// Provider is an identity and mail provider beside, or in place of, the
// built-in ones.
type Provider struct {
	ID        string            `toml:"id"`
	Name      string            `toml:"name"`
	Kind      provider.Kind     `toml:"kind"`      // entra or openid
	Authority string            `toml:"authority"` // base address; an OpenID provider's issuer
	Scopes    map[string]string `toml:"scopes"`    // by protocol; empty: the built-in ones
	Hosts     map[string]Host   `toml:"hosts"`     // by protocol
	// ProbeScope enables the client-credentials probe of an OpenID provider.
	ProbeScope string `toml:"probe_scope"`
	// CertificateIssuers are the organisations that issue its certificates: any
	// other one is taken for a device that opens the traffic. An empty list, and
	// none for a provider of one's own, judges nothing.
	CertificateIssuers []string `toml:"certificate_issuers"`
}

// Host is where a protocol is spoken.
type Host struct {
	Host     string         `toml:"host"`
	Port     int            `toml:"port"`
	Security probe.Security `toml:"security"` // tls or starttls
}

// Default is the configuration of somebody who has none: this computer only.
func Default() Config {
	return Config{Listen: "localhost:8080", Data: "data", Role: setup.RoleAll}
}

// Read reads a TOML file over the defaults. An unknown key is an error: a
// mistyped one would otherwise be silently without effect.
func Read(path string) (Config, error) {
	c := Default()
	if path == "" {
		return c, nil
	}
	meta, err := toml.DecodeFile(path, &c)
	var wrong toml.ParseError
	if errors.As(err, &wrong) && (wrong.LastKey == "trusted_proxies" || wrong.LastKey == "allow_networks") {
		return c, fmt.Errorf("config: %s: %w: write networks, such as [\"10.0.0.0/8\"]", path, err)
	}
	if err != nil {
		return c, fmt.Errorf("config: %s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return c, fmt.Errorf("config: %s: unknown key %q: correct its name or take it out", path, unknown[0])
	}
	return c, nil
}

// Complete fills what follows from the rest and reports the first thing that
// cannot work, with the key, its value and the repair.
func (c *Config) Complete() error {
	if err := c.completeAddresses(); err != nil {
		return err
	}
	if c.Data == "" {
		return fault("data", c.Data, "name the folder of the database and the key")
	}
	if !slices.Contains([]setup.Role{setup.RoleAll, setup.RoleApplication, setup.RoleServices}, c.Role) {
		return fault("role", string(c.Role), "write all, application or services")
	}
	if c.Node == "" {
		var err error
		if c.Node, err = os.Hostname(); err != nil {
			return fmt.Errorf("config: node is not set and the host name is unknown: %w", err)
		}
	}
	if c.Proxy != "" {
		if _, err := probe.ParseProxy(c.Proxy); err != nil {
			return fmt.Errorf("config: %w", err)
		}
	}
	for title, address := range c.Guides {
		repair := "write the web address of the guide " + strconv.Quote(title)
		u, err := url.Parse(address)
		switch {
		case err != nil:
			return fault("guides", "", repair) // the error would repeat a password
		case u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
			return fault("guides", u.Redacted(), repair)
		}
	}
	for i, p := range c.Providers {
		if err := p.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(c.Providers[:i], func(o Provider) bool { return o.ID == p.ID }) {
			return fmt.Errorf("config: provider %q: id = %q: it is there twice; give each its own", p.ID, p.ID)
		}
	}
	return nil
}

// ProxyURL is the way to the providers, nil where there is no proxy.
func (c Config) ProxyURL() *url.URL {
	u, err := probe.ParseProxy(c.Proxy)
	if err != nil {
		return nil
	}
	return u
}

// completeAddresses judges where to listen and where browsers come.
func (c *Config) completeAddresses() error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fault("listen", c.Listen, "write host:port, such as localhost:8080")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fault("listen", c.Listen, "write a port from 1 to 65535, such as localhost:8080")
	}
	switch {
	case c.TLSCertificate != "" && c.TLSKey == "":
		return fault("tls_key", "", "name the file of the key that belongs to tls_certificate")
	case c.TLSCertificate == "" && c.TLSKey != "":
		return fault("tls_certificate", "", "name the file of the certificate that belongs to tls_key")
	case c.ExternalURL == "" && !loopback(host):
		return fault("external_url", "", fmt.Sprintf("write where browsers reach listen = %q, such as https://latchkey.contoso.example", c.Listen))
	case c.ExternalURL == "" && c.TLSCertificate != "":
		c.ExternalURL = "https://localhost:" + port
	case c.ExternalURL == "":
		c.ExternalURL = "http://localhost:" + port
	}
	u, err := url.Parse(c.ExternalURL)
	switch {
	case err != nil || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fault("external_url", shown(c.ExternalURL), "write scheme, host and port only, such as https://latchkey.contoso.example")
	case u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost"):
		return fault("external_url", c.ExternalURL, "it must begin with https://; only http://localhost may do without")
	case u.Scheme == "http" && c.TLSCertificate != "":
		return fault("external_url", c.ExternalURL, "with tls_certificate it must begin with https://")
	case u.Scheme == "http" && !loopback(host):
		return fault("listen", c.Listen, "with http://localhost as external_url it must listen on localhost, port "+port)
	}
	// Browsers leave the scheme's own port out of the Host they send, and ask
	// for the name in lower case (WHATWG URL Standard §4.4).
	if u.Port() == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	c.ExternalURL = u.Scheme + "://" + strings.ToLower(u.Host)
	return nil
}

func fault(key, value, repair string) error {
	return fmt.Errorf("config: %s = %q: %s", key, value, repair)
}

func (p Provider) check() error {
	fault := func(key, value, repair string) error {
		return fmt.Errorf("config: provider %q: %s = %q: %s", p.ID, key, value, repair)
	}
	u, err := url.Parse(p.Authority)
	switch {
	case p.ID == "":
		return fault("id", p.ID, "give it a short name")
	case p.Kind != provider.KindEntra && p.Kind != provider.KindOpenID:
		return fault("kind", string(p.Kind), "write entra or openid")
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return fault("authority", shown(p.Authority), "write its https address")
	}
	for name := range p.Scopes {
		if !slices.Contains(setup.Protocols, setup.Protocol(name)) {
			return fault("scopes."+name, p.Scopes[name], "write imap, pop3 or smtp in place of "+name)
		}
	}
	for _, name := range p.CertificateIssuers {
		if strings.TrimSpace(name) == "" || strings.Contains(name, "=") {
			return fault("certificate_issuers", name, "write the organisation alone, such as DigiCert Inc")
		}
	}
	for name, h := range p.Hosts {
		switch {
		case !slices.Contains(setup.Protocols, setup.Protocol(name)):
			return fault("hosts."+name, h.Host, "write imap, pop3 or smtp in place of "+name)
		case h.Host == "" || h.Port < 1 || h.Port > 65535:
			return fault("hosts."+name, fmt.Sprintf("%s:%d", h.Host, h.Port), "write host and port")
		case h.Security != probe.TLS && h.Security != probe.STARTTLS:
			return fault("hosts."+name+".security", string(h.Security), "write tls or starttls")
		}
	}
	return nil
}

// shown is an address without the password that somebody may have put in it.
func shown(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return u.Redacted()
	}
	return address
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ProviderList turns the configured providers into data. Microsoft's clouds
// follow, the worldwide one first, unless one of the same ID is configured.
// Where the worldwide one is replaced, as by a test server, a tenant is looked
// for nowhere else.
func (c Config) ProviderList() []provider.Provider {
	var list []provider.Provider
	for _, p := range c.Providers {
		list = append(list, p.data())
	}
	if slices.ContainsFunc(list, func(p provider.Provider) bool { return p.ID == provider.Entra.ID }) {
		return list
	}
	for _, built := range provider.BuiltIn() {
		if !slices.ContainsFunc(list, func(p provider.Provider) bool { return p.ID == built.ID }) {
			list = append(list, built)
		}
	}
	return list
}

func (p Provider) data() provider.Provider {
	base := provider.OpenID
	if p.Kind == provider.KindEntra {
		base = provider.Entra
		if cloud, ok := provider.CloudByName(p.ID); ok { // its uncertain values are replaced
			base = cloud
		}
	}
	hosts := map[setup.Protocol]provider.Endpoint{}
	for name, h := range p.Hosts {
		hosts[setup.Protocol(name)] = provider.Endpoint{Host: h.Host, Port: h.Port, Security: h.Security}
	}
	made := base.At(p.Authority, hosts)
	made.ID, made.Name = p.ID, p.Name
	if made.Name == "" {
		made.Name = p.ID
	}
	switch {
	case p.CertificateIssuers != nil:
		made.Issuers = p.CertificateIssuers
	case made.Authority == base.Authority: // a cloud of Microsoft's, with other hosts or scopes
		made.Issuers = base.Issuers
	}
	if p.ProbeScope != "" {
		made.ProbeScope = p.ProbeScope
	}
	if len(p.Scopes) > 0 {
		made.Scopes = map[setup.Protocol]string{}
		for name, scope := range p.Scopes {
			made.Scopes[setup.Protocol(name)] = scope
		}
	}
	return made
}
