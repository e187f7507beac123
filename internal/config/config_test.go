package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "latchkey.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load is what a command does with a file.
func load(t *testing.T, text string) (Config, error) {
	t.Helper()
	c, err := Read(file(t, text))
	if err != nil {
		return c, err
	}
	return c, c.Complete()
}

const full = `
listen = "0.0.0.0:8443"
external_url = "https://latchkey.contoso.example"
data = "/var/lib/latchkey"
node = "NODE1"
role = "services"
ca_file = "/etc/latchkey/ca.pem"
tls_certificate = "/etc/latchkey/cert.pem"
tls_key = "/etc/latchkey/key.pem"
trusted_proxies = ["10.0.0.0/8"]
allow_networks = ["192.0.2.0/24", "2001:db8::/32"]
proxy = "socks5://proxy.contoso.example:1080"

[guides]
"Email and Routing Resources" = "https://intranet.contoso.example/ece.pdf"

[[provider]]
id = "own"
name = "Own sign-in"
kind = "openid"
authority = "https://id.contoso.example/"
probe_scope = "probe"
certificate_issuers = ["Contoso Trust"]
[provider.scopes]
imap = "mail"
[provider.hosts.imap]
host = "mail.contoso.example"
port = 993
security = "tls"
`

func TestReadFull(t *testing.T) {
	c, err := load(t, full)
	if err != nil {
		t.Fatal(err)
	}
	for field, v := range fields(reflect.ValueOf(c)) {
		if v.IsZero() {
			t.Errorf("%s was not read", field)
		}
	}
	list := c.ProviderList()
	if len(list) != 1+len(provider.BuiltIn()) || list[0].ID != "own" || list[1].ID != provider.Entra.ID {
		t.Fatalf("providers %v, want own and Microsoft's clouds", list)
	}
	own := list[0]
	got := []any{own.Name, own.Kind, own.Authority, own.ProbeScope, own.Issuers, own.Scopes, own.Hosts[setup.IMAP]}
	want := []any{"Own sign-in", provider.KindOpenID, "https://id.contoso.example", "probe", []string{"Contoso Trust"}, map[setup.Protocol]string{setup.IMAP: "mail"},
		provider.Endpoint{Host: "mail.contoso.example", Port: 993, Security: probe.TLS}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// fields are the values of a struct by their names in the file.
func fields(v reflect.Value) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for i := range v.NumField() {
		all[v.Type().Field(i).Tag.Get("toml")] = v.Field(i)
	}
	return all
}

func TestDefaults(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     "http://localhost:8080",
		`listen = "localhost:9000"`:            "http://localhost:9000",
		`listen = "127.0.0.1:9000"`:            "http://localhost:9000",
		`listen = "[::1]:9000"`:                "http://localhost:9000",
		"tls_certificate = 'a'\ntls_key = 'b'": "https://localhost:8080",
		"listen = ':80'\nexternal_url = 'https://latchkey.contoso.example'": "https://latchkey.contoso.example",
		"external_url = 'http://localhost:9999'":                            "http://localhost:9999",
		"external_url = 'http://localhost:80'":                              "http://localhost",
		"external_url = 'https://latchkey.contoso.example:443'":             "https://latchkey.contoso.example",
		"external_url = 'https://[2001:db8::1]:443'":                        "https://[2001:db8::1]",
		"external_url = 'https://Latchkey.Contoso.Example'":                 "https://latchkey.contoso.example",
		"external_url = 'https://latchkey.contoso.example:80'":              "https://latchkey.contoso.example:80",
		"external_url = 'https://latchkey.contoso.example:4443'":            "https://latchkey.contoso.example:4443",
	} {
		c, err := load(t, text)
		if err != nil || c.ExternalURL != want {
			t.Errorf("%s: external_url = %q, %v; want %q", text, c.ExternalURL, err, want)
		}
		if c.Data != "data" || c.Role != setup.RoleAll || c.Node == "" {
			t.Errorf("%s: %+v", text, c)
		}
	}
	c, err := Read("")
	if diff := cmp.Diff(Default(), c, cmp.Comparer(func(a, b Config) bool { return reflect.DeepEqual(a, b) })); err != nil || diff != "" {
		t.Errorf("without a file: %v %s", err, diff)
	}
	if list := c.ProviderList(); len(list) != len(provider.BuiltIn()) || list[0].ID != provider.Entra.ID {
		t.Errorf("providers %v, want the built-in ones", list)
	}
}

const own = "[[provider]]\nid = 'own'\nkind = 'openid'\nauthority = 'https://id.contoso.example'\n"

