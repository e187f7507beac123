package provider

import (
	"latchkey/internal/finding"
	"latchkey/internal/probe"
)

// The findings of a way out through a proxy.
var (
	ProxyRefused = &finding.Definition{
		Code: "proxy_refused", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "The proxy does not let {{.server}} through to {{.host}} on port {{.port}}",
		Consequence: "What needs this connection does not work from {{.server}}: mail or the renewal of the token.",
		Cause:       "The proxy has no rule for this host and port, or wants a login that it was not given.",
		Remedy: "Allow CONNECT to {{.host}}, port {{.port}}, on the proxy. If it wants a login, write user and password into " +
			"the proxy setting; a Windows login (NTLM, Kerberos) is not possible.",
		Params: []string{"server", "host", "port"},
	}
	ProxyUnreachable = &finding.Definition{
		Code: "proxy_unreachable", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} gets no connection through the proxy to {{.host}} on port {{.port}}",
		Consequence: "What needs this connection does not work from {{.server}}: mail or the renewal of the token.",
		Cause:       "The proxy is not reachable, its address is wrong, or it gives up behind itself.",
		Remedy:      "Compare the proxy setting with the address of the proxy. Then check again.",
		Params:      []string{"server", "host", "port"},
	}
)

var proxyRules = []Rule{
	{Stage: probe.ProxyStage, Kind: []probe.Kind{probe.ProxyRefused}, Means: certain(ProxyRefused)},
	{Stage: probe.ProxyStage, Means: certain(ProxyUnreachable)},
}
