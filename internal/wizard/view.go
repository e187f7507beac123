package wizard

import (
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// View is everything there is to say about a setup now. It holds no secret.
type View struct {
	Setup    setup.Setup
	Flow     string // "new" or "reissue"
	Product  product.Product
	Provider provider.Provider
	Node     string
	Servers  []setup.Server // the other living nodes

	Steps   []flow.StepState
	Next    Next
	Run     Run // the newest; check Over
	Running bool

	Attempt Attempt // the newest sign-in; zero if there was none
	Key     Key
	People  []Participant
	History []audit.Record
	Changes int64 // raised by every change; open pages watch it

	// Addresses and Redirects set what is needed beside what was entered.
	Addresses []check.Compared
	Redirects []check.Compared

	// SecretEnds is the day on which the client secret ends, as it was entered or
	// read from the registration; "" if nobody knows.
	SecretEnds setup.Date

	ExternalURL string
	CallbackURL string
	ReportAt    time.Time
	Now         time.Time
}

// Key is what is known of the stored token. Its health is never shown as the
// mailbox's where the product has a key of its own.
type Key struct {
	Present   bool
	Candidate bool // waits for its verification to replace the other one
	Revision  int64
	Scopes    []string
	Accepted  time.Time
	Renewed   time.Time
	Renewals  int64
	Expires   time.Time // of the access token
	Due       time.Time // of the next renewal; zero: nobody keeps it
	LastError string
}

// Next says who must act, and where.
type Next struct {
	Step  setup.StepID // "" when all is done
	Actor finding.Actor
	// Guest is the participant whose turn it is, "" for the owner.
	Guest     string
	GuestName string
	// Waits: somebody else than the owner must act. State is how the step
	// stands for that person, to whom it is not waiting.
	Waits bool
	State flow.State
	// Code is the finding to be solved, "" if entries or checks are missing.
	Code  string
	Since time.Time
}

// Step returns a step's state.
func (v View) Step(id setup.StepID) (flow.StepState, bool) {
	for _, s := range v.Steps {
		if s.Step.ID == id {
			return s, true
		}
	}
	return flow.StepState{}, false
}

// SignInAgain reports whether a new sign-in by the same person is what the
// setup needs: one was accepted, and what stops it now is a dead token.
func (v View) SignInAgain() bool {
	st, ok := v.Step(setup.StepVerification)
	if !ok || v.Setup.SignIn.Pinned == nil {
		return false
	}
	found := st.Findings()
	return len(found) > 0 && found[0].NewSignIn()
}

// Done reports whether every step of the flow is done.
func (v View) Done() bool {
	return !slices.ContainsFunc(v.Steps, func(s flow.StepState) bool { return s.State != flow.Done })
}

// Worst is the setup's state for lists: that of the step which needs somebody
// most.
func (v View) Worst() flow.State {
	order := []flow.State{flow.NeedsAttention, flow.OutOfDate, flow.Waiting, flow.InProgress, flow.Blocked, flow.NotStarted, flow.Done}
	worst := len(order) - 1
	started := false
	for _, s := range v.Steps {
		if s.State == flow.Done || s.State == flow.InProgress {
			started = true
		}
		worst = min(worst, slices.Index(order, s.State))
	}
	if started && (order[worst] == flow.Blocked || order[worst] == flow.NotStarted) {
		return flow.InProgress
	}
	return order[worst]
}

const historyLength = 50

// View returns what a setup looks like to who.
func (w *Wizard) View(ctx context.Context, who Who, id setup.ID) (v View, err error) {
	if !Reads(who, id) {
		return v, ErrNotFound
	}
	err = w.Store.View(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		v, err = w.view(tx, s)
		return err
	})
	return v, err
}

// view computes a View of s, which may hold changes not yet stored.
func (w *Wizard) view(tx Tx, s setup.Setup) (View, error) {
	st, err := w.read(tx, s.ID)
	if err != nil {
		return View{}, err
	}
	st.setup = s
	results, err := w.results(tx, s.ID)
	if err != nil {
		return View{}, err
	}
	attempt := st.attempt
	if state, over := attempt.overdue(w.Now()); over {
		attempt.State = state
	}
	// What stopped the sign-in before closes no gate while the next is under way.
	results = slices.DeleteFunc(results, func(r flow.Result) bool { return r.Blocks() && attempt.foregoes(r) })
	env := w.env(st)
	steps, err := flow.Progress(flow.Of(s), env, results, w.Now())
	if err != nil {
		return View{}, err
	}
	v := View{
		Setup: s, Flow: FlowName(s), Product: env.Product, Provider: env.Provider, Node: w.Node, Servers: st.servers,
		Steps: steps, Attempt: attempt,
		Addresses: check.CompareAddresses(env), Redirects: check.CompareRedirectURIs(env), SecretEnds: check.SecretEnds(env),
		ExternalURL: w.ExternalURL, CallbackURL: w.CallbackURL(), Now: w.Now().UTC(),
	}
	if v.Run, err = tx.LastRun(s.ID); err != nil && !errors.Is(err, ErrNotFound) {
		return View{}, err
	}
	v.Running = v.Run.ID != "" && !v.Run.Over(v.Now)
	if v.People, err = tx.Participants(s.ID); err != nil {
		return View{}, err
	}
	if v.History, err = tx.History(s.ID, historyLength); err != nil {
		return View{}, err
	}
	if v.Changes, err = tx.Changes(s.ID); err != nil {
		return View{}, err
	}
	if _, v.ReportAt, err = tx.Report(s.ID); err != nil && !errors.Is(err, ErrNotFound) {
		return View{}, err
	}
	if st.hasKey {
		v.Key = keyOf(st.grant)
	}
	v.overlay()
	return v, nil
}

