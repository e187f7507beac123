package entra

import (
	"fmt"
	"strings"
	"time"

	"latchkey/internal/lab/world"
)

// The refusals. Texts follow Microsoft's published wording (learn.microsoft.com
// reference-error-codes and recorded answers); where the OAuth error of a
// number is not recorded, Assumptions says so.

func tenantNotFound(segment string) *fault {
	return &fault{Number: 90002, Error: "invalid_request", Text: fmt.Sprintf(
		"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "+
			"Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", segment)}
}

func badClientID(id string) *fault {
	return &fault{Number: 700038, Error: "invalid_request", Text: fmt.Sprintf("%s is not a valid application identifier.", id)}
}

func unknownApp(id, directory string) *fault {
	return &fault{Number: 700016, Error: "unauthorized_client", Text: fmt.Sprintf(
		"Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed "+
			"by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
		id, directory)}
}

func appDisabled(a *world.App) *fault {
	return &fault{Number: 7000112, Error: "unauthorized_client", Text: fmt.Sprintf("Application '%s'(%s) is disabled.", a.ClientID, a.Name)}
}

func notMultiTenant(a *world.App, segment string) *fault {
	return &fault{Number: 50194, Error: "invalid_request", Text: fmt.Sprintf(
		"Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /%s endpoint is not supported for such applications "+
			"created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.", a.ClientID, a.Name, segment)}
}

func missing(parameter string) *fault {
	return &fault{Number: 900144, Error: "invalid_request", Text: fmt.Sprintf("The request body must contain the following parameter: '%s'.", parameter)}
}

func empty(field string) *fault {
	return &fault{Number: 90014, Error: "invalid_request", Text: fmt.Sprintf(
		"The required field '%s' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", field)}
}

func badParameter(name string) *fault {
	return &fault{Number: 90100, Error: "invalid_request", Text: fmt.Sprintf("%s parameter is empty or not valid.", name)}
}

func responseType(value string) *fault {
	if value == "token" || strings.Contains(value, "id_token") {
		return &fault{Number: 700054, Error: "unsupported_response_type", Text: fmt.Sprintf("response_type '%s' is not enabled for the application.", value)}
	}
	return &fault{Number: 70005, Error: "unsupported_response_type", Text: "The app returned an unsupported response type."}
}

func responseMode(value string) *fault {
	return &fault{Number: 70007, Error: "invalid_request", Text: "'" + value + "' is not a supported value of 'response_mode' when requesting a token."}
}

func redirectMismatch(uri, clientID string) *fault {
	return &fault{Number: 50011, Error: "invalid_request", Text: fmt.Sprintf(
		"The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. "+
			"Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. "+
			"Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.", uri, clientID)}
}

func noRedirectURI() *fault {
	return &fault{Number: 500113, Error: "invalid_request", Text: "No reply address is registered for the application."}
}

func noRedirectParameter() *fault {
	return &fault{Number: 900971, Error: "invalid_request", Text: "No reply address provided."}
}

func challengeSize() *fault {
	return &fault{Number: 50147, Error: "invalid_request", Text: "The size of the code challenge parameter isn't valid."}
}

func challengeMethod() *fault {
	return &fault{Number: 501491, Error: "invalid_request", Text: "Invalid size of Code_Challenge_Method parameter."}
}

func flowExpired() *fault {
	return &fault{Number: 50089, Error: "invalid_request", Text: "Authentication failed due to flow token expired. Please retry the request."}
}

func silentWithoutSession() *fault {
	return &fault{Number: 50058, Error: "login_required", Text: "A silent sign-in request was sent but no user is signed in. " +
		"The cookies used to represent the user's session were not sent in the request to Azure AD. This can happen if the user is using " +
		"Internet Explorer or Edge, and the web app sending the silent sign-in request is in different IE security zone than the Azure AD endpoint " +
		"(login.microsoftonline.com)."}
}

func wrongPassword() *fault {
	return &fault{Number: 50126, Error: "invalid_grant", Text: "Error validating credentials due to invalid username or password."}
}

func unknownUser(upn, directory string) *fault {
	return &fault{Number: 50034, Error: "invalid_grant", Text: fmt.Sprintf(
		"The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory.", upn, directory)}
}

