package check

import (
	"context"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

var (
	sharedSMTPOfProduct = &finding.Definition{
		Code: "product_smtp_not_proved", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "That SMTP works here does not prove that {{.product}} can send",
		Consequence: "{{.product}} may log in with the address of the mailbox, and Exchange refuses that with a shared account.",
		Cause:       "Here the login name is {{.sign_in_account}}, which works. Which name {{.product}} uses is not known.",
		Remedy:      "Send a message with {{.product}} itself before the hand-over ends.",
		Params:      []string{"product", "sign_in_account"},
	}
	provedByProduct = &finding.Definition{
		Code: "proved_by_product_only", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Nobody signed in here: {{.product}} alone proves sign-in and mail flow",
		Consequence: "Not proved here: who signs in, the permissions of the token, its renewal, opening and sending.",
		Cause:       "This setup was started as a checklist only.",
		Remedy:      "Send a message in both directions with {{.product}}, and look again after 95 minutes.",
		Params:      []string{"product"},
	}
)

// SMTPOfProduct says what a green result of ours does not say. It is measured:
// with a shared account Exchange accepts the account's name and refuses the
// mailbox's (threads, and one measurement of September 2026).
var SMTPOfProduct = &Check{
	ID:    "product_smtp",
	Reads: []setup.Field{setup.FieldProduct, setup.FieldMethod, setup.FieldProtocols, setup.FieldSignInAccount},
	Targets: func(e *Env) []Target {
		if !e.Setup.Application.Has(setup.SMTP) || e.Setup.Application.Method != setup.SharedAccount || e.Setup.Application.ChecklistOnly {
			return nil
		}
		return ofChecklist(e)
	},
	Finds: []*finding.Definition{sharedSMTPOfProduct},
	Grade: Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		return Found(finding.New(sharedSMTPOfProduct, e.productParams(sharedSMTPOfProduct)...))
	},
}

// ProvedByProduct stands for the two steps that do not apply without a sign-in
// of our own, so that the report says what was not proved.
var ProvedByProduct = &Check{
	ID:    "proved_by_product",
	Reads: []setup.Field{setup.FieldProduct, setup.FieldChecklistOnly},
	Targets: func(e *Env) []Target {
		if !e.Setup.Application.ChecklistOnly {
			return nil
		}
		return []Target{{}}
	},
	Finds: []*finding.Definition{provedByProduct},
	Grade: Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		return Found(finding.New(provedByProduct, "product", e.Product.Name))
	},
}
