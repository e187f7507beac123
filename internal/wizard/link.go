package wizard

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/oauth"
	"latchkey/internal/setup"
)

// Browser is what a request says about the browser it came from.
type Browser struct {
	Who     Who  // address and agent; kind only if a session came along
	Session bool // the normal window's session cookie came along
	// Jar is whether this cookie jar is new: "yes" if its first visit was this
	// link, "no" if it was used for another, "missing" if no cookie came.
	Jar check.Proof
	// JarID names the cookie jar, "" if no cookie came.
	JarID string
	// Cookie is the transaction cookie, "" if none came.
	Cookie string
}

// Errors of the one-time link.
var (
	// ErrSameWindow: the link was opened in the window that started it. Nothing
	// is used up.
	ErrSameWindow = errors.New("wizard: the link was opened in the normal window")
	// ErrNoCookies: the browser keeps no cookies; the sign-in would fail too.
	ErrNoCookies = errors.New("wizard: the browser keeps no cookies")
)

// LinkDeadError: the link was used, replaced or has expired.
type LinkDeadError struct {
	State AttemptState
	Since time.Time
}

// Error implements error.
func (e *LinkDeadError) Error() string { return "wizard: the link is " + string(e.State) }

// BeginSignIn makes a one-time link. An older link of the setup dies. Only the
// link's hash is stored; typed, from which LinkCode makes the link's code, is
// returned once.
//
// Errors: *BlockedError while the gate is closed, *oauth.Error when the sign-in
// service could not be asked.
func (w *Wizard) BeginSignIn(ctx context.Context, who Who, id setup.ID) (typed string, a Attempt, err error) {
	if who.Kind != WhoAdmin {
		return "", a, ErrForbidden
	}
	var st state
	err = w.Store.View(ctx, func(tx Tx) error {
		if st, err = w.read(tx, id); err != nil {
			return err
		}
		return w.gate(tx, st, setup.StepSignIn)
	})
	if err != nil {
		return "", a, err
	}
	l, reg := w.line(st.setup), st.setup.Registration
	meta, err := l.oauth.Discover(ctx, l.provider.DiscoveryURL(reg.Tenant), func(issuer string) bool {
		return l.provider.IssuerOK(reg.Tenant, issuer)
	})
	if err != nil {
		return "", a, err
	}
	scopes := l.provider.AskFor(st.setup.Application.Protocols)
	pending, err := l.oauth.NewPending(meta, reg.ClientID, w.CallbackURL(), scopes)
	if err != nil {
		return "", a, err
	}
	now := w.Now().UTC()
	a = Attempt{
		Version: 1, Setup: id, State: AttemptCreated, Starter: who,
		Account: expected(st.setup), Basis: check.BasisOf(st.setup), Scopes: scopes,
		Started: now, Expires: now.Add(linkLife), StateHash: hashOf(pending.State.Reveal()),
	}
	typed, err = w.insertAttempt(ctx, who, &a, pending)
	w.Hook("link_committed")
	return typed, a, err
}

// expected is the account that should sign in: the pinned one, or the one that
// was named.
func expected(s setup.Setup) string {
	if s.SignIn.Pinned != nil {
		return s.SignIn.Pinned.UserName
	}
	return string(s.Application.SignInAccount)
}

func (w *Wizard) insertAttempt(ctx context.Context, who Who, a *Attempt, pending oauth.Pending) (string, error) {
	typed, err := w.newTypedCode()
	if err != nil {
		return "", err
	}
	code, _ := w.LinkCode(typed)
	if a.ID, err = w.newCode(); err != nil {
		return "", err
	}
	a.CodeHash = hashOf(code)
	sealed, err := pending.MarshalSecret()
	if err != nil {
		return "", err
	}
	return typed, w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(a.Setup)
		if err != nil {
			return err
		}
		if err := w.replace(tx, s, a.Started); err != nil {
			return err
		}
		if err := tx.InsertAttempt(*a); err != nil {
			return err
		}
		s.SignIn.Attempt = a.ID
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		if err := tx.PutAttemptSecret(a.ID, pendingName, sealed); err != nil {
			return err
		}
		return w.record(tx, who, a.Setup, audit.LinkCreated, "attempt", a.ID, "account", a.Account)
	})
}

