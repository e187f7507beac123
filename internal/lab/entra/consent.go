package entra

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

type consentView struct {
	Action, Flow, App, User, Tenant string
	Permissions                     []string
	ForAll                          bool
	Return                          string // the way out of the administrator's wall
}

// describe are the sentences under which a permission is shown.
func describe(names []string) []string {
	known := map[string]string{
		"IMAP.AccessAsUser.All": "Read and write access to your mail via IMAP",
		"POP.AccessAsUser.All":  "Read and write access to your mail via POP",
		"SMTP.Send":             "Send emails from your mailbox using SMTP AUTH",
		"User.Read":             "Sign you in and read your profile",
		"Mail.Read":             "Read your mail",
		"Mail.Send":             "Send mail as you",
	}
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n
		if known[n] != "" {
			texts[i] = known[n] + " (" + n + ")"
		}
	}
	return texts
}

// offerConsent asks the person, or tells them that only an administrator can
// agree. An application that needs assignment cannot be consented to by users
// either.
func (e *Server) offerConsent(s *world.State, a *world.App, f *world.Flow, uri string, names []string) outcome {
	u := s.User(f.UserID)
	if walled(s, a, u, names) {
		if s.Tenant(u.TenantID).ConsentNumber {
			return e.backWith(s, f, uri, adminConsentRequired(a))
		}
		return e.wall(a, f, u, uri)
	}
	return render("consent", consentView{
		Action: "/" + url.PathEscape(f.Segment) + "/consent", Flow: f.ID, App: a.Name, User: u.UPN, Permissions: describe(names),
	})
}

// walled reports whether the person may not agree for themselves.
func walled(s *world.State, a *world.App, u *world.User, names []string) bool {
	return !u.Administrator && !a.Consented(u.ID, names) && (!s.Tenant(u.TenantID).UserConsent || a.AssignmentRequired)
}

// wall is the page "Need admin approval". Its link back carries an error
// without any number, which is all an application ever learns.
func (e *Server) wall(a *world.App, f *world.Flow, u *world.User, uri string) outcome {
	answer := url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}}
	return render("wall", consentView{App: a.Name, User: u.UPN, Return: back(f, uri, answer).location})
}

// decide takes the answer to a consent page.
func (e *Server) decide(s *world.State, r *http.Request) outcome {
	f := s.Flow(r.PostForm.Get("flow"))
	if f == nil || f.UserID == "" {
		return e.errorPage(s, flowExpired())
	}
	a, why := e.client(s, f)
	if why != nil {
		return e.errorPage(s, why)
	}
	uri, platform, why := redirectURI(a, f.Query)
	if why != nil {
		return e.errorPage(s, why)
	}
	accepted := r.PostForm.Get("decision") == "accept"
	if f.Consent {
		return e.adminDecision(s, a, f, uri, accepted)
	}
	if !accepted {
		delete(s.Flows, f.ID)
		return e.backWith(s, f, uri, declined())
	}
	want, why := e.judge(s, a, f, platform)
	if why != nil {
		return e.tell(s, f, uri, why)
	}
	u := s.User(f.UserID)
	names := permissions(want, a)
	if walled(s, a, u, names) {
		return e.wall(a, f, u, uri)
	}
	a.Consent(u.ID, names)
	return e.issue(s, f, uri, platform)
}

// adminConsent is the endpoint an administrator opens to agree for everybody
// (learn.microsoft.com v2-admin-consent).
func (e *Server) adminConsent(s *world.State, r *http.Request) outcome {
	if out, ok := e.replayReturn(s, r, corpus.AdminConsent, url.Values{"admin_consent": {"True"}}); ok {
		return out
	}
	f := &world.Flow{Consent: true, Segment: r.PathValue("tenant"), Query: r.Form}
	if _, why := e.client(s, f); why != nil {
		return e.errorPage(s, why)
	}
	if f.Query.Get("scope") == "" {
		return e.errorPage(s, missing("scope"))
	}
	f = s.Begin(*f)
	known := slices.DeleteFunc(e.known(s, f, cookie(r, cookieEntra)), func(a world.SignedIn) bool { return !s.User(a.UserID).Administrator })
	if len(known) == 1 {
		return e.proceed(s, f, known[0])
	}
	return e.askWho(s, f, "")
}

// offerAdminConsent shows the administrator what everybody would grant.
func (e *Server) offerAdminConsent(s *world.State, a *world.App, f *world.Flow) outcome {
	uri, _, why := redirectURI(a, f.Query)
	if why != nil {
		return e.errorPage(s, why)
	}
	u := s.User(f.UserID)
	t := s.Tenant(u.TenantID)
	if here := s.Tenant(f.Segment); here != nil && here != t {
		return e.errorPage(s, foreignUser(u.UPN, t, here, a))
	}
	if !u.Administrator {
		return e.wall(a, f, u, uri)
	}
	want, why := parser{app: a, tenant: t, lenient: true}.parse(f.Query.Get("scope"))
	if why != nil {
		return e.errorPage(s, why)
	}
	return render("consent", consentView{
		Action: "/" + url.PathEscape(f.Segment) + "/consent", Flow: f.ID, App: a.Name, User: u.UPN, Tenant: t.Name,
		Permissions: describe(permissions(want, a)), ForAll: true,
	})
}

// adminDecision returns to the application with the documented parameters.
func (e *Server) adminDecision(s *world.State, a *world.App, f *world.Flow, uri string, accepted bool) outcome {
	u := s.User(f.UserID)
	t := s.Tenant(u.TenantID)
	if here := s.Tenant(f.Segment); !u.Administrator || here != nil && here != t {
		return e.wall(a, f, u, uri)
	}
	delete(s.Flows, f.ID)
	answer := url.Values{"admin_consent": {"True"}}
	if !accepted {
		answer.Set("error", "consent_required")
		answer.Set("error_description", declined().description(newIncident(s), s.Entra.OldLineBreaks))
		return back(f, uri, answer)
	}
	want, why := parser{app: a, tenant: t, lenient: true}.parse(f.Query.Get("scope"))
	if why != nil {
		return e.errorPage(s, why)
	}
	a.ConsentForAll(permissions(want, a))
	answer.Set("tenant", t.ID)
	answer.Set("scope", f.Query.Get("scope"))
	return back(f, uri, answer)
}
