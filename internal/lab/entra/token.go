package entra

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// token is the token endpoint (RFC 6749 §3.2).
func (e *Server) token(s *world.State, r *http.Request) outcome {
	s.Counters.TokenRequests[r.PostForm.Get("grant_type")]++
	if out, ok := e.replayJSON(s, r, corpus.Token); ok {
		return out
	}
	switch {
	case s.Entra.BadProxy:
		return outcome{status: http.StatusBadGateway, contentType: "text/html", body: []byte(badGateway)}
	case s.Entra.Throttled:
		// Recorded: plain text and a header, nothing of RFC 6749 §5.2.
		return outcome{
			status: http.StatusTooManyRequests, contentType: "text/plain; charset=utf-8",
			body: []byte("Too Many Requests"), header: map[string]string{"Retry-After": "60"},
		}
	}
	c := &call{server: e, state: s, segment: r.PathValue("tenant"), form: r.PostForm, origin: r.Header.Get("Origin")}
	tokens, why := c.answer(r)
	if why != nil {
		return e.jsonFault(s, why)
	}
	return jsonOutcome(http.StatusOK, tokens, newIncident(s))
}

const badGateway = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1><p>The proxy could not reach the server.</p></body></html>\n"

// call is one request to the token endpoint.
type call struct {
	server  *Server
	state   *world.State
	segment string
	tenant  *world.Tenant // nil on a shared authority
	app     *world.App
	form    url.Values
	secret  string
	origin  string // set by browsers
}

// answer checks in Entra's order: tenant, grant type, client, form of the
// grant, client credential, and only then what was granted. A code that is not
// well-formed is therefore refused whatever the secret is.
func (c *call) answer(r *http.Request) (*tokenBody, *fault) {
	s, grant := c.state, c.form.Get("grant_type")
	c.tenant = s.Tenant(c.segment)
	id := c.credentials(r)
	switch {
	case c.tenant == nil && !shared(c.segment):
		return nil, tenantNotFound(c.segment)
	case grant == "":
		return nil, missing("grant_type")
	case !slices.Contains([]string{"authorization_code", "refresh_token", "client_credentials"}, grant):
		return nil, grantType(grant)
	case grant == "client_credentials" && c.tenant == nil:
		return nil, notOnCommon()
	case id == "":
		return nil, missing("client_id")
	}
	var why *fault
	if c.app, why = appIn(s, id, c.tenant, c.segment); why != nil {
		return nil, why
	}
	switch grant {
	case "authorization_code":
		return c.redeem()
	case "refresh_token":
		return c.refresh()
	}
	return c.clientCredentials()
}

// credentials reads the client's identifier and secret from the body or from
// HTTP Basic authentication, where both are form-encoded (RFC 6749 §2.3.1).
func (c *call) credentials(r *http.Request) string {
	c.secret = c.form.Get("client_secret")
	user, password, ok := r.BasicAuth()
	if !ok {
		return c.form.Get("client_id")
	}
	id, errID := url.QueryUnescape(user)
	secret, errSecret := url.QueryUnescape(password)
	if errID != nil || errSecret != nil {
		return c.form.Get("client_id")
	}
	c.secret = secret
	return id
}

// authenticate proves the client. Its type follows from the platform of the
// redirect URI the grant was made for.
func (c *call) authenticate(p world.Platform) *fault {
	switch {
	case c.form.Get("client_assertion") != "":
		return assertionRefused()
	case p == world.SPA && c.origin == "":
		return spaOnly()
	case p != world.SPA && c.origin != "":
		return notSPA(c.origin)
	case p != world.Web && c.secret != "":
		return publicClient()
	case p != world.Web:
		return nil
	case c.secret == "":
		return secretMissing()
	}
	return c.checkSecret()
}

func (c *call) checkSecret() *fault {
	switch c.app.CheckSecret(c.secret, c.state.Now()) {
	case world.SecretWrong:
		return secretWrong(c.app)
	case world.SecretExpired:
		return secretExpired(c.app)
	}
	if c.app.Disabled {
		return appDisabled(c.app)
	}
	return nil
}

// platform is the client type as far as the registration alone tells it.
func (c *call) platform() world.Platform {
	if len(c.app.RedirectURIs) == 0 {
		return world.Web
	}
	for _, r := range c.app.RedirectURIs {
		if r.Platform == world.Web {
			return world.Web
		}
	}
	return c.app.RedirectURIs[0].Platform
}

// clientCredentials proves the client without any person. It works without a
// single application permission; the token is then worth nothing, but tenant,
// client ID and secret are proved.
func (c *call) clientCredentials() (*tokenBody, *fault) {
	scope := strings.TrimSpace(c.form.Get("scope"))
	switch {
	case c.platform() != world.Web && c.secret != "":
		return nil, publicClient()
	case c.form.Get("client_assertion") != "":
		return nil, assertionRefused()
	case c.secret == "":
		return nil, credentialMissing()
	}
	if why := c.checkSecret(); why != nil {
		return nil, why
	}
	if scope == "" {
		return nil, empty("scope")
	}
	if strings.Contains(scope, " ") || !strings.HasSuffix(scope, "/.default") {
		return nil, notDefaultScope(scope)
	}
	want, why := parser{app: c.app, tenant: c.tenant}.parse(scope)
	if why != nil {
		return nil, why
	}
	return c.appToken(want[0]), nil
}

// person checks what has happened to the account since it signed in.
func (c *call) person(u *world.User, r *world.Resource) *fault {
	if u.Disabled {
		return userDisabled()
	}
	if c.app.AssignmentRequired && !slices.Contains(c.app.Assigned, u.ID) {
		return notAssigned(u, c.app)
	}
	why := policy(u.Policy, r)
	if why != nil && why.Number == 53003 {
		why.Claims = `{"access_token":{"capolids":{"essential":true,"values":["` + c.state.GUID() + `"]}}}`
	}
	return why
}

// want is what a token is asked for: the scope parameter, or what was granted
// before if there is none.
func (c *call) want(u *world.User, granted []string) (request, *fault) {
	scope := c.form.Get("scope")
	if strings.TrimSpace(scope) == "" {
		scope = strings.Join(granted, " ")
	}
	all, why := parser{app: c.app, tenant: c.state.Tenant(u.TenantID)}.parse(scope)
	if why != nil {
		return request{}, why
	}
	q := all[0]
	if !c.app.Consented(u.ID, q.Names) {
		return request{}, notConsented(c.app)
	}
	if q.Default {
		if q.Names = c.consentedNames(u, q.Resource); len(q.Names) == 0 {
			return request{}, notConsented(c.app)
		}
	}
	return q, nil
}

func (c *call) consentedNames(u *world.User, r *world.Resource) []string {
	return slices.DeleteFunc(slices.Clone(r.Names), func(n string) bool { return !c.app.Consented(u.ID, []string{n}) })
}