// replace ends the sign-in of a setup that is still under way, with its link
// and its secrets.
func (w *Wizard) replace(tx Tx, s setup.Setup, now time.Time) error {
	if s.SignIn.Attempt == "" {
		return nil
	}
	a, err := tx.Attempt(s.SignIn.Attempt)
	if err != nil || a.Final() && !a.Pasted {
		return err
	}
	if a.Pasted = false; !a.Final() {
		a.State, a.Finished = AttemptReplaced, now
	}
	if err := w.forget(tx, a.ID); err != nil {
		return err
	}
	return tx.SaveAttempt(&a)
}

// gate returns a *BlockedError while step is closed. While a token is issued
// again, only what the preflight knows to be wrong stops: it may still be
// running when the person is already on the way to the private window. What
// comes after the sign-in is never passed over.
func (w *Wizard) gate(tx Tx, st state, step setup.StepID) error {
	results, err := w.results(tx, st.setup.ID)
	if err != nil {
		return err
	}
	steps, err := flow.Progress(flow.Of(st.setup), w.env(st), results, w.Now())
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.Step.ID != step {
			continue
		}
		var needs []flow.Need
		for _, n := range s.Needs {
			if n.Step != setup.StepPreflight || n.Reason == flow.ReasonBlocker || n.Reason == flow.ReasonEntry {
				needs = append(needs, n)
			}
		}
		if len(needs) > 0 {
			return &BlockedError{step, needs}
		}
	}
	return nil
}

// Link is what the landing page shows.
type Link struct {
	Attempt Attempt
	Setup   setup.Setup
}

// OpenLink tells what a link is for. It changes nothing: scanners open links
// before people do.
//
// Errors: ErrNotFound, *LinkDeadError, ErrSameWindow.
func (w *Wizard) OpenLink(ctx context.Context, code string, b Browser) (l Link, err error) {
	err = w.Store.View(ctx, func(tx Tx) error {
		if l.Attempt, err = tx.AttemptByCode(hashOf(code)); err != nil {
			return err
		}
		if l.Setup, err = tx.Setup(l.Attempt.Setup); err != nil {
			return err
		}
		if l.Attempt.State == AttemptConfirmed && (l.Attempt.belongsTo(b.Cookie) || l.Attempt.sameJar(b)) {
			return nil
		}
		return l.Attempt.open(w.Now())
	})
	if err == nil && b.Session {
		err = ErrSameWindow
	}
	return l, err
}

// open returns a *LinkDeadError unless the link can be used.
func (a Attempt) open(now time.Time) error {
	if state, over := a.overdue(now); over {
		return &LinkDeadError{state, a.Expires}
	}
	if a.State != AttemptCreated {
		since := a.Confirmed
		if a.State == AttemptReplaced {
			since = a.Finished
		}
		return &LinkDeadError{a.State, since}
	}
	return nil
}

// belongsTo reports whether cookie is the transaction cookie of a.
func (a Attempt) belongsTo(cookie string) bool {
	return cookie != "" && a.CookieHash != (Hash{}) && equalHash(a.CookieHash, hashOf(cookie))
}

// otherJar is evidence E1. In the browser that made the link, a missing session
// cookie shows a separate window. In another browser, or on another computer,
// there never was one: that it is missing shows nothing.
func (a Attempt) otherJar(b Browser) check.Proof {
	if b.Who.IP == a.Starter.IP && b.Who.Agent == a.Starter.Agent {
		return check.ProofYes
	}
	return check.ProofMissing
}

// sameJar reports whether the browser's cookie jar is the one that confirmed.
func (a Attempt) sameJar(b Browser) bool {
	return b.JarID != "" && equalHash(a.JarHash, hashOf(b.JarID))
}

