package provider

import (
	"latchkey/internal/finding"
	"latchkey/internal/oauth"
)

// What the sign-in service says about second factors, devices and policies.
var (
	MFARequired = &finding.Definition{
		Code: "mfa_required", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "{{.sign_in_account}} must confirm the sign-in with a second factor",
		Consequence: "No token is issued.",
		Cause:       "The tenant demands multifactor authentication, and it is missing or too old.",
		Remedy:      "Sign in again, and finish the second factor.",
		Params:      []string{"sign_in_account"},
	}
	MFANotRegistered = &finding.Definition{
		Code: "mfa_not_registered", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "{{.sign_in_account}} has no second factor registered yet",
		Consequence: "No token is issued.",
		Cause:       "The tenant demands multifactor authentication, and the account has never set it up.",
		Remedy:      "Register a second factor. Then sign in again.",
		Link:        on(PageMFASetup),
		Params:      []string{"sign_in_account"},
	}
	MFAFailed = &finding.Definition{
		Code: "mfa_failed", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "The second factor of {{.sign_in_account}} was not confirmed",
		Consequence: "No token is issued.",
		Cause:       "The request was declined or not answered in time, or the message did not reach the telephone.",
		Remedy:      "Sign in again with the telephone at hand. If no message comes, choose another way on Microsoft's page.",
		Params:      []string{"sign_in_account"},
	}
	MFARegistrationBlocked = &finding.Definition{
		Code: "mfa_registration_blocked", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "{{.sign_in_account}} may register a second factor only from a trusted place or device",
		Consequence: "No token is issued.",
		Cause:       "A policy protects the registration of security details.",
		Remedy:      "Register from the company network, or issue a Temporary Access Pass for the account.",
		Link:        on(PageConditionalAccess),
		Params:      []string{"sign_in_account"},
	}
	ExternalChallenge = &finding.Definition{
		Code: "external_challenge", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "{{.sign_in_account}} did not pass the check of another security service",
		Consequence: "No token is issued.",
		Cause:       "A policy sends people to a second factor that is not Microsoft's, and it was not finished.",
		Remedy:      "Sign in again, and finish that check. If it never shows, ask the Microsoft 365 administrator for an exemption.",
		Params:      []string{"sign_in_account"},
	}
	PolicyBlocksSignIn = &finding.Definition{
		Code: "policy_blocks_sign_in", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A Conditional Access policy blocks {{.sign_in_account}}",
		Consequence: "No token is issued.",
		Cause:       "A policy on place, risk or application forbids this sign-in.",
		Remedy:      "Find the policy in the sign-in log, and exempt the account or the application.",
		Link:        on(PageSignInLogs),
		Params:      []string{"sign_in_account"},
	}
	PolicyBlocksApplication = &finding.Definition{
		Code: "policy_blocks_application", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A Conditional Access policy blocks the application",
		Consequence: "No token is issued.",
		Cause:       "A policy for workload identities applies to this application or to this server's address.",
		Remedy:      "Find the policy in the service principal sign-in log, and exempt the application.",
		Link:        on(PageSignInLogs),
	}
	PolicyWantsApprovedApp = &finding.Definition{
		Code: "policy_wants_approved_app", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A policy allows only approved or protected apps on telephones",
		Consequence: "No token is issued. An application on a server can never meet this demand.",
		Cause:       "A Conditional Access policy grants access to approved client apps or app protection only.",
		Remedy:      "Exempt the account or the application from this policy.",
		Link:        on(PageConditionalAccess),
	}
	SecurityDefaultsBlock = &finding.Definition{
		Code: "security_defaults_block", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The security defaults of the tenant block this way to sign in",
		Consequence: "No token is issued, and no password login for mail is accepted.",
		Cause:       "Security defaults refuse older ways to sign in and demand a second factor from everybody.",
		Remedy:      "Use OAuth2 (XOAUTH2) and sign in with a second factor. If that is what happened, replace security defaults by Conditional Access.",
		Link:        on(PageTenant),
	}
	DeviceRequired = &finding.Definition{
		Code: "device_required", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A policy wants a managed device",
		Consequence: "No token is issued.",
		Cause:       "A private window hides the device from Microsoft, or the device is not managed.",
		Remedy:      "Sign in from a separate browser profile on a managed device, or exempt the account.",
		Link:        on(PageConditionalAccess),
	}
	AccountAtRisk = &finding.Definition{
		Code: "account_at_risk", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "Microsoft takes {{.sign_in_account}} for endangered",
		Consequence: "No token is issued.",
		Cause:       "Identity Protection has seen a leaked password or unusual sign-ins of this account.",
		Remedy:      "Under Risky users, examine the account. Reset its password or dismiss the risk.",
		Link:        on(PageRiskyUsers),
		Params:      []string{"sign_in_account"},
	}
)

var policyRules = []Rule{
	{Vendor: []int{53003}, Grant: oauth.GrantClientCredentials, Means: certain(PolicyBlocksApplication)},
	{Vendor: []int{53003, 50131, 530032}, Means: certain(PolicyBlocksSignIn)},
	{Vendor: []int{530035}, Means: certain(SecurityDefaultsBlock)},
	{Vendor: []int{53000, 53001, 530003, 50005, 50097, 50129, 50155, 50187}, Means: certain(DeviceRequired)},
	{Suberror: "device_authentication_failed", Means: certain(DeviceRequired)},
	{Vendor: []int{53002, 53009}, Means: certain(PolicyWantsApprovedApp)},
	{Suberror: "protection_policy_required", Means: certain(PolicyWantsApprovedApp)},
	{Vendor: []int{50074, 50076, 50078}, Means: certain(MFARequired)},
	{Vendor: []int{50072, 50079, 53004}, Means: certain(MFANotRegistered)},
	{Vendor: []int{53010}, Means: certain(MFARegistrationBlocked)},
	{Vendor: []int{53011}, Means: certain(AccountAtRisk)},
	{Vendor: []int{500121, 50087, 50088}, Means: certain(MFAFailed)},
	{Vendor: []int{50158, 50161, 50166, 50170}, Means: certain(ExternalChallenge)},
	{Vendor: []int{50058, 700020}, Means: certain(InteractionNeeded)},
}
