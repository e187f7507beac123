package provider

import (
	"slices"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
)

// What any OpenID provider and any mail server with XOAUTH2 can say. RFC 6749
// §4.1.2.1 and §5.2, RFC 7628 §3.2.2, RFC 4954 §6.
var (
	TokenRefused = &finding.Definition{
		Code: "token_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server refuses the token for {{.sasl_user}} over {{.protocol}}",
		Consequence: "Mail programs are refused in the same way.",
		Cause:       "The mail server does not accept tokens of this sign-in service, or not with these permissions.",
		Remedy:      "Read the mail server's log at this time: it names the reason.",
		Params:      []string{"sasl_user", "protocol"},
	}
	DelegationMissing = &finding.Definition{
		Code: "delegation_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.signed_in_as}} may not open {{.mailbox}}",
		Consequence: "The mail application cannot use {{.mailbox}}.",
		Cause:       "The mail server has no delegation from {{.mailbox}} to {{.signed_in_as}}.",
		Remedy:      "Let the administrator of the mail server add the delegation. Then check again.",
		Params:      []string{"signed_in_as", "mailbox"},
	}
	SenderNotAllowed = &finding.Definition{
		Code: "sender_not_allowed", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server does not let {{.sasl_user}} send as {{.from}}",
		Consequence: "Answers from {{.from}} are refused.",
		Cause:       "The sender address is not assigned to the login name.",
		Remedy:      "Let the administrator of the mail server allow {{.sasl_user}} to send as {{.from}}.",
		Params:      []string{"sasl_user", "from"},
	}
	MailboxRefused = &finding.Definition{
		Code: "mailbox_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server accepts the login but does not open {{.mailbox}}",
		Consequence: "The mail application cannot use {{.mailbox}}.",
		Cause:       "The mailbox does not exist, is locked, or may not be read by this login.",
		Remedy:      "Read the mail server's log at this time: it names the reason.",
		Params:      []string{"mailbox"},
	}
	RedirectURIRefused = &finding.Definition{
		Code: "redirect_uri_refused", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The sign-in service does not know the redirect URI {{.redirect_uri}}",
		Consequence: "The sign-in ends there and never comes back.",
		Cause:       "The registered redirect URI differs in at least one character.",
		Remedy:      "Register exactly this redirect URI for the client {{.client_id}}.",
		Params:      []string{"redirect_uri", "client_id"},
	}
)

var openIDMailRules = []Rule{
	{Protocol: probe.SMTP, Stage: probe.SendStage, Enhanced: "5.7.1", Means: certain(SenderNotAllowed)},
	{Protocol: probe.SMTP, Stage: probe.SendStage, Reply: "553", Means: certain(SenderNotAllowed)},
	{Stage: probe.Authenticate, Kind: []probe.Kind{probe.RefusedByServer}, When: delegate, Means: likely(DelegationMissing, TokenRefused)},
	{Stage: probe.Authenticate, Kind: []probe.Kind{probe.RefusedByServer}, Means: likely(TokenRefused, DelegationMissing)},
	{Stage: probe.Open, Kind: []probe.Kind{probe.RefusedByServer}, When: delegate, Means: likely(DelegationMissing, MailboxRefused)},
	{Stage: probe.Open, Kind: []probe.Kind{probe.RefusedByServer}, Means: certain(MailboxRefused)},
}

var openIDRules = slices.Concat(
	[]Rule{
		{HTTP: 429, Means: certain(TokenEndpointThrottled)},
		{Text: "redirect_uri", OAuthCode: "invalid_redirect_uri", Means: certain(RedirectURIRefused)},
		{Text: "redirect_uri did not match", Means: certain(RedirectURIRefused)},
	},
	classRules, openIDMailRules,
)
