package entra

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey/internal/lab/world"
)

// Account is a person's account as the front page lists it.
type Account struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Is       string `json:"is"`
}

// Listener is a server as the front page lists it.
type Listener struct{ Name, Address string }

type frontView struct {
	Accounts []Account
	Servers  []Listener
	Notice   string
	About    []world.Divergence
}

// frontPage tells a newcomer what there is.
func (e *Server) frontPage(*world.State, *http.Request) outcome {
	view := frontView{Accounts: e.options.Accounts, Servers: e.options.Servers, About: e.options.About}
	if !e.repaired.Load() {
		view.Notice = e.options.Notice
	}
	return render("front", view)
}

// repair undoes what is wrong in this world, at the push of a button.
func (e *Server) repair(w http.ResponseWriter, r *http.Request) {
	if e.options.Repair != nil {
		e.options.Repair()
		e.repaired.Store(true)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// home is the tenant whose administrator is sitting at the portal.
func home(s *world.State) *world.Tenant { return s.Tenants[0] }

type appView struct {
	App         *world.App
	Apps        []*world.App
	Problem     string
	Typed       string
	Secrets     []secretView
	Permissions []permissionView
	Users       []string
	Domain      string
}

type secretView struct{ Description, Ends, EndsISO, Value, ID string }

type permissionView struct {
	Name    string
	Granted bool
}

func (e *Server) portalApps(s *world.State, _ *http.Request) outcome {
	view := appView{}
	for _, a := range s.Apps {
		if a.TenantID == home(s).ID {
			view.Apps = append(view.Apps, clone(a))
		}
	}
	return render("apps", view)
}

// clone copies what a page shows: the page is made after the state is
// unlocked.
func clone(a *world.App) *world.App {
	c := *a
	c.RedirectURIs = slices.Clone(a.RedirectURIs)
	c.AdminConsent = slices.Clone(a.AdminConsent)
	c.Secrets, c.UserConsent = nil, nil
	return &c
}

// registration runs f with the registration an address names.
func registration(s *world.State, r *http.Request, f func(*world.App) outcome) outcome {
	if a := s.App(r.PathValue("client")); a != nil {
		return f(a)
	}
	return notFound()
}

func section(a *world.App, name string) outcome {
	return seeOther("/portal/apps/" + url.PathEscape(a.ClientID) + "/" + name)
}

func (e *Server) portalOverview(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome { return render("overview", appView{App: clone(a)}) })
}

func platformName(p world.Platform) string {
	switch p {
	case world.SPA:
		return "Single-page application"
	case world.Native:
		return "Mobile and desktop applications"
	}
	return "Web"
}

func (e *Server) portalAuthentication(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome { return render("authentication", appView{App: clone(a)}) })
}

func (e *Server) portalAddURI(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		platform := world.Web
		switch p := world.Platform(r.PostForm.Get("platform")); p {
		case world.SPA, world.Native:
			platform = p
		}
		typed := r.PostForm.Get("uri")
		var refused *world.ErrRedirectURI
		if err := s.AddRedirectURI(a, typed, platform); errors.As(err, &refused) {
			return render("authentication", appView{App: clone(a), Problem: refused.Reason, Typed: typed})
		}
		return section(a, "authentication")
	})
}

func (e *Server) portalRemoveURI(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		a.RemoveRedirectURI(r.PostForm.Get("uri"))
		return section(a, "authentication")
	})
}

// portalSecrets shows a value once; afterwards only its beginning.
func (e *Server) portalSecrets(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		view := appView{App: clone(a)}
		for _, c := range a.Secrets {
			value := c.Hint() + "******************"
			switch {
			case a.Slips.IDForValue:
				value = c.ID
			case !c.Shown:
				value = c.Value
			}
			c.Shown = true
			view.Secrets = append(view.Secrets, secretView{
				Description: c.Description, Ends: c.Ends.Format("2006-01-02"), EndsISO: c.Ends.Format(time.RFC3339), Value: value, ID: c.ID,
			})
		}
		return render("secrets", view)
	})
}

func (e *Server) portalAddSecret(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		s.AddSecret(a, r.PostForm.Get("description"))
		return section(a, "secrets")
	})
}

func (e *Server) portalRemoveSecret(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		a.Secrets = slices.DeleteFunc(a.Secrets, func(c *world.Secret) bool { return c.ID == r.PostForm.Get("id") })
		return section(a, "secrets")
	})
}

func (e *Server) portalPermissions(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		view := appView{App: clone(a)}
		for _, p := range a.Permissions {
			view.Permissions = append(view.Permissions, permissionView{p, slices.Contains(a.AdminConsent, p)})
		}
		return render("permissions", view)
	})
}

func (e *Server) portalConsent(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		view := appView{App: clone(a), Domain: s.Tenant(a.TenantID).Domain()}
		for id := range a.UserConsent {
			view.Users = append(view.Users, s.User(id).UPN)
		}
		slices.Sort(view.Users)
		return render("grant", view)
	})
}

func (e *Server) portalGrant(s *world.State, r *http.Request) outcome {
	return registration(s, r, func(a *world.App) outcome {
		a.ConsentForAll(a.Permissions)
		return section(a, "consent")
	})
}
