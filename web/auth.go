package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"latchkey/internal/admin"
	"latchkey/internal/secret"
	"latchkey/templates"
)

// claimPage shows the one-time link's page. It uses nothing up.
func (s *Server) claimPage(w http.ResponseWriter, r *request) error {
	code := secret.New(chi.URLParam(r.Request, "code"))
	if err := s.Admin.CheckClaim(r.Context(), code); err != nil {
		return err
	}
	return r.render(w, http.StatusOK, templates.Claim(templates.ClaimView{
		Page: r.base(), Action: r.URL.Path, Until: s.Admin.ClaimUntil(r.Context()),
	}))
}

func (s *Server) claim(w http.ResponseWriter, r *request) error {
	code := secret.New(chi.URLParam(r.Request, "code"))
	name, password := r.PostForm.Get("name"), secret.New(r.PostForm.Get("password"))
	wrong := map[string]string{}
	if problem := admin.CheckPassword(name, password); problem != "" {
		wrong["password"] = r.printer.Problem(string(problem), "password", "")
	}
	if strings.TrimSpace(name) == "" {
		wrong["name"] = r.printer.Problem("required", "name", "")
	}
	if !password.Equal(secret.New(r.PostForm.Get("password_again"))) {
		wrong["password_again"] = r.printer.Problem("different", "password_again", "")
	}
	var a admin.Account
	var err error
	if len(wrong) == 0 {
		a, err = s.Admin.Claim(r.Context(), code, name, password, r.visitor.who.IP)
	} else {
		err = s.Admin.CheckClaim(r.Context(), code)
	}
	var badPassword *admin.PasswordError
	var badName *admin.NameError
	switch {
	case errors.As(err, &badPassword):
		wrong["password"] = r.printer.Problem(string(badPassword.Problem), "password", "")
	case errors.As(err, &badName):
		wrong["name"] = r.printer.Problem(string(badName.Problem), "name", name)
	case err != nil:
		return err
	}
	if len(wrong) > 0 {
		return r.render(w, http.StatusUnprocessableEntity, templates.Claim(templates.ClaimView{
			Page: r.base(), Action: r.URL.Path, Name: name, Until: s.Admin.ClaimUntil(r.Context()), Errors: wrong,
		}))
	}
	if err := s.renew(w, r.Request, &r.visitor, admin.KindAdmin, a.ID); err != nil {
		return err
	}
	return r.redirect(w, "/", "")
}

// loginPage asks who is there. It says whether entries of an interrupted form
// are kept.
func (s *Server) loginPage(w http.ResponseWriter, r *request) error {
	back := r.URL.Query().Get("back")
	if !local(back) {
		back = "/"
	}
	if r.visitor.known() {
		return r.redirect(w, back, "")
	}
	return r.render(w, http.StatusOK, templates.Login(templates.LoginView{
		Page: r.base(), Back: back, Kept: r.visitor.admin.Data[draftKey(back)] != "",
	}))
}

func (s *Server) login(w http.ResponseWriter, r *request) error {
	name, back := r.PostForm.Get("name"), r.PostForm.Get("back")
	a, err := s.Admin.Login(r.Context(), name, secret.New(r.PostForm.Get("password")), r.visitor.who.IP)
	if errors.Is(err, admin.ErrBadLogin) {
		return r.render(w, http.StatusUnprocessableEntity, templates.Login(templates.LoginView{
			Page: r.base(), Name: name, Back: back, Kept: r.visitor.admin.Data[draftKey(back)] != "",
			Errors: map[string]string{"password": r.printer.Problem("wrong_login", "password", "")},
		}))
	}
	if err != nil {
		return err
	}
	if err := s.renew(w, r.Request, &r.visitor, admin.KindAdmin, a.ID); err != nil {
		return err
	}
	if !local(back) {
		back = "/"
	}
	return r.redirect(w, back, "")
}

func (s *Server) logout(w http.ResponseWriter, r *request) error {
	if err := s.Admin.End(r.Context(), r.visitor.id); err != nil {
		return err
	}
	http.SetCookie(w, cookie(sessionCookie, "", -1))
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r.Request, "/login", http.StatusSeeOther)
	return nil
}

// askLogin sends somebody unknown to the login. The entries of a form are kept
// in a session of their own, sealed on the server, without what is secret; of
// somebody who never had a session nothing is kept, because anybody could have
// the database filled.
func (s *Server) askLogin(w http.ResponseWriter, hr *http.Request, v *visitor) error {
	back := hr.URL.Path
	if hr.Method == http.MethodPost {
		if err := parseForm(hr); err != nil {
			return err
		}
		draft := draftOf(hr.PostForm)
		back = pageOf(back)
		if draft != "" && s.hadSession(hr) {
			v.admin.Data = map[string]string{draftKey(back): draft}
			if err := s.renew(w, hr, v, admin.KindAnonymous, ""); err != nil {
				return err
			}
		}
	}
	http.Redirect(w, hr, "/login?"+url.Values{"back": {back}}.Encode(), http.StatusSeeOther)
	return nil
}

func (s *Server) languagePage(w http.ResponseWriter, r *request) error {
	back := r.URL.Query().Get("back")
	if !local(back) {
		back = "/"
	}
	return r.render(w, http.StatusOK, templates.LanguagePage(templates.LanguageView{Page: r.base(), Back: back}))
}

// language keeps the visitor's choices. They hold no secret and belong to the
// person, so they have a cookie of their own that outlives the session.
func (s *Server) language(w http.ResponseWriter, r *request) error {
	choice := choiceOf(r.Request)
	for _, name := range []string{"language", "theme"} {
		if value := r.PostForm.Get(name); value != "" && len(value) < 20 {
			choice.Set(name, value)
		}
	}
	const year = 365 * 24 * 60 * 60
	http.SetCookie(w, cookie(choiceCookie, choice.Encode(), year))
	back := r.PostForm.Get("back")
	if !local(back) {
		back = "/"
	}
	http.Redirect(w, r.Request, back, http.StatusSeeOther)
	return nil
}
