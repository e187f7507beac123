package check

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// What is known beside a refusal comes from the setup, the sign-in and the
// checks that have passed.
func TestContextOfAFailure(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const box = setup.Address("sales@contoso.example")
	envOf := func(change func(*Env)) *Env {
		e := &Env{Now: func() time.Time { return now }, Config: Config{ExternalURL: "https://latchkey.contoso.example"}}
		e.Setup.Application.Method = setup.SharedAccount
		if change != nil {
			change(e)
		}
		return e
	}
	passed := func(ago time.Duration, checks ...string) func(*Env) {
		return func(e *Env) {
			e.Proven = func(check string, mailbox setup.Address) time.Time {
				for _, c := range checks {
					if c == check && (mailbox == box || c == "token_claims" && mailbox == "") {
						return now.Add(-ago)
					}
				}
				return time.Time{}
			}
		}
	}
	mail := func(p setup.Protocol) Target { return Target{Protocol: p, Mailbox: box} }
	all := []string{"token_claims", "imap", "pop3", "smtp_login"}
	for _, tt := range []struct {
		name   string
		env    *Env
		target Target
		want   provider.Context
	}{
		{"nothing known", envOf(nil), mail(setup.POP3), provider.Context{}},
		{"all else works", envOf(passed(time.Minute, all...)), mail(setup.POP3), provider.Context{TokenFine: true, IMAPWorks: true, SMTPWorks: true}},
		{"all else worked yesterday", envOf(passed(25*time.Hour, all...)), mail(setup.POP3), provider.Context{}},
		{"the failing protocol itself", envOf(passed(time.Minute, "imap")), mail(setup.IMAP), provider.Context{}},
		{"another mailbox", envOf(passed(time.Minute, "imap")), Target{Protocol: setup.SMTP, Mailbox: "b@contoso.example"}, provider.Context{}},
		{"a connection without a mailbox", envOf(func(e *Env) {
			e.Proven = func(string, setup.Address) time.Time { panic("a block is judged inside of a transaction") }
		}), Target{Protocol: setup.SMTP}, provider.Context{}},
		{"rights given by the script", envOf(func(e *Env) {
			e.Setup.Mailbox.Exchange = &setup.Exchange{Repaired: true, At: now.Add(-10 * time.Minute)}
		}), mail(setup.SMTP), provider.Context{Changed: provider.ChangeSendAs, ChangedAgo: 10 * time.Minute}},

		{"an old sign-in", envOf(func(e *Env) { e.SignIn.Accepted, e.Granted = true, now.Add(-50*time.Hour) }), Target{}, provider.Context{GrantAge: 50 * time.Hour}},
		{"an old sign-in, a failed new one", envOf(func(e *Env) { e.Granted = now.Add(-50 * time.Hour) }), Target{}, provider.Context{}},
		{"an old sign-in is not the token's age", envOf(func(e *Env) { e.SignIn.Accepted, e.Granted = true, now.Add(-50*time.Hour) }), mail(setup.IMAP), provider.Context{}},
		{"a secret of the script", envOf(func(e *Env) { e.Setup.Registration.SecretMadeAt = now.Add(-2 * time.Minute) }), Target{},
			provider.Context{Changed: provider.ChangeSecret, ChangedAgo: 2 * time.Minute}},
		{"a typed secret", envOf(func(e *Env) { e.Setup.Registration.SecretSavedAt = now }), Target{}, provider.Context{}},
		{"a consent", envOf(func(e *Env) {
			e.Setup.Registration.SecretMadeAt = now.Add(-5 * time.Minute)
			e.Setup.Registration.Consent = &setup.Consent{At: now.Add(-3 * time.Minute), Granted: true}
		}), Target{}, provider.Context{Changed: provider.ChangeConsent, ChangedAgo: 3 * time.Minute}},
		{"a refused consent", envOf(func(e *Env) {
			e.Setup.Registration.Consent = &setup.Consent{At: now.Add(-3 * time.Minute)}
		}), Target{}, provider.Context{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Method, tt.want.ExternalURL = setup.SharedAccount, "https://latchkey.contoso.example"
			tt.want.Protocol, tt.want.Mailbox = tt.target.Protocol, string(tt.target.Mailbox)
			if diff := cmp.Diff(tt.want, tt.env.context(tt.target), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A token that nobody can read was not judged, although its check has passed.
func TestAnOpaqueTokenIsNotFine(t *testing.T) {
	c := tokenContext(provider.Context{TokenFine: true}, oauth.Token{Access: secret.New("EwB")})
	if c.TokenFine {
		t.Error("an opaque token counts as judged")
	}
}

// Findings that a check makes itself lead to the portal too.
func TestLinked(t *testing.T) {
	const client = "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"
	e := &Env{Provider: provider.Entra}
	e.Setup.Registration.ClientID = client
	out := e.Linked(Found(
		finding.New(provider.IMAPDisabled, "signed_in_as", "a@contoso.example"),
		finding.New(provider.TokenScopeMissing, "protocol", "IMAP", "scope", "x"),
		finding.New(licenceMissing, "sign_in_account", "a@contoso.example"),
	))
	for i, want := range []map[string]string{
		{"signed_in_as": "a@contoso.example", "link_users": provider.Entra.PortalLink(provider.PageUsers, "")},
		{"protocol": "IMAP", "scope": "x", "link_permissions": provider.Entra.PortalLink(provider.PagePermissions, client)},
		{"sign_in_account": "a@contoso.example"},
	} {
		if diff := cmp.Diff(want, out.Findings[i].Params); diff != "" {
			t.Error(diff)
		}
	}
}
