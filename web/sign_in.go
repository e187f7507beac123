package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/oauth"
	"latchkey/internal/paste"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// linkKey is where the code of a setup's one-time link is kept: in the session
// of the person who made it, sealed. The database holds only a hash.
func linkKey(id setup.ID) string { return "link:" + string(id) }

// link makes a new one-time link; the old one dies.
func (s *Server) link(w http.ResponseWriter, r *request) error {
	typed, a, err := s.Wizard.BeginSignIn(r.Context(), r.visitor.who, r.id())
	var oe *oauth.Error
	var refused *oauth.Refused
	switch {
	case errors.As(err, &oe), errors.As(err, &refused):
		// The sign-in service could not be asked, or names another issuer than
		// it must: the step's own checks explain why, so they run again.
		if err := s.Wizard.AskRun(r.Context(), r.visitor.who, r.id(), setup.StepRegistration); err != nil {
			return err
		}
		return r.redirect(w, "/m/"+string(r.id())+"/"+setup.StepRegistration.Path(), "run_started")
	case err != nil:
		return err
	}
	if err := s.put(r.Context(), &r.visitor, linkKey(r.id()), a.ID+" "+typed); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/"+setup.StepSignIn.Path(), "link_made")
}

func (s *Server) letIn(w http.ResponseWriter, r *request) error {
	return r.onAttempt(w, s.Wizard.LetIn, "let_in")
}

func (s *Server) accept(w http.ResponseWriter, r *request) error {
	return r.onAttempt(w, s.Wizard.Accept, "accepted")
}

func (s *Server) refuse(w http.ResponseWriter, r *request) error {
	return r.onAttempt(w, s.Wizard.Refuse, "refused")
}

// onAttempt acts on the attempt the page was made for, not on whatever is the
// newest one by now.
func (r *request) onAttempt(w http.ResponseWriter, act attemptAction, result string) error {
	if err := act(r.Context(), r.visitor.who, r.id(), r.PostForm.Get("attempt")); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/"+setup.StepSignIn.Path(), result)
}

// shown takes what Microsoft's page shows. What ends no sign-in is explained on
// the answer: nothing of it is stored, so there is nothing to come back to.
func (s *Server) shown(w http.ResponseWriter, r *request) error {
	beside, err := s.Wizard.Shown(r.Context(), r.visitor.who, r.id(), r.PostForm.Get("shown"))
	problems, rejected := inputErrors(err)
	switch {
	case errors.Is(err, paste.ErrEmpty):
		problems, rejected = setup.InputErrors{{Field: wizard.PasteShown, Problem: setup.ProblemRequired}}, true
	case rejected: // what it holds is not shown again
		r.PostForm.Del("shown")
	case err != nil:
		return err
	case beside == nil:
		return r.redirect(w, "/m/"+string(r.id())+"/"+setup.StepSignIn.Path(), "run_started")
	}
	v, err := r.view()
	if err != nil {
		return err
	}
	if rejected {
		return r.render(w, http.StatusUnprocessableEntity, r.stepView(v, setup.StepSignIn, r.entries(), r.problems(problems)))
	}
	page := r.signInView(v, r.stepPageOf(v, setup.StepSignIn), r.entries())
	page.Shown, _ = paste.Mask(page.Shown)
	page.Said = &templates.Said{State: "under_way"}
	switch {
	case v.Attempt.State == wizard.AttemptCreated:
		page.Said.State = "created"
	case v.Attempt.ID == "" || v.Attempt.Final():
		page.Said.State = "over"
	}
	if beside.Code() != provider.Unexplained.Code {
		page.Said.Finding = &templates.Finding{Advice: r.printer.Finding(*beside), ID: "microsofts_page"}
	}
	return r.render(w, http.StatusOK, templates.SignIn(page))
}

