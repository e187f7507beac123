package provider

import (
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
)

// What the sign-in service says about the registration: tenant, client,
// secret, redirect URI, scopes.
var (
	TenantNotFound = &finding.Definition{
		Code: "tenant_not_found", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft Entra ID does not know the tenant {{.tenant}}",
		Consequence: "Nobody can sign in.",
		Cause:       "The tenant is mistyped, or it belongs to another national cloud.",
		Remedy:      "Copy the Directory (tenant) ID from the page Overview of the app registration.",
		Params:      []string{"tenant"},
	}
	ClientUnknown = &finding.Definition{
		Code: "client_unknown", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The tenant {{.tenant}} has no application {{.client_id}}",
		Consequence: "Nobody can sign in.",
		Cause:       "The client ID is mistyped, or the app registration is in another tenant.",
		Remedy:      "Copy the Application (client) ID from the page Overview of the app registration.",
		Params:      []string{"tenant", "client_id"},
	}
	ClientDisabled = &finding.Definition{
		Code: "client_disabled", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The application {{.client_id}} is switched off in the tenant",
		Consequence: "No token is issued.",
		Cause:       "The enterprise application is not enabled for sign-in, or it was deleted.",
		Remedy:      "In Enterprise apps > Properties, set Enabled for users to sign-in to Yes.",
		Params:      []string{"client_id"},
	}
	ClientSecretInvalid = &finding.Definition{
		Code: "client_secret_invalid", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The sign-in service does not accept the client secret",
		Consequence: "No token is issued or renewed.",
		Cause:       "The secret is mistyped or cut, was deleted, or belongs to another application.",
		Remedy:      "Create a new client secret under Certificates & secrets, and copy the column Value.",
		Params:      []string{},
	}
	ClientSecretIsID = &finding.Definition{
		Code: "client_secret_is_id", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "This is the Secret ID, not the secret",
		Consequence: "No token is issued or renewed.",
		Cause:       "The portal shows the Value only once. Later only the Secret ID is visible.",
		Remedy:      "Create a new client secret, and paste the value from the column Value.",
	}
	ClientSecretExpired = &finding.Definition{
		Code: "client_secret_expired", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The client secret has expired",
		Consequence: "No token is issued or renewed: mail stops when the present token ends.",
		Cause:       "The end date of the secret has passed.",
		Remedy:      "Create a new client secret under Certificates & secrets, and copy the column Value.",
	}
	ClientIsPublic = &finding.Definition{
		Code: "client_is_public", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The application is registered as a public client",
		Consequence: "Microsoft refuses the client secret.",
		Cause:       "The redirect URI stands under Mobile and desktop applications.",
		Remedy:      "Under Authentication, remove it there and add it to the platform Web.",
	}
	ClientSecretMissing = &finding.Definition{
		Code: "client_secret_missing", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft asks for a client secret and got none",
		Consequence: "No token is issued.",
		Cause:       "The platform is Web, which needs a secret, and no secret was sent.",
		Remedy:      "Save the client secret in the step Entra application.",
	}
	PlatformIsSPA = &finding.Definition{
		Code: "platform_is_spa", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The redirect URI is registered as a single-page application",
		Consequence: "A server cannot redeem the code, and tokens would end after 24 hours.",
		Cause:       "The redirect URI stands under the platform Single-page application.",
		Remedy:      "Under Authentication, remove it there and add it to the platform Web.",
	}
	RedirectURIMismatch = &finding.Definition{
		Code: "redirect_uri_mismatch", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft does not know the redirect URI {{.redirect_uri}}",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "The registered redirect URI differs in at least one character: case, slash, port or scheme.",
		Remedy:      "Under Authentication > Web, register exactly this redirect URI. Wait five minutes.",
		Wait:        5 * time.Minute,
		Params:      []string{"redirect_uri"},
	}
	RedirectURINone = &finding.Definition{
		Code: "redirect_uri_none", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The application has no redirect URI at all",
		Consequence: "The sign-in ends on Microsoft's page and never comes back.",
		Cause:       "No redirect URI was added after the registration.",
		Remedy:      "Under Authentication > Web, register {{.redirect_uri}}. Wait five minutes.",
		Wait:        5 * time.Minute,
		Params:      []string{"redirect_uri"},
	}
	RedirectURIChanged = &finding.Definition{
		Code: "redirect_uri_changed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The redirect URI changed between sign-in and token request",
		Consequence: "The code of this sign-in cannot be used.",
		Cause:       "The external URL was changed while somebody was signing in.",
		Remedy:      "Make a new link, and sign in again.",
	}
	TenantNeeded = &finding.Definition{
		Code: "tenant_needed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "This application may only be used with its own tenant",
		Consequence: "Nobody can sign in.",
		Cause:       "The sign-in address does not name the tenant of the registration.",
		Remedy:      "Enter the Directory (tenant) ID in the step Entra application.",
	}
	WrongCloud = &finding.Definition{
		Code: "wrong_cloud", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The tenant {{.tenant}} belongs to another national cloud",
		Consequence: "Nobody can sign in.",
		Cause:       "Each national cloud has its own sign-in address and its own registrations.",
		Remedy:      "Choose the cloud of the tenant, and register the application there.",
		Params:      []string{"tenant"},
	}
	ScopeUnknown = &finding.Definition{
		Code: "scope_unknown", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Microsoft does not know a permission that was asked for",
		Consequence: "No token is issued.",
		Cause:       "A permission is misspelt in the configuration, or does not exist in this cloud.",
		Remedy:      "Compare the scopes of the provider in the configuration with Microsoft's page.",
	}
	ScopeSeveralResources = &finding.Definition{
		Code: "scope_several_resources", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Permissions of two services were asked for at once",
		Consequence: "No token is issued.",
		Cause:       "The configuration mixes Exchange permissions with those of another service.",
		Remedy:      "Leave only Exchange permissions in the scopes of the provider.",
	}
	ExchangeMissing = &finding.Definition{
		Code: "exchange_missing", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The tenant has no Exchange Online",
		Consequence: "No token for mail can be issued.",
		Cause:       "No user of the tenant has an Exchange Online licence, or the tenant is the wrong one.",
		Remedy:      "Assign a licence with Exchange Online, or enter the tenant that holds the mailbox.",
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
		Wait:        5 * time.Minute,
	}
	PolicyBlocksApplication = &finding.Definition{
		Code: "policy_blocks_application", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A Conditional Access policy blocks the application",
		Consequence: "No token is issued.",
		Cause:       "A policy for workload identities applies to this application or to this server's address.",
		Remedy:      "Find the policy in the service principal sign-in log, and exempt the application.",
	}
)

