package web

import (
	"net/http"
	"strings"

	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// secretLine is what anybody sees of the stored client secret: whose it is, and
// what the checks of it say.
func (r *request) secretLine(v wizard.View) templates.SecretLine {
	reg := v.Setup.Registration
	line := templates.SecretLine{
		Stored: reg.SecretRevision > 0, By: reg.SecretSavedBy, At: reg.SecretSavedAt, Ends: v.SecretEnds.Time(),
	}
	checks := secretChecks(v)
	line.Checked = len(checks) > 0
	for _, c := range checks {
		line.Checked = line.Checked && c.Passed()
		line.Running = line.Running || v.Running && !c.Current && len(c.Waiting) == 0
		if !c.Current {
			continue
		}
		for _, f := range c.Result.Findings {
			if !f.Blocks() || line.Problem != "" {
				continue
			}
			a := r.printer.Finding(f)
			line.Wrong, line.Problem = strings.HasPrefix(f.Code(), "client_secret"), a.Title+". "+a.Remedy
			if f.Code() == provider.ClientSecretIsID.Code {
				line.Problem = r.printer.Problem(string(setup.ProblemSecretID), string(setup.FieldClientSecret), "")
			}
		}
	}
	return line
}

// secretChecks are the checks that look at the stored value, in either flow.
func secretChecks(v wizard.View) []flow.CheckState {
	var list []flow.CheckState
	for _, st := range v.Steps {
		for _, c := range st.Checks {
			if c.Check == check.SecretShape || c.Check == check.Client {
				list = append(list, c)
			}
		}
	}
	return list
}

// secretPage is the page with one field that is opened on the other computer.
func (s *Server) secretPage(w http.ResponseWriter, r *request) error {
	return s.secretForm(w, r, http.StatusOK, nil, false)
}

// secretSaved is where the result of a value that was saved appears.
func (s *Server) secretSaved(w http.ResponseWriter, r *request) error {
	return s.secretForm(w, r, http.StatusOK, nil, true)
}

func (s *Server) secretForm(w http.ResponseWriter, r *request, status int, wrong map[string]string, saved bool) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	page := r.setupPage(v)
	line := r.secretLine(v)
	if saved {
		page.Live.Waits = line.Running
	} else {
		page.Live = templates.Live{} // what is typed here is not to be disturbed
	}
	return r.render(w, status, templates.Secret(templates.SecretView{
		Page: page, Secret: line, Errors: wrong, SavedNow: saved && line.Stored,
		CanSave: wizard.May(r.visitor.who, v.Setup.ID, setup.StepRegistration),
	}))
}

func (s *Server) secret(w http.ResponseWriter, r *request) error {
	err := s.Wizard.SaveSecret(r.Context(), r.visitor.who, r.id(), r.entries())
	if problems, rejected := inputErrors(err); rejected {
		return s.secretForm(w, r, http.StatusUnprocessableEntity, r.problems(problems), false)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, r.URL.Path+"/saved", http.StatusSeeOther)
	return nil
}
