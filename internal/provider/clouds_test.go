package provider_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

func TestTheTenantChoosesItsCloud(t *testing.T) {
	const id = "/6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f/v2.0"
	for _, tt := range []struct{ issuer, sub, want string }{
		{"https://login.microsoftonline.com" + id, "", "entra"},
		{"https://login.microsoftonline.com" + id, "GCC", "entra"},
		{"https://login.microsoftonline.us" + id, "", "entra_usgov"},
		{"https://login.microsoftonline.us" + id, "DODCON", "entra_usgov"},
		{"https://login.microsoftonline.us" + id, "DOD", "entra_usgov_dod"},
		{"https://login.microsoftonline.com" + id, "DODCON", "entra_usgov"},
		{"https://login.partner.microsoftonline.cn" + id, "", "entra_china"},
		{"https://login.chinacloudapi.cn" + id, "", "entra_china"},
		{"https://login.microsoftonline.us.evil.example" + id, "DOD", ""},
		{"http://login.microsoftonline.us" + id, "DOD", ""},
		{"https://evil.example", "DODCON", ""},
		{"", "", ""},
	} {
		p, ok := provider.CloudOf(oauth.Metadata{Issuer: tt.issuer, Extra: map[string]string{"tenant_region_sub_scope": tt.sub}})
		if p.ID != tt.want || ok != (tt.want != "") {
			t.Errorf("%s, %q: %q, want %q", tt.issuer, tt.sub, p.ID, tt.want)
		}
	}
}

func TestEveryCloudIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range provider.BuiltIn() {
		if seen[p.ID] || p.ID == "" || p.Name == "" {
			t.Errorf("%q is there twice or has no name", p.ID)
		}
		seen[p.ID] = true
		for _, protocol := range setup.Protocols {
			if !strings.HasPrefix(p.Scopes[protocol], "https://") || p.Hosts[protocol].Host == "" {
				t.Errorf("%s has no %s: %q, %v", p.ID, protocol, p.Scopes[protocol], p.Hosts[protocol])
			}
		}
		if !p.IssuerOK("contoso.example", p.Authority+"/6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f/v2.0") || len(p.Rules) == 0 || len(p.Audiences) == 0 {
			t.Errorf("%s is not usable", p.ID)
		}
		resource := p.Scopes[setup.IMAP][:strings.LastIndexByte(p.Scopes[setup.IMAP], '/')]
		if !slices.Contains(p.Audiences, resource) || !provider.ForGraph([]string{strings.TrimSuffix(p.ProbeScope, "/.default")}) {
			t.Errorf("%s: the audience %s is not accepted, or the probe %s is not of Graph", p.ID, resource, p.ProbeScope)
		}
		if confirmed := len(p.Unconfirmed) == 0; confirmed != (p.ID == "entra") {
			t.Errorf("%s: unconfirmed are %v", p.ID, p.Unconfirmed)
		}
	}
	if p, ok := provider.CloudByName("us-gov"); !ok || p.ID != "entra_usgov" {
		t.Error("no cloud us-gov")
	}
	if _, ok := provider.CloudByName(""); ok {
		t.Error("a cloud without a name")
	}
}

func TestPortalLinks(t *testing.T) {
	const id = "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"
	for _, p := range provider.BuiltIn() {
		for _, page := range provider.Pages() {
			for _, clientID := range []string{"", id, "a/b?c=d#e"} {
				link := p.PortalLink(page, clientID)
				if link == "" && p.ID != "entra" {
					continue // the other admin centers of this cloud are not known
				}
				if u, err := url.Parse(link); err != nil || u.Scheme != "https" || strings.ContainsAny(link, "{}") {
					t.Errorf("%s, %s: %q", p.ID, page, link)
				}
			}
		}
	}
	if got := provider.EntraChina.PortalLink(provider.PageCredentials, id); !strings.HasPrefix(got, "https://portal.azure.cn/") {
		t.Errorf("China: %s", got)
	}
	if got := provider.Entra.PortalLink(provider.PageCredentials, ""); got != provider.Entra.PortalLink(provider.PageRegistrations, "") {
		t.Errorf("without a client ID: %s", got)
	}
	if !provider.PageMailboxes.Documented() || provider.PageCredentials.Documented() {
		t.Error("what Microsoft documents is mixed up")
	}
	f := finding.New(provider.ClientSecretExpired)
	if got := provider.Entra.Linked(f, id).Params["link_credentials"]; !strings.HasSuffix(got, id) {
		t.Errorf("link %q", got)
	}
	if len(f.Params) != 0 {
		t.Error("Linked has changed the finding it was given")
	}
	if got := provider.Entra.Link(provider.SMTPAuthDisabledTenant, id); got != "https://aka.ms/smtp_auth_disabled" {
		t.Errorf("link %q", got)
	}
}
