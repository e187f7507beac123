package check_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/setup"
)

// A service that names itself otherwise than the configuration does is a fault
// of the configuration, not of ours.
func TestAnIssuerThatDiffersIsNamed(t *testing.T) {
	const named = "https://id.contoso.example/other"
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":"` + named + `","authorization_endpoint":"` + named + `/a","token_endpoint":"` + named + `/t","jwks_uri":"` + named + `/k"}`))
	}))
	t.Cleanup(service.Close)
	env, _ := labEnv(t, setup.Setup{})
	env.Provider = env.Provider.At(service.URL, nil)
	env.Config.Provider = env.Provider
	env.Setup.Registration.Tenant = "contoso.example"
	env.Probe.Allow.Hosts = append(env.Probe.Allow.Hosts, env.Provider.WebAddresses()...)
	for _, c := range []*check.Check{check.Tenant, check.Client} {
		out := judge(t, c, env, check.Target{})
		wantCodes(t, out, "issuer_differs")
		if got := out.Findings[0].Params["issuer"]; got != named {
			t.Errorf("%s names %q", c.ID, got)
		}
	}
}

// The common address has a document too, which names no tenant.
func TestTheCommonAddressIsNoTenant(t *testing.T) {
	env, _ := labEnv(t, setup.Setup{})
	env.Setup.Registration.Tenant = "organizations"
	for _, c := range []*check.Check{check.Tenant, check.Client} {
		wantCodes(t, judge(t, c, env, check.Target{}), "tenant_needed")
	}
}
