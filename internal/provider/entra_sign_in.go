package provider

import (
	"slices"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
)

// What the sign-in service says about the person, the consent, the code and
// the refresh token.
var (
	AdminConsentNeeded = &finding.Definition{
		Code: "admin_consent_needed", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "An administrator must consent before {{.sign_in_account}} can sign in",
		Consequence: "The sign-in ends without a token.",
		Cause:       "The tenant does not let users consent to applications that read mail.",
		Remedy:      "Open the admin-consent link of the step Entra application, and accept.",
		Wait:        5 * time.Minute,
		Params:      []string{"sign_in_account"},
	}
	ConsentDeclined = &finding.Definition{
		Code: "consent_declined", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The permissions were declined",
		Consequence: "The sign-in ends without a token.",
		Cause:       "Somebody selected Cancel on Microsoft's page.",
		Remedy:      "Make a new link, sign in again, and select Accept.",
	}
	ConsentMissing = &finding.Definition{
		Code: "consent_missing", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "Nobody has consented to the permissions yet",
		Consequence: "No token is issued.",
		Cause:       "The consent was never given, was removed, or lacks a permission added later.",
		Remedy:      "Open the admin-consent link of the step Entra application, and accept.",
		Wait:        5 * time.Minute,
	}
	PermissionNotListed = &finding.Definition{
		Code: "permission_not_listed", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The app registration lacks a permission that was asked for",
		Consequence: "No token is issued.",
		Cause:       "A delegated permission is missing under API permissions.",
		Remedy:      "Under API permissions, add the delegated permissions of the checklist, and grant consent.",
	}
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
	GrantRevoked = &finding.Definition{
		Code: "grant_revoked", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "Microsoft has ended the token of {{.sign_in_account}}",
		Consequence: "The token cannot be renewed. Mail stops.",
		Cause:       "An administrator reset the password or revoked the sessions of the account.",
		Remedy:      "Sign in again.",
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
		Params:      []string{"sign_in_account"},
	}
	MFARequired = &finding.Definition{
		Code: "mfa_required", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "{{.sign_in_account}} must confirm the sign-in with a second factor",
		Consequence: "No token is issued.",
		Cause:       "The tenant demands multifactor authentication, and it is missing or too old.",
		Remedy:      "Sign in again, and finish the second factor.",
		Params:      []string{"sign_in_account"},
	}
	PolicyBlocksSignIn = &finding.Definition{
		Code: "policy_blocks_sign_in", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A Conditional Access policy blocks {{.sign_in_account}}",
		Consequence: "No token is issued.",
		Cause:       "A policy on place, risk or application forbids this sign-in.",
		Remedy:      "Find the policy in the sign-in log, and exempt the account or the application.",
		Params:      []string{"sign_in_account"},
	}
	DeviceRequired = &finding.Definition{
		Code: "device_required", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A policy wants a managed device",
		Consequence: "No token is issued.",
		Cause:       "A private window hides the device from Microsoft, or the device is not managed.",
		Remedy:      "Sign in from a separate browser profile on a managed device, or exempt the account.",
	}
	NotAssigned = &finding.Definition{
		Code: "user_not_assigned", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "{{.sign_in_account}} is not assigned to the application",
		Consequence: "No token is issued.",
		Cause:       "The enterprise application demands an assignment.",
		Remedy:      "In Enterprise apps > Users and groups, assign the account.",
		Params:      []string{"sign_in_account"},
	}
	AccountUnknown = &finding.Definition{
		Code: "account_unknown", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The tenant does not know this account",
		Consequence: "No token is issued.",
		Cause:       "An alias was typed in place of the user principal name, or the tenant is another one.",
		Remedy:      "Sign in with the user principal name that the Microsoft 365 administrator names.",
	}
	AccountDisabled = &finding.Definition{
		Code: "account_disabled", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "This account may not sign in",
		Consequence: "No token is issued.",
		Cause:       "The account is blocked. The account of a shared mailbox always is.",
		Remedy:      "Sign in as a person with Full Access to the shared mailbox, with the method shared account.",
	}
	AccountLocked = &finding.Definition{
		Code: "account_locked", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "This account is locked for a while",
		Consequence: "No token is issued.",
		Cause:       "Too many wrong passwords, or a risky address.",
		Remedy:      "Wait half an hour, or unlock the account.",
		Wait:        30 * time.Minute,
	}
	PasswordExpired = &finding.Definition{
		Code: "password_expired", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "The password of this account has expired",
		Consequence: "No token is issued.",
		Cause:       "The tenant lets passwords expire.",
		Remedy:      "Change the password. Then sign in again.",
	}
	PasswordWrong = &finding.Definition{
		Code: "password_wrong", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "User name or password is wrong",
		Consequence: "No token is issued.",
		Cause:       "The password is mistyped or was changed.",
		Remedy:      "Sign in again with the right password.",
	}
	AccountOfAnotherTenant = &finding.Definition{
		Code: "account_of_another_tenant", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The account belongs to another organisation",
		Consequence: "No token is issued.",
		Cause:       "Another account was signed in already in this window.",
		Remedy:      "Close all private windows, open the link again, and use the right account.",
	}
	SessionConfused = &finding.Definition{
		Code: "session_confused", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "Microsoft finds several accounts in this browser session",
		Consequence: "No token is issued.",
		Cause:       "The window was used for another account before.",
		Remedy:      "Close all private windows, and open the link again.",
	}
	RequestMalformed = &finding.Definition{
		Code: "request_malformed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Microsoft does not accept the form of the request",
		Consequence: "This sign-in gives no token.",
		Cause:       "The address was cut or changed on its way, or a setting of the provider is wrong.",
		Remedy:      "Make a new link, and sign in again. Compare the provider in the configuration.",
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
	ClientRefused = &finding.Definition{
		Code: "client_refused", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The sign-in service does not accept the application",
		Consequence: "No token is issued or renewed.",
		Cause:       "Client ID, client secret or the kind of client does not fit the registration.",
		Remedy:      "Compare client ID and secret with the registration.",
	}
)

var signInRules = []Rule{
	{Vendor: []int{90094, 900941, 90095, 90093, 90099}, Means: certain(AdminConsentNeeded)},
	{Vendor: []int{65004}, Means: certain(ConsentDeclined)},
	// A person who leaves the "Need admin approval" page comes back without a
	// number (recorded 2025); the same answer comes from Cancel elsewhere.
	{OAuthCode: "access_denied", Subcode: "cancel", Means: likely(AdminConsentNeeded, ConsentDeclined)},
	{Vendor: []int{65001}, Means: certain(ConsentMissing)},
	{Vendor: []int{650056, 650057, 650054, 65005, 90008}, Means: certain(PermissionNotListed)},
	{Vendor: []int{54005}, Means: certain(CodeUsed)},
	{Vendor: []int{70008}, Grant: oauth.GrantAuthorizationCode, Means: certain(CodeExpired)},
	{Vendor: []int{70008, 700082}, Means: certain(GrantExpired)},
	{Vendor: []int{9002313, 90023}, Grant: oauth.GrantAuthorizationCode, Means: certain(CodeDamaged)},
	{Vendor: []int{501481, 700005, 70000}, Grant: oauth.GrantAuthorizationCode, Means: certain(CodeOfAnother)},
	{Vendor: []int{50173, 50132, 50133, 70000}, Means: certain(GrantRevoked)},
	{Vendor: []int{70043, 70046}, Means: certain(SignInFrequency)},
	{Vendor: []int{50072, 50074, 50076, 50078, 50079, 500121, 53004}, Means: certain(MFARequired)},
	{Vendor: []int{53003, 50131, 530032, 530035, 53010, 53011}, Means: certain(PolicyBlocksSignIn)},
	{Vendor: []int{53000, 53001, 53002, 53009, 530003, 50097, 50129, 50155, 50187}, Means: certain(DeviceRequired)},
	{Vendor: []int{50105}, Means: certain(NotAssigned)},
	{Vendor: []int{50034, 51004, 50014}, Means: certain(AccountUnknown)},
	{Vendor: []int{50057, 500571}, Means: certain(AccountDisabled)},
	{Vendor: []int{50053}, Means: certain(AccountLocked)},
	{Vendor: []int{50055}, Means: certain(PasswordExpired)},
	{Vendor: []int{50126, 50064, 50056}, Means: certain(PasswordWrong)},
	{Vendor: []int{50020, 90072, 500208}, Means: certain(AccountOfAnotherTenant)},
	{Vendor: []int{16000, 16001, 16003, 160021, 50139, 50143, 50197, 81012}, Means: certain(SessionConfused)},
	{Vendor: []int{900144, 90014, 9002313, 90100, 90004, 90005, 90007, 90015, 90102, 90121, 50147, 501491}, Means: certain(RequestMalformed)},
}

// classRules are the fallback where a number is unknown: the class of the
// OAuth error is what Microsoft promises to keep.
var classRules = []Rule{
	{OAuthCode: "temporarily_unavailable", Means: certain(ProviderUnavailable)},
	{OAuthCode: "server_error", Means: certain(ProviderUnavailable)},
	{OAuthCode: "invalid_client", Means: likely(ClientRefused)},
	{OAuthCode: "unauthorized_client", Means: likely(ClientRefused)},
	{OAuthCode: "interaction_required", Means: likely(InteractionNeeded)},
	{OAuthCode: "login_required", Means: likely(InteractionNeeded)},
	{OAuthCode: "consent_required", Means: likely(ConsentMissing)},
	{OAuthCode: "invalid_grant", Grant: oauth.GrantRefreshToken, Means: likely(InteractionNeeded)},
	{OAuthCode: "invalid_grant", Means: likely(SignInRefused)},
	{OAuthCode: "access_denied", Means: likely(SignInRefused, ConsentDeclined)},
	{OAuthCode: "invalid_scope", Means: likely(ScopeUnknown)},
	{OAuthCode: "invalid_request", Means: likely(RequestMalformed)},
	{HTTP: 500, Means: certain(ProviderUnavailable)},
	{HTTP: 502, Means: certain(ProviderUnavailable)},
	{HTTP: 503, Means: certain(ProviderUnavailable)},
	{HTTP: 504, Means: certain(ProviderUnavailable)},
}

var entraRules = slices.Concat(registrationRules, signInRules, classRules)