// invalid are the faults of each field: what the file says, and the message.
var invalid = []struct{ field, text, want string }{
	{"listen", `listen = "8080"`, `listen = "8080": write host:port, such as localhost:8080`},
	{"listen", `listen = "localhost:http"`, `listen = "localhost:http": write a port from 1 to 65535, such as localhost:8080`},
	{"listen", `listen = "localhost:0"`, `listen = "localhost:0": write a port from 1 to 65535, such as localhost:8080`},
	{"listen", `listen = "localhost:65536"`, `listen = "localhost:65536": write a port from 1 to 65535, such as localhost:8080`},
	{"listen", "listen = '0.0.0.0:8080'\nexternal_url = 'http://localhost:8080'", `listen = "0.0.0.0:8080": with http://localhost as external_url it must listen on localhost, port 8080`},
	{"external_url", `listen = "0.0.0.0:8080"`, `external_url = "": write where browsers reach listen = "0.0.0.0:8080", such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "latchkey.contoso.example"`, `external_url = "latchkey.contoso.example": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "https://a.example/"`, `external_url = "https://a.example/": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "https://a.example?b"`, `external_url = "https://a.example?b": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "https://a.example#b"`, `external_url = "https://a.example#b": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "https://b@a.example"`, `external_url = "https://b@a.example": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "https://b:hidden@a.example"`, `external_url = "https://b:xxxxx@a.example": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "https://:8080"`, `external_url = "https://:8080": write scheme, host and port only, such as https://latchkey.contoso.example`},
	{"external_url", `external_url = "http://a.example"`, `external_url = "http://a.example": it must begin with https://; only http://localhost may do without`},
	{"external_url", `external_url = "http://127.0.0.1:8080"`, `external_url = "http://127.0.0.1:8080": it must begin with https://; only http://localhost may do without`},
	{"external_url", `external_url = "ftp://localhost"`, `external_url = "ftp://localhost": it must begin with https://; only http://localhost may do without`},
	{"external_url", "external_url = 'http://localhost:8080'\ntls_certificate = 'a'\ntls_key = 'b'", `external_url = "http://localhost:8080": with tls_certificate it must begin with https://`},
	{"data", `data = ""`, `data = "": name the folder of the database and the key`},
	{"role", `role = "both"`, `role = "both": write all, application or services`},
	{"tls_certificate", `tls_key = "key.pem"`, `tls_certificate = "": name the file of the certificate that belongs to tls_key`},
	{"tls_key", `tls_certificate = "cert.pem"`, `tls_key = "": name the file of the key that belongs to tls_certificate`},
	{"trusted_proxies", `trusted_proxies = ["proxy"]`, `FILE: toml: line 1 (last key "trusted_proxies"): netip.ParsePrefix("proxy"): no '/': write networks, such as ["10.0.0.0/8"]`},
	{"allow_networks", `allow_networks = ["10.0.0.1"]`, `FILE: toml: line 1 (last key "allow_networks"): netip.ParsePrefix("10.0.0.1"): no '/': write networks, such as ["10.0.0.0/8"]`},

	{"proxy", `proxy = "proxy:3128"`, `proxy = "proxy:3128": write http://host:port or socks5://host:port`},
	{"proxy", `proxy = "https://u:hidden@proxy:3128"`, `proxy = "https://u:xxxxx@proxy:3128": write http://host:port or socks5://host:port`},
	{"proxy", `proxy = "http://u:hidden@%zz"`, `proxy is no address: write http://host:port or socks5://host:port`},

	{"guides", "[guides]\n'Email Resources' = 'ece.pdf'", `guides = "ece.pdf": write the web address of the guide "Email Resources"`},
	{"guides", "[guides]\n'A' = 'https://b:hidden@a.example'", `guides = "https://b:xxxxx@a.example": write the web address of the guide "A"`},
	{"guides", "[guides]\n'A' = 'https://b:hidden@%zz'", `guides = "": write the web address of the guide "A"`},

	{"id", "[[provider]]\nkind = 'openid'\nauthority = 'https://a.example'", `provider "": id = "": give it a short name`},
	{"id", own + own, `provider "own": id = "own": it is there twice; give each its own`},
	{"kind", "[[provider]]\nid = 'own'\nkind = 'saml'\nauthority = 'https://a.example'", `provider "own": kind = "saml": write entra or openid`},
	{"authority", "[[provider]]\nid = 'own'\nkind = 'entra'", `provider "own": authority = "": write its https address`},
	{"authority", "[[provider]]\nid = 'own'\nkind = 'entra'\nauthority = 'http://a.example'", `provider "own": authority = "http://a.example": write its https address`},
	{"authority", "[[provider]]\nid = 'own'\nkind = 'entra'\nauthority = 'ftp://localhost'", `provider "own": authority = "ftp://localhost": write its https address`},
	{"authority", "[[provider]]\nid = 'own'\nkind = 'entra'\nauthority = 'https://a.example?b'", `provider "own": authority = "https://a.example?b": write its https address`},
	{"authority", "[[provider]]\nid = 'own'\nkind = 'entra'\nauthority = 'https://b:hidden@a.example'", `provider "own": authority = "https://b:xxxxx@a.example": write its https address`},
	{"scopes", own + "scopes = { jmap = 'mail' }", `provider "own": scopes.jmap = "mail": write imap, pop3 or smtp in place of jmap`},
	{"certificate_issuers", own + "certificate_issuers = ['']", `provider "own": certificate_issuers = "": write the organisation alone, such as DigiCert Inc`},
	{"certificate_issuers", own + "certificate_issuers = ['CN=CA, O=DigiCert Inc']", `provider "own": certificate_issuers = "CN=CA, O=DigiCert Inc": write the organisation alone, such as DigiCert Inc`},
	{"hosts", own + "hosts = { IMAP = { host = 'a.example', port = 993, security = 'tls' } }", `provider "own": hosts.IMAP = "a.example": write imap, pop3 or smtp in place of IMAP`},
	{"host", own + "hosts = { imap = { port = 993, security = 'tls' } }", `provider "own": hosts.imap = ":993": write host and port`},
	{"port", own + "hosts = { imap = { host = 'a.example', security = 'tls' } }", `provider "own": hosts.imap = "a.example:0": write host and port`},
	{"port", own + "hosts = { imap = { host = 'a.example', port = 65536, security = 'tls' } }", `provider "own": hosts.imap = "a.example:65536": write host and port`},
	{"security", own + "hosts = { imap = { host = 'a.example', port = 993, security = 'none' } }", `provider "own": hosts.imap.security = "none": write tls or starttls`},

	{"", `lisen = "localhost:1"`, `FILE: unknown key "lisen": correct its name or take it out`},
	{"", own + "secret = 'x'", `FILE: unknown key "provider.secret": correct its name or take it out`},
	{"", `listen = 8080`, `FILE: toml: line 1 (last key "listen"): incompatible types: TOML value has type int64; destination has type string`},
}

