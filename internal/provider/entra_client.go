package provider

import (
	"slices"
	"time"

	"latchkey/internal/finding"
)

// What the sign-in service says about the application and its credentials.
var (
	ClientUnknown = &finding.Definition{
		Code: "client_unknown", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The tenant {{.tenant}} has no application {{.client_id}}",
		Consequence: "Nobody can sign in.",
		Cause:       "The client ID is mistyped, it is the object ID, or the app registration is in another tenant.",
		Remedy:      "Copy the Application (client) ID from the page Overview of the app registration.",
		Link:        on(PageRegistrations),
		Params:      []string{"tenant", "client_id"},
	}
	ClientIDMalformed = &finding.Definition{
		Code: "client_id_malformed", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "{{.client_id}} is not the form of a client ID",
		Consequence: "Nobody can sign in.",
		Cause:       "A client ID is a GUID. Name, address or secret of the application was entered in its place.",
		Remedy:      "Copy the Application (client) ID from the page Overview of the app registration.",
		Link:        on(PageRegistrations),
		Params:      []string{"client_id"},
	}
	ClientNotInTenant = &finding.Definition{
		Code: "client_not_in_tenant", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:        "The application {{.client_id}} has no enterprise application in the tenant {{.tenant}}",
		Consequence:  "No token is issued.",
		Cause:        "The enterprise application was deleted, or nobody of this tenant has consented to the application yet.",
		Remedy:       "Open the admin-consent link of the step Entra application, and accept. It makes the enterprise application.",
		AdminConsent: true,
		Command:      "New-MgServicePrincipal -AppId {{.client_id}}",
		Link:         on(PageEnterpriseApps),
		Wait:         consentSpread,
		Params:       []string{"client_id", "tenant"},
	}
	ClientDisabled = &finding.Definition{
		Code: "client_disabled", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The application {{.client_id}} is switched off in the tenant",
		Consequence: "No token is issued.",
		Cause:       "The enterprise application is not enabled for sign-in, or it was deleted.",
		Remedy:      "In Enterprise apps > Properties, set Enabled for users to sign-in to Yes.",
		Command:     "Update-MgServicePrincipal -ServicePrincipalId (Get-MgServicePrincipalByAppId -AppId {{.client_id}}).Id -AccountEnabled:$true",
		Link:        on(PageEnterpriseApps),
		Params:      []string{"client_id"},
	}
	ClientInaccessible = &finding.Definition{
		Code: "client_inaccessible", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The application {{.client_id}} cannot be used in this tenant at this time",
		Consequence: "Nobody can sign in.",
		Cause:       "Microsoft or an administrator has blocked the application.",
		Remedy:      "In Enterprise apps, open the application and read the notice under Overview and Properties.",
		Link:        on(PageEnterpriseApps),
		Params:      []string{"client_id"},
	}
	ClientBlocked = &finding.Definition{
		Code: "client_blocked", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The application {{.client_id}} may not be used for this sign-in",
		Consequence: "No token is issued.",
		Cause:       "The registration is of a kind that cannot sign in people here.",
		Remedy:      "Make a new app registration for the mailbox, and enter its client ID.",
		Link:        on(PageRegistrations),
		Params:      []string{"client_id"},
	}
	ClientIsMicrosofts = &finding.Definition{
		Code: "client_is_microsofts", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The client ID {{.client_id}} belongs to an application of Microsoft",
		Consequence: "No token is issued.",
		Cause:       "The ID of one of Microsoft's own programs was entered. Those may ask for no permissions of others.",
		Remedy:      "Make your own app registration, and enter its client ID.",
		Link:        on(PageRegistrations),
		Params:      []string{"client_id"},
	}
	ClientSecretInvalid = &finding.Definition{
		Code: "client_secret_invalid", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The sign-in service does not accept the client secret",
		Consequence: "No token is issued or renewed.",
		Cause:       "The secret is mistyped or cut, was deleted, or belongs to another application.",
		Remedy:      "Create a new client secret under Certificates & secrets, and copy the column Value.",
		Command:     "Add-MgApplicationPassword -ApplicationId (Get-MgApplicationByAppId -AppId {{.client_id}}).Id | Format-List SecretText,EndDateTime",
		Link:        on(PageCredentials),
		Params:      []string{"client_id"},
	}
	ClientSecretIsID = &finding.Definition{
		Code: "client_secret_is_id", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "This is the Secret ID, not the secret",
		Consequence: "No token is issued or renewed.",
		Cause:       "The portal shows the Value only once. Later only the Secret ID is visible.",
		Remedy:      "Create a new client secret, and paste the value from the column Value.",
		Link:        on(PageCredentials),
	}
	ClientSecretExpired = &finding.Definition{
		Code: "client_secret_expired", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The client secret has expired",
		Consequence: "No token is issued or renewed: mail stops when the present token ends.",
		Cause:       "The end date of the secret has passed.",
		Remedy:      "Create a new client secret under Certificates & secrets, and copy the column Value.",
		Link:        on(PageCredentials),
	}
	ClientIsPublic = &finding.Definition{
		Code: "client_is_public", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The application is registered as a public client",
		Consequence: "Microsoft refuses the client secret.",
		Cause:       "The redirect URI stands under Mobile and desktop applications.",
		Remedy:      "Under Authentication, remove it there and add it to the platform Web.",
		Link:        on(PageAuthentication),
		Wait:        registrationSpread,
	}
	ClientSecretMissing = &finding.Definition{
		Code: "client_secret_missing", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft asks for a client secret and got none",
		Consequence: "No token is issued.",
		Cause:       "The platform is Web, which needs a secret, and no secret was sent.",
		Remedy:      "Save the client secret in the step Entra application.",
		Link:        on(PageCredentials),
	}
	PublicClientOff = &finding.Definition{
		Code: "public_client_not_allowed", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The registration does not allow programs without a client secret",
		Consequence: "No token is issued.",
		Cause:       "The program has no field for a secret, or signs in without a browser of its own, and the registration is of the platform Web.",
		Remedy:      "If the program cannot hold a secret: under Authentication, add the platform Mobile and desktop applications and set Allow public client flows to Yes.",
		Link:        on(PageAuthentication),
		Wait:        registrationSpread,
	}
	ClientCertificateInvalid = &finding.Definition{
		Code: "client_certificate_invalid", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft does not accept the certificate of the application",
		Consequence: "No token is issued or renewed.",
		Cause:       "The certificate that signs is not the one that was uploaded to the registration.",
		Remedy:      "Upload the certificate in use under Certificates & secrets > Certificates, or use a client secret.",
		Link:        on(PageCredentials),
	}
	ClientAssertionOutdated = &finding.Definition{
		Code: "client_assertion_outdated", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The application's proof of identity was out of date when it arrived",
		Consequence: "No token is issued or renewed.",
		Cause:       "The clock of the server is wrong, so that a freshly signed proof looks old or not yet valid.",
		Remedy:      "Set the clock of the server by a time service. Then check again.",
		Command:     "w32tm /query /status",
	}
	PlatformIsSPA = &finding.Definition{
		Code: "platform_is_spa", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The redirect URI is registered as a single-page application",
		Consequence: "A server cannot redeem the code, and tokens would end after 24 hours.",
		Cause:       "The redirect URI stands under the platform Single-page application.",
		Remedy:      "Under Authentication, remove it there and add it to the platform Web.",
		Link:        on(PageAuthentication),
		Wait:        registrationSpread,
	}
	BrowserRedeemsCode = &finding.Definition{
		Code: "browser_redeems_code", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "A script in the browser tried to redeem the code",
		Consequence: "No token is issued.",
		Cause:       "The redirect URI is of the platform Web, whose codes only a server may redeem.",
		Remedy:      "Let the server redeem the code. Do not change the platform of the registration.",
	}
	ClientRefused = &finding.Definition{
		Code: "client_refused", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The sign-in service does not accept the application",
		Consequence: "No token is issued or renewed.",
		Cause:       "Client ID, client secret or the kind of client does not fit the registration.",
		Remedy:      "Compare client ID and secret with the registration.",
		Link:        on(PageOverview),
	}
)

