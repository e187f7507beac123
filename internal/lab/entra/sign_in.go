package entra

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/lab/world"
)

type signInView struct {
	Action, Flow, App, Email string
	Problem                  string
	Company                  bool
	Config                   map[string]any
}

// askWho shows the sign-in page, or sends the browser to the company that
// signs the tenant's people in.
func (e *Server) askWho(s *world.State, f *world.Flow, email string) outcome {
	if t := s.Tenant(f.Segment); t != nil && t.Federation != nil {
		return e.toCompany(t, f, email)
	}
	return e.signInPage(s, f, email, nil)
}

func (e *Server) signInPage(s *world.State, f *world.Flow, email string, why *fault) outcome {
	view := signInView{Action: "/" + url.PathEscape(f.Segment) + "/login", Flow: f.ID, Email: email}
	if email == "" {
		view.Email = f.Query.Get("login_hint")
	}
	if a := s.App(f.Query.Get("client_id")); a != nil {
		view.App = a.Name
	}
	if why != nil {
		view.Problem = why.message()
		view.Config = map[string]any{"sErrorCode": why.Number, "sErrTxt": why.Text}
	}
	return render("signin", view)
}

// login takes the sign-in form.
func (e *Server) login(s *world.State, r *http.Request) outcome {
	f := s.Flow(r.PostForm.Get("flow"))
	if f == nil {
		return e.errorPage(s, flowExpired())
	}
	name := strings.TrimSpace(r.PostForm.Get("login"))
	u := s.UserByName(name)
	if u != nil {
		if t := s.Tenant(u.TenantID); t.Federation != nil {
			return e.toCompany(t, f, name)
		}
	}
	if why := password(s, f, u, name, r.PostForm.Get("passwd")); why != nil {
		return e.signInPage(s, f, name, why)
	}
	return e.signedIn(s, r, f, u)
}

// password checks what was typed. A blocked account is refused before its
// password is looked at: nobody knows the password of a shared mailbox.
func password(s *world.State, f *world.Flow, u *world.User, name, typed string) *fault {
	switch {
	case u == nil:
		directory := f.Segment
		if t := s.Tenant(f.Segment); t != nil {
			directory = t.Name
		}
		return unknownUser(name, directory)
	case u.Disabled:
		return userDisabled()
	case u.Password != typed:
		return wrongPassword()
	case u.PasswordExpired:
		return passwordExpired()
	}
	return nil
}

// signedIn notes a fresh sign-in in the browser's session and goes on.
func (e *Server) signedIn(s *world.State, r *http.Request, f *world.Flow, u *world.User) outcome {
	s.Counters.SignIns++
	value := s.SignIn(cookie(r, cookieEntra), u.ID)
	return e.proceed(s, f, world.SignedIn{UserID: u.ID, AuthTime: s.Now()}).with(cookieEntra, value)
}

type pickView struct {
	Action, Flow string
	Accounts     []string
}

// picker lets the person choose among the accounts of the browser's session.
func (e *Server) picker(s *world.State, f *world.Flow, known []world.SignedIn) outcome {
	view := pickView{Action: "/" + url.PathEscape(f.Segment) + "/pick", Flow: f.ID}
	for _, a := range known {
		view.Accounts = append(view.Accounts, s.User(a.UserID).UPN)
	}
	return render("pick", view)
}

// pick takes the choice; none of the accounts means another one.
func (e *Server) pick(s *world.State, r *http.Request) outcome {
	f := s.Flow(r.PostForm.Get("flow"))
	if f == nil {
		return e.errorPage(s, flowExpired())
	}
	if u := s.UserByName(r.PostForm.Get("account")); u != nil {
		for _, a := range e.known(s, f, cookie(r, cookieEntra)) {
			if a.UserID == u.ID {
				return e.proceed(s, f, a)
			}
		}
	}
	return e.askWho(s, f, "")
}