// anything are the fields that judge themselves where they are used: a name
// may be any, and a file shows whether it can be read when it is opened.
var anything = []string{"node", "ca_file", "provider", "name", "probe_scope"}

func TestEachFieldSaysWhatIsWrong(t *testing.T) {
	tested := map[string]bool{}
	for _, tt := range invalid {
		tested[tt.field] = true
		_, err := load(t, tt.text)
		if err == nil {
			t.Errorf("%s: accepted", tt.text)
			continue
		}
		got := strings.TrimPrefix(err.Error(), "config: ")
		if path, rest, ok := strings.Cut(got, ".toml: "); ok && filepath.IsAbs(path) {
			got = "FILE: " + rest
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.text, diff)
		}
	}
	for _, of := range []any{Config{}, Provider{}, Host{}} {
		for field := range fields(reflect.ValueOf(of)) {
			if !tested[field] && !slices.Contains(anything, field) {
				t.Errorf("no fault of %s is tested", field)
			}
		}
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read = %v, want that the file is not there", err)
	}
}

func TestTheBuiltInProviderCanBeReplaced(t *testing.T) {
	c, err := load(t, "[[provider]]\nid = 'entra'\nkind = 'entra'\nauthority = 'http://127.0.0.1:9'\n")
	if err != nil {
		t.Fatal(err)
	}
	list := c.ProviderList()
	if len(list) != 1 || list[0].Authority != "http://127.0.0.1:9" || list[0].Name != "entra" {
		t.Errorf("providers %+v, want the configured one alone", list)
	}
	if diff := cmp.Diff(provider.Entra.Scopes, list[0].Scopes); diff != "" {
		t.Errorf("scopes (-built in +configured)\n%s", diff)
	}
}

// What is uncertain about a national cloud can be replaced, and the rest stays.
func TestANationalCloudIsReplacedInPart(t *testing.T) {
	c := Default()
	c.Providers = []Provider{{
		ID: provider.EntraUSGovDoD.ID, Kind: provider.KindEntra, Authority: provider.EntraUSGovDoD.Authority,
		Hosts: map[string]Host{"smtp": {"smtp-dod.office365.us", 587, probe.STARTTLS}},
	}}
	list := c.ProviderList()
	if len(list) != len(provider.BuiltIn()) {
		t.Fatalf("%d providers", len(list))
	}
	got := list[0]
	if got.Hosts[setup.SMTP].Host != "smtp-dod.office365.us" || got.Hosts[setup.IMAP] != provider.EntraUSGovDoD.Hosts[setup.IMAP] ||
		got.ProbeScope != provider.EntraUSGovDoD.ProbeScope {
		t.Errorf("replaced: %+v", got)
	}
	for name, tt := range map[string]struct {
		authority string
		issuers   []string
		want      []string
	}{
		"where Microsoft has put it": {provider.EntraUSGovDoD.Authority, nil, provider.EntraUSGovDoD.Issuers},
		"with a new issuer":          {provider.EntraUSGovDoD.Authority, []string{"Contoso Trust"}, []string{"Contoso Trust"}},
		"not judged":                 {provider.EntraUSGovDoD.Authority, []string{}, []string{}},
		"elsewhere":                  {"https://login.contoso.example", nil, nil},
	} {
		c.Providers[0].Authority, c.Providers[0].CertificateIssuers = tt.authority, tt.issuers
		if diff := cmp.Diff(tt.want, c.ProviderList()[0].Issuers); diff != "" {
			t.Errorf("%s: issuers (-want +got)\n%s", name, diff)
		}
	}
}
