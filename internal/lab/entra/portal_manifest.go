package entra

import (
	"encoding/json"
	"net/http"
	"time"

	"latchkey/internal/lab/world"
)

// permissionIDs are the delegated permissions of Microsoft Graph under which
// the portal lists the scopes of the registration
// (learn.microsoft.com/graph/permissions-reference).
var permissionIDs = map[string]string{
	"IMAP.AccessAsUser.All": "652390e4-393a-48de-9484-05f9b1212954",
	"POP.AccessAsUser.All":  "d7b7f2d9-0f45-4ea1-9d42-e50810c06991",
	"SMTP.Send":             "258f6531-6087-4cc4-bb90-092c5fb3ed3f",
	"offline_access":        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
	"openid":                "37f7f235-527c-4136-accd-4a02d197296e",
	"profile":               "14dad69e-099b-42c9-810b-d002981feec1",
	"email":                 "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
	"User.Read":             "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
}

type object = map[string]any

// portalManifest shows the registration as the page Manifest does, in the form
// of Microsoft Graph (learn.microsoft.com/entra/identity-platform/
// reference-microsoft-graph-app-manifest).
func (e *Server) portalManifest(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		if other := s.App(a.Slips.ManifestOf); other != nil {
			a = other
		}
		b, err := json.MarshalIndent(manifest(a), "", "\t")
		if err != nil {
			return notFound()
		}
		return render("manifest", appView{App: clone(a), Typed: string(b)})
	})
}

func manifest(a *world.App) object {
	uris := map[world.Platform][]string{world.Web: {}, world.SPA: {}, world.Native: {}}
	for _, u := range a.RedirectURIs {
		uris[u.Platform] = append(uris[u.Platform], u.URI)
	}
	access := []object{}
	for _, name := range a.Permissions {
		if id, ok := permissionIDs[name]; ok {
			access = append(access, object{"id": id, "type": "Scope"})
		}
	}
	secrets := []object{}
	for _, c := range a.Secrets {
		secrets = append(secrets, object{
			"customKeyIdentifier": nil, "displayName": c.Description, "endDateTime": c.Ends.UTC().Format(time.RFC3339), "hint": c.Hint(),
			"keyId": c.ID, "secretText": nil, "startDateTime": c.Created.UTC().Format(time.RFC3339),
		})
	}
	claims := []object{}
	if a.AuthTimeClaim {
		claims = append(claims, object{"name": "auth_time", "source": nil, "essential": false, "additionalProperties": []string{}})
	}
	audience := "AzureADMyOrg"
	if a.MultiTenant {
		audience = "AzureADMultipleOrgs"
	}
	return object{
		"id": a.ObjectID, "appId": a.ClientID, "displayName": a.Name, "signInAudience": audience, "isFallbackPublicClient": false,
		"web": object{"redirectUris": uris[world.Web]}, "spa": object{"redirectUris": uris[world.SPA]},
		"publicClient":           object{"redirectUris": uris[world.Native]},
		"requiredResourceAccess": []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": access}},
		"passwordCredentials":    secrets, "keyCredentials": []object{},
		"optionalClaims": object{"idToken": claims, "accessToken": []object{}, "saml2Token": []object{}},
	}
}
