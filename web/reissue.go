package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/product"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// reissuePage is the bookmark: while a token is being issued again it leads to
// the sign-in, before that it asks whether to begin.
func (s *Server) reissuePage(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	if v.Setup.Reissue != nil {
		return r.redirect(w, "/m/"+string(v.Setup.ID)+"/"+setup.StepSignIn.Path(), "")
	}
	if v.Setup.SignIn.Pinned == nil {
		return r.redirect(w, "/m/"+string(v.Setup.ID)+"/"+setup.StepSignIn.Path(), "")
	}
	page := templates.ReissueView{Page: r.setupPage(v), Account: accountOf(v), Action: r.URL.Path}
	page.Can, page.Healthy = r.visitor.who.Kind == wizard.WhoAdmin, v.Done()
	if st, ok := v.Step(setup.StepVerification); ok {
		cards := r.findings(v, st)
		if i := slices.IndexFunc(st.Findings(), finding.Finding.NewSignIn); i >= 0 {
			page.Cause = &cards[i]
		}
	}
	if at := v.NextEnd().At; at.After(v.Now) {
		page.Days = int(at.Sub(v.Now) / (24 * time.Hour))
	}
	return r.render(w, http.StatusOK, templates.Reissue(page))
}

// reissue begins: one click lands on the sign-in page with a link that is
// ready, while the preflight runs beside it.
func (s *Server) reissue(w http.ResponseWriter, r *request) error {
	err := s.Wizard.StartReissue(r.Context(), r.visitor.who, r.id())
	if errors.Is(err, wizard.ErrNothingToReissue) {
		return r.redirect(w, "/m/"+string(r.id())+"/"+setup.StepSignIn.Path(), "")
	}
	if err != nil {
		return err
	}
	return s.link(w, r)
}

func (s *Server) cancelReissue(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	if err := s.Wizard.CancelReissue(r.Context(), r.visitor.who, r.id()); err != nil {
		return err
	}
	result := "kept"
	if !v.Reissuing() {
		result = "unchanged" // the new one has passed, and is in use
	}
	return r.redirect(w, "/m/"+string(r.id()), result)
}

func (r *request) preflightView(v wizard.View, p templates.StepPage) templates.PreflightView {
	out := templates.PreflightView{StepPage: p}
	st, _ := v.Step(setup.StepPreflight)
	for _, f := range st.Findings() {
		if f.Blocks() {
			if out.Elsewhere = stepOfFinding(f.Code()); out.Elsewhere != "" {
				out.ElsewhereURL = p.Setup.StepURL(out.Elsewhere)
			}
			if strings.HasPrefix(f.Code(), "client_secret") { // its own page is open also now
				out.ElsewhereURL += "/secret"
			}
			break
		}
	}
	return out
}

// stepOfFinding is where something can be changed that a new sign-in would not
// help; "" where the preflight page itself has all there is.
func stepOfFinding(code string) string {
	for _, mark := range []string{"client_", "tenant_", "redirect_uri", "policy_blocks_application"} {
		if strings.HasPrefix(code, mark) {
			return string(setup.StepRegistration)
		}
	}
	return ""
}

// comparedFor is how long after a new sign-in its page compares both.
const comparedFor = 24 * time.Hour

// reissued sets a new sign-in beside the one before; the zero value where none
// was made lately.
func (r *request) reissued(v wizard.View) templates.Reissued {
	now, re := v.Setup.SignIn, v.Setup.Reissue
	before := now.Replaced
	switch {
	case now.Pinned == nil:
		return templates.Reissued{}
	case re != nil && now.GrantRevision > re.PreviousRevision: // not proved yet
		before = &setup.Replaced{Identity: re.Previous, AcceptedAt: re.PreviousAccepted}
	case before == nil || v.Reissuing() || v.Now.Sub(before.At) > comparedFor:
		return templates.Reissued{}
	}
	out := templates.Reissued{Says: "unproved"}
	switch {
	case !before.Identity.Same(*now.Pinned):
		out.Says = "changed"
	case before.At.IsZero():
	case v.Product.Key == product.OwnKey:
		out.Says = "test"
	default:
		out.Says = "running"
	}
	row := func(name, before, after string) {
		out.Compare = append(out.Compare, templates.Comparison{
			Name: name, Before: before, Now: after, Same: before == after, At: setup.FirstDifference(before, after),
		})
	}
	row(r.printer.T("field.attempt"), before.Identity.UserName, now.Pinned.UserName)
	row(r.printer.T("preflight.identity"), before.Identity.ObjectID, now.Pinned.ObjectID)
	if before.Identity.TenantID != "" {
		row(r.printer.T("field.tenant"), before.Identity.TenantID, now.Pinned.TenantID)
	}
	if !before.AcceptedAt.IsZero() {
		out.Compare = append(out.Compare, templates.Comparison{
			Name: r.printer.T("preflight.issued"), Before: r.printer.DateTime(before.AcceptedAt), Now: r.printer.DateTime(now.AcceptedAt),
			Plain: true,
		})
	}
	return out
}
