package check

import (
	"context"
	"slices"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// oauthFindings are what any request to the sign-in service may find.
func oauthFindings(p ...provider.Provider) []*finding.Definition {
	var list []*finding.Definition
	for _, one := range append(p, provider.Entra, provider.OpenID) {
		for _, d := range one.Definitions() {
			if !slices.Contains(list, d) {
				list = append(list, d)
			}
		}
	}
	return append(list, provider.InternalError)
}

// Tenant asks the sign-in service whether the tenant exists in this cloud.
var Tenant = &Check{
	ID:    "tenant",
	Reads: []setup.Field{setup.FieldCloud, setup.FieldTenant, setup.ConfigProvider},
	Targets: func(e *Env) []Target {
		if e.Provider.Claims.Tenant == "" {
			return nil
		}
		return []Target{{}}
	},
	Needs:    []setup.Field{setup.FieldTenant},
	NeededBy: setup.StepSignIn,
	Finds:    oauthFindings(),
	Grade:    Automatic, Timeout: 20 * time.Second, MaxAge: 24 * time.Hour,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		tenant := e.Setup.Registration.Tenant
		m, err := e.OAuth.Discover(ctx, e.Provider.DiscoveryURL(tenant), func(issuer string) bool {
			return e.Provider.IssuerOK(tenant, issuer)
		})
		if err != nil {
			return e.explain(err, t)
		}
		facts := []Fact{{"tenant_id", e.Provider.TenantOf(m.Issuer)}}
		if region := m.Extra["tenant_region_scope"]; region != "" {
			facts = append(facts, Fact{"tenant_region", region})
		}
		return Passed(facts...)
	},
}
