package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"latchkey/internal/adminscript"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// evidence takes a pasted text into a step, or out of it again.
func (s *Server) evidence(w http.ResponseWriter, r *request) error {
	step, err := r.step()
	if err != nil {
		return err
	}
	field, ok := wizard.PasteFields[step]
	if !ok {
		return wizard.ErrNotFound
	}
	text := r.PostForm.Get(string(field))
	if r.PostForm.Has("revision") { // what was typed beside it, also a secret
		beside := wizard.Submit{
			Setup: r.id(), Step: step, Basis: r.PostForm.Get("revision"), Entries: r.entries(), Later: true,
		}
		err := s.Wizard.Answer(r.Context(), r.visitor.who, beside)
		problems, rejected := inputErrors(err)
		switch {
		case rejected:
			r.pasted = text
			v, err := r.view()
			if err != nil {
				return err
			}
			return r.render(w, http.StatusUnprocessableEntity, r.stepView(v, step, beside.Entries, r.problems(problems)))
		case errors.Is(err, wizard.ErrConflict):
			return r.conflict(w, beside)
		case err != nil:
			return err
		}
	}
	if r.PostForm.Get("save") == "withdraw" {
		if err := s.Wizard.WithdrawEvidence(r.Context(), r.visitor.who, r.id(), step); err != nil {
			return err
		}
		return r.redirect(w, "/m/"+string(r.id())+"/"+step.Path(), "withdrawn")
	}
	err = s.Wizard.PasteEvidence(r.Context(), r.visitor.who, r.id(), step, text)
	if wrong, rejected := r.pasteProblem(err); rejected {
		if !holdsCode(err) {
			r.pasted = text
		}
		v, err := r.view()
		if err != nil {
			return err
		}
		return r.render(w, http.StatusUnprocessableEntity, r.stepView(v, step, nil, wrong))
	}
	if err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/"+step.Path(), "paste_read")
}

// holdsCode: what was pasted is live and must not come back in a page.
func holdsCode(err error) bool {
	problems, _ := inputErrors(err)
	for _, p := range problems {
		if p.Problem == wizard.ProblemHoldsCode {
			return true
		}
	}
	return false
}

// pasteProblem words what is wrong with a paste.
func (r *request) pasteProblem(err error) (map[string]string, bool) {
	var bad *wizard.PasteError
	if errors.As(err, &bad) {
		return map[string]string{string(bad.Field): r.fault(bad.Fault)}, true
	}
	if problems, rejected := inputErrors(err); rejected {
		return r.problems(problems), true
	}
	return nil, false
}

func (r *request) fault(f *paste.Fault) string {
	property := f.Property
	if property == "" {
		property = r.printer.T("paste.whole")
	}
	return r.printer.T("wrong."+string(f.Wrong),
		"line", strconv.Itoa(f.Line), "property", property, "got", f.Got, "want", f.Want)
}

// newKey makes the one-time key of a script that makes a client secret.
func (s *Server) newKey(w http.ResponseWriter, r *request) error {
	if err := s.Wizard.NewScriptKey(r.Context(), r.visitor.who, r.id()); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/registration", "script_made")
}

