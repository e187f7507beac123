package entra

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/lab/world"
)

// toCompany sends the browser to the sign-in service of a federated tenant.
// prompt=login is passed on as the wish for a new sign-in; whether the service
// honours it is its own affair.
func (e *Server) toCompany(t *world.Tenant, f *world.Flow, email string) outcome {
	if email == "" {
		email = f.Query.Get("login_hint")
	}
	q := url.Values{"flow": {f.ID}, "login_hint": {email}, "prompt": {f.Query.Get("prompt")}}
	return redirect("/company/" + url.PathEscape(t.Domain()) + "/sign-in?" + q.Encode())
}

// companySignIn signs the person of the workstation in without asking, uses
// the company's own session, or asks.
func (e *Server) companySignIn(s *world.State, r *http.Request) outcome {
	t, f := s.Tenant(r.PathValue("tenant")), s.Flow(r.Form.Get("flow"))
	if t == nil || t.Federation == nil || f == nil {
		return e.errorPage(s, flowExpired())
	}
	hint := r.Form.Get("login_hint")
	asked := r.Form.Get("prompt") == "login"
	if u := s.User(t.Federation.Workstation); u != nil && !u.Disabled {
		other := hint != "" && !strings.EqualFold(hint, u.UPN)
		if t.Federation.Insists || !asked && !other {
			return assert(s, f, u)
		}
	}
	for _, a := range s.Accounts(cookie(r, cookieCompany)) {
		u := s.User(a.UserID)
		if u.TenantID == t.ID && !asked && (hint == "" || strings.EqualFold(hint, u.UPN)) {
			return assert(s, f, u)
		}
	}
	return companyPage(t, f, hint, "")
}

func companyPage(t *world.Tenant, f *world.Flow, email, problem string) outcome {
	return render("company", signInView{
		Action: "/company/" + url.PathEscape(t.Domain()) + "/sign-in", Flow: f.ID, App: t.Name, Email: email, Problem: problem, Company: true,
	})
}

// companyPassword takes the form of the company's page.
func (e *Server) companyPassword(s *world.State, r *http.Request) outcome {
	t, f := s.Tenant(r.PathValue("tenant")), s.Flow(r.PostForm.Get("flow"))
	if t == nil || t.Federation == nil || f == nil {
		return e.errorPage(s, flowExpired())
	}
	name := strings.TrimSpace(r.PostForm.Get("login"))
	u := s.UserByName(name)
	if u == nil || u.TenantID != t.ID || u.Disabled || u.Password != r.PostForm.Get("passwd") {
		return companyPage(t, f, name, "The name or the password is wrong.")
	}
	value := s.SignIn(cookie(r, cookieCompany), u.ID)
	return assert(s, f, u).with(cookieCompany, value)
}

// assert hands the person over to Entra with a ticket that is good once.
func assert(s *world.State, f *world.Flow, u *world.User) outcome {
	f.Ticket, f.TicketOf = s.Text(24), u.ID
	q := url.Values{"flow": {f.ID}, "ticket": {f.Ticket}}
	return redirect("/" + url.PathEscape(f.Segment) + "/federated?" + q.Encode())
}

// federated takes the company's word for who the person is.
func (e *Server) federated(s *world.State, r *http.Request) outcome {
	f := s.Flow(r.Form.Get("flow"))
	if f == nil || f.Ticket == "" || f.Ticket != r.Form.Get("ticket") {
		return e.errorPage(s, flowExpired())
	}
	u := s.User(f.TicketOf)
	f.Ticket, f.TicketOf = "", ""
	return e.signedIn(s, r, f, u)
}
