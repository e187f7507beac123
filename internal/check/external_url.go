package check

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

var (
	externalURLHTTP = &finding.Definition{
		Code: "external_url_not_https", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.url}} does not begin with https",
		Consequence: "Microsoft accepts http only for localhost: the sign-in would not come back.",
		Cause:       "The external URL is set without https.",
		Remedy:      "Give the address a certificate, and set it with https.",
		Params:      []string{"url"},
	}
	externalURLAddress = &finding.Definition{
		Code: "external_url_is_ip_address", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.url}} names a number in place of a host name",
		Consequence: "Certificate and redirect URI need a name.",
		Cause:       "The external URL is set with an IP address.",
		Remedy:      "Set it with the full host name.",
		Params:      []string{"url"},
	}
	externalURLExtra = &finding.Definition{
		Code: "external_url_has_extra_parts", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.url}} holds more than scheme, host and port",
		Consequence: "The redirect URI that is built from it is not the registered one.",
		Cause:       "A path, a query or a user name stands behind the host name.",
		Remedy:      "Leave only scheme, host and port, without a slash at the end.",
		Params:      []string{"url"},
	}
	externalURLShort = &finding.Definition{
		Code: "external_url_not_full_name", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.url}} does not hold a full host name",
		Consequence: "Certificate and redirect URI need the full name.",
		Cause:       "The short name works inside your network only.",
		Remedy:      "Set it with the full host name, such as ece.contoso.example.",
		Params:      []string{"url"},
	}
	hostDiffers = &finding.Definition{
		Code: "host_differs", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Somebody opened Latchkey as {{.seen}}, not as {{.url}}",
		Consequence: "Those requests were refused. Sign-ins come back to {{.url}} only.",
		Cause:       "A bookmark uses another name, or a reverse proxy changes the Host header.",
		Remedy:      "Open Latchkey under its external URL, and let the proxy pass the Host header on.",
		Params:      []string{"seen", "url"},
	}
	callbackElsewhere = &finding.Definition{
		Code: "callback_answered_by_another", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Another program answers at {{.url}}",
		Consequence: "The sign-in would come back to it, not to Latchkey.",
		Cause:       "The external URL leads to another server, or a proxy answers by itself.",
		Remedy:      "Let {{.url}} lead to this instance of Latchkey.",
		Params:      []string{"url"},
	}
	callbackUnreachable = &finding.Definition{
		Code: "callback_unreachable", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "This server cannot reach its own address {{.url}}",
		Consequence: "If browsers cannot either, the sign-in does not come back.",
		Cause:       "The name does not resolve here, or the firewall does not lead back inside.",
		Remedy:      "Open {{.url}} in the browser that will sign in. If the page appears, go on.",
		Params:      []string{"url"},
	}
)

// ErrOtherAnswer is what Env.SelfCall returns when something answered, but not
// this instance.
var ErrOtherAnswer = errors.New("check: another program answered")

// selfCallAge is short: a certificate or a proxy changes without notice.
const selfCallAge = 15 * time.Minute

// ExternalURL judges our own address, which is configuration.
var ExternalURL = &Check{
	ID:    "external_url",
	Reads: []setup.Field{setup.ConfigExternalURL},
	Finds: []*finding.Definition{externalURLHTTP, externalURLAddress, externalURLExtra, externalURLShort, hostDiffers},
	Grade: Automatic, Timeout: 5 * time.Second, MaxAge: selfCallAge,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		out := Found(urlFindings(e.Config.ExternalURL)...)
		if seen := e.SeenHosts(); len(seen) > 0 { // one is enough to see the fault
			f := finding.New(hostDiffers, "seen", seen[0].Host, "url", e.Config.ExternalURL)
			if seen[0].Forwarded != "" {
				f = f.With("forwarded header", seen[0].Forwarded, "")
			}
			out.Findings = append(out.Findings, f)
		}
		out.Facts = []Fact{{"external_url", e.Config.ExternalURL}, {"redirect_uri", e.Config.CallbackURL}}
		return out
	},
}

// urlFindings applies the rules that hold for our address and the product's:
// https (http only on localhost), a full host name, nothing behind it.
// learn.microsoft.com/entra/identity-platform/reply-url, 2026-11-21.
func urlFindings(address string) []finding.Finding {
	u, err := url.Parse(address)
	if err != nil {
		return []finding.Finding{finding.New(externalURLExtra, "url", address)}
	}
	host, local := u.Hostname(), isLocalhost(u)
	_, ipErr := netip.ParseAddr(host)
	switch {
	case u.Scheme != "https" && !local:
		return []finding.Finding{finding.New(externalURLHTTP, "url", address)}
	case ipErr == nil:
		return []finding.Finding{finding.New(externalURLAddress, "url", address)}
	case !strings.Contains(host, ".") && !local:
		return []finding.Finding{finding.New(externalURLShort, "url", address)}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return []finding.Finding{finding.New(externalURLExtra, "url", address)}
	}
	return nil
}

func isLocalhost(u *url.URL) bool { return u.Scheme == "http" && u.Hostname() == "localhost" }

// SelfCall proves that the external URL reaches this instance. It has no
// target on localhost: there it is not needed, and "passed" would be a lie.
var SelfCall = &Check{
	ID:    "self_call",
	Reads: []setup.Field{setup.ConfigExternalURL},
	Targets: func(e *Env) []Target {
		if u, err := url.Parse(e.Config.ExternalURL); err == nil && isLocalhost(u) {
			return nil
		}
		return []Target{{}}
	},
	After: []*Check{ExternalURL},
	Finds: []*finding.Definition{callbackElsewhere, callbackUnreachable},
	Grade: Automatic, Timeout: 15 * time.Second, MaxAge: selfCallAge,
	Run: func(ctx context.Context, e *Env, _ Target) Outcome {
		err := e.SelfCall(ctx)
		switch {
		case err == nil:
			return Passed()
		case errors.Is(err, ErrOtherAnswer):
			return Found(finding.New(callbackElsewhere, "url", e.Config.CallbackURL).With("self-call", err.Error(), ""))
		}
		return Found(finding.New(callbackUnreachable, "url", e.Config.CallbackURL).With("self-call", probe.Said(err), ""))
	},
}