// cloud takes over the cloud in which the tenant was found.
func (s *Server) cloud(w http.ResponseWriter, r *request) error {
	if err := s.Wizard.ChooseCloud(r.Context(), r.visitor.who, r.id(), r.PostForm.Get(string(setup.FieldCloud))); err != nil {
		if _, rejected := inputErrors(err); rejected {
			return wizard.ErrNotFound
		}
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/registration", "saved")
}

// script is a task as the pages show it; ok is false while answers are missing.
func (r *request) script(v wizard.View, task adminscript.Task) (templates.Script, bool) {
	text := r.s.Wizard.Script(v, task, setup.Server{})
	return templates.Script{
		ID: "script-" + strings.ReplaceAll(task.ID, "_", "-"), Name: r.printer.T("task." + task.ID), Text: text,
		Changes: task.Changes, Confirmed: task.Confirmed, Modules: append(append([]string{}, task.Modules...), task.Optional...), Roles: task.Roles,
	}, text != ""
}

func (r *request) scripts(v wizard.View, tasks ...adminscript.Task) []templates.Script {
	var list []templates.Script
	for _, task := range tasks {
		if s, ok := r.script(v, task); ok {
			list = append(list, s)
		}
	}
	return list
}

// statements are the points of the checklist that a step asks for.
func (r *request) statements(v wizard.View, step setup.StepID, get func(setup.Field) string) []templates.Statement {
	var list []templates.Statement
	for _, item := range wizard.Items(v, step) {
		s := templates.Statement{Name: string(item), Hint: r.printer.T("item_hint." + string(item)), Standing: get(setup.Field(item))}
		if said := v.Setup.Checklist[item]; said.By != "" {
			s.By = r.printer.T("statements.said", "name", said.By, "time", r.printer.DateTime(said.At))
		}
		list = append(list, s)
	}
	return list
}

// paste is the form of a step that takes a copied text.
func (r *request) paste(step setup.StepID, rows int, read string) templates.Paste {
	name := string(wizard.PasteFields[step])
	return templates.Paste{Name: name, Hint: r.printer.T("paste_hint." + name), Value: r.pasted, Rows: rows, Read: read}
}

// guidesOf are the guides of the saved release, with the addresses that this
// site has entered.
func (r *request) guidesOf(v wizard.View) (list []templates.Guide, unlisted bool) {
	release, ok := v.Product.Release(v.Setup.Application.Release)
	if !ok {
		return nil, false
	}
	for _, g := range release.Guides {
		list = append(list, templates.Guide{Title: g.Title, Deployment: g.Deployment, URL: r.s.Guides[g.Title]})
	}
	return list, release.Unlisted
}

// offline is one file with everything the Microsoft 365 administrator needs.
func (s *Server) offline(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	a, reg := v.Setup.Application, v.Setup.Registration
	out := templates.OfflineView{Page: r.base(), Made: v.Now}
	out.User, out.Next = "", nil
	add := func(name, value string) {
		if value != "" {
			out.Values = append(out.Values, templates.Fact{Name: name, Value: value})
		}
	}
	field := func(f setup.Field, value string) { add(r.printer.T("field."+string(f)), value) }
	for _, uri := range v.RedirectURIs() {
		add(r.printer.T("addresses.redirect_uri"), uri)
	}
	field(setup.FieldTenant, reg.Tenant)
	field(setup.FieldClientID, reg.ClientID)
	field(setup.FieldSignInAccount, string(a.SignInAccount))
	field(setup.FieldMailboxes, strings.ReplaceAll(lines(a.Mailboxes), "\n", ", "))
	add(r.printer.T("registration.permissions"), strings.Join(v.Provider.AskFor(a.Protocols), " "))
	for _, part := range []struct {
		step  setup.StepID
		click adminscript.Task
		tasks []adminscript.Task
	}{
		{setup.StepRegistration, adminscript.Registration, []adminscript.Task{adminscript.Registration, adminscript.RegistrationRead}},
		{setup.StepMailbox, adminscript.MailboxRead, []adminscript.Task{adminscript.MailboxRead, adminscript.MailboxRepair}},
	} {
		p := templates.Offline{
			Title: r.printer.T("step." + string(part.step)), Send: r.printer.T("offline_send." + string(part.step)),
			Scripts: r.scripts(v, part.tasks...),
		}
		for _, c := range r.s.Wizard.Clicks(v, part.click) {
			p.Clicks = append(p.Clicks, templates.Click{
				Text: r.printer.T("click." + c.ID), Value: c.Value,
				Link: v.Provider.PortalLink(provider.PortalPage(c.Page), reg.ClientID),
			})
		}
		out.Parts = append(out.Parts, p)
	}
	r.Request = r.WithContext(templates.Alone(r.Context(), v.ExternalURL))
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "latchkey-"+string(v.Setup.ID)[:8]+".html"))
	return r.render(w, http.StatusOK, templates.OfflinePage(out))
}
