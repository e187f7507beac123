package provider

import (
	"slices"

	"latchkey/internal/finding"
)

// What any OpenID provider can say. RFC 6749 §4.1.2.1 and §5.2.
var (
	RedirectURIRefused = &finding.Definition{
		Code: "redirect_uri_refused", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The sign-in service does not know the redirect URI {{.redirect_uri}}",
		Consequence: "The sign-in ends there and never comes back.",
		Cause:       "The registered redirect URI differs in at least one character.",
		Remedy:      "Register exactly this redirect URI for the client {{.client_id}}.",
		Params:      []string{"redirect_uri", "client_id"},
	}
)

// openIDWords are the words of sign-in services other than Microsoft's.
var openIDWords = []Rule{
	{OAuthCode: "invalid_redirect_uri", Means: certain(RedirectURIRefused)},
	{Text: []string{"redirect_uri did not match", "redirect_uri_mismatch", "Invalid parameter: redirect_uri"}, Means: certain(RedirectURIRefused)},
}

var openIDRules = slices.Concat(
	[]Rule{
		{HTTP: []int{429}, Means: certain(TokenEndpointThrottled)},
		{OAuthCode: "access_denied", Subcode: "cancel", Means: likely(ConsentDeclined)},
	},
	openIDWords, classRules, programRules, mailWords, mailRules, wordRules,
)
