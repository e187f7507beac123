package check

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// TenantElsewhere is exported for the page that offers the change.
var TenantElsewhere = &finding.Definition{
	Code: "tenant_in_other_cloud", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
	Title:       "The tenant {{.tenant}} is in {{.other}}, and {{.cloud}} is chosen",
	Consequence: "Nobody can sign in: a registration never crosses clouds.",
	Cause:       "Each national cloud has its own sign-in address, mail servers and registrations.",
	Remedy:      "Change to {{.other}} in the step Entra application.",
	Params:      []string{"tenant", "cloud", "other"},
}

var issuerDiffers = &finding.Definition{
	Code: "issuer_differs", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
	Title:       "What answers as {{.authority}} calls itself {{.issuer}}",
	Consequence: "No token of it is believed, so nobody can sign in.",
	Cause:       "The authority in the configuration differs from the issuer, often by a slash or a path, or something else answers in its place.",
	Remedy:      "Write the issuer exactly as the sign-in service names it into the configuration.",
	Params:      []string{"authority", "issuer"},
}

// undiscovered is the outcome of a discovery that failed.
func (e *Env) undiscovered(err error, t Target) Outcome {
	var refused *oauth.Refused
	if !errors.As(err, &refused) || refused.Check != oauth.CheckMetadataIssuer {
		return e.explain(err, t)
	}
	if e.Provider.Claims.Tenant != "" && strings.Contains(refused.Got, "{") {
		// The document of "common" or "organizations" names a pattern.
		return Found(finding.New(provider.TenantNeeded))
	}
	return Found(finding.New(issuerDiffers, "authority", e.Provider.Authority, "issuer", refused.Got))
}

// Tenant asks the sign-in service whether the tenant exists in this cloud, and
// where it does not, the other clouds.
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
	Finds:    with(answers(provider.AtDiscovery), TenantElsewhere, issuerDiffers, provider.TenantNeeded),
	Grade:    Automatic, Timeout: 60 * time.Second, MaxAge: 24 * time.Hour,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		tenant := e.Setup.Registration.Tenant
		m, err := discover(ctx, Cloud{e.Provider, e.OAuth}, tenant)
		if err != nil {
			out := e.undiscovered(err, t)
			if elsewhere, ok := e.cloudOf(ctx, tenant); ok {
				return Found(e.elsewhere(elsewhere, out.Findings...))
			}
			return out
		}
		// Two clouds share one sign-in host; only the document tells them apart.
		if cloud, ok := provider.CloudOf(m); ok && !e.Provider.Elsewhere && cloud.ID != e.Provider.ID && e.offers(cloud.ID) {
			return Found(e.elsewhere(cloud))
		}
		facts := []Fact{{"tenant_id", e.Provider.TenantOf(m.Issuer)}}
		if region := m.Extra["tenant_region_scope"]; region != "" {
			facts = append(facts, Fact{"tenant_region", region})
		}
		return Passed(facts...)
	},
}

func discover(ctx context.Context, c Cloud, tenant string) (oauth.Metadata, error) {
	return c.OAuth.Discover(ctx, c.Provider.DiscoveryURL(tenant), func(issuer string) bool {
		return c.Provider.IssuerOK(tenant, issuer)
	})
}

// tenantID is the ID of a tenant that is named by its ID or by a domain, "" if
// the chosen cloud does not know it: the check of the tenant says so then.
func (e *Env) tenantID(ctx context.Context, tenant string) string {
	if setup.IsGUID(tenant) {
		return strings.ToLower(tenant)
	}
	m, err := discover(ctx, Cloud{e.Provider, e.OAuth}, tenant)
	if err != nil {
		return ""
	}
	return strings.ToLower(e.Provider.TenantOf(m.Issuer))
}

// cloudOf asks the other clouds for a tenant. A cloud that does not answer is
// none: the finding of the chosen one stands then.
func (e *Env) cloudOf(ctx context.Context, tenant string) (provider.Provider, bool) {
	asked := []string{e.Provider.Authority}
	for _, c := range e.Clouds {
		if c.Provider.Kind != provider.KindEntra || slices.Contains(asked, c.Provider.Authority) {
			continue
		}
		asked = append(asked, c.Provider.Authority)
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		m, err := discover(ctx, c, tenant)
		cancel()
		if err != nil {
			continue
		}
		if exact, ok := provider.CloudOf(m); ok && e.offers(exact.ID) {
			return exact, true
		}
		return c.Provider, true
	}
	return provider.Provider{}, false
}

func (e *Env) offers(id string) bool {
	return slices.ContainsFunc(e.Clouds, func(c Cloud) bool { return c.Provider.ID == id })
}

func (e *Env) elsewhere(cloud provider.Provider, first ...finding.Finding) finding.Finding {
	f := finding.New(TenantElsewhere, "tenant", e.Setup.Registration.Tenant, "cloud", e.Provider.Name, "other", cloud.Name)
	for _, one := range first {
		f.Evidence = append(f.Evidence, one.Evidence...)
	}
	return f.With("cloud", cloud.ID, "")
}