// How long changes of the registration take to be seen everywhere: three to
// five minutes for a redirect URI (Microsoft's article on error 50011), some
// minutes for a new secret and up to half an hour for a consent (threads).
const (
	registrationSpread = 5 * time.Minute
	consentSpread      = 30 * time.Minute
)

// withoutBrowser: the grants of programs that open no browser and have no secret.
func withoutBrowser(k Case) bool {
	return slices.Contains([]string{"password", "device_code", "urn:ietf:params:oauth:grant-type:device_code"}, k.Symptom.Grant)
}

var clientRules = []Rule{
	{Vendor: []int{700016}, Means: likely(ClientUnknown, ClientNotInTenant)},
	{Vendor: []int{700038}, Means: certain(ClientIDMalformed)},
	{Vendor: []int{90112}, Means: likely(ClientIDMalformed, TenantMalformed)},
	{Vendor: []int{700011, 7000229}, Means: likely(ClientNotInTenant, ClientUnknown)},
	{Vendor: []int{70001, 7000112}, Means: certain(ClientDisabled)},
	{Vendor: []int{1000031}, Means: likely(ClientInaccessible, ClientDisabled)},
	// The two last: registered for personal accounts only.
	{Vendor: []int{700019, 9002331, 9002346}, Means: certain(ClientBlocked)},
	{Vendor: []int{65002}, Means: certain(ClientIsMicrosofts)},
	{Vendor: []int{7000215}, Means: likely(ClientSecretInvalid, ClientSecretIsID, ClientSecretExpired)},
	{Vendor: []int{7000222}, Means: certain(ClientSecretExpired)},
	{Vendor: []int{700025}, Means: certain(ClientIsPublic)},
	{Vendor: []int{7000218}, When: withoutBrowser, Means: likely(PublicClientOff, ClientSecretMissing)},
	{Vendor: []int{7000218}, Means: likely(ClientSecretMissing, PublicClientOff)},
	{Vendor: []int{7000216}, Means: certain(ClientSecretMissing)},
	{Vendor: []int{50012}, Text: []string{"client secret"}, Means: likely(ClientSecretInvalid, ClientSecretIsID)},
	{Vendor: []int{700027, 700030, 50012}, Means: certain(ClientCertificateInvalid)},
	{Vendor: []int{50013, 500133, 700024}, Means: certain(ClientAssertionOutdated)},
	{Vendor: []int{9002325, 9002327, 700084}, Means: certain(PlatformIsSPA)},
	{Vendor: []int{9002326}, Means: certain(BrowserRedeemsCode)},
	// The older number of the same sentence.
	{Vendor: []int{70002}, Text: []string{"must contain the following parameter: 'client_"}, Means: likely(ClientSecretMissing, PublicClientOff)},
	{Vendor: []int{70002}, Means: likely(ClientSecretInvalid, ClientRefused)},
}