func (r *request) signInView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.SignInView {
	a := v.Attempt
	out := templates.SignInView{
		StepPage: p, Account: accountOf(v), Browser: browserOf(r.UserAgent()), Attempt: a.ID,
		Shown: typed.Get("shown"), ECE: v.Product.Key == product.OwnKey,
	}
	if a.State == wizard.AttemptCreated || a.State == wizard.AttemptConfirmed {
		id, typed, _ := strings.Cut(r.visitor.admin.Data[linkKey(v.Setup.ID)], " ")
		if code, ok := r.s.Wizard.LinkCode(typed); ok && id == a.ID {
			out.Link, out.Until, out.Local = v.ExternalURL+"/w/"+code, a.Expires, loopback(v.ExternalURL)
			out.Short, out.Typed = v.ExternalURL+"/w", typed[:4]+"-"+typed[4:8]+"-"+typed[8:]
		}
	}
	out.Progress = progressOf(a)
	if !a.Confirmed.IsZero() {
		out.Evidence, out.Verdict = evidenceOf(a), string(a.Session())
	}
	owner := r.visitor.who.Kind == wizard.WhoAdmin
	if owner && a.State == wizard.AttemptConfirmed && !a.LetIn {
		out.Visitor = &templates.Visitor{
			Browser: browserNames[browserOf(a.OpenedBy.Agent)], System: systemOf(a.OpenedBy.Agent),
			Address: a.OpenedBy.IP, At: a.Confirmed,
		}
	}
	if owner && a.State == wizard.AttemptStaged {
		out.Staged = &templates.Staged{SignedIn: a.Identity.UserName, Expected: a.Account, Until: a.StagedUntil()}
	}
	return out
}

func accountOf(v wizard.View) string {
	if v.Setup.SignIn.Pinned != nil {
		return v.Setup.SignIn.Pinned.UserName
	}
	return string(v.Setup.Application.SignInAccount)
}

// progressOf are the four lines of the waiting card. A line that has not
// happened reads so.
func progressOf(a wizard.Attempt) []templates.Progress {
	opened := templates.Progress{ID: "opened"}
	separate := templates.Progress{ID: "separate"}
	signedIn := templates.Progress{ID: "signed_in"}
	token := templates.Progress{ID: "token"}
	switch {
	case a.State == wizard.AttemptCreated:
		opened.State = "running"
	case a.State == wizard.AttemptExpired && a.Confirmed.IsZero():
		opened.State = "no"
	case !a.Confirmed.IsZero():
		opened.State, opened.At = "done", a.Confirmed
		opened.Note = browserNames[browserOf(a.OpenedBy.Agent)] + " " + systemOf(a.OpenedBy.Agent) + " " + a.OpenedBy.IP
		separate, signedIn.State = separateOf(a), "running"
	}
	if a.Identity.UserName != "" {
		signedIn.State, signedIn.At, signedIn.Note = "done", a.Arrived, a.Identity.UserName
	}
	switch a.State {
	case wizard.AttemptArrived, wizard.AttemptRedeeming:
		signedIn.State, signedIn.At, token.State = "done", a.Arrived, "running"
	case wizard.AttemptStaged, wizard.AttemptAccepted:
		token.State, token.At = "done", a.Finished
	case wizard.AttemptFailed, wizard.AttemptLost:
		token.State = "no"
		if a.Identity.UserName == "" {
			signedIn.State = "no"
		}
	case wizard.AttemptExpired, wizard.AttemptReplaced:
		if a.Identity.UserName == "" {
			signedIn.State = ""
		}
	}
	if a.Dropped() {
		token.State, token.At = "dropped", a.Finished
	}
	return []templates.Progress{opened, separate, signedIn, token}
}

// separateOf is the line about the separate session. Before the sign-in it rests
// on the cookies alone; afterwards it says what all the evidence says.
func separateOf(a wizard.Attempt) templates.Progress {
	p := templates.Progress{ID: "separate", At: a.Confirmed}
	switch verdict := a.Session(); verdict {
	case check.SessionFresh, check.SessionSeparate, check.SessionPassword:
		p.State, p.Verdict = "done", string(verdict)
	case check.SessionUnproven:
		p.Verdict = string(verdict)
	case check.SessionReused:
		p.State = "no"
	default:
		switch {
		case a.OtherJar == check.ProofYes && a.NewJar == check.ProofYes:
			p.State = "done"
		case a.Final():
			p.At = time.Time{}
		default:
			p.State = "running" // the password entry decides
		}
	}
	return p
}

func evidenceOf(a wizard.Attempt) []templates.Evidence {
	var list []templates.Evidence
	for _, e := range []struct {
		id    string
		proof check.Proof
	}{{"E1", a.OtherJar}, {"E2", a.NewJar}, {"E3", a.Cookies}, {"E4", a.FreshLogin}, {"E5", a.RightOne}} {
		if e.proof == "" {
			e.proof = check.ProofMissing
		}
		list = append(list, templates.Evidence{ID: e.id, Proof: string(e.proof)})
	}
	return list
}
