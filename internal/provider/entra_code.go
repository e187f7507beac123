package provider

import (
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
)

// What the sign-in service says about the code and the refresh token.
var (
	CodeUsed = &finding.Definition{
		Code: "code_used", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The code of this sign-in was used before",
		Consequence: "This sign-in gives no token.",
		Cause:       "The return page was loaded twice, or something else opened the address first.",
		Remedy:      "Make a new link, and sign in again.",
	}
	CodeExpired = &finding.Definition{
		Code: "code_expired", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The code of this sign-in was too old",
		Consequence: "This sign-in gives no token.",
		Cause:       "More than about ten minutes passed between the sign-in and the return.",
		Remedy:      "Make a new link, and sign in again.",
	}
	CodeDamaged = &finding.Definition{
		Code: "code_damaged", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The code of this sign-in arrived damaged",
		Consequence: "This sign-in gives no token.",
		Cause:       "Something changed the return address on its way: a proxy, a filter, or a person.",
		Remedy:      "Make a new link, and sign in again.",
	}
	CodeOfAnother = &finding.Definition{
		Code: "code_of_another_sign_in", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The code belongs to another sign-in",
		Consequence: "Nothing was stored.",
		Cause:       "Two sign-ins ran at once and were mixed up, or somebody passed on a return address.",
		Remedy:      "Close the private windows, make a new link, and sign in again.",
	}
	CodeNotReturned = &finding.Definition{
		Code: "code_not_returned", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The sign-in came back without a code, and the application went on",
		Consequence: "This sign-in gives no token.",
		Cause:       "Microsoft had refused the sign-in before, for an unknown permission or a declined consent, and sent the reason in place of the code.",
		Remedy:      "Read error and error_description in the address to which the browser came back, and let Latchkey explain that address.",
	}
	GrantDamaged = &finding.Definition{
		Code: "refresh_token_damaged", Severity: finding.Blocker, Actor: finding.ProductAdmin, NewSignIn: true,
		Title:       "The stored refresh token is missing or not whole",
		Consequence: "The token cannot be renewed. Mail stops.",
		Cause:       "The refresh token was cut or changed where it is stored, or none came because offline_access was not asked for.",
		Remedy:      "Ask for offline_access, and sign in again. If it repeats, look for a field that is too short for the token.",
	}
	GrantRevoked = &finding.Definition{
		Code: "grant_revoked", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "Microsoft has ended the token of {{.sign_in_account}}",
		Consequence: "The token cannot be renewed. Mail stops.",
		Cause:       "An administrator reset the password or revoked the sessions of the account.",
		Remedy:      "Sign in again.",
		Link:        on(PageSignInLogs),
		Params:      []string{"sign_in_account"},
	}
	GrantExpired = &finding.Definition{
		Code: "grant_expired", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "The token of {{.sign_in_account}} was not used for too long",
		Consequence: "The token cannot be renewed. Mail stops.",
		Cause:       "A refresh token ends after 90 days without use.",
		Remedy:      "Sign in again.",
		Params:      []string{"sign_in_account"},
	}
	SignInFrequency = &finding.Definition{
		Code: "sign_in_frequency", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A policy demands that {{.sign_in_account}} signs in again and again",
		Consequence: "The token ends each time, and mail stops.",
		Cause:       "A Conditional Access policy sets a sign-in frequency for this account.",
		Remedy:      "Exempt the account or the application from the policy. Then sign in again.",
		Link:        on(PageConditionalAccess),
		Params:      []string{"sign_in_account"},
	}
	SignInPageExpired = &finding.Definition{
		Code: "sign_in_page_expired", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The sign-in page was left open for too long",
		Consequence: "This sign-in gives no token.",
		Cause:       "Microsoft's page ends after some minutes without an entry.",
		Remedy:      "Make a new link, and sign in again.",
	}
	DeviceCodePending = &finding.Definition{
		Code: "device_code_pending", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "Nobody has finished the sign-in with the device code yet",
		Consequence: "There is no token yet.",
		Cause:       "The program asks while somebody still has to type the code.",
		Remedy:      "Open the page that the program names, type the code, and sign in.",
	}
	DeviceCodeRefused = &finding.Definition{
		Code: "device_code_refused", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The device code is mistyped or has run out",
		Consequence: "This sign-in gives no token.",
		Cause:       "A device code is good for about a quarter of an hour.",
		Remedy:      "Start the sign-in of the program again, and type the new code.",
	}
)

