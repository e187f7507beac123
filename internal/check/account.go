package check

import (
	"context"
	"strconv"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

var (
	severalMailboxes = &finding.Definition{
		Code: "several_mailboxes_one_account", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "One mailbox account cannot serve {{.count}} mailboxes",
		Consequence: "The token opens only the mailbox of the account that signs in.",
		Cause:       "With the method mailbox account, each mailbox has its own account and its own token.",
		Remedy:      "Choose the method shared account, or make one setup per mailbox.",
		Params:      []string{"count"},
	}
	sharedSignsIn = &finding.Definition{
		Code: "shared_mailbox_signs_in", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.sign_in_account}} is a mailbox of this setup and the account that signs in",
		Consequence: "If it is a shared mailbox, Microsoft refuses its sign-in.",
		Cause:       "A shared account is a licensed person or service account with Full Access to the mailboxes.",
		Remedy:      "Enter the account that has Full Access, not the shared mailbox.",
		Params:      []string{"sign_in_account"},
	}
	otherAccountName = &finding.Definition{
		Code: "sign_in_account_differs", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.sign_in_account}} signs in for {{.mailbox}}",
		Consequence: "The token opens the mailbox of {{.sign_in_account}}, whatever it is called.",
		Cause:       "A user principal name may differ from the mail address. Or two accounts were mixed up.",
		Remedy:      "Go on if both belong to one account. Otherwise enter the account of the mailbox, or choose the shared account.",
		Params:      []string{"sign_in_account", "mailbox"},
	}
	protocolsUnfit = &finding.Definition{
		Code: "protocols_unfit", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} needs SMTP to send, and IMAP or POP3 to fetch",
		Consequence: "With this choice the product can only do one of the two.",
		Cause:       "The product sends over SMTP only, and fetches over IMAP or POP3.",
		Remedy:      "Choose SMTP, and one of IMAP and POP3.",
		Params:      []string{"product"},
	}
)

// AccountMethod judges whether mailboxes, sign-in account and method fit.
var AccountMethod = &Check{
	ID:    "account_method",
	Reads: []setup.Field{setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount},
	Needs: []setup.Field{setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount},
	Finds: []*finding.Definition{severalMailboxes, sharedSignsIn, otherAccountName},
	Grade: Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		a := e.Setup.Application
		if a.Method == setup.MailboxAccount && len(a.Mailboxes) > 1 {
			return Found(finding.New(severalMailboxes, "count", strconv.Itoa(len(a.Mailboxes))))
		}
		if a.Method == setup.MailboxAccount && !a.Mailboxes[0].Equal(a.SignInAccount) {
			return Found(finding.New(otherAccountName, "sign_in_account", string(a.SignInAccount), "mailbox", string(a.Mailboxes[0])))
		}
		if a.Method == setup.SharedAccount {
			for _, m := range a.Mailboxes {
				if m.Equal(a.SignInAccount) {
					return Found(finding.New(sharedSignsIn, "sign_in_account", string(m)))
				}
			}
		}
		return Passed()
	},
}

// Protocols judges whether the chosen protocols are what the product can do.
var Protocols = &Check{
	ID:    "protocols",
	Reads: []setup.Field{setup.FieldProduct, setup.FieldProtocols},
	Needs: []setup.Field{setup.FieldProduct, setup.FieldProtocols},
	Finds: []*finding.Definition{protocolsUnfit},
	Grade: Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		a := e.Setup.Application
		if e.Product.FetchesAndSends && (!a.Has(setup.SMTP) || !a.Has(setup.IMAP) && !a.Has(setup.POP3)) {
			return Found(finding.New(protocolsUnfit, "product", e.Product.Name))
		}
		return Passed()
	},
}
