package check_test

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

func TestProductAddresses(t *testing.T) {
	const at = "https://ece.contoso.example"
	tests := []struct {
		name                       string
		setting, console, redirect string
		seen                       string   // "": all are equal
		shown                      []string // evidence
	}{
		{"the same three times", at, at + "/system", eceURI, "", nil},
		{"no redirect URI of its own yet", at, at + "/system", "", "", nil},
		{"the default port written out", at + ":443", at + "/system", eceURI, "", nil},
		{"capital letters in the host", "https://ECE.contoso.example", at, eceURI, "", nil},
		{"the console under a short name", at, "https://ece/system", eceURI, "https://ece", []string{at, "https://ece/system"}},
		{"the console on another port", at, at + ":8443/system", eceURI, at + ":8443", []string{at, at + ":8443/system"}},
		{"the console without https", at, "http://ece.contoso.example/system", eceURI, "http://ece.contoso.example", []string{at, "http://ece.contoso.example/system"}},
		{"the redirect URI on another host", at, at, "https://mail.contoso.example/oauth.jsp", "https://mail.contoso.example", []string{at, "https://mail.contoso.example/oauth.jsp"}},
		{"both at one other place", at, "https://b.example/system", "https://b.example/oauth", "https://b.example",
			[]string{at, "https://b.example/system", "https://b.example/oauth"}},
		{"http on 443 is not https", "https://ece.contoso.example:80", "http://ece.contoso.example", "", "http://ece.contoso.example",
			[]string{"https://ece.contoso.example:80", "http://ece.contoso.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := ece("12.6(1)")
			s.Addresses = setup.Addresses{ProductURL: tt.setting, ConsoleURL: tt.console, ProductRedirectURI: tt.redirect}
			waits(t, check.ProductAddresses, s)
			env := envOf(s)
			out := judge(t, check.ProductAddresses, env, check.Target{})
			if tt.seen == "" {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, "product_addresses_differ")
			release, _ := env.Product.Release("12.6(1)")
			f := out.Findings[0]
			wantParams(t, out, "seen", tt.seen, "needed", f.Params["needed"], "setting", release.Setting)
			if !strings.HasPrefix(f.Params["needed"], "https://ece.contoso.example") {
				t.Errorf("needed is %q", f.Params["needed"])
			}
			if !f.Blocks() {
				t.Error("two different servers do not stop")
			}
			var shown []string
			for _, e := range f.Evidence {
				shown = append(shown, e.Text)
			}
			want := strings.Join(tt.shown, " ")
			if got := strings.Join(shown, " "); got != want {
				t.Errorf("evidence %q, want %q", got, want)
			}
		})
	}
}

func TestProductAddressesOfAnUnknownRelease(t *testing.T) {
	s := ece("9.9")
	s.Addresses = setup.Addresses{ProductURL: "https://a.example", ConsoleURL: "https://b.example"}
	out := judge(t, check.ProductAddresses, envOf(s), check.Target{})
	wantCodes(t, out, "product_addresses_differ")
	wantParams(t, out, "seen", "https://b.example", "needed", "https://a.example", "setting", "the external-URL setting")
}

// A product without a redirect URI of its own has nothing to compare.
func TestProductChecksApplyToProductsWithAnAddress(t *testing.T) {
	other := envOf(setup.Setup{Application: setup.Application{Product: "other"}})
	for _, c := range []*check.Check{check.ProductURL, check.ProductAddresses, check.ProductReachable} {
		if got := c.TargetsOf(other); len(got) != 0 {
			t.Errorf("%s judges a product without an address: %v", c.ID, got)
		}
		if got := c.TargetsOf(envOf(ece("12.6(1)"))); len(got) != 1 {
			t.Errorf("%s has %d targets", c.ID, len(got))
		}
	}
	waits(t, check.ProductURL, ece("12.6(1)"), setup.FieldProductURL)
	waits(t, check.ProductReachable, ece("12.6(1)"), setup.FieldProductURL)
	waits(t, check.ProductAddresses, ece("12.6(1)"), setup.FieldProductURL, setup.FieldConsoleURL)
}

func TestProductReachable(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	allowed := probe.Policy{Hosts: []string{u.Host}}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	tests := []struct {
		name   string
		url    string
		prober *probe.Prober
		code   string
		params []string
	}{
		{"reached, under a trusted certificate", server.URL, &probe.Prober{RootCAs: roots, Allow: allowed}, "", nil},
		{"an internal address that was typed into a page", server.URL, &probe.Prober{RootCAs: roots}, "address_forbidden", []string{"host", "127.0.0.1"}},
		{"a port that a search of a network would look for", "https://" + u.Host, &probe.Prober{RootCAs: roots, Allow: probe.Policy{
			Ports: []int{443}, Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		}}, "port_forbidden", []string{"host", "127.0.0.1", "port", u.Port()}},
		{"a certificate that nobody trusts", server.URL, &probe.Prober{RootCAs: x509.NewCertPool(), Allow: allowed}, "product_url_unreachable", []string{"url", server.URL}},
		{"nothing listens", "https://" + closed.Addr().String(), &probe.Prober{Allow: probe.Policy{Hosts: []string{closed.Addr().String()}}},
			"product_url_unreachable", []string{"url", "https://" + closed.Addr().String()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := ece("12.6(1)")
			s.Addresses.ProductURL = tt.url
			env := envOf(s)
			env.Probe = tt.prober
			out := judge(t, check.ProductReachable, env, check.Target{})
			if tt.code == "" {
				wantCodes(t, out)
				if fact(out, "ms_tls") == "" || fact(out, "ms_connect") == "" {
					t.Errorf("times are missing: %+v", out.Facts)
				}
				return
			}
			wantCodes(t, out, tt.code)
			wantParams(t, out, tt.params...)
			if s := out.Findings[0].Severity(); s == finding.Blocker {
				t.Error("only a browser must reach it, yet it stops")
			}
		})
	}
}