// Leave is what the confirmed link leads to.
type Leave struct {
	Attempt  Attempt
	Provider string // name of the identity provider
	URL      string // at the identity provider
	Cookie   string // transaction cookie to set; "" if the browser has it already
}

// ConfirmLink uses a link up and binds the sign-in to this browser. Sent again
// from the same browser it leads to the same page; from another it is dead.
//
// Errors: as OpenLink, and ErrNoCookies.
func (w *Wizard) ConfirmLink(ctx context.Context, code string, b Browser) (out Leave, err error) {
	cookie, err := w.newCode()
	if err != nil {
		return out, err
	}
	extra, err := w.newCode()
	if err != nil {
		return out, err
	}
	cookie += extra
	err = w.Store.Update(ctx, func(tx Tx) error {
		out = Leave{}
		a, err := tx.AttemptByCode(hashOf(code))
		if err != nil {
			return err
		}
		if b.Session {
			return ErrSameWindow
		}
		switch {
		case a.State == AttemptConfirmed && a.belongsTo(b.Cookie):
		case a.State == AttemptConfirmed && a.sameJar(b):
			// The same browser, which never got the answer: it was confirmed
			// before, and gets its cookie now.
			a.CookieHash, out.Cookie = hashOf(cookie), cookie
			if err := tx.SaveAttempt(&a); err != nil {
				return err
			}
		default:
			if err := a.open(w.Now()); err != nil {
				return err
			}
			if b.Jar == check.ProofMissing {
				return ErrNoCookies
			}
			a.State, a.Confirmed, a.CookieHash, a.JarHash = AttemptConfirmed, w.Now().UTC(), hashOf(cookie), hashOf(b.JarID)
			a.OpenedBy, a.OtherJar, a.NewJar, a.Cookies = b.Who, a.otherJar(b), b.Jar, check.ProofYes
			out.Cookie = cookie
			if err := tx.SaveAttempt(&a); err != nil {
				return err
			}
			if err := w.record(tx, b.Who, a.Setup, audit.SignInConfirmed, "attempt", a.ID); err != nil {
				return err
			}
		}
		sealed, err := tx.AttemptSecret(a.ID, pendingName)
		if err != nil {
			return err
		}
		pending, err := oauth.UnmarshalPending(sealed)
		if err != nil {
			return err
		}
		s, err := tx.Setup(a.Setup)
		if err != nil {
			return err
		}
		out.Attempt, out.Provider = a, w.line(s).provider.Name
		out.URL = pending.AuthorizeURL(oauth.Hints{LoginHint: a.Account, Prompt: "login"})
		return nil
	})
	w.Hook("confirm_committed")
	return out, err
}

// LetIn records that the owner recognises the browser that opened the link.
// The sign-in of the expected person is then accepted by itself.
func (w *Wizard) LetIn(ctx context.Context, who Who, id setup.ID, attempt string) error {
	return w.onAttempt(ctx, who, id, attempt, func(tx Tx, a *Attempt) error {
		if a.LetIn {
			return nil // pressed twice: the same answer
		}
		if a.State != AttemptConfirmed && a.State != AttemptArrived && a.State != AttemptRedeeming {
			return ErrConflict
		}
		a.LetIn = true
		return w.record(tx, who, id, audit.BrowserRecognised, "attempt", a.ID)
	})
}

// onAttempt runs fn on an attempt of a setup that who owns, and saves it.
func (w *Wizard) onAttempt(ctx context.Context, who Who, id setup.ID, attempt string, fn func(Tx, *Attempt) error) error {
	if who.Kind != WhoAdmin {
		return ErrForbidden
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		a, err := tx.Attempt(attempt)
		if err != nil {
			return err
		}
		if a.Setup != id {
			return ErrNotFound
		}
		if err := fn(tx, &a); err != nil {
			return err
		}
		return tx.SaveAttempt(&a)
	})
}
