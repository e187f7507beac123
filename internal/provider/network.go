package provider

import (
	"slices"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// The findings of a connection that did not come about. Any check that meets
// such a failure reports them, once per target.
var (
	HostNotFound = &finding.Definition{
		Code: "host_not_found", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} cannot find {{.host}} in DNS",
		Consequence: "Without the address nothing on this server can reach {{.host}}.",
		Cause:       "The name server of {{.server}} does not resolve outside names, or the name is mistyped.",
		Remedy:      "Let {{.server}} resolve {{.host}}. Then check again.",
		Command:     "nslookup {{.host}}",
		Params:      []string{"server", "host"},
	}
	DNSFailed = &finding.Definition{
		Code: "dns_failed", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "The name server of {{.server}} gave no answer for {{.host}}",
		Consequence: "Without the address nothing on this server can reach {{.host}}.",
		Cause:       "The name server is unreachable or overloaded.",
		Remedy:      "Repair name resolution on {{.server}}. Then check again.",
		Command:     "nslookup {{.host}}",
		Params:      []string{"server", "host"},
	}
	PortBlocked = &finding.Definition{
		Code: "port_blocked", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} cannot reach {{.host}} on port {{.port}}",
		Consequence: "What needs this connection does not work from {{.server}}: mail or the renewal of the token.",
		Cause:       "An outbound firewall rule is missing: the connection got no answer.",
		Remedy:      "Allow {{.server}} to connect to {{.host}}, TCP port {{.port}}.",
		Command:     "Test-NetConnection {{.host}} -Port {{.port}}",
		Params:      []string{"server", "host", "port"},
	}
	ConnectionRefused = &finding.Definition{
		Code: "connection_refused", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.host}} refuses {{.server}} on port {{.port}}",
		Consequence: "What needs this connection does not work from {{.server}}: mail or the renewal of the token.",
		Cause:       "A firewall rejects the connection, or nothing listens at this address.",
		Remedy:      "Allow {{.server}} to connect to {{.host}}, TCP port {{.port}}.",
		Command:     "Test-NetConnection {{.host}} -Port {{.port}}",
		Params:      []string{"server", "host", "port"},
	}
	ServerSilent = &finding.Definition{
		Code: "server_silent", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.host}} accepts the connection on port {{.port}} and then says nothing",
		Consequence: "Mail programs on {{.server}} will wait and give up.",
		Cause:       "A firewall or proxy between {{.server}} and {{.host}} holds the data back.",
		Remedy:      "Let the traffic to {{.host}}, port {{.port}}, pass without inspection.",
		Command:     "Test-NetConnection {{.host}} -Port {{.port}}",
		Params:      []string{"server", "host", "port"},
	}
	ConnectionLost = &finding.Definition{
		Code: "connection_lost", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.host}} ended the connection on port {{.port}} in the middle",
		Consequence: "Mail programs on {{.server}} will fail at the same place.",
		Cause:       "A firewall or proxy cut the connection, or the server is overloaded.",
		Remedy:      "Check again. If it repeats, ask the network team what lies between {{.server}} and {{.host}}.",
		Params:      []string{"server", "host", "port"},
	}
	TLSNotTrusted = &finding.Definition{
		Code: "tls_not_trusted", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} does not trust the certificate of {{.host}} on port {{.port}}",
		Consequence: "No program that verifies certificates can use this connection.",
		Cause:       "A proxy opens the encrypted traffic and shows a certificate of its own.",
		Remedy:      "Exempt {{.host}} from TLS inspection, or add the proxy's authority to the CA file.",
		Params:      []string{"server", "host", "port"},
	}
	TLSWrongName = &finding.Definition{
		Code: "tls_wrong_name", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "The certificate on port {{.port}} of {{.host}} is for another name",
		Consequence: "No program that verifies certificates can use this connection.",
		Cause:       "Another server answers in place of {{.host}}: a proxy, or a wrong address in DNS.",
		Remedy:      "Find out which server answers, and let {{.server}} reach the real one.",
		Params:      []string{"server", "host", "port"},
	}
	TLSExpired = &finding.Definition{
		Code: "tls_expired", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "The certificate of {{.host}} on port {{.port}} is not valid today",
		Consequence: "No program that verifies certificates can use this connection.",
		Cause:       "The clock of {{.server}} is wrong, or a proxy shows an old certificate.",
		Remedy:      "Compare the clock of {{.server}} first. Then check again.",
		Params:      []string{"server", "host", "port"},
	}
	TLSFailed = &finding.Definition{
		Code: "tls_failed", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} and {{.host}} cannot agree on encryption on port {{.port}}",
		Consequence: "No connection is possible.",
		Cause:       "What answers does not speak TLS 1.2 or newer, or does not speak TLS at all.",
		Remedy:      "Find out what answers on this port. Exempt {{.host}} from TLS inspection.",
		Params:      []string{"server", "host", "port"},
	}
	AnswerTooLarge = &finding.Definition{
		Code: "answer_too_large", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.host}} sent more on port {{.port}} than any mail server would",
		Consequence: "The conversation was ended to protect this server.",
		Cause:       "Something else than a mail server answers at this address.",
		Remedy:      "Find out what answers on this port.",
		Params:      []string{"server", "host", "port"},
	}
	MechanismMissing = &finding.Definition{
		Code: "xoauth2_not_offered", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.host}} does not offer XOAUTH2 on port {{.port}}",
		Consequence: "No mail program can log in with a token here.",
		Cause:       "Something between {{.server}} and the mail server answers in its place.",
		Remedy:      "Let the traffic to {{.host}}, port {{.port}}, pass without inspection.",
		Params:      []string{"server", "host", "port"},
	}
	STARTTLSMissing = &finding.Definition{
		Code: "starttls_missing", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.host}} does not offer encryption on port {{.port}}",
		Consequence: "No token is sent over a connection that others can read.",
		Cause:       "A firewall removes STARTTLS from the conversation, or another server answers.",
		Remedy:      "Switch off SMTP inspection for {{.host}}, port {{.port}}.",
		Params:      []string{"server", "host", "port"},
	}
	AnswerOdd = &finding.Definition{
		Code: "answer_not_understood", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "What answers as {{.host}} on port {{.port}} is not a mail server",
		Consequence: "Mail programs on {{.server}} will fail at the same place.",
		Cause:       "A proxy or another service answers in the mail server's place.",
		Remedy:      "Find out what answers on this port.",
		Params:      []string{"server", "host", "port"},
	}
	AddressForbidden = &finding.Definition{
		Code: "address_forbidden", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.host}} was not contacted: its address is an internal one",
		Consequence: "This connection was not checked.",
		Cause:       "Latchkey does not connect to internal addresses that were typed into a page.",
		Remedy:      "Add the network to allow_networks in the configuration if it may be checked.",
		Params:      []string{"host"},
	}
	PortForbidden = &finding.Definition{
		Code: "port_forbidden", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Port {{.port}} of {{.host}} was not contacted",
		Consequence: "This connection was not checked.",
		Cause:       "Addresses that were typed into a page are contacted on the ports 443 and 8443 only, so that nobody can search a network through this server.",
		Remedy:      "Open the address in the browser that will sign in. If the page appears, go on.",
		Params:      []string{"host", "port"},
	}
	ProxyAnswered = &finding.Definition{
		Code: "proxy_answered", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "A proxy or web filter answered in place of {{.host}}",
		Consequence: "Tokens are neither issued nor renewed through it.",
		Cause:       "The answer is a web page for people, where the sign-in service sends a document for programs.",
		Remedy:      "Let the server reach the sign-in service without a sign-in at the proxy and without inspection.",
		Params:      []string{"host"},
	}
	ProxyWantsLogin = &finding.Definition{
		Code: "proxy_wants_login", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "The proxy wants a user name and a password",
		Consequence: "Nothing goes out through the proxy.",
		Cause:       "The proxy lets only known people or servers out (HTTP 407).",
		Remedy:      "Exempt the server from the proxy's sign-in, or enter the proxy's account in the settings of the application.",
	}
	Unexplained = &finding.Definition{
		Code: "unexplained", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The server gave an answer that Latchkey does not know",
		Consequence: "The check could not pass.",
		Cause:       "The answer is in the evidence, word for word.",
		Remedy:      "Search for the words of the answer. Check again in a few minutes.",
	}
	// What is no answer of anybody, but stands beside one when people copy.
	AddressWithCode = &finding.Definition{
		Code: "text_is_callback_address", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "This is the address after a sign-in that succeeded",
		Consequence: "It names no error. The code in it opens the mailbox for some minutes: do not pass it on.",
		Cause:       "The sign-in service has sent the browser back with a code. What fails, fails after that.",
		Remedy:      "Paste what the application shows or logs when it redeems the code.",
	}
	AddressToSignIn = &finding.Definition{
		Code: "text_is_sign_in_address", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "This is the address that begins a sign-in",
		Consequence: "It names no error.",
		Cause:       "The application sends the browser there. Client ID, redirect URI and scopes stand in it, and nobody has answered yet.",
		Remedy:      "Paste what the page shows after the sign-in. To compare this address with a setup, paste it in the step Addresses.",
	}
	TextIsToken = &finding.Definition{
		Code: "text_is_token", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "This is a token, not an error",
		Consequence: "Whoever has it can use the mailbox until it ends: do not pass it on.",
		Cause:       "The text is a signed token and nothing else. It was masked and not read.",
		Remedy:      "Paste the answer of the server that refused the token.",
	}
	// InternalError is a check that could not finish for reasons of ours.
	InternalError = &finding.Definition{
		Code: "internal_error", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The check {{.check}} had a fault of its own",
		Consequence: "Nothing is known about what it judges.",
		Cause:       "A fault in Latchkey. The reference leads to the line in its log.",
		Remedy:      "Check again. If it repeats, report the reference.",
		Params:      []string{"check"},
	}
)

