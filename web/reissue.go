package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// reissuePage is the bookmark: while a token is being issued again it leads to
// the preflight, before that it asks whether to begin.
func (s *Server) reissuePage(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	if v.Setup.Reissue != nil {
		return r.redirect(w, "/m/"+string(v.Setup.ID)+"/"+setup.StepPreflight.Path(), "")
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
	if err := s.Wizard.CancelReissue(r.Context(), r.visitor.who, r.id()); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id()), "kept")
}

func (r *request) preflightView(v wizard.View, p templates.StepPage) templates.PreflightView {
	out := templates.PreflightView{StepPage: p}
	st, _ := v.Step(setup.StepPreflight)
	for _, f := range st.Findings() {
		if f.Blocks() {
			out.Elsewhere = stepOfFinding(f.Code())
			break
		}
	}
	out.Compare = r.comparison(v)
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

// comparison sets the token in use beside the new one.
func (r *request) comparison(v wizard.View) []templates.Comparison {
	re := v.Setup.Reissue
	if re == nil {
		return nil
	}
	now := v.Setup.SignIn
	fresh := now.GrantRevision > re.PreviousRevision || !re.Passed.IsZero()
	var identity setup.Identity
	if fresh && now.Pinned != nil {
		identity = *now.Pinned
	}
	row := func(name, before, after string) templates.Comparison {
		return templates.Comparison{
			Name: name, Before: before, Now: after, Same: before == after, At: setup.FirstDifference(before, after),
		}
	}
	issued := ""
	if fresh {
		issued = r.printer.DateTime(now.AcceptedAt)
	}
	list := []templates.Comparison{
		row(r.printer.T("field.attempt"), re.Previous.UserName, identity.UserName),
		row(r.printer.T("preflight.identity"), re.Previous.ObjectID, identity.ObjectID),
	}
	if re.Previous.TenantID != "" {
		list = append(list, row(r.printer.T("field.tenant"), re.Previous.TenantID, identity.TenantID))
	}
	accepted := ""
	if !re.PreviousAccepted.IsZero() {
		accepted = r.printer.DateTime(re.PreviousAccepted)
	}
	return append(list, row(r.printer.T("preflight.issued"), accepted, issued))
}
