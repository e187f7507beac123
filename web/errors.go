package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/locale"
	"latchkey/internal/paste"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// errMethod: the page exists, and is not reached in this way.
var errMethod = errors.New("web: not with this method")

// statusOf is the one mapping from errors to answers. What is not in it is a
// fault of ours.
func statusOf(err error) int {
	var dead *wizard.LinkDeadError
	var form *formError
	var long *http.MaxBytesError
	var runs *wizard.TooManyRunsError
	switch {
	case errors.Is(err, wizard.ErrNotFound), errors.Is(err, admin.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, wizard.ErrForbidden), errors.Is(err, wizard.ErrForeignBrowser), errors.Is(err, wizard.ErrUnknownState):
		return http.StatusForbidden
	case errors.Is(err, wizard.ErrConflict):
		return http.StatusConflict
	case errors.As(err, &dead), errors.Is(err, wizard.ErrInviteDead), errors.Is(err, admin.ErrExpired), errors.Is(err, admin.ErrClaimed):
		return http.StatusGone
	case errors.Is(err, admin.ErrTooManyTries), errors.As(err, &runs):
		return http.StatusTooManyRequests
	case errors.As(err, &long):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
	case errors.As(err, &form):
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// serveError is the only place where an error becomes a page.
func (s *Server) serveError(w http.ResponseWriter, r *request, err error) {
	status := statusOf(err)
	var blocked *wizard.BlockedError
	if errors.As(err, &blocked) && r.id() != "" {
		// The page of the step says what is missing, who has it, and where.
		if err := r.redirect(w, "/m/"+string(r.id())+"/"+blocked.Step.Path(), ""); err == nil {
			return
		}
	}
	v := templates.ErrorView{
		Page: r.base(), Status: status, Reference: requestIDOf(r.Context()), At: s.Now().UTC(), Back: "/",
	}
	if r.id() != "" && wizard.Reads(r.visitor.who, r.id()) {
		v.Back = "/m/" + string(r.id())
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		v.Lead = r.printer.T("error.too_long", "size", strconv.Itoa(paste.MaxPaste>>10))
	case errors.Is(err, wizard.ErrUnknownState), errors.Is(err, wizard.ErrForeignBrowser):
		v.Lead = r.printer.T("error.stray_answer")
	case errors.Is(err, admin.ErrClaimed):
		v.Home = r.printer.T("login.button")
	case status == http.StatusGone && !r.visitor.known():
		v.Home = r.printer.T("login.button")
	}
	var tries *admin.TooManyTriesError
	if errors.As(err, &tries) {
		v.Retry = tries.RetryAt
	}
	var runs *wizard.TooManyRunsError
	if errors.As(err, &runs) {
		v.Retry = runs.RetryAt
	}
	if status == http.StatusInternalServerError {
		s.Log.Error("request failed", "request", requestIDOf(r.Context()), "path", maskPath(r.URL.Path), "error", err)
	}
	if r.Method == http.MethodPost && (status == http.StatusInternalServerError || runs != nil) && s.keepDraft(r) == nil {
		v.Draft = r.URL.Path
	}
	_ = r.render(w, status, templates.Error(v))
}

// plainError answers before a request has a visitor: a foreign Host, a
// cross-origin POST, a panic.
func (s *Server) plainError(w http.ResponseWriter, r *http.Request, status int) {
	p := s.printerOf(r)
	req := &request{Request: r.WithContext(locale.WithPrinter(r.Context(), p)), s: s, printer: p}
	v := templates.ErrorView{
		Page:   templates.Page{Now: s.Now().UTC(), Version: s.Version, Path: "/"},
		Status: status, Reference: w.Header().Get("X-Request-Id"), At: s.Now().UTC(), Host: s.ExternalURL,
	}
	if status == http.StatusGone { // the link of the first administrator, who exists
		v.Host, v.Home = "", p.T("login.button")
	}
	_ = req.render(w, status, templates.Error(v))
}

// fail is plainError for an error that no handler could take.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if status := statusOf(err); status != http.StatusInternalServerError {
		s.plainError(w, r, status)
		return
	}
	s.Log.Error("request failed", "request", requestIDOf(r.Context()), "error", err)
	s.plainError(w, r, http.StatusInternalServerError)
}

func (s *Server) notSetUp(w http.ResponseWriter, r *http.Request) {
	p := s.printerOf(r)
	req := &request{Request: r.WithContext(locale.WithPrinter(r.Context(), p)), s: s, printer: p}
	page := templates.Page{Now: s.Now().UTC().Truncate(time.Minute), Version: s.Version, Path: "/"}
	_ = req.render(w, http.StatusServiceUnavailable, templates.NotSetUp(templates.NotSetUpView{Page: page, Command: s.Init}))
}
