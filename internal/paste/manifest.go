package paste

import (
	"regexp"
	"strings"

	"latchkey/internal/setup"
)

const inManifest = "manifest"

// ParseManifest reads the manifest of an app registration as the portal's page
// Manifest shows it, in both of its forms:
//
//   - Microsoft Graph (learn.microsoft.com/entra/identity-platform/
//     reference-microsoft-graph-app-manifest, since 2024),
//   - Azure AD Graph (…/reference-app-manifest), which the portal still shows
//     for some apps and old downloads have.
//
// Text around it, comments, a comma behind a last entry, and what chat and mail
// programs do to quotes and blanks do no harm. Unread of the result names, with
// the JSON names of setup.Registered, what a manifest should tell and this one
// does not; By and At are the caller's. Values of secrets are never looked at.
//
// Errors: *Fault.
func ParseManifest(text string) (setup.Registered, error) {
	root, err := manifestObject(text)
	if err != nil {
		return setup.Registered{}, err
	}
	d := &decoder{where: inManifest}
	r := setup.Registered{Source: setup.FromManifest}
	top := at{root, ""}
	older, newer := false, false
	for _, name := range []string{"replyUrlsWithType", "allowPublicClient", "oauth2AllowImplicitFlow"} {
		older = older || top.get(name).node != nil
	}
	for _, name := range []string{"web", "spa", "isFallbackPublicClient", "displayName", "api"} {
		newer = newer || top.get(name).node != nil
	}
	for _, name := range []string{"servicePrincipalType", "servicePrincipalNames", "appOwnerOrganizationId", "appOwnerTenantId"} {
		if a := top.get(name); a.node != nil {
			return r, &Fault{Where: inManifest, Wrong: EnterpriseApp, Line: a.line}
		}
	}
	if d.need(top.get("appId"), "the application (client) ID") && top.get("appId").kind == isNull {
		d.fail(top.get("appId"), PropertyType, string(isNull), string(isText))
	}
	r.ClientID = d.guid(top.get("appId"))
	r.Audience = d.text(top.get("signInAudience"))
	switch {
	case older && newer:
		d.fail(at{path: "web"}, Several, "", "a manifest in one form: web and replyUrlsWithType do not stand in the same one")
	case older:
		olderForm(d, top, &r)
	case newer:
		newerForm(d, top, &r)
	case top.get("replyUrls").node != nil:
		d.fail(at{path: "replyUrlsWithType"}, PropertyMissing, "", "the platform of each address beside replyUrls; copy the manifest anew")
	default:
		d.fail(at{path: "web"}, PropertyMissing, "", "web.redirectUris, or replyUrlsWithType in the older form")
	}
	r.Permissions = manifestPermissions(d, top.get("requiredResourceAccess"))
	claims := top.get("optionalClaims")
	if claims.node != nil {
		r.Claims = []string{}
		for _, c := range d.list(d.object(claims).get("idToken")) {
			r.Claims = append(r.Claims, d.text(d.object(c).get("name")))
		}
	}
	r.Unread = manifestUnread(top, r)
	return r, d.err()
}

// quoteMark is what a mail program puts in front of the lines that it quotes.
// No line of JSON begins so.
var quoteMark = regexp.MustCompile(`(?m)^[ \t]*(?:>[ \t]?)+`)

// manifestObject finds the one JSON object in the text.
func manifestObject(text string) (*node, error) {
	fault := func(w Wrong, line int, want string) error {
		return &Fault{Where: inManifest, Wrong: w, Line: line, Want: want}
	}
	if len(text) > MaxPaste {
		return nil, fault(TooLong, 0, "at most 512 KiB")
	}
	text = quoteMark.ReplaceAllString(plain(text), "")
	if strings.TrimSpace(text) == "" {
		return nil, fault(Nothing, 0, "the whole text of the page Manifest")
	}
	begin := strings.IndexByte(text, '{')
	if begin < 0 {
		return nil, fault(Unknown, 0, "the whole text of the page Manifest, which begins with {")
	}
	if before := text[:begin]; strings.Contains(before, `":`) || strings.Contains(before, "”:") {
		return nil, fault(BeginMissing, lineOf(text, strings.IndexByte(before, ':')), "{")
	}
	s := &scanner{where: inManifest, text: text, at: begin}
	root, err := s.value()
	if err != nil {
		return nil, err
	}
	rest := text[s.at:]
	if strings.Contains(rest, `":`) && strings.Count(rest, "}") > strings.Count(rest, "{") {
		return nil, fault(BeginMissing, 0, "{") // what was read stood inside
	}
	if i := strings.IndexByte(rest, '{'); i >= 0 {
		return nil, fault(Several, lineOf(text, s.at+i), "one manifest")
	}
	if i := strings.Index(rest, `":`); i >= 0 {
		return nil, &Fault{Where: inManifest, Wrong: NotJSON, Line: lineOf(text, s.at+i), Got: piece(rest), Want: "nothing behind the closing }"}
	}
	return root, nil
}

