package provider

import (
	"slices"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
)

// What the sign-in service says about the form of a request, and about itself;
// and what is left where neither number nor words are known.
var (
	RequestMalformed = &finding.Definition{
		Code: "request_malformed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Microsoft does not accept the form of the request",
		Consequence: "This sign-in gives no token.",
		Cause:       "The address was cut or changed on its way, or a setting of the provider is wrong.",
		Remedy:      "Make a new link, and sign in again. Compare the provider in the configuration.",
	}
	ParameterMissing = &finding.Definition{
		Code: "parameter_missing", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "A part of the request is missing",
		Consequence: "No token is issued.",
		Cause:       "A field of the application is empty, or the request was not sent as a form.",
		Remedy:      "Read in the evidence which parameter is meant, and fill the field it comes from.",
	}
	ResponseUnsupported = &finding.Definition{
		Code: "response_type_unsupported", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The application asks for an answer that the registration does not give",
		Consequence: "The sign-in ends on Microsoft's page.",
		Cause:       "The sign-in address asks for a token at once in place of a code.",
		Remedy:      "Let the application ask with response_type=code. Implicit tokens need not be switched on.",
		Link:        on(PageAuthentication),
	}
	ResponseModeUnsupported = &finding.Definition{
		Code: "response_mode_unsupported", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The application asks for a form of return that Microsoft does not know",
		Consequence: "The sign-in ends on Microsoft's page.",
		Cause:       "The parameter response_mode is misspelt or does not fit the answer.",
		Remedy:      "Let the application ask with response_mode=query or form_post.",
	}
	GrantUnsupported = &finding.Definition{
		Code: "grant_type_unsupported", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The token request is of a kind that Microsoft does not know",
		Consequence: "No token is issued.",
		Cause:       "The parameter grant_type is misspelt, or of another provider.",
		Remedy:      "Let the application ask with grant_type=authorization_code or refresh_token.",
	}
	ChallengeMalformed = &finding.Definition{
		Code: "pkce_malformed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The sign-in request holds a code challenge of wrong form",
		Consequence: "The sign-in ends on Microsoft's page.",
		Cause:       "The challenge must have 43 to 128 characters (RFC 7636), or the address was cut.",
		Remedy:      "Make a new link, and open it whole. If it repeats, report it to the maker of the application.",
	}
	TokenAddressOpened = &finding.Definition{
		Code: "token_address_opened", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "An address that is only for programs was opened in the browser",
		Consequence: "This sign-in gives no token.",
		Cause:       "The back button was used, or the token address was copied in place of the sign-in link.",
		Remedy:      "Make a new link, and sign in again without going back.",
	}
	EndpointWrong = &finding.Definition{
		Code: "endpoint_wrong", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The request went to the wrong address of Microsoft",
		Consequence: "No token is issued.",
		Cause:       "Sign-in address and token address are mixed up, or one is of the old kind without v2.0.",
		Remedy:      "Copy both addresses from the button Endpoints of the app registration.",
		Link:        on(PageOverview),
	}
	TLSTooOld = &finding.Definition{
		Code: "tls_too_old", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
		Title:       "The connection used encryption that Microsoft no longer accepts",
		Consequence: "No connection is possible.",
		Cause:       "The program, its operating system or a proxy that opens the traffic speaks TLS 1.0 or 1.1 only.",
		Remedy:      "Switch on TLS 1.2 for the program, or exempt Microsoft's addresses from TLS inspection.",
		Link:        "https://aka.ms/popimap_tls",
	}
	TokenEndpointThrottled = &finding.Definition{
		Code: "token_endpoint_throttled", Severity: finding.Blocker, Actor: finding.Microsoft,
		Title:       "The sign-in service has no time for token requests right now",
		Consequence: "Nothing is wrong with the setup. The check could not be made.",
		Cause:       "Too many requests came from this tenant or application in a short time.",
		Remedy:      "Wait a minute. Then check again.",
		Wait:        time.Minute,
	}
	ProviderUnavailable = &finding.Definition{
		Code: "provider_unavailable", Severity: finding.Blocker, Actor: finding.Microsoft,
		Title:       "The sign-in service has a disturbance",
		Consequence: "Nothing is wrong with the setup. The check could not be made.",
		Cause:       "The sign-in service answered with a fault of its own.",
		Remedy:      "Wait a few minutes. Then check again.",
		Link:        on(PageServiceHealth),
		Wait:        5 * time.Minute,
	}
	InteractionNeeded = &finding.Definition{
		Code: "interaction_needed", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "{{.sign_in_account}} must sign in again",
		Consequence: "The token cannot be renewed. Mail stops.",
		Cause:       "Microsoft wants to see the person: a policy, a second factor or a consent.",
		Remedy:      "Sign in again.",
		Params:      []string{"sign_in_account"},
	}
	SignInRefused = &finding.Definition{
		Code: "sign_in_refused", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The sign-in service refused the sign-in",
		Consequence: "No token is issued.",
		Cause:       "The reason is in the evidence, word for word.",
		Remedy:      "Make a new link, and sign in again.",
	}
)

