package wizard

import (
	"context"
	"crypto/hmac"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/setup"
)

// consentLife is how long the admin-consent page may take to come back.
const consentLife = 8 * time.Hour

// consentState names the setup and when the link was made, signed with our
// key. Nothing is stored for it: what comes back is a word that is recorded
// and not trusted, so a link that is used twice does no harm.
func (w *Wizard) consentState(id setup.ID, who string) string {
	text := strings.Join([]string{"consent", string(id), strconv.FormatInt(w.Now().Unix(), 10), who}, ".")
	return text + "." + w.sign("admin consent", text)[:32]
}

// ConsentURL is the address of the admin-consent page; "" while the
// registration is not known or the provider has none.
func (w *Wizard) ConsentURL(v View, who Who) string {
	reg := v.Setup.Registration
	if reg.ClientID == "" || reg.Tenant == "" || !may(who, v.Setup.ID, setup.StepRegistration) {
		return ""
	}
	scopes := v.Provider.AskFor(v.Setup.Application.Protocols)
	return v.Provider.AdminConsentURL(reg.Tenant, reg.ClientID, w.CallbackURL(), w.consentState(v.Setup.ID, who.ID), scopes)
}

// IsConsent reports whether an answer at the callback comes from the
// admin-consent page.
func IsConsent(query url.Values) bool { return strings.HasPrefix(query.Get("state"), "consent.") }

// ConsentReturned takes the answer of the admin-consent page. The tenant it
// names identifies nobody (learn.microsoft.com/entra/identity-platform/
// v2-admin-consent, 2026-11-21); the sign-in and the token's permissions prove
// the consent.
//
// Errors: ErrUnknownState.
func (w *Wizard) ConsentReturned(ctx context.Context, query url.Values, who Who) (setup.ID, error) {
	text, mac, _ := cutLast(query.Get("state"), ".")
	parts := strings.SplitN(text, ".", 4)
	if len(parts) != 4 || !hmac.Equal([]byte(mac), []byte(w.sign("admin consent", text)[:32])) {
		return "", ErrUnknownState
	}
	made, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || w.Now().Sub(time.Unix(made, 0)) > consentLife {
		return "", ErrUnknownState
	}
	id := setup.ID(parts[1])
	if err := w.mayRun(who, id); err != nil {
		return "", err
	}
	cut := func(s string) string { return s[:min(len(s), 500)] }
	c := setup.Consent{
		At: w.Now().UTC(), By: who.Name,
		Granted: query.Get("error") == "" && strings.EqualFold(query.Get("admin_consent"), "true"),
		Error:   cut(query.Get("error")), Description: cut(query.Get("error_description")),
	}
	err = w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		s.Registration.Consent = &c
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.ConsentReturned, "granted", strconv.FormatBool(c.Granted))
	})
	if err != nil {
		return "", err
	}
	return id, w.StartRun(ctx, id, setup.StepRegistration)
}
