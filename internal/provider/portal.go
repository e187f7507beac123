package provider

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/finding"
)

// PortalPage is a page of an administration portal. A definition points to one
// by the link "{{.link_<page>}}"; the provider has its address.
type PortalPage string

// The portal pages that remedies point to.
const (
	PageRegistrations  PortalPage = "registrations" // list of app registrations
	PageOverview       PortalPage = "overview"      // of one registration, as are the next four
	PageAuthentication PortalPage = "authentication"
	PageCredentials    PortalPage = "credentials"
	PagePermissions    PortalPage = "permissions"
	PageTokens         PortalPage = "token_configuration"

	PageEnterpriseApps    PortalPage = "enterprise_apps"
	PageConsent           PortalPage = "consent"          // user consent settings
	PageConsentRequests   PortalPage = "consent_requests" // requests waiting for an administrator
	PageConditionalAccess PortalPage = "conditional_access"
	PageSignInLogs        PortalPage = "sign_in_logs"
	PageTenant            PortalPage = "tenant" // overview; security defaults are under Properties
	PageRiskyUsers        PortalPage = "risky_users"

	PageMailboxes          PortalPage = "mailboxes"     // Exchange admin center
	PageMailSettings       PortalPage = "mail_settings" // organisation's switch of SMTP AUTH
	PageUsers              PortalPage = "users"         // Microsoft 365 admin center, Active users
	PageServiceHealth      PortalPage = "service_health"
	PageRestrictedEntities PortalPage = "restricted_entities"
	PageMFASetup           PortalPage = "mfa_setup" // for the person who signs in
	PagePassword           PortalPage = "password"  // for the person who signs in
)

// portalPages is the one table of deep links. "{entra}" stands for the portal
// of the cloud and "{client_id}" for the application; the pages below it are
// of the worldwide cloud only.
//
// Documented says that Microsoft's own pages print this address (seen in
// MicrosoftDocs, November 2026). The others are addresses that the portal
// shows itself; they may change without notice, and the click path in the
// remedy stands beside each.
var portalPages = []struct {
	Page       PortalPage
	Address    string
	Documented bool
}{
	{PageRegistrations, "{entra}/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade", false},
	{PageOverview, "{entra}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/{client_id}", false},
	{PageAuthentication, "{entra}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Authentication/appId/{client_id}", false},
	{PageCredentials, "{entra}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/{client_id}", false},
	{PagePermissions, "{entra}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/{client_id}", false},
	{PageTokens, "{entra}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/TokenConfiguration/appId/{client_id}", false},
	{PageEnterpriseApps, "{entra}/#view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview", false},
	{PageConsent, "{entra}/#view/Microsoft_AAD_IAM/ConsentPoliciesMenuBlade/~/UserSettings", false},
	{PageConsentRequests, "{entra}/#view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AccessRequests", false},
	{PageConditionalAccess, "{entra}/#view/Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies", false},
	{PageSignInLogs, "{entra}/#view/Microsoft_AAD_IAM/SignInEventsV3Blade", false},
	{PageTenant, "{entra}/#view/Microsoft_AAD_IAM/TenantOverview.ReactView", false},
	{PageRiskyUsers, "{entra}/#view/Microsoft_AAD_IAM/IdentityProtectionMenuBlade/~/RiskyUsers", false},

	{PageMailboxes, "https://admin.exchange.microsoft.com/#/mailboxes", true},
	{PageMailSettings, "https://admin.exchange.microsoft.com/#/settings", false},
	{PageUsers, "https://go.microsoft.com/fwlink/p/?linkid=834822", true},
	{PageServiceHealth, "https://admin.microsoft.com/Adminportal/Home#/servicehealth", false},
	{PageRestrictedEntities, "https://security.microsoft.com/restrictedentities", true},
	{PageMFASetup, "https://aka.ms/mfasetup", true},
	{PagePassword, "https://account.activedirectory.windowsazure.com/ChangePassword.aspx", true},
}

// Documented reports whether Microsoft prints the page's address itself.
func (page PortalPage) Documented() bool {
	for _, p := range portalPages {
		if p.Page == page {
			return p.Documented
		}
	}
	return false
}

// portalAt is the table for a cloud. Only the worldwide one has the pages of
// the other admin centers: their addresses elsewhere are not known.
func portalAt(entra string, worldwide bool) map[PortalPage]string {
	table := map[PortalPage]string{}
	for _, p := range portalPages {
		if own := strings.HasPrefix(p.Address, "{entra}"); own || worldwide {
			table[p.Page] = strings.Replace(p.Address, "{entra}", entra, 1)
		}
	}
	return table
}

// PortalLink fills a deep link. Without a client ID a page of one registration
// becomes the list of them; "" where the provider has no such page.
func (p Provider) PortalLink(page PortalPage, clientID string) string {
	address := p.Portal[page]
	if clientID == "" && strings.Contains(address, "{client_id}") {
		address = p.Portal[PageRegistrations]
	}
	return strings.ReplaceAll(address, "{client_id}", url.PathEscape(clientID))
}

// pageOf returns the page a definition's link names, "" for an address.
func pageOf(d *finding.Definition) PortalPage {
	for _, name := range finding.Placeholders(d.Link) {
		if page, ok := strings.CutPrefix(name, finding.LinkPrefix); ok {
			return PortalPage(page)
		}
	}
	return ""
}

// Link is the address a definition points to, for an application if its ID is
// known; "" if there is none.
func (p Provider) Link(d *finding.Definition, clientID string) string {
	if page := pageOf(d); page != "" {
		return p.PortalLink(page, clientID)
	}
	return d.Link
}

// Linked gives f the addresses of the portal pages that its causes name.
func (p Provider) Linked(f finding.Finding, clientID string) finding.Finding {
	f.Params = maps.Clone(f.Params)
	for _, cause := range f.Causes {
		page := pageOf(cause.Definition)
		if address := p.PortalLink(page, clientID); address != "" {
			if f.Params == nil {
				f.Params = map[string]string{}
			}
			f.Params[finding.LinkPrefix+string(page)] = address
		}
	}
	return f
}

// on is the link of a definition to a page of the provider's portal.
func on(page PortalPage) string { return "{{." + finding.LinkPrefix + string(page) + "}}" }

// Pages lists every page of the table.
func Pages() []PortalPage {
	var list []PortalPage
	for _, p := range portalPages {
		list = append(list, p.Page)
	}
	return slices.Clip(list)
}
