package wizard

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// Accept puts a staged token to use. The first acceptance pins the account;
// from then on only that account is accepted.
//
// Errors: ErrConflict if the token does not wait any more.
func (w *Wizard) Accept(ctx context.Context, who Who, id setup.ID, attempt string) error {
	if who.Kind != WhoAdmin {
		return ErrForbidden
	}
	var r Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		r = Run{}
		st, err := w.read(tx, id)
		if err != nil {
			return err
		}
		a, err := tx.Attempt(attempt)
		if err != nil || a.Setup != id {
			return errors.Join(err, notOf(a, id))
		}
		if a.State == AttemptAccepted {
			return nil // pressed twice: the same answer
		}
		if _, over := a.overdue(w.Now()); over || a.State != AttemptStaged {
			return ErrConflict
		}
		if err := w.accept(tx, who, &st, &a); err != nil {
			return err
		}
		r, err = w.schedule(tx, id, setup.StepSignIn)
		w.Hook("accept_before_commit")
		return err
	})
	if err != nil {
		return err
	}
	w.Hook("accept_committed")
	w.launch(r)
	return nil
}

func notOf(a Attempt, id setup.ID) error {
	if a.ID != "" && a.Setup != id {
		return ErrNotFound
	}
	return nil
}

// accept stores the token, pins the account and ends the attempt, all in the
// caller's transaction.
func (w *Wizard) accept(tx Tx, who Who, st *state, a *Attempt) error {
	sealed, err := tx.AttemptSecret(a.ID, stagedName)
	if err != nil {
		return err
	}
	t, err := oauth.UnmarshalToken(sealed)
	if err != nil {
		return err
	}
	s := &st.setup
	now := w.Now().UTC()
	s.SignIn.Attempts++
	s.SignIn.LastRevision = max(s.SignIn.LastRevision, s.SignIn.GrantRevision) + 1
	s.SignIn.GrantRevision = s.SignIn.LastRevision
	s.SignIn.AcceptedAt, s.SignIn.AcceptedBy = now, who.Name
	if s.SignIn.Pinned == nil {
		identity := a.Identity
		s.SignIn.Pinned = &identity
	}
	err = token.Accept(tx, token.Grant{
		Account: string(s.ID), Slot: slotOf(*s), Revision: s.SignIn.GrantRevision,
		Provider: a.Basis.Cloud, Tenant: a.Basis.Tenant, ClientID: a.Basis.ClientID,
		Asked: a.Scopes, Token: t, Accepted: now,
	})
	if err != nil {
		return err
	}
	s.UpdatedAt = now
	if err := tx.SaveSetup(s); err != nil {
		return err
	}
	if err := w.forget(tx, a.ID); err != nil {
		return err
	}
	a.State, a.Finished = AttemptAccepted, now
	if err := w.record(tx, who, s.ID, audit.TokenAccepted,
		"attempt", a.ID, "signed_in_as", a.Identity.UserName, "revision", fmt.Sprint(s.SignIn.GrantRevision)); err != nil {
		return err
	}
	return tx.SaveAttempt(a)
}

// Refuse drops a staged token, or stops a sign-in that has brought none yet.
func (w *Wizard) Refuse(ctx context.Context, who Who, id setup.ID, attempt string) error {
	var r Run
	err := w.onAttempt(ctx, who, id, attempt, func(tx Tx, a *Attempt) error {
		r = Run{}
		if a.State == AttemptRefused || a.State == AttemptReplaced {
			return nil // pressed twice: the same answer
		}
		if a.State == AttemptConfirmed || a.State == AttemptArrived {
			a.State, a.Finished = AttemptReplaced, w.Now().UTC()
			if err := w.forget(tx, a.ID); err != nil {
				return err
			}
			return w.record(tx, who, id, audit.TokenRefused, "attempt", a.ID)
		}
		if a.State != AttemptStaged {
			return ErrConflict
		}
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		s.SignIn.Attempts++
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		if err := w.forget(tx, a.ID); err != nil {
			return err
		}
		a.State, a.Finished = AttemptRefused, w.Now().UTC()
		if r, err = w.schedule(tx, id, setup.StepSignIn); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.TokenRefused, "attempt", a.ID, "signed_in_as", a.Identity.UserName)
	})
	if err == nil {
		w.launch(r)
	}
	return err
}