// Numbers and their meaning: learn.microsoft.com/entra/identity-platform/
// reference-error-codes (2026-11-21). Microsoft warns that they may change, so
// the class of the OAuth error decides where the number is unknown.
var registrationRules = []Rule{
	{Vendor: []int{50196, 90055}, Means: certain(TokenEndpointThrottled)},
	{HTTP: 429, Means: certain(TokenEndpointThrottled)},
	{Vendor: []int{90002, 900023, 90019, 50059, 50128}, Means: certain(TenantNotFound)},
	{Vendor: []int{90038, 900439, 900382, 900432}, Means: certain(WrongCloud)},
	{Vendor: []int{700016, 700011, 700038}, Means: certain(ClientUnknown)},
	{Vendor: []int{70001, 7000112, 7000229, 1000031, 700019}, Means: certain(ClientDisabled)},
	{Vendor: []int{7000215}, Means: likely(ClientSecretInvalid, ClientSecretIsID)},
	{Vendor: []int{7000222}, Means: certain(ClientSecretExpired)},
	{Vendor: []int{700025}, Means: certain(ClientIsPublic)},
	{Vendor: []int{7000218, 7000216}, Means: certain(ClientSecretMissing)},
	{Vendor: []int{9002325, 9002326, 9002327, 700084}, Means: certain(PlatformIsSPA)},
	{Vendor: []int{50011, 70004}, Endpoint: oauth.TokenEnd, Means: certain(RedirectURIChanged)},
	{Vendor: []int{500112}, Means: certain(RedirectURIChanged)},
	{Vendor: []int{50011, 70004}, Means: certain(RedirectURIMismatch)},
	{Vendor: []int{500113, 900971}, Means: certain(RedirectURINone)},
	{Vendor: []int{50194, 90130, 90124, 9001023}, Means: certain(TenantNeeded)},
	{Vendor: []int{70011, 650053, 28002, 28003, 700023, 1002012}, Means: certain(ScopeUnknown)},
	{Vendor: []int{28000, 700022}, Means: certain(ScopeSeveralResources)},
	{Vendor: []int{500011, 650052, 500014, 50001}, Means: certain(ExchangeMissing)},
	{Vendor: []int{53003}, Grant: oauth.GrantClientCredentials, Means: certain(PolicyBlocksApplication)},
	{Vendor: []int{50000, 90006, 90012, 90024, 90033, 90036, 90090}, Means: certain(ProviderUnavailable)},
}
