package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"latchkey/internal/check"
	"latchkey/internal/locale"
	"latchkey/internal/product"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

type attemptAction = func(context.Context, wizard.Who, setup.ID, string) error

// jarLife is how long a cookie jar is recognised; a private session ends long
// before.
const jarLife = 365 * 24 * 60 * 60

// The jar cookie names the link it was first set for: "<random>.<mark>.<mac>".
// A jar that comes back with another link was used before (evidence E2). No
// row is written for it, because GET writes nothing.
func (s *Server) jarFor(code string) string {
	text := rand.Text() + "." + mark(code)
	return text + "." + s.jarMAC(text)
}

func mark(code string) string {
	sum := sha256.Sum256([]byte("jar " + code))
	return hex.EncodeToString(sum[:8])
}

func (s *Server) jarMAC(text string) string {
	mac := hmac.New(sha256.New, []byte(s.Wizard.Key.Reveal()))
	mac.Write([]byte("cookie jar\x00" + text))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// jarProof is evidence E2 for a request with this link.
func (s *Server) jarProof(r *http.Request, code string) check.Proof {
	c, err := r.Cookie(jarCookie)
	if err != nil {
		return check.ProofMissing
	}
	parts := strings.Split(c.Value, ".")
	if len(parts) != 3 || !hmac.Equal([]byte(parts[2]), []byte(s.jarMAC(parts[0]+"."+parts[1]))) {
		return check.ProofNo // somebody else's cookie: not a new jar
	}
	if parts[1] != mark(code) {
		return check.ProofNo
	}
	return check.ProofYes
}

// normalWindow reports whether this is the window somebody has worked in: it
// holds the session's cookie, also when that session has ended meanwhile.
func (r *request) normalWindow() bool {
	_, err := r.Cookie(sessionCookie)
	return err == nil || r.visitor.known()
}

func (r *request) browser(code string) wizard.Browser {
	b := wizard.Browser{Who: r.visitor.who, Session: r.normalWindow(), Jar: r.s.jarProof(r.Request, code)}
	if !r.visitor.known() {
		b.Who.Kind, b.Who.ID, b.Who.Name = wizard.WhoGuest, "window", r.printer.T("visitor.browser")
	}
	if c, err := r.Cookie(signInCookie); err == nil {
		b.Cookie = c.Value
	}
	if c, err := r.Cookie(jarCookie); err == nil && b.Jar == check.ProofYes {
		b.JarID = c.Value
	}
	return b
}

// landing shows what a one-time link is for. It consumes nothing: mail and
// chat scanners open links before people do.
func (s *Server) landing(w http.ResponseWriter, r *request) error {
	code := chi.URLParam(r.Request, "code")
	l, err := s.Wizard.OpenLink(r.Context(), code, r.browser(code))
	if err != nil {
		return r.linkError(w, err, l, code)
	}
	if _, err := r.Cookie(jarCookie); err != nil {
		http.SetCookie(w, cookie(jarCookie, s.jarFor(code), jarLife))
	}
	v := templates.LandingView{
		Page: r.base(), Action: r.URL.Path, Account: l.Attempt.Account, Permissions: l.Attempt.Scopes,
		Starter: l.Attempt.Starter.Name, At: l.Attempt.Started,
	}
	for _, m := range l.Setup.Application.Mailboxes {
		v.Mailboxes = append(v.Mailboxes, string(m))
	}
	return r.render(w, http.StatusOK, templates.Landing(v))
}

// typedPage is where a link is typed that cannot be clicked or copied.
func (s *Server) typedPage(w http.ResponseWriter, r *request) error {
	return r.render(w, http.StatusOK, templates.TypeCode(templates.TypeCodeView{Page: r.base()}))
}

// typed leads to the page of the link that the code stands for. Like opening
// the link it consumes nothing.
func (s *Server) typed(w http.ResponseWriter, r *request) error {
	v := templates.TypeCodeView{Page: r.base(), Code: r.PostForm.Get("link_code")}
	code, ok := s.Wizard.LinkCode(v.Code)
	problem := "not_a_code"
	if strings.TrimSpace(v.Code) == "" {
		problem = "required"
	}
	if ok {
		_, err := s.Wizard.OpenLink(r.Context(), code, r.browser(code))
		if !errors.Is(err, wizard.ErrNotFound) { // any other trouble is told there
			return r.redirect(w, "/w/"+code, "")
		}
		problem = "unknown_code"
	}
	v.Errors = map[string]string{"link_code": r.printer.Problem(problem, "link_code", "")}
	return r.render(w, http.StatusUnprocessableEntity, templates.TypeCode(v))
}

// confirm uses the link up and answers 200 with a link to the identity
// provider: a form that is redirected to another origin is stopped by our own
// policy, without a word to the person.
func (s *Server) confirm(w http.ResponseWriter, r *request) error {
	code := chi.URLParam(r.Request, "code")
	out, err := s.Wizard.ConfirmLink(r.Context(), code, r.browser(code))
	if err != nil {
		return r.linkError(w, err, wizard.Link{}, code)
	}
	if out.Cookie != "" {
		const hour = 60 * 60
		http.SetCookie(w, cookie(signInCookie, out.Cookie, hour))
	}
	host := ""
	if u, err := url.Parse(out.URL); err == nil {
		host = u.Host
	}
	return r.render(w, http.StatusOK, templates.Leave(templates.LeaveView{
		Page: r.base(), URL: out.URL, Provider: out.Provider, Host: host, Account: out.Attempt.Account,
	}))
}

// linkError explains why a link does not lead on.
func (r *request) linkError(w http.ResponseWriter, err error, l wizard.Link, code string) error {
	var dead *wizard.LinkDeadError
	switch {
	case errors.Is(err, wizard.ErrSameWindow):
		back := "/"
		if l.Setup.ID != "" && r.visitor.who.Kind == wizard.WhoAdmin {
			back = "/m/" + string(l.Setup.ID) + "/" + setup.StepSignIn.Path()
		}
		return r.render(w, http.StatusOK, templates.SameWindow(templates.SameWindowView{
			Page: r.base(), Browser: browserOf(r.UserAgent()), Link: r.s.ExternalURL + "/w/" + code, Back: back,
		}))
	case errors.Is(err, wizard.ErrNoCookies):
		return r.render(w, http.StatusUnprocessableEntity, templates.NoCookies(r.base()))
	case errors.As(err, &dead), errors.Is(err, wizard.ErrNotFound):
		v := templates.DeadLinkView{Page: r.base(), Why: "unknown"}
		if dead != nil {
			v.At = dead.Since
			switch dead.State {
			case wizard.AttemptExpired:
				v.Why = "expired"
			case wizard.AttemptReplaced:
				v.Why = "replaced"
			default:
				v.Why = "used"
			}
			v.Owner = l.Attempt.Starter.Name
		}
		return r.render(w, http.StatusGone, templates.DeadLink(v))
	}
	return err
}

// callback takes what the identity provider sends back. It renders nothing of
// it and leads to a clean address at once, so that no code stays in a history
// or a Referer.
func (s *Server) callback(w http.ResponseWriter, r *request) error {
	query := r.URL.Query()
	if nonce := query.Get("probe"); nonce != "" {
		answer, ok := s.Wizard.AnswerSelfCall(nonce)
		if !ok {
			return wizard.ErrNotFound
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(answer + "\n"))
		return nil
	}
	if wizard.IsConsent(query) {
		id, err := s.Wizard.ConsentReturned(r.Context(), query, r.visitor.who)
		if err != nil {
			return err
		}
		if wizard.Reads(r.visitor.who, id) {
			return r.redirect(w, "/m/"+string(id)+"/"+setup.StepRegistration.Path(), "consent_returned")
		}
		return r.render(w, http.StatusOK, templates.ConsentDone(r.base()))
	}
	a, err := s.Wizard.Callback(r.Context(), query, r.browser(""))
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/w/"+a.ID+"/done", http.StatusSeeOther)
	return nil
}

// windowEvents tells the private window that its sign-in has come to an end, or
// that the explanation is there.
func (s *Server) windowEvents(w http.ResponseWriter, hr *http.Request) {
	r := &request{Request: hr, s: s, printer: s.printerOf(hr)}
	a, _, err := s.Wizard.Outcome(hr.Context(), chi.URLParam(hr, "code"), r.browser(""))
	if err != nil {
		s.plainError(w, hr, http.StatusNotFound)
		return
	}
	s.stream(w, hr, secret.Text{}, func(ctx context.Context) (int64, bool) {
		n, err := s.Wizard.Changes(ctx, a.Setup)
		return n, err == nil
	})
}

// windowDone ends the private window: who has signed in, or why nobody has.
func (s *Server) windowDone(w http.ResponseWriter, r *request) error {
	a, v, err := s.Wizard.Outcome(r.Context(), chi.URLParam(r.Request, "code"), r.browser(""))
	if err != nil {
		return err
	}
	page := templates.DoneView{
		Page: r.base(), Account: a.Identity.UserName, Expected: a.Account, ECE: v.Product.Key == product.OwnKey,
	}
	page.Live.Events = "/w/" + a.ID + "/events"
	switch a.State {
	case wizard.AttemptAccepted:
		page.Outcome = "accepted"
	case wizard.AttemptStaged:
		page.Outcome = "staged"
		if a.RightOne == check.ProofNo {
			page.Outcome = "another"
		}
	case wizard.AttemptRefused:
		page.Outcome = "refused"
	case wizard.AttemptConfirmed, wizard.AttemptArrived, wizard.AttemptRedeeming:
		page.Outcome, page.Live.Waits = "running", true
	case wizard.AttemptReplaced, wizard.AttemptExpired:
		page.Outcome = "replaced"
	default:
		page.Outcome = "failed"
	}
	if st, ok := v.Step(setup.StepSignIn); ok && (page.Outcome == "failed" || page.Outcome == "refused") {
		if fs := st.Findings(); len(fs) > 0 {
			page.Finding = &templates.Finding{Advice: locale.FromContext(r.Context()).Finding(fs[0]), ID: fs[0].Code(), At: a.Finished}
		} else {
			page.Live.Waits = true // the explanation is being made
		}
	}
	return r.render(w, http.StatusOK, templates.Done(page))
}
