package entra

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"

	"latchkey/internal/lab/world"
)

// outcome is an answer that was decided on but not yet written.
type outcome struct {
	status      int
	location    string // a redirect
	contentType string
	body        []byte
	header      map[string]string
	cookies     []*http.Cookie

	page string // a template
	view any
}

// The cookies of the two services. They last as long as the browser session
// and have no Secure attribute, because the simulator speaks plain HTTP.
const (
	cookieEntra   = "lab_entra_session"
	cookieCompany = "lab_company_session"
)

// with adds a session cookie.
func (o outcome) with(name, value string) outcome {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	o.cookies = append(o.cookies, c)
	return o
}

// cookie is the value of a session cookie, "" without one.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// redirect sends the browser to an address.
func redirect(location string) outcome {
	return outcome{status: http.StatusFound, location: location}
}

// seeOther answers a form, so that reloading the page does not send it again.
func seeOther(location string) outcome {
	return outcome{status: http.StatusSeeOther, location: location}
}

// render shows a page.
func render(page string, view any) outcome {
	return outcome{status: http.StatusOK, page: page, view: view}
}

func notFound() outcome {
	o := render("notfound", nil)
	o.status = http.StatusNotFound
	return o
}

func (o outcome) write(w http.ResponseWriter, r *http.Request) error {
	for _, c := range o.cookies {
		http.SetCookie(w, c)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	for k, v := range o.header {
		h.Set(k, v)
	}
	switch {
	case o.location != "":
		http.Redirect(w, r, o.location, o.status)
		return nil
	case o.page != "":
		return o.writePage(w)
	}
	if o.contentType != "" {
		h.Set("Content-Type", o.contentType)
	}
	w.WriteHeader(o.status)
	_, err := w.Write(o.body)
	return err
}

func (o outcome) writePage(w http.ResponseWriter) error {
	nonce := rand.Text()
	body, err := execute(o.page, nonce, o.view)
	if err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return err
	}
	// There is no form-action: a form on the sign-in page ends, by a
	// redirect, at the application, and browsers apply form-action to that.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'nonce-"+nonce+
		"'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(o.status)
	_, err = w.Write(body)
	return err
}

// back returns to the application with an answer in the query.
func back(f *world.Flow, uri string, answer url.Values) outcome {
	if state := f.Query.Get("state"); state != "" {
		answer.Set("state", state)
	}
	return redirect(world.ReturnAddress(uri, answer))
}

// backWith returns to the application with a refusal.
func (e *Server) backWith(s *world.State, f *world.Flow, uri string, why *fault) outcome {
	answer := url.Values{
		"error":             {why.Error},
		"error_description": {why.description(newIncident(s), s.Entra.OldLineBreaks)},
	}
	if !s.Entra.NoErrorURI {
		answer.Set("error_uri", e.errorURI(why.Number))
	}
	return back(f, uri, answer)
}

// errorPage is what a person sees when Entra cannot or must not return to the
// application (RFC 6749 §4.1.2.1): HTTP 200, and a machine-readable copy of
// the message in the page's $Config object.
func (e *Server) errorPage(s *world.State, why *fault) outcome {
	return troublePage(newIncident(s), why.Number, why.message())
}

func troublePage(i incident, number int, message string) outcome {
	return render("error", errorView{
		Message: message, Number: number, Request: i.Request, Correlation: i.Correlation,
		Timestamp: i.At.Format("2006-01-02T15:04:05Z"),
		Config: map[string]any{
			"strServiceExceptionMessage": message,
			"strMainMessage":             troubled,
			"iErrorCode":                 number,
			"correlationId":              i.Correlation,
			"sessionId":                  i.Request,
		},
	})
}

const troubled = "Sorry, but we’re having trouble signing you in."

type errorView struct {
	Message                         string
	Number                          int
	Request, Correlation, Timestamp string
	Config                          map[string]any
}

// lookUp is the page that error_uri points to.
func (e *Server) lookUp(_ *world.State, r *http.Request) outcome {
	return render("lookup", fmt.Sprintf("%.12s", r.Form.Get("code")))
}
