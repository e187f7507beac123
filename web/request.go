package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"latchkey/internal/locale"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// request is what a handler works with.
type request struct {
	*http.Request
	s       *Server
	visitor visitor
	printer *locale.Printer
	pasted  string // a paste that was rejected and may be shown again
}

// handler answers one request, or says in one error why not: page turns it
// into the one error page.
type handler func(http.ResponseWriter, *request) error

// page supplies what handlers share and alone decides how errors look.
func (s *Server) page(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, s: s, printer: s.printerOf(hr)}
		r.Request = hr.WithContext(locale.WithPrinter(hr.Context(), r.printer))
		step, _ := setup.StepByPath(chi.URLParam(hr, "step"))
		var err error
		if r.visitor, err = s.visitor(hr, step); err == nil {
			err = parseForm(r.Request)
		}
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.serveError(w, r, err)
		}
	}
}

func parseForm(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if err := r.ParseForm(); err != nil {
		return &formError{err}
	}
	return nil
}

// formError: the body is no form, or too large for one.
type formError struct{ err error }

// Error implements error.
func (e *formError) Error() string { return "web: form: " + e.err.Error() }

// Unwrap lets errors.Is and errors.As see the cause.
func (e *formError) Unwrap() error { return e.err }

// id is the setup in the path.
func (r *request) id() setup.ID { return setup.ID(chi.URLParam(r.Request, "id")) }

func (r *request) step() (setup.StepID, error) {
	step, ok := setup.StepByPath(chi.URLParam(r.Request, "step"))
	if !ok {
		return "", wizard.ErrNotFound
	}
	return step, nil
}

func (r *request) entries() wizard.Entries { return wizard.Entries(r.PostForm) }

// view loads the setup in the path, after what time alone has decided.
func (r *request) view() (wizard.View, error) {
	if !wizard.Reads(r.visitor.who, r.id()) {
		return wizard.View{}, wizard.ErrNotFound
	}
	if err := r.s.Wizard.Sweep(r.Context(), r.id()); err != nil {
		return wizard.View{}, err
	}
	return r.s.Wizard.View(r.Context(), r.visitor.who, r.id())
}

// render writes a page.
func (r *request) render(w http.ResponseWriter, status int, c templ.Component) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", r.printer.Tag())
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := c.Render(r.Context(), w); err != nil {
		r.s.Log.Error("page not finished", "request", requestIDOf(r.Context()), "error", err)
	}
	return nil
}

// redirect answers a POST: 303, so that a reload repeats nothing. result names
// what has happened; it is shown once on the next page.
func (r *request) redirect(w http.ResponseWriter, path, result string) error {
	if !local(path) {
		path = "/"
	}
	if result != "" {
		if err := r.s.put(r.Context(), &r.visitor, "result", result); err != nil {
			return err
		}
	}
	http.Redirect(w, r.Request, path, http.StatusSeeOther)
	return nil
}

// base fills what every page shows.
func (r *request) base() templates.Page {
	p := templates.Page{
		User: r.visitor.who.Name, Admin: r.visitor.who.Kind == wizard.WhoAdmin, Languages: r.s.languages(r.printer), Theme: r.theme(),
		Now: r.s.Now().UTC(), Version: r.s.Version, Path: r.URL.Path,
		Answer: r.Method == http.MethodPost,
	}
	if r.Method == http.MethodGet && !refetch(r.Request) {
		var err error
		if p.Result, err = r.s.take(r.Context(), &r.visitor, "result"); err != nil {
			r.s.Log.Warn("result not shown", "error", err)
		}
	}
	return p
}

func (s *Server) languages(now *locale.Printer) []templates.Language {
	var list []templates.Language
	for _, tag := range s.Catalog.Tags() {
		p := s.Catalog.Printer(tag)
		list = append(list, templates.Language{Tag: p.Tag(), Name: p.Name(), Current: p.Tag() == now.Tag()})
	}
	return list
}

// printerOf chooses the language: the visitor's own choice, then what the
// browser asks for.
func (s *Server) printerOf(r *http.Request) *locale.Printer {
	var preferred []string
	if tag := choiceOf(r).Get("language"); tag != "" {
		preferred = append(preferred, tag)
	}
	return s.Catalog.Printer(append(preferred, r.Header.Get("Accept-Language"))...)
}

// choiceOf reads the visitor's choices. They are kept in a cookie of their own:
// language belongs to the person, also before a login and in a private window.
func choiceOf(r *http.Request) url.Values {
	c, err := r.Cookie(choiceCookie)
	if err != nil {
		return url.Values{}
	}
	v, err := url.ParseQuery(c.Value)
	if err != nil {
		return url.Values{}
	}
	return v
}

func (r *request) theme() string {
	switch theme := choiceOf(r.Request).Get("theme"); theme {
	case "light", "dark":
		return theme
	}
	return ""
}

// problems words rejected entries, by field.
func (r *request) problems(errs setup.InputErrors) map[string]string {
	out := map[string]string{}
	for _, e := range errs {
		sentence := r.printer.Problem(string(e.Problem), string(e.Field), e.Value)
		switch before := out[string(e.Field)]; {
		case before == "":
			out[string(e.Field)] = sentence
		case !strings.Contains(before, sentence):
			out[string(e.Field)] = before + " " + sentence
		}
	}
	return out
}

// inputErrors returns the rejected entries in err.
func inputErrors(err error) (setup.InputErrors, bool) {
	var es setup.InputErrors
	if errors.As(err, &es) {
		return es, true
	}
	var e *setup.InputError
	if errors.As(err, &e) {
		return setup.InputErrors{e}, true
	}
	return nil, false
}

// browserOf names the browser for instructions; "" for one we have no words
// for.
func browserOf(agent string) string {
	for _, b := range []struct{ mark, name string }{
		{"Edg/", "edge"}, {"Firefox/", "firefox"}, {"Chrome/", "chrome"}, {"Safari/", "safari"},
	} {
		if strings.Contains(agent, b.mark) {
			return b.name
		}
	}
	return ""
}

var browserNames = map[string]string{"edge": "Edge", "firefox": "Firefox", "chrome": "Chrome", "safari": "Safari"}

// systemOf names the operating system of a browser, "" if unknown.
func systemOf(agent string) string {
	for _, s := range []struct{ mark, name string }{
		{"Windows", "Windows"}, {"iPhone", "iOS"}, {"iPad", "iPadOS"}, {"Android", "Android"},
		{"Macintosh", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, s.mark) {
			return s.name
		}
	}
	return ""
}
