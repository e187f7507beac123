package provider

import (
	"strings"

	"latchkey/internal/finding"
)

// What the sign-in service says about consent and assignment.
var (
	AdminConsentNeeded = &finding.Definition{
		Code: "admin_consent_needed", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:        "An administrator must consent before {{.sign_in_account}} can sign in",
		Consequence:  "The sign-in ends without a token.",
		Cause:        "The tenant does not let users consent to applications that read mail.",
		Remedy:       "Open the admin-consent link of the step Entra application, and accept.",
		AdminConsent: true,
		Link:         on(PagePermissions),
		Wait:         consentSpread,
		Params:       []string{"sign_in_account"},
	}
	ConsentRequested = &finding.Definition{
		Code: "consent_requested", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "{{.sign_in_account}} has asked an administrator to approve the application",
		Consequence: "The sign-in waits for the approval.",
		Cause:       "The tenant collects such requests for its administrators.",
		Remedy:      "In Enterprise apps > Admin consent requests, review the request and approve it. Then sign in again.",
		Link:        on(PageConsentRequests),
		Wait:        consentSpread,
		Params:      []string{"sign_in_account"},
	}
	ConsentPromptForced = &finding.Definition{
		Code: "consent_prompt_forced", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The sign-in asks for consent again, although it was given",
		Consequence: "Only administrators get past Microsoft's page; everybody else is stopped there.",
		Cause:       "The sign-in address holds prompt=consent, which demands a new consent each time, whatever was granted before.",
		Remedy:      "Let the application leave prompt=consent out, or send prompt=select_account. The consent itself is in order.",
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
		Title:        "Nobody has consented to the permissions yet",
		Consequence:  "No token is issued.",
		Cause:        "The consent was never given, was removed, or lacks a permission added later.",
		Remedy:       "Open the admin-consent link of the step Entra application, and accept.",
		AdminConsent: true,
		Link:         on(PagePermissions),
		Wait:         consentSpread,
	}
	PartnerConsentMissing = &finding.Definition{
		Code: "partner_consent_missing", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:        "The application {{.client_id}} of a partner is not authorised in the tenant {{.tenant}}",
		Consequence:  "No token is issued.",
		Cause:        "A service partner signs in for a customer, and the customer's tenant has not approved the application.",
		Remedy:       "Let an administrator of the customer open the admin-consent link of the step Entra application, and accept.",
		AdminConsent: true,
		Link:         on(PageEnterpriseApps),
		Wait:         consentSpread,
		Params:       []string{"client_id", "tenant"},
	}
	NotAssigned = &finding.Definition{
		Code: "user_not_assigned", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "{{.sign_in_account}} is not assigned to the application",
		Consequence: "No token is issued.",
		Cause:       "The enterprise application demands an assignment.",
		Remedy:      "In Enterprise apps > Users and groups, assign the account.",
		Link:        on(PageEnterpriseApps),
		Params:      []string{"sign_in_account"},
	}
)

// consented: consent is there, so what the page wants is another one.
func consented(k Case) bool {
	return k.Consented && (k.Prompt == "" || strings.EqualFold(k.Prompt, "consent"))
}

// forced: the sign-in address demands a consent; whether one exists is not known.
func forced(k Case) bool { return strings.EqualFold(k.Prompt, "consent") }

var consentRules = []Rule{
	{Vendor: []int{90094, 900941, 90093, 90095}, When: consented, Means: likely(ConsentPromptForced, ConsentMissing)},
	{Vendor: []int{90094, 900941, 90093}, When: forced, Means: likely(AdminConsentNeeded, ConsentPromptForced)},
	{Vendor: []int{90095}, When: forced, Means: likely(ConsentRequested, ConsentPromptForced)},
	{Vendor: []int{90094, 900941, 90093}, When: unsaidPrompt, Means: likely(AdminConsentNeeded, ConsentPromptForced)},
	{Vendor: []int{90095}, When: unsaidPrompt, Means: likely(ConsentRequested, ConsentPromptForced)},
	{Vendor: []int{90094, 900941, 90093}, Means: certain(AdminConsentNeeded)},
	{Vendor: []int{90095}, Means: certain(ConsentRequested)},
	{Vendor: []int{90099}, Means: certain(PartnerConsentMissing)},
	{Vendor: []int{65004}, Means: certain(ConsentDeclined)},
	{Vendor: []int{65001}, When: foreignScopes, Means: likely(ScopeNotGranted, ConsentMissing, AdminConsentNeeded)},
	{Vendor: []int{65001}, When: pasted, Means: likely(ConsentMissing, AdminConsentNeeded, ScopeNotGranted)},
	{Vendor: []int{65001}, Means: likely(ConsentMissing, AdminConsentNeeded)},
	{Vendor: []int{50105}, Means: certain(NotAssigned)},
	// A person who leaves the "Need admin approval" page comes back without a
	// number (recorded 2025); the same answer comes from Cancel elsewhere.
	{OAuthCode: "access_denied", Subcode: "cancel", Means: likely(AdminConsentNeeded, ConsentDeclined)},
	{Suberror: "consent_required", Means: certain(ConsentMissing)},
}
