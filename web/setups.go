package web

import (
	"net/http"
	"strings"
	"time"

	"latchkey/internal/flow"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// dashboard lists all mailboxes; a guest is led to the one setup they are
// invited to.
func (s *Server) dashboard(w http.ResponseWriter, r *request) error {
	if r.visitor.who.Kind == wizard.WhoGuest {
		if r.visitor.who.Setup == "" {
			return r.redirect(w, "/waiting", "")
		}
		return r.redirect(w, "/m/"+string(r.visitor.who.Setup), "")
	}
	list, err := s.Wizard.List(r.Context(), r.visitor.who)
	if err != nil {
		return err
	}
	v := templates.DashboardView{
		Page: r.base(), Filter: r.URL.Query().Get("filter"), Search: strings.TrimSpace(r.URL.Query().Get("search")), CanAdd: true,
	}
	for _, one := range list {
		m := mailboxOf(one)
		m.Name = r.title(one.Setup)
		ending := !m.Expiry.IsZero() && m.Expiry.Sub(s.Now()) < 60*24*time.Hour
		mine := m.State != "working" && m.State != "waiting" || m.Room != ""
		v.All++
		count(&v.Mine, mine)
		count(&v.Others, m.State == "waiting")
		count(&v.Ending, ending)
		shown := map[string]bool{"": true, "all": true, "mine": mine, "others": m.State == "waiting", "ending": ending}
		if shown[v.Filter] && strings.Contains(strings.ToLower(m.Name+"\n"+lines(one.Setup.Application.Mailboxes)), strings.ToLower(v.Search)) {
			v.Mailboxes = append(v.Mailboxes, m)
		}
	}
	return r.render(w, http.StatusOK, templates.Dashboard(v))
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// mailboxOf is one row of the dashboard.
func mailboxOf(v wizard.View) templates.Mailbox {
	m := templates.Mailbox{
		Path: "/m/" + string(v.Setup.ID), Name: v.Setup.Title(), State: string(v.Condition()), By: v.Next.GuestName,
		Product: strings.TrimSpace(v.Product.Name + " " + v.Setup.Application.Release),
		Renewed: v.Key.Renewed, Room: knocking(v),
	}
	if v.Product.Key == "own" {
		m.TestKey = v.Key.Present
		if m.Fetched = v.Fetching(); m.Fetched.IsZero() {
			m.Fetching = "not_observed"
		} else {
			m.Fetching = "seen"
		}
	}
	if st, ok := v.Step(setup.StepVerification); ok {
		m.Verified = newest(st)
	}
	end := v.NextEnd()
	m.Expires, m.Expiry = end.What, end.At
	m.SecretEnds, m.Token = v.SecretEnds.Time(), tokenState(v)
	return m
}

// tokenState says why no renewal is shown.
func tokenState(v wizard.View) string {
	switch h := v.Setup.Handover; {
	case v.Key.Present:
		return "not_renewed"
	case v.Setup.Application.ChecklistOnly:
		return "not_here"
	case h.Key == setup.DeleteTestKey && !h.DecidedAt.IsZero() && v.Setup.Reissue == nil:
		return "deleted"
	}
	return "none"
}

func newest(st flow.StepState) time.Time {
	var at time.Time
	for _, c := range st.Checks {
		if c.Passed() && c.Result.At.After(at) {
			at = c.Result.At
		}
	}
	return at
}

func (s *Server) newPage(w http.ResponseWriter, r *request) error {
	if r.visitor.who.Kind != wizard.WhoAdmin {
		return wizard.ErrForbidden
	}
	return r.render(w, http.StatusOK, templates.New(templates.NewView{Page: r.base(), Steps: newSteps()}))
}

// newSteps are the steps of a new setup, in order.
func newSteps() []string {
	var steps []string
	for _, st := range flow.New {
		steps = append(steps, string(st.ID))
	}
	return steps
}

func (s *Server) create(w http.ResponseWriter, r *request) error {
	created, err := s.Wizard.Start(r.Context(), r.visitor.who)
	if err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(created.ID)+"/"+setup.StepApplication.Path(), "")
}

func (s *Server) overview(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	if err := s.Wizard.Refresh(r.Context(), v.Setup.ID); err != nil {
		return err
	}
	page := templates.OverviewView{
		Page: r.setupPage(v), State: string(v.Condition()), By: v.Next.GuestName, Warnings: v.Warnings(),
		Product:  strings.TrimSpace(v.Product.Name + " " + v.Setup.Application.Release),
		People:   r.persons(v),
		History:  r.happened(v, 6),
		Expiries: r.expiries(v),
		Report:   v.Setup.SignIn.GrantRevision > 0,
		Invites:  r.visitor.who.Kind == wizard.WhoAdmin,
		Delete:   r.visitor.who.Kind == wizard.WhoAdmin,
	}
	if page.State == "waiting" && v.Next.Guest == r.visitor.who.ID {
		page.State, page.By = "setting_up", ""
	}
	for _, m := range v.Setup.Application.Mailboxes {
		page.Mailboxes = append(page.Mailboxes, string(m))
	}
	for _, p := range v.People {
		count(&page.Waiting, p.State == wizard.ParticipantWaiting)
	}
	if r.visitor.who.Kind == wizard.WhoAdmin && v.Setup.Reissue == nil && v.Setup.SignIn.Pinned != nil && (v.Done() || v.SignInAgain()) {
		page.Reissue, page.Ask = page.Setup.Path+"/reissue", !v.SignInAgain()
	}
	return r.render(w, http.StatusOK, templates.Overview(page))
}

func (r *request) expiries(v wizard.View) []templates.Expiry {
	var list []templates.Expiry
	for _, e := range v.Expiries() {
		actor := map[string]string{"client_secret": "app_admin", "inactivity": "mailbox_user"}[e.What]
		list = append(list, templates.Expiry{What: e.What, At: e.At, Who: r.printer.T("actor." + actor)})
	}
	return list
}

func (s *Server) history(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	return r.render(w, http.StatusOK, templates.History(templates.HistoryView{Page: r.setupPage(v), Events: r.happened(v, len(v.History))}))
}

// happened words the newest records of a setup.
func (r *request) happened(v wizard.View, most int) []templates.Event {
	var list []templates.Event
	for _, record := range v.History {
		if len(list) == most {
			break
		}
		e := templates.Event{At: record.At, Who: record.ActorName, What: r.printer.Event(string(record.Action)), Step: record.Detail["step"]}
		if about := r.about(record.Detail); about != "" {
			e.What = r.printer.T("history.about", "what", e.What, "about", about)
		}
		if strings.HasPrefix(record.Actor, string(wizard.WhoSystem)) {
			e.Who = ""
		}
		list = append(list, e)
	}
	return list
}

// about names whom and what a record is about.
func (r *request) about(detail map[string]string) string {
	var list []string
	for _, name := range []string{"name", "account", "signed_in_as", "server"} {
		if detail[name] != "" {
			list = append(list, detail[name])
		}
	}
	for _, family := range []string{"role", "key"} {
		if detail[family] != "" {
			list = append(list, r.printer.T(family+"."+detail[family]))
		}
	}
	for _, f := range strings.Fields(detail["fields"]) {
		list = append(list, r.printer.T("field."+f))
	}
	return r.printer.List(list...)
}

// deletePage asks before a setup is gone with everything it holds.
func (s *Server) deletePage(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	if r.visitor.who.Kind != wizard.WhoAdmin {
		return wizard.ErrForbidden
	}
	return r.render(w, http.StatusOK, templates.Delete(templates.DeleteView{
		Page: r.setupPage(v), Action: r.URL.Path, Key: v.Key.Present, People: len(r.persons(v)) - 1,
	}))
}

func (s *Server) delete(w http.ResponseWriter, r *request) error {
	if err := s.Wizard.Delete(r.Context(), r.visitor.who, r.id()); err != nil {
		return err
	}
	return r.redirect(w, "/", "deleted")
}
