package check

import (
	"context"
	"errors"
	"strconv"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var productAddressesDiffer = &finding.Definition{
	Code: "product_addresses_differ", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
	Title:       "{{.seen}} is not {{.needed}}, which stands in {{.setting}}",
	Consequence: "The product's sign-in does not come back, or its Generate button fails.",
	Cause:       "The console was opened, or the redirect URI registered, with another scheme, name or port than the setting holds.",
	Remedy:      "Give all of them the same beginning, up to the port. A change of the setting also changes agent sign-in and chat snippets.",
	Params:      []string{"seen", "needed", "setting"},
}

func ownRedirect(e *Env) []Target {
	if !e.Product.OwnRedirect {
		return nil
	}
	return []Target{{}}
}

// ProductURL judges the product's external-URL setting by itself.
var ProductURL = &Check{
	ID:      "product_url",
	Reads:   []setup.Field{setup.FieldProduct, setup.FieldProductURL},
	Needs:   []setup.Field{setup.FieldProductURL},
	Targets: ownRedirect,
	Finds:   []*finding.Definition{externalURLHTTP, externalURLAddress, externalURLExtra, externalURLShort},
	Grade:   Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		return Found(urlFindings(e.Setup.Addresses.ProductURL)...)
	},
}

// ProductAddresses compares setting, console address and redirect URI: the
// same scheme, host and port three times (checklist item 5).
var ProductAddresses = &Check{
	ID:      "product_addresses",
	Reads:   []setup.Field{setup.FieldProduct, setup.FieldRelease, setup.FieldProductURL, setup.FieldConsoleURL, setup.FieldProductRedirectURI},
	Needs:   []setup.Field{setup.FieldProductURL, setup.FieldConsoleURL},
	Targets: ownRedirect,
	After:   []*Check{ProductURL},
	Finds:   []*finding.Definition{productAddressesDiffer},
	Grade:   Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		a := e.Setup.Addresses
		setting := "the external-URL setting"
		if r, ok := e.Product.Release(e.Setup.Application.Release); ok {
			setting = r.Setting
		}
		var out Outcome
		seen := map[string]bool{}
		for _, c := range CompareAddresses(e) {
			if c.Same || seen[c.Seen] {
				continue // one card for a beginning, whatever has it
			}
			seen[c.Seen] = true
			f := finding.New(productAddressesDiffer, "seen", c.Seen, "needed", c.Needed, "setting", setting)
			for _, one := range []struct{ source, address string }{
				{setting, a.ProductURL}, {"console address", a.ConsoleURL}, {"redirect URI", a.ProductRedirectURI},
			} {
				if one.address != "" && (one.source == setting || origin(one.address) == c.Seen) {
					f = f.With(one.source, one.address, "")
				}
			}
			out.Findings = append(out.Findings, f)
		}
		return out
	},
}

var productUnreachable = &finding.Definition{
	Code: "product_url_unreachable", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
	Title:       "This server cannot open {{.url}}",
	Consequence: "If browsers cannot either, the product's sign-in does not come back.",
	Cause:       "The name does not resolve here, a firewall lies between, or the certificate is not valid.",
	Remedy:      "Open the address in the browser that will sign in. If the page appears, go on.",
	Params:      []string{"url"},
}

// ProductReachable asks whether the product's address resolves and shows a
// valid certificate. The host was typed into a page: no credentials go there,
// internal addresses are dialled only where the operator allows them, and other
// ports than those of the web not at all. Only a browser
// must reach it, so a failure from here is a warning.
var ProductReachable = &Check{
	ID:      "product_reachable",
	Reads:   []setup.Field{setup.FieldProduct, setup.FieldProductURL},
	Needs:   []setup.Field{setup.FieldProductURL},
	Targets: ownRedirect,
	After:   []*Check{ProductURL},
	Finds:   []*finding.Definition{productUnreachable, provider.AddressForbidden, provider.PortForbidden},
	Grade:   Automatic, Timeout: 20 * time.Second, MaxAge: time.Hour,
	Run: func(ctx context.Context, e *Env, _ Target) Outcome {
		address := e.Setup.Addresses.ProductURL
		report, err := e.Probe.Connect(ctx, provider.WebTarget(address))
		var pe *probe.Error
		switch {
		case err == nil:
			return Passed(timing(report.Times)...)
		case errors.As(err, &pe) && pe.Kind == probe.ForbiddenAddress:
			return Found(finding.New(provider.AddressForbidden, "host", pe.Target.Host))
		case errors.As(err, &pe) && pe.Kind == probe.ForbiddenPort:
			return Found(finding.New(provider.PortForbidden, "host", pe.Target.Host, "port", strconv.Itoa(pe.Target.Port)))
		}
		return Found(finding.New(productUnreachable, "url", address).With("https", probe.Said(err), ""))
	},
}
