package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/product"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// stepPage shows one step. A closed step can be opened and read.
func (s *Server) stepPage(w http.ResponseWriter, r *request) error {
	step, err := r.step()
	if err != nil {
		return err
	}
	v, err := r.view()
	if err != nil {
		return err
	}
	if _, ok := v.Step(step); !ok && step == setup.StepPreflight {
		return r.redirect(w, "/m/"+string(v.Setup.ID), "")
	}
	if err := s.Wizard.Refresh(r.Context(), v.Setup.ID); err != nil {
		return err
	}
	var kept wizard.Entries
	if draft := r.draft(); draft != nil {
		r.pasted = draft.Get(string(wizard.PasteFields[step]))
		if draft.Del(string(wizard.PasteFields[step])); len(draft) > 0 {
			kept = wizard.Entries(draft)
		}
	}
	return r.render(w, http.StatusOK, r.stepView(v, step, kept, nil))
}

// stepView chooses the page of a step. entries, where given, are what was
// typed and not saved; they stand in the form in place of the stored answers.
func (r *request) stepView(v wizard.View, step setup.StepID, entries wizard.Entries, wrong map[string]string) templ.Component {
	p := r.stepPageOf(v, step)
	p.Errors = wrong
	if v.Setup.Application.ChecklistOnly && (step == setup.StepSignIn || step == setup.StepVerification) {
		p.Need = r.printer.T("step_need.preflight") // nothing is entered
		return templates.Proved(p, v.Product.Name)
	}
	switch step {
	case setup.StepApplication:
		return templates.Application(r.applicationView(v, p, entries))
	case setup.StepAddresses:
		return templates.Addresses(r.addressesView(v, p, entries))
	case setup.StepRegistration:
		return templates.Registration(r.registrationView(v, p, entries))
	case setup.StepNetwork:
		return templates.Network(r.networkView(v, p, entries))
	case setup.StepMailbox:
		return templates.MailboxStep(r.mailboxView(v, p, entries))
	case setup.StepSignIn:
		return templates.SignIn(r.signInView(v, p, entries))
	case setup.StepVerification:
		return templates.Verification(r.verificationView(v, p, entries))
	case setup.StepHandover:
		return templates.Handover(r.handoverView(v, p, entries))
	default:
		return templates.Preflight(r.preflightView(v, p))
	}
}

// stepSubmit saves the answers of a step and starts its checks. A request
// never waits for them.
func (s *Server) stepSubmit(w http.ResponseWriter, r *request) error {
	step, err := r.step()
	if err != nil {
		return err
	}
	if save := r.PostForm.Get("save"); save == "paste" || save == "withdraw" {
		return s.evidence(w, r)
	}
	in := wizard.Submit{
		Setup: r.id(), Step: step, Basis: r.PostForm.Get("revision"), Entries: r.entries(),
		Later: r.PostForm.Get("save") == "later",
	}
	if r.PostForm.Get("merge") == "yes" {
		v, err := r.view()
		if err != nil {
			return err
		}
		in.Entries = r.merge(v, step)
	}
	err = s.Wizard.Answer(r.Context(), r.visitor.who, in)
	problems, rejected := inputErrors(err)
	var impact *wizard.ImpactError
	switch {
	case rejected:
		v, err := r.view()
		if err != nil {
			return err
		}
		s.keepTyped(r, v, in)
		return r.render(w, http.StatusUnprocessableEntity, r.stepView(v, step, in.Entries, r.problems(problems)))
	case errors.As(err, &impact):
		return r.impact(w, in)
	case errors.Is(err, wizard.ErrConflict) && in.Basis != "":
		return r.conflict(w, in)
	case err != nil:
		return err
	}
	result := "saved"
	if in.Later {
		result = "saved_later"
	}
	return r.redirect(w, r.URL.Path, result)
}

// keepTyped keeps what was rejected for whoever opens the step again. A field of
// the form that was left empty is kept empty.
func (s *Server) keepTyped(r *request, v wizard.View, in wizard.Submit) {
	typed, err := url.ParseQuery(draftOf(url.Values(in.Entries)))
	if err != nil || len(typed) == 0 {
		return
	}
	for _, name := range []string{"revision", "merge", string(wizard.PasteFields[in.Step])} {
		typed.Del(name)
	}
	for name := range r.answersOf(v, in.Step) {
		if _, sent := typed[name]; !sent {
			typed[name] = []string{}
		}
	}
	in.Entries = wizard.Entries(typed)
	if err := s.Wizard.KeepTyped(r.Context(), r.visitor.who, in); err != nil {
		s.Log.Error("rejected entries not kept", "setup", in.Setup, "step", in.Step, "error", err)
	}
}

// impact asks before results that a person gave become out of date. The
// entries wait in the session, sealed on the server, and in no page.
func (r *request) impact(w http.ResponseWriter, in wizard.Submit) error {
	err := r.s.put(r.Context(), &r.visitor, changeKey(in.Setup, in.Step), url.Values(in.Entries).Encode())
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/m/"+string(in.Setup)+"/changes/"+in.Step.Path(), http.StatusSeeOther)
	return nil
}

func changeKey(id setup.ID, step setup.StepID) string {
	return "change:" + string(id) + ":" + string(step)
}