// old says that the sign-in lies further back than any code lives.
func old(k Case) bool {
	return k.GrantAge > time.Hour || contains(k.Text, "inactiv") && contains(k.Text, "days")
}

func refreshing(k Case) bool {
	return k.Symptom.Grant == oauth.GrantRefreshToken || contains(k.Text, "refresh token") && !contains(k.Text, "authorization code")
}

var codeRules = []Rule{
	{Vendor: []int{54005}, Means: certain(CodeUsed)},
	{Vendor: []int{70008}, Grant: oauth.GrantAuthorizationCode, Means: certain(CodeExpired)},
	{Vendor: []int{70008}, Grant: oauth.GrantRefreshToken, Means: certain(GrantExpired)},
	{Vendor: []int{70008}, When: func(k Case) bool { return old(k) || refreshing(k) }, Means: likely(GrantExpired, CodeExpired)},
	{Vendor: []int{70008}, When: func(k Case) bool { return k.GrantAge > 0 || k.Endpoint == oauth.Authorize }, Means: likely(CodeExpired, GrantExpired)},
	{Vendor: []int{70008}, Means: likely(GrantExpired, CodeExpired)},
	{Vendor: []int{700082}, Means: certain(GrantExpired)},
	{Vendor: []int{700081}, Means: likely(SignInFrequency, GrantExpired)},
	{Vendor: []int{9002313, 90023}, Grant: oauth.GrantAuthorizationCode, Means: likely(CodeDamaged, RequestMalformed)},
	{Vendor: []int{9002313, 90023}, When: refreshing, Means: likely(GrantDamaged, RequestMalformed)},
	{Vendor: []int{9002313}, OAuthCode: "invalid_grant", Means: likely(CodeDamaged, GrantDamaged)},
	{Vendor: []int{501481}, Means: certain(CodeOfAnother)},
	// The one number of personal accounts: its words tell which value it means.
	{Vendor: []int{70000}, Text: []string{"'redirect_uri'"}, Means: certain(RedirectURIChanged)},
	{Vendor: []int{70000}, Text: []string{"scopes requested are unauthorized or expired"}, When: foreignScopes, Means: likely(ScopeNotGranted, ConsentMissing, GrantExpired)},
	{Vendor: []int{70000}, Text: []string{"scopes requested are unauthorized or expired"}, Means: likely(ConsentMissing, ScopeNotGranted, GrantExpired)},
	{Vendor: []int{70000}, Text: []string{"grant is expired", "must sign in again"}, Means: likely(GrantExpired, GrantRevoked)},
	{Vendor: []int{70000}, Text: []string{"'code'"}, Means: likely(CodeDamaged, CodeExpired, CodeOfAnother)},
	{Vendor: []int{70000}, Grant: oauth.GrantAuthorizationCode, Means: likely(CodeOfAnother, CodeDamaged, CodeExpired)},
	{Vendor: []int{70000}, Means: likely(GrantRevoked, GrantExpired, GrantDamaged)},
	{Vendor: []int{50173, 50132, 50133}, Means: certain(GrantRevoked)},
	{Vendor: []int{70043}, Means: certain(SignInFrequency)},
	{Vendor: []int{70046}, Means: likely(SignInFrequency, InteractionNeeded)},
	{Vendor: []int{50089}, Means: certain(SignInPageExpired)},
	{Vendor: []int{70016}, Means: certain(DeviceCodePending)},
	{Vendor: []int{70018, 70019}, Means: certain(DeviceCodeRefused)},
}
