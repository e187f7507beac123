package check_test

import (
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

func TestAccountMethod(t *testing.T) {
	tests := []struct {
		name      string
		method    setup.Method
		account   setup.Address
		mailboxes []setup.Address
		code      string
		severity  finding.Severity
		params    []string
	}{
		{"one mailbox, its own account", setup.MailboxAccount, "a@contoso.example", []setup.Address{"a@contoso.example"}, "", "", nil},
		{"one mailbox, an account that is called otherwise", setup.MailboxAccount, "upn@contoso.example", []setup.Address{"a@contoso.example"},
			"sign_in_account_differs", finding.Note, []string{"sign_in_account", "upn@contoso.example", "mailbox", "a@contoso.example"}},
		{"two mailboxes, one mailbox account", setup.MailboxAccount, "a@contoso.example", []setup.Address{"a@contoso.example", "b@contoso.example"},
			"several_mailboxes_one_account", finding.Blocker, []string{"count", "2"}},
		{"two mailboxes, a shared account", setup.SharedAccount, "svc@contoso.example", []setup.Address{"a@contoso.example", "b@contoso.example"}, "", "", nil},
		{"the shared mailbox signs in", setup.SharedAccount, "B@Contoso.example", []setup.Address{"a@contoso.example", "b@contoso.example"},
			"shared_mailbox_signs_in", finding.Warning, []string{"sign_in_account", "b@contoso.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := setup.Setup{Application: setup.Application{Method: tt.method, SignInAccount: tt.account, Mailboxes: tt.mailboxes}}
			waits(t, check.AccountMethod, s)
			out := judge(t, check.AccountMethod, envOf(s), check.Target{})
			if tt.code == "" {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, tt.code)
			wantParams(t, out, tt.params...)
			if got := out.Findings[0].Severity(); got != tt.severity {
				t.Errorf("severity %s, want %s", got, tt.severity)
			}
		})
	}
	waits(t, check.AccountMethod, setup.Setup{}, setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount)
}

func TestProtocols(t *testing.T) {
	list := func(p ...setup.Protocol) []setup.Protocol { return p }
	tests := []struct {
		name, product string
		protocols     []setup.Protocol
		fits          bool
	}{
		{"IMAP and SMTP", "ece", list(setup.IMAP, setup.SMTP), true},
		{"POP3 and SMTP", "ece", list(setup.POP3, setup.SMTP), true},
		{"all three", "ece", list(setup.IMAP, setup.POP3, setup.SMTP), true},
		{"fetches only", "ece", list(setup.IMAP, setup.POP3), false},
		{"sends only", "ece", list(setup.SMTP), false},
		{"another product may fetch only", "other", list(setup.IMAP), true},
		{"another product may send only", "other", list(setup.SMTP), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := setup.Setup{Application: setup.Application{Product: tt.product, Protocols: tt.protocols}}
			waits(t, check.Protocols, s)
			out := judge(t, check.Protocols, envOf(s), check.Target{})
			if tt.fits {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, "protocols_unfit")
			wantParams(t, out, "product", "Cisco ECE (eGain)")
		})
	}
	waits(t, check.Protocols, setup.Setup{}, setup.FieldProduct, setup.FieldProtocols)
}