func foreignUser(upn string, home, here *world.Tenant, a *world.App) *fault {
	return &fault{Number: 50020, Error: "invalid_grant", Text: fmt.Sprintf(
		"User account '%s' from identity provider 'https://sts.windows.net/%s/' does not exist in tenant '%s' and cannot access the application '%s'(%s) "+
			"in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different "+
			"Microsoft Entra user account.", upn, home.ID, here.Name, a.ClientID, a.Name)}
}

func userDisabled() *fault {
	return &fault{Number: 50057, Error: "invalid_grant", Text: "The user account is disabled."}
}

func passwordExpired() *fault {
	return &fault{Number: 50055, Error: "invalid_grant", Suberror: "user_password_expired", Text: "The password is expired."}
}

// policy is the refusal of a Conditional Access policy, nil if p allows the
// sign-in.
func policy(p world.Policy, resource *world.Resource) *fault {
	switch p {
	case world.Blocked, world.BlockedLater:
		return &fault{Number: 53003, Error: "invalid_grant", Suberror: "message_only",
			Text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."}
	case world.StrongAuthentication:
		return &fault{Number: 50076, Error: "interaction_required", Suberror: "basic_action", Text: fmt.Sprintf(
			"Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'.", resource.ID)}
	case world.StrongEnrolment:
		return &fault{Number: 50079, Error: "interaction_required", Suberror: "basic_action", Text: fmt.Sprintf(
			"Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '%s'.", resource.ID)}
	}
	return nil
}

func notAssigned(u *world.User, a *world.App) *fault {
	return &fault{Number: 50105, Error: "interaction_required", Text: fmt.Sprintf(
		"Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. "+
			"The signed-in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. "+
			"Please contact your administrator to assign access to this application.", a.Name, a.ClientID, u.UPN)}
}

func notConsented(a *world.App) *fault {
	return &fault{Number: 65001, Error: "invalid_grant", Suberror: "consent_required", Text: fmt.Sprintf(
		"The user or administrator has not consented to use the application with ID '%s' named '%s'. "+
			"Send an interactive authorization request for this user and resource.", a.ClientID, a.Name)}
}

func declined() *fault {
	return &fault{Number: 65004, Error: "access_denied", Text: "User declined to consent to access the app."}
}

func adminConsentRequired(a *world.App) *fault {
	return &fault{Number: 90094, Error: "access_denied", Text: fmt.Sprintf(
		"%s needs permission to access resources in your organization that only an admin can grant. "+
			"Please ask an admin to grant permission to this app before you can use it.", a.Name)}
}

func spaWithoutPKCE() *fault {
	return &fault{Number: 9002325, Error: "invalid_request", Text: "Proof Key for Code Exchange is required for cross-origin authorization code redemption."}
}

func spaOnly() *fault {
	return &fault{Number: 9002327, Error: "invalid_request", Text: "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."}
}

func notSPA(origin string) *fault {
	return &fault{Number: 9002326, Error: "invalid_request", Text: fmt.Sprintf(
		"Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '%s'.", origin)}
}

func unknownPermission(a *world.App, scope string, r *world.Resource) *fault {
	return &fault{Number: 650053, Error: "invalid_client", Text: fmt.Sprintf(
		"The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'. Contact the app vendor.", a.Name, scope, r.ID)}
}

func invalidScope(scope string) *fault {
	return &fault{Number: 70011, Error: "invalid_scope", Text: fmt.Sprintf(
		"The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", scope)}
}

func severalResources(scope string) *fault {
	return &fault{Number: 28000, Error: "invalid_request", Text: fmt.Sprintf(
		"Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid.", scope)}
}

func unknownResource(name, tenant string) *fault {
	return &fault{Number: 500011, Error: "invalid_resource", Text: fmt.Sprintf(
		"The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator "+
			"of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", name, tenant)}
}

func serviceMissing(prefix, organization string) *fault {
	return &fault{Number: 650052, Error: "invalid_client", Text: fmt.Sprintf(
		"The app needs access to a service (%q) that your organization %q has not subscribed to or enabled. "+
			"Contact your IT Admin to review the configuration of your service subscriptions.", prefix, organization)}
}

func notDefaultScope(scope string) *fault {
	return &fault{Number: 1002012, Error: "invalid_scope", Text: fmt.Sprintf(
		"The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", scope)}
}

func grantType(value string) *fault {
	return &fault{Number: 70003, Error: "unsupported_grant_type", Text: "The app requested an unsupported grant type '" + value + "'."}
}

func notOnCommon() *fault {
	return &fault{Number: 9001023, Error: "invalid_request", Text: "The grant type is not supported over the /common or /consumers endpoints. " +
		"Please use the /organizations or tenant-specific endpoint."}
}

func postOnly() *fault {
	return &fault{Number: 900561, Error: "invalid_request", Text: "The endpoint only accepts POST requests. Received a GET request."}
}

func malformed() *fault {
	return &fault{Number: 9002313, Error: "invalid_grant", Text: "Invalid request. Request is malformed or invalid."}
}

func unknownGrant() *fault {
	return &fault{Number: 70000, Error: "invalid_grant", Text: "Provided grant is invalid or malformed."}
}

func otherTenant() *fault {
	return &fault{Number: 700005, Error: "invalid_grant", Text: "Provided Authorization Code is intended to use against other tenant, thus rejected. " +
		"OAuth2 Authorization Code must be redeemed against same tenant it was acquired for (/common or /{tenant-ID} as appropriate)"}
}

func codeReused() *fault {
	return &fault{Number: 54005, Error: "invalid_grant", Text: "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."}
}

func codeExpired() *fault {
	return &fault{Number: 70008, Error: "invalid_grant", Text: "The provided authorization code or refresh token has expired due to inactivity. " +
		"Send a new interactive authorization request for this user and resource."}
}

func replyAddress(sent, first string) *fault {
	return &fault{Number: 500112, Error: "invalid_client", Text: fmt.Sprintf(
		"The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", sent, first)}
}

func verifierMismatch() *fault {
	return &fault{Number: 501481, Error: "invalid_grant", Text: "The Code_Verifier does not match the code_challenge supplied in the authorization request."}
}

func secretMissing() *fault {
	return &fault{Number: 7000218, Error: "invalid_client", Text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}
}

func credentialMissing() *fault {
	return &fault{Number: 7000216, Error: "invalid_client", Text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."}
}

func secretWrong(a *world.App) *fault {
	return &fault{Number: 7000215, Error: "invalid_client", Text: fmt.Sprintf(
		"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", a.ClientID)}
}

func secretExpired(a *world.App) *fault {
	return &fault{Number: 7000222, Error: "invalid_client", Text: fmt.Sprintf(
		"The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, "+
			"or consider using certificate credentials for added security: https://aka.ms/certCreds.", a.ClientID)}
}

func publicClient() *fault {
	return &fault{Number: 700025, Error: "invalid_client", Text: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."}
}

func assertionRefused() *fault {
	return &fault{Number: 700027, Error: "invalid_client", Text: "Client assertion failed signature validation."}
}

func revoked(issued, validFrom time.Time) *fault {
	const form = "2006-01-02T15:04:05.0000000Z"
	return &fault{Number: 50173, Error: "invalid_grant", Suberror: "bad_token", Text: fmt.Sprintf(
		"The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. "+
			"The grant was issued on '%s' and the TokensValidFrom date (before which tokens are not valid) for this user is '%s'.",
		issued.Format(form), validFrom.Format(form))}
}

func idleTooLong(issued time.Time) *fault {
	return &fault{Number: 700082, Error: "invalid_grant", Suberror: "bad_token", Text: fmt.Sprintf(
		"The refresh token has expired due to inactivity. The token was issued on %s and was inactive for 90.00:00:00.", issued.Format("2006-01-02T15:04:05.0000000Z"))}
}

func spaLifeOver(issued time.Time) *fault {
	return &fault{Number: 700084, Error: "invalid_grant", Suberror: "bad_token", Text: fmt.Sprintf(
		"The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. "+
			"It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on %s.", issued.Format("2006-01-02T15:04:05.0000000Z"))}
}