// newerForm reads the properties of the Microsoft Graph form.
func newerForm(d *decoder, top at, r *setup.Registered) {
	r.Name = d.text(top.get("displayName"))
	r.Web = d.uris(d.object(top.get("web")).get("redirectUris"))
	r.SPA = d.uris(d.object(top.get("spa")).get("redirectUris"))
	r.Public = d.uris(d.object(top.get("publicClient")).get("redirectUris"))
	r.PublicClient = publicClient(d, top.get("isFallbackPublicClient"))
	r.Secrets = manifestSecrets(d, top.get("passwordCredentials"), "endDateTime")
}

// olderForm reads the properties of the Azure AD Graph form.
func olderForm(d *decoder, top at, r *setup.Registered) {
	r.Name = d.text(top.get("name"))
	r.PublicClient = publicClient(d, top.get("allowPublicClient"))
	r.Secrets = manifestSecrets(d, top.get("passwordCredentials"), "endDate")
	urls := top.get("replyUrlsWithType")
	if !urls.told() {
		return
	}
	r.Web, r.SPA, r.Public = []string{}, []string{}, []string{}
	for _, entry := range d.list(urls) {
		o := d.object(entry)
		if !d.need(o.get("url"), "the redirect URI") || !d.need(o.get("type"), "the platform") {
			continue
		}
		uri := d.uris(at{&node{kind: isList, line: entry.line, list: []*node{o.get("url").node}}, entry.path + ".url"})
		switch d.choice(o.get("type"), "Web", "Spa", "InstalledClient") {
		case "Web":
			r.Web = append(r.Web, uri...)
		case "Spa":
			r.SPA = append(r.SPA, uri...)
		case "InstalledClient":
			r.Public = append(r.Public, uri...)
		}
	}
}

// publicClient is off where the property is null: that is the portal's "No".
func publicClient(d *decoder, a at) setup.Switch {
	if a.node == nil {
		return ""
	}
	yes := d.boolean(a)
	if yes == nil {
		return setup.SwitchOff
	}
	return setup.SwitchOf(yes)
}

func manifestSecrets(d *decoder, a at, ends string) []setup.AppSecret {
	entries := d.list(a)
	if entries == nil {
		return nil
	}
	out := []setup.AppSecret{}
	for _, e := range entries {
		o := d.object(e)
		if d.need(o.get("keyId"), "the ID of the secret") && d.need(o.get(ends), "its end date") {
			out = append(out, setup.AppSecret{ID: d.guid(o.get("keyId")), Ends: d.time(o.get(ends))})
		}
	}
	return out
}

func manifestPermissions(d *decoder, a at) []setup.Permission {
	entries := d.list(a)
	if entries == nil {
		return nil
	}
	out := []setup.Permission{}
	for _, e := range entries {
		o := d.object(e)
		if !d.need(o.get("resourceAppId"), "the ID of the API") || !d.need(o.get("resourceAccess"), "the list of its permissions") {
			continue
		}
		resource := d.guid(o.get("resourceAppId"))
		for _, p := range d.list(o.get("resourceAccess")) {
			q := d.object(p)
			if d.need(q.get("id"), "the ID of the permission") && d.need(q.get("type"), "Scope or Role") {
				out = append(out, setup.Permission{Resource: resource, ID: d.guid(q.get("id")), Type: d.choice(q.get("type"), "Scope", "Role")})
			}
		}
	}
	return out
}

// manifestUnread names what the manifest should have told.
func manifestUnread(top at, r setup.Registered) []string {
	var out []string
	add := func(missing bool, names ...string) {
		if missing {
			out = append(out, names...)
		}
	}
	add(r.Name == "", "name")
	add(r.Audience == "", "audience")
	add(r.Web == nil, "web")
	// The portal leaves out platforms that were never used.
	add(r.PublicClient == "", "public_client")
	add(r.Permissions == nil, "permissions")
	add(r.Secrets == nil, "secrets")
	add(top.get("optionalClaims").node == nil, "claims")
	return out
}
