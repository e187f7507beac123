package wizard

import (
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/flow"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// ErrNothingToReissue: no sign-in was ever accepted; the normal flow leads
// there.
var ErrNothingToReissue = errors.New("wizard: no sign-in was accepted yet")

// StartReissue begins the short flow for a setup whose token has died or is to
// be replaced. The answers, and what people once stated, stay as they are; the
// token in use stays until the new one has passed.
func (w *Wizard) StartReissue(ctx context.Context, who Who, id setup.ID) error {
	if who.Kind != WhoAdmin {
		return ErrForbidden
	}
	err := w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		switch {
		case err != nil:
			return err
		case s.Reissue != nil:
			return nil // already under way
		case s.SignIn.Pinned == nil:
			return ErrNothingToReissue
		}
		now := w.Now().UTC()
		s.Reissue = &setup.Reissue{
			StartedAt: now, Previous: *s.SignIn.Pinned,
			PreviousRevision: s.SignIn.GrantRevision, PreviousAccepted: s.SignIn.AcceptedAt,
			PreviousAttempt: s.SignIn.Attempt,
		}
		// A message that was asked for once is not asked for again.
		s.Verification.TestMessage = nil
		// The product's own token, if it has one, dies with the same causes.
		s.Handover.GeneratedAt, s.Handover.ReportAt = time.Time{}, time.Time{}
		// So do the words about it: an alias that was set inactive stays so.
		s.Handover.ProductSignedIn = nil
		for _, item := range stepItems[setup.StepHandover] {
			s.State(item, "", who.Name, now)
		}
		s.UpdatedAt = now
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.ReissueStarted)
	})
	if err != nil {
		return err
	}
	return w.StartRun(ctx, id, setup.StepPreflight)
}

// CancelReissue goes back to the token in use; a new one that has not passed
// is deleted.
func (w *Wizard) CancelReissue(ctx context.Context, who Who, id setup.ID) error {
	if who.Kind != WhoAdmin {
		return ErrForbidden
	}
	err := w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil || s.Reissue == nil {
			return err
		}
		now := w.Now().UTC()
		if err := w.replace(tx, s, now); err != nil {
			return err
		}
		if slotOf(s) == token.Candidate {
			if err := token.Discard(tx, string(id), token.Candidate); err != nil {
				return err
			}
			s.SignIn.GrantRevision = s.Reissue.PreviousRevision
			s.SignIn.AcceptedAt = s.Reissue.PreviousAccepted
		}
		s.SignIn.Attempt = s.Reissue.PreviousAttempt
		s.Reissue = nil
		s.UpdatedAt = now
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.ReissueCancelled)
	})
	if err != nil {
		return err
	}
	return w.StartRun(ctx, id, setup.StepSignIn)
}

// afterRun draws the consequences of a finished run within its last
// transaction: a re-issued token that has passed replaces the old one, and is
// handed over where that was decided before.
func (w *Wizard) afterRun(tx Tx, st *state) (handed bool, err error) {
	if st.setup.Reissue == nil || slotOf(st.setup) != token.Candidate {
		return false, nil
	}
	results, err := w.results(tx, st.setup.ID)
	if err != nil {
		return false, err
	}
	steps, err := flow.Progress(flow.Of(st.setup), w.env(*st), results, w.Now())
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(steps, func(s flow.StepState) bool { return s.Step.ID == setup.StepVerification })
	for _, c := range steps[i].Checks {
		if c.Check.RunsAlone() && !c.Passed() {
			return false, nil
		}
	}
	if err := w.promote(tx, st, audit.ReissueFinished); err != nil || !keptOn(st.setup) {
		return false, err
	}
	if err := w.handOver(tx, System, &st.setup); err != nil {
		return false, err
	}
	if err := tx.SaveSetup(&st.setup); err != nil {
		return false, err
	}
	*st, err = w.read(tx, st.setup.ID)
	return true, err
}

// promote replaces the old token by the new one, which has passed.
func (w *Wizard) promote(tx Tx, st *state, action audit.Action) error {
	if err := token.Promote(tx, string(st.setup.ID)); err != nil {
		return err
	}
	// From here on the candidate is the current token, so the slot that
	// checks speak of must be the current one.
	re, now := st.setup.Reissue, w.Now().UTC()
	before := st.setup.SignIn.Replaced
	if before == nil || before.At.Before(re.StartedAt) { // not a second sign-in of the same short flow
		before = &setup.Replaced{Identity: re.Previous, AcceptedAt: re.PreviousAccepted}
	}
	st.setup.SignIn.Replaced = &setup.Replaced{Identity: before.Identity, AcceptedAt: before.AcceptedAt, At: now}
	re.Passed = now
	re.PreviousRevision, re.PreviousAccepted, re.PreviousAttempt = st.setup.SignIn.GrantRevision, st.setup.SignIn.AcceptedAt, st.setup.SignIn.Attempt
	if err := tx.SaveSetup(&st.setup); err != nil {
		return err
	}
	return w.record(tx, System, st.setup.ID, action)
}

// FlowName names the flow a setup is in.
func FlowName(s setup.Setup) string {
	if s.Reissue != nil {
		return "reissue"
	}
	return "new"
}
