package entra

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/lab/world"
)

var guid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// authorize is the authorization endpoint. The order is Entra's: what can be
// said without knowing the person comes first, then the person signs in, and
// only then are the redirect URI and everything after it looked at.
func (e *Server) authorize(s *world.State, r *http.Request) outcome {
	s.Counters.Authorize++
	if out, ok := e.replayAtAuthorize(s, r); ok {
		return out
	}
	f := &world.Flow{Segment: r.PathValue("tenant"), Query: r.Form}
	a, why := e.client(s, f)
	if why != nil {
		return e.errorPage(s, why)
	}
	if why := checkForm(f.Query); why != nil {
		return e.refuse(s, a, f, why)
	}
	f = s.Begin(*f)
	prompt := f.Query.Get("prompt")
	known := e.known(s, f, cookie(r, cookieEntra))
	if prompt == "none" {
		return e.silent(s, a, f, known)
	}
	switch {
	case prompt == "login":
		return e.askWho(s, f, "")
	case prompt == "select_account" && len(known) > 0, len(known) > 1:
		return e.picker(s, f, known)
	case len(known) == 1:
		return e.proceed(s, f, known[0])
	}
	return e.askWho(s, f, "")
}

// client finds the registration a flow is about.
func (e *Server) client(s *world.State, f *world.Flow) (*world.App, *fault) {
	id := f.Query.Get("client_id")
	t := s.Tenant(f.Segment)
	switch {
	case t == nil && !shared(f.Segment):
		return nil, tenantNotFound(f.Segment)
	case id == "":
		return nil, missing("client_id")
	case !guid.MatchString(id):
		return nil, badClientID(id)
	}
	return appIn(s, id, t, f.Segment)
}

// appIn finds a registration on an authority: t is nil on a shared one.
func appIn(s *world.State, id string, t *world.Tenant, segment string) (*world.App, *fault) {
	a := s.App(id)
	switch {
	case a == nil && t == nil:
		return nil, unknownApp(id, segment)
	case t == nil && !a.MultiTenant:
		return nil, notMultiTenant(a, segment)
	case t == nil:
		return a, nil
	case a == nil, a.TenantID != t.ID && !a.MultiTenant:
		return nil, unknownApp(id, t.Name)
	}
	return a, nil
}

// checkForm judges what can be judged without knowing the person.
func checkForm(q url.Values) *fault {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case q.Get("response_type") == "":
		return missing("response_type")
	case q.Get("response_type") != "code":
		return responseType(q.Get("response_type"))
	case !slices.Contains([]string{"", "query"}, q.Get("response_mode")):
		return responseMode(q.Get("response_mode"))
	case strings.TrimSpace(q.Get("scope")) == "":
		return missing("scope")
	case !slices.Contains([]string{"", "login", "none", "select_account", "consent"}, q.Get("prompt")):
		return badParameter("prompt")
	case method != "" && method != "plain" && method != "S256":
		return challengeMethod()
	// RFC 7636 §4.2: 43 to 128 characters.
	case challenge != "" && (len(challenge) < 43 || len(challenge) > 128):
		return challengeSize()
	}
	return nil
}

// refuse returns to the application if its redirect URI can be trusted, and
// stays on a page otherwise.
func (e *Server) refuse(s *world.State, a *world.App, f *world.Flow, why *fault) outcome {
	if uri, _, wrong := redirectURI(a, f.Query); wrong == nil {
		return e.backWith(s, f, uri, why)
	}
	return e.errorPage(s, why)
}

// redirectURI is the address to return to, or the fault that forbids it.
// Without the parameter Entra picks one of the registered addresses.
func redirectURI(a *world.App, q url.Values) (string, world.Platform, *fault) {
	uri := q.Get("redirect_uri")
	switch {
	case uri == "" && len(a.RedirectURIs) > 0:
		return a.RedirectURIs[0].URI, a.RedirectURIs[0].Platform, nil
	case uri == "":
		return "", "", noRedirectParameter()
	case len(a.RedirectURIs) == 0:
		return "", "", noRedirectURI()
	}
	match, ok := a.Redirect(uri)
	if !ok {
		return "", "", redirectMismatch(uri, a.ClientID)
	}
	return uri, match.Platform, nil
}

// known are the accounts of the browser's session that fit the request: those
// of the tenant, the one that is hinted at if it is there, and none whose
// password is older than max_age allows.
func (e *Server) known(s *world.State, f *world.Flow, cookie string) []world.SignedIn {
	t := s.Tenant(f.Segment)
	accounts := slices.DeleteFunc(s.Accounts(cookie), func(a world.SignedIn) bool {
		return t != nil && s.User(a.UserID).TenantID != t.ID || tooOld(f.Query.Get("max_age"), s.Now().Sub(a.AuthTime))
	})
	hint := s.UserByName(f.Query.Get("login_hint"))
	if f.Query.Get("login_hint") == "" {
		return accounts
	}
	return slices.DeleteFunc(accounts, func(a world.SignedIn) bool { return hint == nil || a.UserID != hint.ID })
}

