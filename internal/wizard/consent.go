package wizard

import (
	"context"
	"errors"
	"net/url"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/oauth"
	"latchkey/internal/setup"
)

// BeginConsent returns the address of the admin-consent page. Its answer comes
// back through the callback, bound to the cookie this browser gets.
func (w *Wizard) BeginConsent(ctx context.Context, who Who, id setup.ID) (address, cookie string, err error) {
	if !may(who, id, setup.StepRegistration) {
		return "", "", ErrForbidden
	}
	var st state
	if err := w.Store.View(ctx, func(tx Tx) error { st, err = w.read(tx, id); return err }); err != nil {
		return "", "", err
	}
	l, reg := w.line(st.setup), st.setup.Registration
	pending, err := l.oauth.NewPending(oauth.Metadata{}, reg.ClientID, w.CallbackURL(), nil)
	if err != nil {
		return "", "", err
	}
	scopes := l.provider.AskFor(st.setup.Application.Protocols)
	address = l.provider.AdminConsentURL(reg.Tenant, reg.ClientID, w.CallbackURL(), pending.State.Reveal(), scopes)
	if address == "" || reg.ClientID == "" || reg.Tenant == "" {
		return "", "", ErrNotFound
	}
	if cookie, err = w.newCode(); err != nil {
		return "", "", err
	}
	now := w.Now().UTC()
	a := Attempt{
		Version: 1, Setup: id, Kind: KindConsent, State: AttemptConfirmed, Starter: who, Basis: check.BasisOf(st.setup),
		Scopes: scopes, Started: now, Confirmed: now, Expires: now.Add(linkLife),
		StateHash: hashOf(pending.State.Reveal()), CookieHash: hashOf(cookie),
	}
	_, err = w.insertAttempt(ctx, who, &a, pending)
	return address, cookie, err
}

// ConsentReturned takes the answer of the admin-consent page. Its word is
// recorded, not trusted: the tenant it names identifies nobody
// (learn.microsoft.com/entra/identity-platform/v2-admin-consent, 2026-11-21).
//
// Errors: ErrUnknownState, ErrForeignBrowser.
func (w *Wizard) ConsentReturned(ctx context.Context, query url.Values, b Browser) (id setup.ID, err error) {
	err = w.Store.Update(ctx, func(tx Tx) error {
		a, err := tx.AttemptByState(hashOf(query.Get("state")))
		if errors.Is(err, ErrNotFound) || err == nil && a.Kind != KindConsent {
			return ErrUnknownState
		}
		switch {
		case err != nil:
			return err
		case !a.belongsTo(b.Cookie):
			return ErrForeignBrowser
		}
		id = a.Setup
		if a.State != AttemptConfirmed {
			return nil // shown again
		}
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		now := w.Now().UTC()
		cut := func(text string) string { return text[:min(len(text), 500)] }
		s.Registration.Consent = &setup.Consent{
			At: now, By: a.Starter.Name,
			Granted: query.Get("error") == "" && query.Get("admin_consent") != "",
			Error:   cut(query.Get("error")), Description: cut(query.Get("error_description")),
		}
		a.State, a.Finished = AttemptAccepted, now
		if err := w.forget(tx, a.ID); err != nil {
			return err
		}
		if err := tx.SaveAttempt(&a); err != nil {
			return err
		}
		granted := "no"
		if s.Registration.Consent.Granted {
			granted = "yes"
		}
		if err := w.record(tx, a.Starter, id, audit.ConsentReturned, "granted", granted); err != nil {
			return err
		}
		return tx.SaveSetup(&s)
	})
	if err != nil {
		return id, err
	}
	return id, w.StartRun(ctx, id, setup.StepRegistration)
}
