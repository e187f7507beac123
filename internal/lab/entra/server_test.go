package entra_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/lab/world"
)

func (b *bench) get(path string, into any) int {
	b.t.Helper()
	r, err := http.Get(b.origin + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		b.t.Fatal(err)
	}
	return r.StatusCode
}

func TestDiscovery(t *testing.T) {
	b := newBench(t)
	type document struct {
		Issuer    string  `json:"issuer"`
		Token     string  `json:"token_endpoint"`
		Authorize string  `json:"authorization_endpoint"`
		Keys      string  `json:"jwks_uri"`
		Region    *string `json:"tenant_region_scope"`
		SubRegion string  `json:"tenant_region_sub_scope"`
		Cloud     string  `json:"cloud_instance_name"`
		Graph     string  `json:"msgraph_host"`
	}
	b.state(func(s *world.State) { s.Tenants[1].Region, s.Tenants[1].SubRegion = "USGov", "DODCON" })
	for segment, want := range map[string]struct{ issuer, region, sub string }{
		b.tenant: {b.tenant, "EU", ""}, world.Domain: {b.tenant, "EU", ""}, strings.ToUpper(world.Domain): {b.tenant, "EU", ""},
		"organizations": {"{tenantid}", "", ""}, "common": {"{tenantid}", "", ""},
		world.OtherDomain: {"", "USGov", "DODCON"},
	} {
		var d document
		if status := b.get("/"+segment+"/v2.0/.well-known/openid-configuration", &d); status != http.StatusOK {
			t.Errorf("%s: %d", segment, status)
			continue
		}
		if want.issuer != "" && d.Issuer != b.origin+"/"+want.issuer+"/v2.0" {
			t.Errorf("%s: issuer %s", segment, d.Issuer)
		}
		if region := d.Region; (region == nil) != (want.region == "") || region != nil && *region != want.region || d.SubRegion != want.sub {
			t.Errorf("%s: region %v %q", segment, region, d.SubRegion)
		}
		if d.Cloud != "microsoftonline.com" || d.Graph != "graph.microsoft.com" {
			t.Errorf("%s: cloud %q %q", segment, d.Cloud, d.Graph)
		}
		for _, endpoint := range []string{d.Token, d.Authorize, d.Keys} {
			if !strings.HasPrefix(endpoint, b.origin+"/") {
				t.Errorf("%s: endpoint %s leads away", segment, endpoint)
			}
		}
	}
	var a answer
	if status := b.get("/nowhere.example/v2.0/.well-known/openid-configuration", &a); status != http.StatusBadRequest || a.number() != 90002 || a.Error != "invalid_request" {
		t.Errorf("unknown tenant: %d %d", status, a.number())
	}
}

func TestKeys(t *testing.T) {
	b := newBench(t)
	var d struct {
		Keys []struct{ Kid, Issuer, Kty, Use, N, E string }
	}
	for segment, issuer := range map[string]string{b.tenant: b.tenant, world.Domain: b.tenant, "common": "{tenantid}"} {
		b.get("/"+segment+"/discovery/v2.0/keys", &d)
		if len(d.Keys) != 1 || d.Keys[0].Issuer != b.origin+"/"+issuer+"/v2.0" || d.Keys[0].Kty != "RSA" || d.Keys[0].N == "" || d.Keys[0].E != "AQAB" {
			t.Errorf("%s: %+v", segment, d.Keys)
		}
	}
	var a answer
	if b.get("/nowhere.example/discovery/v2.0/keys", &a); a.number() != 90002 {
		t.Errorf("unknown tenant: %d", a.number())
	}
}

// No other name may be pointed at the simulator.
func TestOnlyItsOwnHostIsServed(t *testing.T) {
	b := newBench(t)
	for _, host := range []string{"attacker.example", "localhost:" + b.origin[strings.LastIndexByte(b.origin, ':')+1:], "127.0.0.1"} {
		r, err := http.NewRequest(http.MethodGet, b.origin+"/portal", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("Host %s: %d", host, response.StatusCode)
		}
	}
}

// A form on another site must not change anything here.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	b := newBench(t)
	targets := []string{
		"/portal/apps/" + b.app + "/authentication", "/portal/apps/" + b.app + "/secrets", "/portal/apps/" + b.app + "/consent",
		"/portal/mailboxes/" + world.Sales, "/portal/tenant", "/" + b.tenant + "/login", "/" + b.tenant + "/consent", "/repair",
	}
	for _, target := range targets {
		for name, headers := range map[string]map[string]string{
			"fetch metadata": {"Sec-Fetch-Site": "cross-site"}, "origin": {"Origin": "https://attacker.example"},
			"same site, other port": {"Sec-Fetch-Site": "same-site"},
		} {
			r, err := http.NewRequest(http.MethodPost, b.origin+target, strings.NewReader("uri=https://attacker.example/"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for k, v := range headers {
				r.Header.Set(k, v)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: %d", target, name, response.StatusCode)
			}
		}
	}
}

func TestPagesAreLabelled(t *testing.T) {
	b := newBench(t)
	b.secret()
	w := b.window()
	paths := []string{"/", b.request(nil), "/error?code=1", "/nowhere", "/portal", "/portal/mailboxes", "/portal/mailboxes/" + world.Sales, "/portal/tenant"}
	for _, section := range []string{"", "/authentication", "/secrets", "/permissions", "/consent"} {
		paths = append(paths, "/portal/apps/"+b.app+section)
	}
	field := regexp.MustCompile(`<(?:input|select)[^>]*>`)
	for _, path := range paths {
		p := w.Open(path)
		if !p.Has("Simulator.") || !strings.HasSuffix(p.Title, "– simulator") {
			t.Errorf("%s: no banner", path)
		}
		if strings.Count(p.Body, "<h1>") != 1 || !strings.Contains(p.Body, `<html lang="en">`) {
			t.Errorf("%s: one h1 and a language are needed", path)
		}
		if strings.Contains(p.Body, " style=") || strings.Contains(p.Body, " onclick=") {
			t.Errorf("%s: inline style or script", path)
		}
		for _, tag := range field.FindAllString(p.Body, -1) {
			id := regexp.MustCompile(` id="([^"]+)"`).FindStringSubmatch(tag)
			switch {
			case strings.Contains(tag, `type="hidden"`), strings.Contains(p.Body, `<label class="check">`+tag):
			case id == nil || !strings.Contains(p.Body, `<label for="`+id[1]+`">`):
				t.Errorf("%s: no label for %s", path, tag)
			}
		}
		if policy := p.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}

// Whatever is typed or sent must arrive on the page as text.
func TestPagesEscape(t *testing.T) {
	b := newBench(t)
	const evil = `"><script>alert(1)</script></script>`
	p := b.window().Open(b.request(change{"login_hint": evil, "redirect_uri": "https://x.example/" + evil}))
	for _, page := range []string{
		p.Body, b.signIn(p, world.Support).Body,
		b.window().Open("/" + url.PathEscape(evil) + "/oauth2/v2.0/authorize?client_id=" + b.app).Body,
		b.window().Open("/error?code=" + url.QueryEscape(evil)).Body,
	} {
		if strings.Contains(page, "<script>alert") {
			t.Errorf("not escaped:\n%s", page)
		}
	}
}

func TestBodiesAreLimited(t *testing.T) {
	b := newBench(t)
	response, err := http.Post(b.origin+"/"+b.tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", io.LimitReader(zeros{}, 1<<20))
	if err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("1 MiB was answered with %d", response.StatusCode)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
