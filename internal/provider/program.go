package provider

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// What is wrong in another mail program rather than at a server. Its own words
// or the way in which it and the server miss each other tell; our conversations
// do not do these things. Seen in public threads, collected 2026-11-21.
var (
	PortOfOtherProtocol = &finding.Definition{
		Code: "port_of_other_protocol", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Port {{.port}} belongs to another protocol than the one that the mail program speaks",
		Consequence: "Program and server do not understand each other: the program waits, or gives up.",
		Cause:       "Each protocol has its own port: IMAP 993, POP3 995, SMTP 587.",
		Remedy:      "Enter the port of the protocol that the program is set to, or set the program to the protocol of this port.",
		Params:      []string{"port"},
	}
	TLSAtOnce = &finding.Definition{
		Code: "tls_before_starttls", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The mail program begins with TLS on port {{.port}}, where the server begins in plain text",
		Consequence: "No connection is possible with this setting.",
		Cause:       "On the ports 587, 25, 143 and 110 the server speaks first and switches to encryption by STARTTLS.",
		Remedy:      "Set the connection security of the program to STARTTLS for this port. TLS from the first byte belongs to 993 (IMAP) and 995 (POP3).",
		Params:      []string{"port"},
	}
	ProgramMisreads = &finding.Definition{
		Code: "client_misreads_server", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The mail program does not find XOAUTH2 among what {{.host}} offers",
		Consequence: "The program does not even try to log in.",
		Cause:       "Exchange Online offers XOAUTH2 to everybody. The program or its SASL library does not know it, or this version misreads the server's list.",
		Remedy:      "Update the mail program and its SASL library, or go back to the version that worked. The connection check of Latchkey shows what the server really offers.",
		Params:      []string{"host"},
	}
	IPv6Unreachable = &finding.Definition{
		Code: "ipv6_unreachable", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} tries {{.host}} over IPv6 and has no way there",
		Consequence: "Programs fail, or wait a long time before they try IPv4.",
		Cause:       "The name has an IPv6 address, and the network, a filter or a VPN on {{.server}} offers IPv6 without a way to the outside.",
		Remedy:      "Repair IPv6 on {{.server}}, or switch it off there and in the filter that adds it. Programs then use IPv4.",
		Command:     "Test-NetConnection {{.host}} -InformationLevel Detailed",
		Params:      []string{"server", "host"},
	}
	AuthoritiesMissing = &finding.Definition{
		Code: "ca_certificates_missing", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "The mail program on {{.server}} has no list of the public certificate authorities",
		Consequence: "It trusts no server at all, not only {{.host}}.",
		Cause:       "The list of authorities is missing, out of date, or not where the program looks. Where the certificate that was shown comes from a public authority, nothing opens the traffic.",
		Remedy:      "Install or update the certificates of the authorities on {{.server}}, and set the program's runtime to them (in PHP openssl.cafile, in Java the file cacerts).",
		Params:      []string{"server", "host"},
	}
	LoginNotTaken = &finding.Definition{
		Code: "port_takes_no_login", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The way of sending that was chosen has no login",
		Consequence: "The mail application cannot send.",
		Cause:       "On port 25 Exchange takes mail for its own domains without login (direct send) and offers none. A user name is entered in the program all the same.",
		Remedy:      "For direct send, leave user name and password empty. To send as an account, use smtp.office365.com, port 587, STARTTLS and OAuth2 (XOAUTH2).",
	}
	AddressNotClaimed = &finding.Definition{
		Code: "account_address_missing", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The answer of the sign-in does not name the mail address of the account",
		Consequence: "The sign-in succeeds, and the application cannot store it.",
		Cause:       "The token holds no claim with the address: the account has no mail attribute, or the claims email and upn are not among those of the registration.",
		Remedy:      "Under Token configuration, add the optional claims email and upn. Fill the mail attribute of the account, and let the application ask for openid, profile and email.",
		Link:        on(PageTokens),
	}
)

// portsOf are the well-known ports of the three protocols (IANA); the second
// value says that the server speaks first, in plain text.
var portsOf = map[string]struct {
	protocol setup.Protocol
	plain    bool
}{
	"993": {setup.IMAP, false}, "143": {setup.IMAP, true}, "995": {setup.POP3, false}, "110": {setup.POP3, true},
	"465": {setup.SMTP, false}, "587": {setup.SMTP, true}, "25": {setup.SMTP, true},
}

// wrongPort: the port is known for another protocol than the one spoken.
func wrongPort(k Case) bool {
	port, known := portsOf[k.Port]
	protocol := k.Protocol()
	return known && slices.Contains(setup.Protocols, protocol) && port.protocol != protocol && k.Stage != probe.ProxyStage
}

func plainPort(k Case) bool { return portsOf[k.Port].plain }
func program(k Case) bool   { return k.Program }
func port25(k Case) bool {
	return k.Port == "25" || strings.HasSuffix(k.Host, ".mail.protection.outlook.com")
}

// literal finds what may be an IPv6 address, also in brackets and with a port
// behind it.
var literal = regexp.MustCompile(`[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]+`)