func tooOld(maxAge string, age time.Duration) bool {
	seconds, err := strconv.Atoi(maxAge)
	return err == nil && age > time.Duration(seconds)*time.Second
}

// silent answers prompt=none: the redirect URI is looked at before anything is
// sent back, so an unregistered one never receives an answer.
func (e *Server) silent(s *world.State, a *world.App, f *world.Flow, known []world.SignedIn) outcome {
	defer delete(s.Flows, f.ID)
	uri, platform, why := redirectURI(a, f.Query)
	if why != nil {
		return e.errorPage(s, why)
	}
	if len(known) == 0 {
		return e.backWith(s, f, uri, silentWithoutSession())
	}
	who := known[len(known)-1]
	f.UserID, f.AuthTime = who.UserID, who.AuthTime
	want, why := e.judge(s, a, f, platform)
	if why == nil && !a.Consented(f.UserID, permissions(want, a)) {
		why = notConsented(a)
	}
	if why != nil {
		if why.Error == "invalid_grant" {
			// The token endpoint's word for "a person is needed" is not one
			// of the authorization endpoint (OpenID Connect Core §3.1.2.6).
			why.Error = "interaction_required"
		}
		return e.backWith(s, f, uri, why)
	}
	return e.issue(s, f, uri, platform)
}

// proceed continues a flow with a person who has proved who they are.
func (e *Server) proceed(s *world.State, f *world.Flow, who world.SignedIn) outcome {
	f.UserID, f.AuthTime = who.UserID, who.AuthTime
	a, why := e.client(s, f)
	if why != nil {
		return e.errorPage(s, why)
	}
	if f.Consent {
		return e.offerAdminConsent(s, a, f)
	}
	u := s.User(f.UserID)
	if t := s.Tenant(f.Segment); t != nil && u.TenantID != t.ID {
		return e.errorPage(s, foreignUser(u.UPN, s.Tenant(u.TenantID), t, a))
	}
	uri, platform, why := redirectURI(a, f.Query)
	if why != nil {
		return e.errorPage(s, why)
	}
	want, why := e.judge(s, a, f, platform)
	if why != nil {
		return e.tell(s, f, uri, why)
	}
	names := permissions(want, a)
	if !a.Consented(f.UserID, names) || f.Query.Get("prompt") == "consent" {
		return e.offerConsent(s, a, f, uri, names)
	}
	return e.issue(s, f, uri, platform)
}

// tell shows the person what is about them or the application as a whole, and
// sends the rest back to the application.
func (e *Server) tell(s *world.State, f *world.Flow, uri string, why *fault) outcome {
	if slices.Contains([]int{50105, 50076, 50079, 53003, 7000112}, why.Number) {
		return e.errorPage(s, why)
	}
	return e.backWith(s, f, uri, why)
}

// judge looks at everything that follows the redirect URI, except consent.
func (e *Server) judge(s *world.State, a *world.App, f *world.Flow, platform world.Platform) ([]request, *fault) {
	u := s.User(f.UserID)
	if platform == world.SPA && f.Query.Get("code_challenge") == "" {
		return nil, spaWithoutPKCE()
	}
	if a.Disabled {
		return nil, appDisabled(a)
	}
	want, why := parser{app: a, tenant: s.Tenant(u.TenantID), lenient: true}.parse(f.Query.Get("scope"))
	if why != nil {
		return nil, why
	}
	if a.AssignmentRequired && !slices.Contains(a.Assigned, u.ID) {
		return nil, notAssigned(u, a)
	}
	resource, _ := want[0].resource()
	if u.Policy != world.BlockedLater {
		if why := policy(u.Policy, resource); why != nil {
			return nil, why
		}
	}
	return want, nil
}

// issue returns to the application with a code.
func (e *Server) issue(s *world.State, f *world.Flow, uri string, platform world.Platform) outcome {
	delete(s.Flows, f.ID)
	code := s.Issue(world.Code{
		ClientID: s.App(f.Query.Get("client_id")).ClientID, TenantID: s.User(f.UserID).TenantID, UserID: f.UserID,
		RedirectURI: uri, Platform: platform, Scopes: strings.Fields(f.Query.Get("scope")),
		Nonce: f.Query.Get("nonce"), Challenge: f.Query.Get("code_challenge"), Method: f.Query.Get("code_challenge_method"), AuthTime: f.AuthTime,
	})
	return back(f, uri, url.Values{"code": {code}, "session_state": {s.GUID()}})
}

// logout forgets the browser's session.
func (e *Server) logout(s *world.State, r *http.Request) outcome {
	delete(s.Sessions, cookie(r, cookieEntra))
	return render("signedout", nil).with(cookieEntra, "")
}
