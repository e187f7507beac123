package wizard

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/oauth"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// Errors of the callback that belong to no attempt this browser may see.
var (
	// ErrUnknownState: no sign-in waits for this answer.
	ErrUnknownState = errors.New("wizard: no sign-in waits for this answer")
	// ErrForeignBrowser: the answer came to another browser than the one in
	// which the sign-in was confirmed. Nothing was stored or used up.
	ErrForeignBrowser = errors.New("wizard: the answer came to another browser")
)

func equalHash(a, b Hash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// Callback takes the identity provider's answer. The order is the defence:
// find the pending attempt by state, see that this browser started it, take it
// exactly once, read the provider's error, redeem with the stored redirect URI
// and verifier, compare tenant and person, stage. Whatever fails is stored with
// its explanation and shown; a second arrival sees what the first has stored.
func (w *Wizard) Callback(ctx context.Context, query url.Values, b Browser) (Attempt, error) {
	cb, err := oauth.ParseCallback(query)
	if err != nil {
		return Attempt{}, ErrUnknownState
	}
	a, pending, err := w.arrive(ctx, cb.State, b)
	if err != nil || a.State != AttemptArrived {
		return a, err
	}
	w.Hook("callback_arrived")
	// A browser that goes away must not end what the provider has begun: its
	// code is spent with the first request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redeemLife)
	defer cancel()
	done, err := w.begin()
	if err != nil {
		return a, err
	}
	defer done()
	client, err := w.clientSecret(ctx, a.Setup)
	if err != nil {
		return a, err
	}
	a, s, mine, err := w.takeOnce(ctx, a)
	if err != nil || !mine {
		return a, err
	}
	w.Hook("redeem_intended")
	if a.Basis != check.BasisOf(s) {
		// Another client, or another provider by now: the code of the one must
		// not meet the secret of the other.
		return w.stage(ctx, a, pending, oauth.Token{}, oauth.IDClaims{}, errBasis, b)
	}
	t, claims, err := w.line(s).oauth.Redeem(ctx, pending, cb, client)
	w.Hook("redeemed")
	return w.stage(ctx, a, pending, t, claims, err, b)
}

// arrive finds the attempt and binds the answer to the browser. An attempt
// that is further on comes back as it is.
func (w *Wizard) arrive(ctx context.Context, stateParam secret.Text, b Browser) (a Attempt, p oauth.Pending, err error) {
	var r Run
	err = w.Store.Update(ctx, func(tx Tx) error {
		r = Run{}
		a, err = tx.AttemptByState(hashOf(stateParam.Reveal()))
		if errors.Is(err, ErrNotFound) {
			return ErrUnknownState
		}
		if err != nil {
			return err
		}
		if !a.belongsTo(b.Cookie) {
			return ErrForeignBrowser
		}
		st, err := w.read(tx, a.Setup)
		if err != nil {
			return err
		}
		if r, a, err = w.ripen(tx, &st, a); err != nil {
			return err
		}
		if a.Pasted {
			a.reopen()
		}
		if a.State != AttemptConfirmed && a.State != AttemptArrived {
			return nil
		}
		sealed, err := tx.AttemptSecret(a.ID, pendingName)
		if err != nil {
			return err
		}
		if p, err = oauth.UnmarshalPending(sealed); err != nil {
			return err
		}
		if a.State == AttemptArrived {
			return nil // killed before the request was sent: the same browser may go on
		}
		a.State, a.Arrived = AttemptArrived, w.Now().UTC()
		if err := w.record(tx, b.Who, a.Setup, audit.CallbackReceived, "attempt", a.ID); err != nil {
			return err
		}
		return tx.SaveAttempt(&a)
	})
	if errors.Is(err, ErrForeignBrowser) {
		w.Log.Warn("callback refused: foreign browser", "attempt", a.ID, "address", b.Who.IP)
		if err := w.Store.Update(ctx, func(tx Tx) error {
			return w.record(tx, b.Who, a.Setup, audit.CallbackRefused, "attempt", a.ID, "reason", "foreign browser")
		}); err != nil {
			return Attempt{}, p, err
		}
		return Attempt{}, p, ErrForeignBrowser
	}
	if err == nil {
		w.launch(r)
	}
	return a, p, err
}

// takeOnce moves the attempt from arrived to redeeming by compare-and-swap: of
// any number of parallel arrivals one goes on, the others see its state. It
// also writes down the intent, so that a crash is explained later.
func (w *Wizard) takeOnce(ctx context.Context, a Attempt) (now Attempt, s setup.Setup, mine bool, err error) {
	err = w.Store.Update(ctx, func(tx Tx) error {
		mine = false
		if now, err = tx.Attempt(a.ID); err != nil || now.State != AttemptArrived {
			return err
		}
		if s, err = tx.Setup(a.Setup); err != nil {
			return err
		}
		mine = true
		now.State, now.Arrived = AttemptRedeeming, w.Now().UTC()
		return tx.SaveAttempt(&now)
	})
	return now, s, mine, err
}

// errBasis: the answers that a sign-in was begun with have changed.
var errBasis = errors.New("wizard: tenant, client ID, cloud or sign-in account was changed during the sign-in")

// stage judges the redeemed token and stores it for acceptance, or stores why
// there is none.
func (w *Wizard) stage(ctx context.Context, a Attempt, p oauth.Pending, t oauth.Token, claims oauth.IDClaims, failure error, b Browser) (Attempt, error) {
	var r Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		r = Run{}
		st, err := w.read(tx, a.Setup)
		if err != nil {
			return err
		}
		now, err := tx.Attempt(a.ID)
		if err != nil {
			return err
		}
		if now.State != AttemptRedeeming {
			a = now // replaced meanwhile: the token is dropped
			return nil
		}
		a = now
		if err := tx.PutAttemptSecret(a.ID, pendingName, secret.Text{}); err != nil {
			return err
		}
		guard, cause := w.judge(&a, st.setup, p, t, claims, failure)
		if guard != "" || cause != nil {
			r, err = w.storeFailure(tx, &st, &a, guard, cause, b.Who)
			return err
		}
		sealed, err := t.MarshalSecret()
		if err != nil {
			return err
		}
		if err := tx.PutAttemptSecret(a.ID, stagedName, sealed); err != nil {
			return err
		}
		a.State, a.Finished, a.Granted = AttemptStaged, w.Now().UTC(), t.Scope
		if err := w.record(tx, b.Who, a.Setup, audit.TokenStaged, "attempt", a.ID, "signed_in_as", a.Identity.UserName); err != nil {
			return err
		}
		if a.RightOne == check.ProofYes && (a.LetIn || w.KnownClientIP && a.OpenedBy.IP != "" && a.OpenedBy.IP == a.Starter.IP) {
			if err := w.accept(tx, a.Starter, &st, &a); err != nil {
				return err
			}
			r, err = w.schedule(tx, a.Setup, setup.StepSignIn)
			return err
		}
		if a.RightOne == check.ProofNo {
			st.setup.SignIn.Attempts++
			if err := tx.SaveSetup(&st.setup); err != nil {
				return err
			}
			if r, err = w.schedule(tx, a.Setup, setup.StepSignIn); err != nil {
				return err
			}
		}
		return tx.SaveAttempt(&a)
	})
	w.Hook("staged_committed")
	if err == nil {
		w.launch(r)
	}
	return a, err
}