// change returns the entries that wait to be confirmed.
func (r *request) change(step setup.StepID) (wizard.Submit, error) {
	text := r.visitor.admin.Data[changeKey(r.id(), step)]
	entries, err := url.ParseQuery(text)
	if text == "" || err != nil {
		return wizard.Submit{}, wizard.ErrNotFound
	}
	return wizard.Submit{Setup: r.id(), Step: step, Basis: entries.Get("revision"), Entries: wizard.Entries(entries)}, nil
}

// impactPage lists what the change makes out of date, before it is saved.
func (s *Server) impactPage(w http.ResponseWriter, r *request) error {
	step, err := r.step()
	if err != nil {
		return err
	}
	in, err := r.change(step)
	if err != nil {
		return r.redirect(w, "/m/"+string(r.id())+"/"+step.Path(), "")
	}
	affected, err := s.Wizard.Affected(r.Context(), r.visitor.who, in)
	if err != nil {
		return err
	}
	v, err := r.view()
	if err != nil {
		return err
	}
	page := templates.ImpactView{Page: r.setupPage(v), Step: string(step), Action: r.URL.Path}
	touched := []setup.StepID{step}
	for i, n := range slices.Concat(affected.Again, affected.Alone) {
		page.Affected = append(page.Affected, templates.Affected{Step: string(n.Step), What: r.printer.Check(n.Check), Alone: i >= len(affected.Again)})
		touched = append(touched, n.Step)
	}
	slices.SortStableFunc(page.Affected, func(a, b templates.Affected) int { return page.Setup.Number(a.Step) - page.Setup.Number(b.Step) })
	for _, st := range v.Steps {
		if !slices.Contains(touched, st.Step.ID) && st.State == flow.Done {
			page.Kept = append(page.Kept, string(st.Step.ID))
		}
	}
	stored := r.answersOf(v, step)
	for name, old := range stored {
		if now := in.Entries[name]; join(old) != join(now) {
			page.Changes = append(page.Changes, r.changed(v, name, old, now))
		}
	}
	slices.SortFunc(page.Changes, func(a, b templates.Comparison) int { return strings.Compare(a.Name, b.Name) })
	return r.render(w, http.StatusOK, templates.Impact(page))
}

// changed sets two values of a field side by side: chosen ones in words, typed
// ones with the character that differs.
func (r *request) changed(v wizard.View, name string, before, now []string) templates.Comparison {
	family := map[string]string{"protocols": "protocol", "method": "method", "decision": "decision", "key": "key", "checklist_only": "standing"}[name]
	if slices.Contains(check.Subjects(v.Setup.Application), setup.Subject(name)) {
		family = "standing"
	}
	said := func(values []string) string {
		var words []string
		for _, value := range values {
			switch p, known := product.ByID(value); {
			case value == "":
			case family != "":
				words = append(words, r.printer.T(family+"."+value))
			case name == "product" && known:
				words = append(words, p.Name)
			default:
				words = append(words, value)
			}
		}
		if family != "" {
			return r.printer.List(words...)
		}
		return join(words)
	}
	c := templates.Comparison{Name: r.printer.T("field." + name), Before: said(before), Now: said(now), At: -1}
	if family == "" && name != "product" {
		c.At = setup.FirstDifference(c.Before, c.Now)
	}
	return c
}

// confirmChange saves what the impact page has asked about.
func (s *Server) confirmChange(w http.ResponseWriter, r *request) error {
	step, err := r.step()
	if err != nil {
		return err
	}
	in, err := r.change(step)
	if err != nil {
		return err
	}
	in.Confirmed = true
	if err := s.Wizard.Answer(r.Context(), r.visitor.who, in); err != nil {
		return err
	}
	if err := s.put(r.Context(), &r.visitor, changeKey(in.Setup, step), ""); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(in.Setup)+"/"+step.Path(), "saved")
}

// merge completes the answer of the conflict page, which asks only for the
// entries that differ.
func (r *request) merge(v wizard.View, step setup.StepID) wizard.Entries {
	all := r.answersOf(v, step)
	for name, values := range r.PostForm {
		if name == "protocols" || name == "test_message" {
			values = strings.Fields(join(values))
		}
		all[name] = values
	}
	return all
}

// conflict shows both values where somebody else has saved meanwhile.
func (r *request) conflict(w http.ResponseWriter, in wizard.Submit) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	page := templates.ConflictView{
		Page: r.setupPage(v), Step: string(in.Step), Revision: wizard.StepBasis(v.Setup, in.Step),
		Who: lastSaver(v, in.Step), At: v.Setup.UpdatedAt,
	}
	stored := r.answersOf(v, in.Step)
	for name, mine := range in.Entries {
		if theirs, known := stored[name]; known && name != "client_secret" && join(theirs) != join(mine) {
			page.Fields = append(page.Fields, templates.Conflict{Field: name, Theirs: join(theirs), Mine: join(mine)})
		}
	}
	slices.SortFunc(page.Fields, func(a, b templates.Conflict) int {
		if a.Field < b.Field {
			return -1
		}
		return 1
	})
	return r.render(w, http.StatusConflict, templates.ConflictPage(page))
}

func lastSaver(v wizard.View, step setup.StepID) string {
	for _, record := range v.History {
		if record.Detail["step"] == string(step) {
			return record.ActorName
		}
	}
	return ""
}

// startRun starts a step's checks.
func (s *Server) startRun(w http.ResponseWriter, r *request) error {
	step, err := r.step()
	if err != nil {
		return err
	}
	if err := s.Wizard.AskRun(r.Context(), r.visitor.who, r.id(), step); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/"+step.Path(), "run_started")
}