func keyOf(g token.Grant) Key {
	return Key{
		Present: true, Candidate: g.Slot == token.Candidate, Revision: g.Revision, Scopes: g.Token.Scope,
		Accepted: g.Accepted, Renewed: g.Renewed, Renewals: g.Renewals, Expires: g.Token.ExpiresAt,
		Due: g.DueAt, LastError: g.LastError,
	}
}

// overlay adds what the flow cannot know: running checks, and that a step
// waits for another person.
func (v *View) overlay() {
	if v.Running {
		for i, s := range v.Steps {
			if finished, all := s.Count(); s.Open && s.State != flow.Done && finished < all && slices.Contains(v.runningSteps(), s.Step.ID) {
				v.Steps[i].State = flow.InProgress
			}
		}
	}
	for i, s := range v.Steps {
		switch s.Step.ID {
		case setup.StepSignIn:
			v.Steps[i] = v.signInStep(s)
		case setup.StepVerification, setup.StepHandover:
			if v.Reissuing() && s.State == flow.Done {
				v.Steps[i].State = flow.NotStarted // it was done for the token in use
			}
		}
	}
	v.Next = v.next()
	if v.Next.Waits {
		for i, s := range v.Steps {
			if s.Step.ID == v.Next.Step {
				v.Steps[i].State = flow.Waiting
			}
		}
	}
}

// signInStep is the step as it stands while somebody is on the way.
func (v *View) signInStep(s flow.StepState) flow.StepState {
	a := v.Attempt
	if a.ID != "" && !a.Final() {
		s.Checks = slices.Clone(s.Checks)
		for i, c := range s.Checks {
			if c.Result != nil && len(c.Result.Findings) > 0 && a.foregoes(*c.Result) {
				s.Checks[i].Result, s.Checks[i].Current, s.Checks[i].Stale = nil, false, false
			}
		}
		if s.State == flow.NotStarted {
			s.State = flow.InProgress
		}
	}
	if v.Reissuing() && s.State == flow.Done {
		s.State = flow.InProgress
	}
	return s
}

// foregoes reports whether a is under way, and r judges a sign-in before it:
// what that one was said to lack, or was stopped by, says nothing about a.
func (a Attempt) foregoes(r flow.Result) bool {
	return r.Check == check.SignedIn.ID && a.ID != "" && !a.Final() && (a.State != AttemptStaged || r.At.Before(a.Finished))
}

// Reissuing reports whether a new sign-in has begun and has brought no token
// yet: the one in use is still the one before.
func (v View) Reissuing() bool {
	re := v.Setup.Reissue
	return re != nil && re.Passed.IsZero() && v.Setup.SignIn.GrantRevision == re.PreviousRevision
}

func (v *View) runningSteps() []setup.StepID {
	steps := slices.Clone(v.Run.Asked)
	return append(steps, v.Run.Step)
}

// next finds the first open step that is not done and who must act there. A
// finding names its actor; missing entries belong to the person whose step it
// is.
func (v *View) next() Next {
	for _, s := range v.Steps {
		if s.State == flow.Done || !s.Open || s.Pending() {
			continue
		}
		n := Next{Step: s.Step.ID, State: s.State, Actor: finding.ProductAdmin, Since: v.Setup.UpdatedAt}
		if s.Step.ID == setup.StepRegistration || s.Step.ID == setup.StepMailbox {
			n.Actor = finding.AppAdmin
		}
		for _, f := range s.Findings() {
			if f.Blocks() {
				n.Actor, n.Code = f.Actor(), f.Code()
				break
			}
		}
		admins := []finding.Actor{finding.AppAdmin, finding.EntraAdmin, finding.ExchangeAdmin}
		for _, p := range v.People {
			if slices.Contains(admins, n.Actor) && p.Role == RoleM365Admin && p.State == ParticipantAdmitted {
				n.Guest, n.GuestName, n.Waits = p.ID, p.Name, !v.Running
				n.Since = maxTime(n.Since, p.Admitted)
			}
		}
		return n
	}
	return Next{}
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// List returns all setups, the most urgent first.
func (w *Wizard) List(ctx context.Context, who Who) ([]View, error) {
	if who.Kind != WhoAdmin && who.Kind != WhoSystem {
		return nil, ErrForbidden
	}
	var list []View
	err := w.Store.View(ctx, func(tx Tx) error {
		setups, err := tx.Setups()
		if err != nil {
			return err
		}
		list = nil
		for _, s := range setups {
			v, err := w.view(tx, s)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	slices.SortStableFunc(list, byUrgency)
	return list, err
}

// Changes returns the number that open pages watch.
func (w *Wizard) Changes(ctx context.Context, id setup.ID) (n int64, err error) {
	err = w.Store.View(ctx, func(tx Tx) error { n, err = tx.Changes(id); return err })
	return n, err
}

// StoredReport returns the newest stored report.
func (w *Wizard) StoredReport(ctx context.Context, who Who, id setup.ID) (document []byte, at time.Time, err error) {
	if !Reads(who, id) {
		return nil, at, ErrNotFound
	}
	err = w.Store.View(ctx, func(tx Tx) error { document, at, err = tx.Report(id); return err })
	return document, at, err
}

// Delete removes a setup with everything it holds. Its audit records stay.
func (w *Wizard) Delete(ctx context.Context, who Who, id setup.ID) error {
	if who.Kind != WhoAdmin {
		return ErrForbidden
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		if err := w.record(tx, who, id, audit.SetupDeleted, "title", s.Title()); err != nil {
			return err
		}
		return tx.DeleteSetup(id)
	})
}