// judge compares who signed in, and how freshly, with what was expected. It
// fills the evidence of a and returns the guard that stops, if one does.
func (w *Wizard) judge(a *Attempt, s setup.Setup, p oauth.Pending, t oauth.Token, claims oauth.IDClaims, failure error) (check.Guard, error) {
	var refused *oauth.Refused
	switch {
	case errors.Is(failure, errBasis):
		return check.GuardChanged, failure
	case errors.As(failure, &refused):
		return check.GuardIDToken, failure
	case failure != nil:
		return "", failure
	}
	names := w.line(s).provider.Claims
	a.FreshLogin = freshness(claims.AuthTime, a.Confirmed)
	a.Identity = setup.Identity{
		ObjectID: claims.String(names.Subject), UserName: claims.String(names.UserName), Name: claims.String("name"),
	}
	if names.Tenant != "" {
		a.Identity.TenantID = strings.ToLower(claims.String(names.Tenant))
		if a.Identity.TenantID != w.line(s).provider.TenantOf(p.Issuer) {
			a.RightOne = check.ProofNo
			return check.GuardTenant, nil
		}
	}
	if a.Identity.ObjectID == "" {
		return check.GuardIDToken, errors.New("wizard: the ID token names no subject")
	}
	pinned := s.SignIn.Pinned
	switch {
	case pinned != nil && !pinned.Same(a.Identity):
		a.RightOne = check.ProofNo
		return check.GuardPerson, nil
	case pinned != nil || setup.Address(a.Identity.UserName).Equal(s.Application.SignInAccount):
		a.RightOne = check.ProofYes
	default:
		a.RightOne = check.ProofNo
	}
	switch {
	case a.FreshLogin == check.ProofNo:
		return check.GuardNotFresh, nil
	case a.NewJar == check.ProofNo && a.FreshLogin != check.ProofYes:
		return check.GuardReused, nil
	case t.Refresh.IsZero():
		return check.GuardNoRefresh, nil
	}
	return "", nil
}

// freshness is evidence E4: the password was entered after the link was used.
// A missing claim proves nothing either way.
func freshness(authTime, confirmed time.Time) check.Proof {
	switch {
	case authTime.IsZero():
		return check.ProofMissing
	case authTime.Before(confirmed.Add(-authLeeway)):
		return check.ProofNo
	}
	return check.ProofYes
}

// storeFailure ends the attempt and schedules the step's check, which explains
// it.
func (w *Wizard) storeFailure(tx Tx, st *state, a *Attempt, guard check.Guard, cause error, who Who) (Run, error) {
	if err := a.fail(guard, cause, w.Now().UTC()); err != nil {
		return Run{}, err
	}
	if !a.Pasted {
		if err := w.forget(tx, a.ID); err != nil {
			return Run{}, err
		}
	}
	st.setup.SignIn.Attempts++
	if err := tx.SaveSetup(&st.setup); err != nil {
		return Run{}, err
	}
	detail := []string{"attempt", a.ID, "guard", string(guard)}
	var oe *oauth.Error
	if errors.As(cause, &oe) {
		detail = append(detail, "error", oe.Code)
	}
	if err := w.record(tx, who, a.Setup, audit.SignInFailed, detail...); err != nil {
		return Run{}, err
	}
	if err := tx.SaveAttempt(a); err != nil {
		return Run{}, err
	}
	return w.schedule(tx, a.Setup, setup.StepSignIn)
}

// forget drops an attempt's secrets.
func (w *Wizard) forget(tx Tx, attempt string) error {
	if err := tx.PutAttemptSecret(attempt, pendingName, secret.Text{}); err != nil {
		return err
	}
	return tx.PutAttemptSecret(attempt, stagedName, secret.Text{})
}