var requestRules = []Rule{
	{Vendor: []int{50196, 90055}, Means: certain(TokenEndpointThrottled)},
	{HTTP: []int{429}, Means: certain(TokenEndpointThrottled)},
	{Vendor: []int{900144, 90014}, Text: []string{"'refresh_token'"}, Means: certain(GrantDamaged)},
	{Vendor: []int{900144, 90014}, Text: []string{"'scope'"}, Means: certain(ScopeMissing)},
	{Vendor: []int{900144, 90014}, Text: []string{"'redirect_uri'"}, Means: certain(RedirectURINotSent)},
	{Vendor: []int{900144, 90014}, Text: []string{"'client_secret'", "'client_assertion'"}, Means: certain(ClientSecretMissing)},
	// Of the refusals that come back to the application, nearly all are of scopes or of consent.
	{Vendor: []int{900144, 90014}, Text: []string{"'code'"}, Means: likely(CodeNotReturned, ScopeUnknown, ConsentDeclined)},
	{Vendor: []int{900144, 90014}, Means: certain(ParameterMissing)},
	{Vendor: []int{90023}, Text: []string{"malformed"}, Means: likely(RequestMalformed, CodeDamaged, GrantDamaged)},
	{Vendor: []int{9002313, 90023, 90100, 90004, 90005, 90007, 90015, 90102, 90121}, Means: certain(RequestMalformed)},
	{Vendor: []int{50147, 501491}, Means: certain(ChallengeMalformed)},
	{Vendor: []int{70003}, Means: certain(GrantUnsupported)},
	{Vendor: []int{70005, 700054}, Means: certain(ResponseUnsupported)},
	{Vendor: []int{70007}, Means: certain(ResponseModeUnsupported)},
	{Vendor: []int{900561}, Means: certain(TokenAddressOpened)},
	{Vendor: []int{90056}, Means: certain(EndpointWrong)},
	{Vendor: []int{1002016}, Means: certain(TLSTooOld)},
	{Text: []string{"TLS 1.0 and 1.1 are not supported", "TLS 1.0 or 1.1"}, Means: certain(TLSTooOld)},
	{Vendor: []int{50000, 70012, 90006, 90012, 90024, 90033, 90036, 90090}, Means: certain(ProviderUnavailable)},
}

// classRules are the fallback where a number is unknown: the class of the
// OAuth error is what Microsoft promises to keep.
var classRules = []Rule{
	{OAuthCode: "temporarily_unavailable", Means: certain(ProviderUnavailable)},
	{OAuthCode: "server_error", Means: certain(ProviderUnavailable)},
	{OAuthCode: "slow_down", Means: certain(TokenEndpointThrottled)},
	{OAuthCode: "invalid_client", Means: likely(ClientRefused)},
	{OAuthCode: "unauthorized_client", Means: likely(ClientRefused)},
	{OAuthCode: "interaction_required", Means: likely(InteractionNeeded)},
	{OAuthCode: "login_required", Means: likely(InteractionNeeded)},
	{OAuthCode: "account_selection_required", Means: likely(SessionConfused, InteractionNeeded)},
	{OAuthCode: "consent_required", Means: likely(ConsentMissing)},
	{OAuthCode: "permission_denied", Means: likely(ConsentDeclined)},
	{OAuthCode: "invalid_grant", Grant: oauth.GrantRefreshToken, Means: likely(InteractionNeeded)},
	{OAuthCode: "invalid_grant", When: old, Means: likely(InteractionNeeded)},
	{OAuthCode: "invalid_grant", Means: likely(SignInRefused, InteractionNeeded)},
	{OAuthCode: "access_denied", Means: likely(SignInRefused, ConsentDeclined)},
	{OAuthCode: "invalid_scope", Means: likely(ScopeUnknown)},
	{OAuthCode: "invalid_resource", Means: likely(ResourceUnknown, ExchangeMissing)},
	{OAuthCode: "invalid_target", Means: likely(ResourceUnknown)},
	{OAuthCode: "unsupported_response_type", Means: likely(ResponseUnsupported)},
	{OAuthCode: "unsupported_grant_type", Means: likely(GrantUnsupported)},
	{OAuthCode: "authorization_pending", Means: likely(DeviceCodePending)},
	{OAuthCode: "expired_token", Means: likely(DeviceCodeRefused)},
	{OAuthCode: "code_expired", Means: likely(DeviceCodeRefused)},
	{OAuthCode: "invalid_request", Means: likely(RequestMalformed)},
	{Suberror: "bad_token", Means: likely(InteractionNeeded)},
	{Suberror: "token_expired", Means: likely(InteractionNeeded)},
}

var entraRules = slices.Concat(
	tenantRules, clientRules, redirectRules, scopeRules,
	consentRules, codeRules, personRules, policyRules, requestRules, pageRules, openIDWords, classRules,
)