// onlyIPv6: a program names IPv6 addresses that it tried, and no IPv4 one.
func onlyIPv6(k Case) bool {
	six := false
	for _, word := range literal.FindAllString(k.Text, -1) {
		a, err := netip.ParseAddr(word)
		six = six || err == nil && a.Is6() && !a.Is4In6() && !a.IsLoopback()
	}
	return six && !ipv4.MatchString(k.Text)
}

var ipv4 = regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b`)

// publicAuthority: the issuer that a program names is one of those that
// Microsoft's mail servers have (learn.microsoft.com/purview/encryption-office-
// 365-certificate-chains). Who opens the traffic shows an issuer of its own.
func publicAuthority(k Case) bool { return issuer.MatchString(k.Text) }

var issuer = regexp.MustCompile(`(?i)\b(?:O|CN) ?= ?"?(?:DigiCert|Microsoft (?:Corporation|Azure|RSA|ECC|TLS)|Baltimore|GlobalSign)`)

// notSpoken: the answer is one of another protocol.
func notSpoken(protocol probe.Protocol, words ...string) Rule {
	return Rule{Protocol: protocol, Kind: []probe.Kind{probe.ProtocolError}, Text: words, Means: likely(PortOfOtherProtocol, AnswerOdd)}
}

// missed are the kinds of failure by which two protocols miss each other.
var missed = []probe.Kind{
	probe.Timeout, probe.Closed, probe.Reset, probe.ProtocolError, probe.NotTLS, probe.TLSOther, probe.Refused,
}

// programRules come before the rules for the servers' words and for the
// network: what a program does wrong looks there like something else.
var programRules = []Rule{
	notSpoken(probe.IMAP, "+OK", "-ERR", "220 "),
	notSpoken(probe.POP3, "* OK", "* BYE", "220 "),
	notSpoken(probe.SMTP, "* OK", "+OK"),
	{Kind: missed, When: wrongPort, Means: likely(PortOfOtherProtocol, PortBlocked)},
	{Kind: []probe.Kind{probe.NotTLS}, When: plainPort, Means: likely(TLSAtOnce, TLSFailed)},
	{Kind: []probe.Kind{probe.TLSOther}, When: both(program, plainPort), Means: likely(TLSAtOnce, TLSNotTrusted, TLSFailed)},
	{Kind: []probe.Kind{probe.TLSOther}, When: program, Means: likely(TLSFailed, TLSNotTrusted)},
	{Kind: []probe.Kind{probe.TLSUnknownAuthority}, When: publicAuthority, Means: likely(AuthoritiesMissing, TLSNotTrusted)},
	{Kind: []probe.Kind{probe.TLSUnknownAuthority}, When: program, Means: likely(TLSNotTrusted, AuthoritiesMissing)},
	{Kind: []probe.Kind{probe.NoMechanism}, When: program, Means: likely(ProgramMisreads, MechanismMissing)},
	{Kind: []probe.Kind{probe.Unreachable}, Stage: probe.Dial, When: onlyIPv6, Means: likely(IPv6Unreachable, PortBlocked)},
	{Kind: []probe.Kind{probe.NoSuchHost}, When: program, Means: likely(HostNotFound, DNSFailed)},
}

// wordRules know what is left of an answer in the words of libraries, where
// neither a number nor a protocol stands beside them.
var wordRules = []Rule{
	{Text: []string{"refresh token expired", "refresh token has expired", "refresh token is expired", "expired refresh token"}, Means: likely(GrantExpired, GrantRevoked)},
	{Text: expiredWords, When: not(offlineAsked), Means: likely(GrantDamaged, TokenDamaged)},
	{Text: expiredWords, Means: likely(TokenDamaged, GrantDamaged)},
	{Text: []string{"no refresh token", "refresh token is missing", "refresh_token is missing", "without a refresh token", "missing refresh token",
		"refresh_token is null", "refresh token not found", "refresh token is empty"}, Means: likely(GrantDamaged)},
	{When: addressUnclaimed, Means: likely(AddressNotClaimed)},
}

var expiredWords = []string{"TokenExpired", "token_expired", "token has expired", "token is expired", "token expired", "expired token"}

// offlineAsked: nothing says that a refresh token was not asked for.
func offlineAsked(k Case) bool {
	return len(k.Scopes) == 0 || slices.Contains(k.Scopes, "offline_access")
}

// addressUnclaimed: a program looked for the address among the claims in vain.
func addressUnclaimed(k Case) bool { return unclaimed.MatchString(k.Text) }

var unclaimed = regexp.MustCompile(`(?i)(?:no|missing|without|could not (?:find|get|determine|read)|cannot (?:find|get|determine)|unable to (?:find|get|determine)|undefined)\W{1,4}(?:\w+\W{1,4}){0,4}` +
	`(?:email|mail|e-mail|preferred_username|upn)\b.{0,30}\b(?:claims?|id[ _]?token|user ?info)\b|` +
	`\b(?:claim|property|key)\W{1,4}(?:email|preferred_username|upn)\W{1,4}(?:is |was )?(?:missing|not (?:found|present|set)|undefined|null)`)