// transport are the rules that hold for every provider. The last ones judge an
// answer of the web by its shape alone.
var transport = slices.Concat(proxyRules, []Rule{
	{Kind: []probe.Kind{probe.NoSuchHost}, Means: certain(HostNotFound)},
	{Kind: []probe.Kind{probe.DNSFailed}, Means: certain(DNSFailed)},
	{Kind: []probe.Kind{probe.ForbiddenAddress}, Means: certain(AddressForbidden)},
	{Kind: []probe.Kind{probe.ForbiddenPort}, Means: certain(PortForbidden)},
	{Kind: []probe.Kind{probe.Refused}, Means: certain(ConnectionRefused)},
	{Kind: []probe.Kind{probe.Unreachable}, Means: certain(PortBlocked)},
	{Kind: []probe.Kind{probe.Timeout}, Stage: probe.Resolve, Means: certain(DNSFailed)},
	{Kind: []probe.Kind{probe.Timeout}, Stage: probe.Dial, Means: certain(PortBlocked)},
	{Kind: []probe.Kind{probe.Timeout}, Means: certain(ServerSilent)},
	{Kind: []probe.Kind{probe.TLSUnknownAuthority}, Means: certain(TLSNotTrusted)},
	{Kind: []probe.Kind{probe.TLSWrongName}, Means: certain(TLSWrongName)},
	{Kind: []probe.Kind{probe.TLSExpired}, Means: certain(TLSExpired)},
	{Kind: []probe.Kind{probe.TLSOther, probe.NotTLS}, Means: certain(TLSFailed)},
	{Kind: []probe.Kind{probe.NoMechanism}, Means: certain(MechanismMissing)},
	{Kind: []probe.Kind{probe.NoSTARTTLS}, Means: certain(STARTTLSMissing)},
	{Kind: []probe.Kind{probe.ProtocolError}, Means: certain(AnswerOdd)},
	{Kind: []probe.Kind{probe.Limit}, Means: certain(AnswerTooLarge)},
	{Kind: []probe.Kind{probe.Reset, probe.Closed}, Means: certain(ConnectionLost)},

	{HTTP: []int{407}, Means: certain(ProxyWantsLogin)},
	{HTML: true, Text: proxyWords, Means: certain(ProxyAnswered)},
	{HTTP: []int{500, 502, 503, 504}, Means: certain(ProviderUnavailable)},
	{HTML: true, Endpoint: oauth.TokenEnd, Means: certain(ProxyAnswered)},
	{HTML: true, Endpoint: oauth.Discovery, Means: certain(ProxyAnswered)},
	{HTML: true, Endpoint: oauth.Keys, Means: certain(ProxyAnswered)},
})

// proxyWords stand on the pages of proxies and web filters, and not on those
// of sign-in services.
var proxyWords = []string{
	"squid", "proxy", "zscaler", "fortinet", "fortigate", "fortiguard", "forcepoint", "websense", "blue coat", "bluecoat", "netskope",
	"mcafee", "trellix", "sophos", "palo alto", "barracuda", "web filter", "webfilter", "web gateway", "firewall", "url filtering", "cloudflare",
}