// Shown takes what Microsoft's page shows, as pasted: an error that never comes
// back to us. The text is taken apart, never used. If it names a failure that
// ends the sign-in under way, it is stored as far as it explains, and beside is
// nil. Anything else ends nothing: beside then says what the text means.
//
// Errors: paste.ErrEmpty, setup.InputErrors, ErrForbidden.
func (w *Wizard) Shown(ctx context.Context, who Who, id setup.ID, text string) (beside *finding.Finding, err error) {
	if who.Kind != WhoAdmin && !(who.Kind == WhoGuest && who.Setup == id && who.Role == RoleM365Admin) {
		return nil, ErrForbidden // it may end the sign-in, so an observer may not
	}
	failure, err := paste.ErrorText(text)
	if errors.Is(err, paste.ErrReturnAddress) {
		return nil, setup.InputErrors{{Field: PasteShown, Problem: ProblemReturnAddress}}
	}
	if err != nil {
		return nil, err
	}
	var r Run
	err = w.Store.Update(ctx, func(tx Tx) error {
		r, beside = Run{}, nil
		st, err := w.read(tx, id)
		if err != nil {
			return err
		}
		a := st.attempt
		again := a.State == AttemptFailed && a.Told
		// Nobody can be at the provider before the link was used.
		there := a.State == AttemptConfirmed || again
		if f := w.env(st).ExplainSignIn(failure); !there || !provider.EndsSignIn(f) {
			beside = &f
			return nil
		}
		a.Pasted, a.Told = a.State == AttemptConfirmed || again && a.Pasted, true
		r, err = w.storeFailure(tx, &st, &a, check.Guard(""), failure, who)
		return err
	})
	if err == nil {
		w.launch(r)
	}
	return beside, err
}

// Outcome tells the private window how its sign-in has ended. Only the browser
// that confirmed the link may ask.
//
// Errors: ErrNotFound.
func (w *Wizard) Outcome(ctx context.Context, attempt string, b Browser) (a Attempt, v View, err error) {
	err = w.Store.View(ctx, func(tx Tx) error {
		if a, err = tx.Attempt(attempt); err != nil {
			return err
		}
		if !a.belongsTo(b.Cookie) {
			return ErrNotFound
		}
		s, err := tx.Setup(a.Setup)
		if err != nil {
			return err
		}
		v, err = w.view(tx, s)
		return err
	})
	return a, v, err
}

// Sweep marks what time alone has decided: links and staged tokens that have
// expired, sign-ins whose process died. Looking at a setup calls it.
func (w *Wizard) Sweep(ctx context.Context, id setup.ID) error {
	var r Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		r = Run{}
		st, err := w.read(tx, id)
		if err != nil || st.attempt.ID == "" {
			return err
		}
		r, _, err = w.ripen(tx, &st, st.attempt)
		return err
	})
	if err == nil {
		w.launch(r)
	}
	return err
}

// ripen ends an attempt whose time is over.
func (w *Wizard) ripen(tx Tx, st *state, a Attempt) (Run, Attempt, error) {
	state, over := a.overdue(w.Now())
	if !over {
		return Run{}, a, nil
	}
	if state == AttemptLost {
		r, err := w.storeFailure(tx, st, &a, check.GuardLost, nil, System)
		return r, a, err
	}
	if err := w.forget(tx, a.ID); err != nil {
		return Run{}, a, err
	}
	if a.Pasted {
		a.Pasted = false
	} else {
		a.State, a.Finished = state, w.Now().UTC()
	}
	return Run{}, a, tx.SaveAttempt(&a)
}
