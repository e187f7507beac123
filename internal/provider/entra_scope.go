package provider

import (
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

// What the sign-in service says about permissions and the service they are of.
var (
	ScopeUnknown = &finding.Definition{
		Code: "scope_unknown", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Microsoft does not know a permission that was asked for",
		Consequence: "No token is issued.",
		Cause:       "A permission is misspelt in the configuration, or does not exist in this cloud.",
		Remedy:      "Compare the scopes of the provider in the configuration with Microsoft's page.",
		Link:        "https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
	}
	ScopeSeparator = &finding.Definition{
		Code: "scope_separator", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The permissions are separated by commas",
		Consequence: "No token is issued: Microsoft reads them as one unknown permission.",
		Cause:       "The protocol separates permissions by single blanks (RFC 6749 section 3.3).",
		Remedy:      "Write one blank between two permissions, and no comma.",
	}
	ScopeMissing = &finding.Definition{
		Code: "scope_missing", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The token request named no permission for mail",
		Consequence: "No token is issued.",
		Cause:       "The scope is empty, or holds openid, profile and offline_access only.",
		Remedy:      "Ask for the scope {{.scope}} in the token request too.",
		Params:      []string{"scope"},
	}
	ScopeNotGranted = &finding.Definition{
		Code: "scope_not_granted", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The request asks for permissions that the sign-in was never given",
		Consequence: "The token cannot be renewed, although consent to the right permissions exists.",
		Cause:       "The program asks by the default list of its library, or by a list that was changed after the sign-in.",
		Remedy:      "Let the program ask with the same scopes at the sign-in and in each renewal. If the new list is the right one, sign in again with it.",
	}
	ScopeSeveralResources = &finding.Definition{
		Code: "scope_several_resources", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Permissions of two services were asked for at once",
		Consequence: "No token is issued.",
		Cause:       "The configuration mixes Exchange permissions with those of another service.",
		Remedy:      "Leave only Exchange permissions in the scopes of the provider.",
	}
	ScopeDefaultMixed = &finding.Definition{
		Code: "scope_default_mixed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The scope .default was asked for together with single permissions",
		Consequence: "No token is issued.",
		Cause:       "Microsoft allows either .default or single permissions of a service in one request.",
		Remedy:      "Leave .default out of the scopes of the provider.",
	}
	ScopeDefaultNeeded = &finding.Definition{
		Code: "scope_default_needed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "A token without a person was asked for with a single permission",
		Consequence: "No token is issued.",
		Cause:       "With client credentials the scope must be the address of the service with /.default behind it.",
		Remedy:      "Ask for https://outlook.office365.com/.default.",
	}
	ScopeIsClient = &finding.Definition{
		Code: "scope_is_client", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The application asked for a token for itself",
		Consequence: "No token is issued.",
		Cause:       "The request names no scope, so that the application itself is taken for what is wanted; or the scope begins with the address of the application.",
		Remedy:      "Ask for the scope {{.scope}}, in renewals too.",
		Params:      []string{"scope"},
	}
	ResourceParameter = &finding.Definition{
		Code: "resource_parameter", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The request holds the parameter resource, which this address does not know",
		Consequence: "No token is issued.",
		Cause:       "The parameter belongs to the old addresses without v2.0.",
		Remedy:      "Leave resource out, and ask for the scope {{.scope}}.",
		Params:      []string{"scope"},
	}
	ResourceUnknown = &finding.Definition{
		Code: "resource_unknown", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The tenant has no service of the name that stands before the permission",
		Consequence: "No token is issued.",
		Cause:       "The address before the permission is misspelt, or is that of another national cloud.",
		Remedy:      "Ask for the scope {{.scope}}.",
		Params:      []string{"scope"},
	}
	ExchangeMissing = &finding.Definition{
		Code: "exchange_missing", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The tenant has no Exchange Online",
		Consequence: "No token for mail can be issued.",
		Cause:       "No user of the tenant has an Exchange Online licence, or the tenant is the wrong one.",
		Remedy:      "Assign a licence with Exchange Online, or enter the tenant that holds the mailbox.",
		Link:        on(PageUsers),
	}
	ExchangeDisabled = &finding.Definition{
		Code: "exchange_disabled", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "Exchange Online is switched off as an application of the tenant",
		Consequence: "No token for mail can be issued.",
		Cause:       "The enterprise application Office 365 Exchange Online is not enabled for sign-in.",
		Remedy:      "In Enterprise apps > Office 365 Exchange Online > Properties, set Enabled for users to sign-in to Yes.",
		Command:     "Update-MgServicePrincipal -ServicePrincipalId (Get-MgServicePrincipalByAppId -AppId " + ExchangeID + ").Id -AccountEnabled:$true",
		Link:        on(PageEnterpriseApps),
	}
	PermissionNotListed = &finding.Definition{
		Code: "permission_not_listed", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The app registration lacks a permission that was asked for",
		Consequence: "No token is issued.",
		Cause:       "A delegated permission is missing under API permissions.",
		Remedy:      "Under API permissions, add the delegated permissions of the checklist, and grant consent.",
		Link:        on(PagePermissions),
		Wait:        consentSpread,
	}
	PermissionUserRead = &finding.Definition{
		Code: "permission_user_read_missing", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The app registration may not even read who signs in",
		Consequence: "No token is issued.",
		Cause:       "The delegated permission User.Read of Microsoft Graph was removed from the registration.",
		Remedy:      "Under API permissions > Microsoft Graph > Delegated permissions, add User.Read, and grant consent.",
		Link:        on(PagePermissions),
		Wait:        consentSpread,
	}
	PermissionUnusable = &finding.Definition{
		Code: "permission_unusable", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The app registration lists a permission of a service that is not there any more",
		Consequence: "Nobody can consent, and no token is issued.",
		Cause:       "The entry is left over from a removed service or was pasted into the manifest.",
		Remedy:      "Under API permissions, remove the entries that show no name. Then grant consent again.",
		Link:        on(PagePermissions),
	}
)

// exchangeNamed: the answer names one of Exchange's own addresses, so the
// address is right and the service is missing.
func exchangeNamed(k Case) bool {
	return contains(k.Text, "outlook.office") || contains(k.Text, ExchangeID) || contains(k.Text, "Exchange Online")
}

// commas: permissions were listed with a comma.
func commas(k Case) bool {
	return slices.ContainsFunc(append(k.Scopes, k.Scope), func(s string) bool { return strings.Contains(s, ",") }) ||
		joined.MatchString(k.Text)
}

// joined are two permissions with a comma between them: dotted names, or one of
// those of OpenID Connect.
var joined = regexp.MustCompile(`(?i)(?:[a-z]+\.[a-z]+(?:\.[a-z]+)*|\boffline_access|\bopenid|\bprofile|\bemail), ?(?:https?://\S+/)?(?:[a-z]+\.[a-z]+|offline_access|openid|profile|email)\b`)

// foreignScopes: what was asked for is known and holds no permission for mail,
// or the grant is known and lacks a part of it.
func foreignScopes(k Case) bool {
	short := func(s string) string { return strings.ToLower(ShortScope(s)) }
	asked := append(strings.Fields(k.Scope), k.Scopes...)
	if len(k.Granted) > 0 {
		return len(asked) == 0 || slices.ContainsFunc(asked, func(a string) bool {
			return !slices.ContainsFunc(k.Granted, func(g string) bool { return short(g) == short(a) })
		})
	}
	return len(asked) > 0 && !slices.ContainsFunc(asked, func(a string) bool { return permits(short(a), setup.Protocols...) || short(a) == ".default" })
}

var scopeRules = []Rule{
	{Vendor: []int{70011}, Text: []string{".default scope can't be combined", "can't be combined with resource-specific"}, Means: certain(ScopeDefaultMixed)},
	{Vendor: []int{70011}, Text: []string{"more than one resource", "not compatible with each other"}, Means: certain(ScopeSeveralResources)},
	{Vendor: []int{70011, 650053, 28002}, When: commas, Means: likely(ScopeSeparator, ScopeUnknown)},
	{Vendor: []int{70011, 650053, 28002}, Means: certain(ScopeUnknown)},
	{Vendor: []int{28003, 700023}, Means: certain(ScopeMissing)},
	{Vendor: []int{1002012}, Means: certain(ScopeDefaultNeeded)},
	{Vendor: []int{28000, 700022}, Means: certain(ScopeSeveralResources)},
	{Vendor: []int{90009}, Means: certain(ScopeIsClient)},
	{Vendor: []int{901002}, Means: certain(ResourceParameter)},
	{Vendor: []int{500011}, When: exchangeNamed, Means: likely(ExchangeMissing, ResourceUnknown, WrongCloud)},
	{Vendor: []int{500011, 50001}, Means: likely(ResourceUnknown, ExchangeMissing, WrongCloud)},
	{Vendor: []int{650052}, Means: certain(ExchangeMissing)},
	{Vendor: []int{500014}, Means: certain(ExchangeDisabled)},
	{Vendor: []int{650057}, Means: certain(PermissionNotListed)},
	{Vendor: []int{650056}, Means: likely(PermissionNotListed, ConsentMissing, ClientUnknown)},
	{Vendor: []int{90008}, Means: certain(PermissionUserRead)},
	{Vendor: []int{65005}, Text: []string{"not specified this resource", "requiredResourceAccess"}, Means: certain(PermissionNotListed)},
	{Vendor: []int{65005}, Text: []string{"doesn't exist on the resource", "does not exist on the resource"}, Means: certain(ScopeUnknown)},
	{Vendor: []int{650054, 65005}, Means: certain(PermissionUnusable)},
}
