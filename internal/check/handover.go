package check

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/product"
	"latchkey/internal/setup"
)

var (
	notGenerated = &finding.Definition{
		Code: "product_token_not_generated", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true, Asks: "generated",
		Title:       "Nobody has stated that {{.product}} made its own token",
		Consequence: "The mailbox works for Latchkey's own sign-in only. The product fetches nothing.",
		Cause:       "The product makes and keeps its own token with its Generate button.",
		Remedy:      "In the same private window, press Generate in the product, save, and tick the box in the step Hand-over.",
		Params:      []string{"product"},
	}
	keeperIdle = &finding.Definition{
		Code: "first_renewal_outstanding", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The keeper has not renewed the token yet",
		Consequence: "Nobody has seen that the token stays alive without a person.",
		Cause:       "No node with the role services is running, or its turn has not come.",
		Remedy:      "Start Latchkey with the role services or all. The first renewal follows within a minute.",
	}
	keeperFailed = &finding.Definition{
		Code: "first_renewal_failed", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The keeper tried to renew the token and was refused",
		Consequence: "Mail stops when the present access token ends.",
		Cause:       "The answer is in the evidence, word for word.",
		Remedy:      "Check the verification again: its renewal has the full explanation.",
	}
	reportMissing = &finding.Definition{
		Code: "report_not_stored", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The report is not stored yet",
		Consequence: "Nobody can look up later what was verified.",
		Cause:       "It is stored by itself when a decision about the sign-in is saved.",
		Remedy:      "Decide about the sign-in in the step Hand-over, and save.",
	}
)

// KeyDecision judges what happens with the token: the decision is a person's,
// its consequences are not.
var KeyDecision = &Check{
	ID:    "key_decision",
	Reads: []setup.Field{setup.FieldHandover, setup.FieldProduct, setup.FieldGrant},
	Needs: []setup.Field{setup.FieldHandover},
	Finds: []*finding.Definition{notGenerated},
	Grade: Human,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		h := e.Setup.Handover
		if e.Product.Key == product.OwnKey && h.GeneratedAt.IsZero() {
			return Found(finding.New(notGenerated, "product", e.Product.Name))
		}
		return Passed(Fact{"key", string(h.Key)})
	},
}

// renewalWithin is how long the keeper has for its first renewal: it looks every
// few seconds.
const renewalWithin = time.Minute

// FirstRenewal waits for the keeper's first renewal where Latchkey keeps the
// token: a key nobody turns is not kept.
var FirstRenewal = &Check{
	ID:    "first_renewal",
	Reads: []setup.Field{setup.FieldHandover, setup.FieldGrant},
	Targets: func(e *Env) []Target {
		if e.Setup.Handover.Key != setup.LatchkeyKeeps && e.Setup.Handover.Key != setup.KeepWatchman {
			return nil
		}
		return []Target{{}}
	},
	After: []*Check{KeyDecision},
	Finds: []*finding.Definition{keeperIdle, keeperFailed},
	Grade: Automatic, Timeout: 5 * time.Second, MaxAge: time.Minute,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		k := e.Keeper
		switch {
		case k.Renewals == 0 && k.LastErr != "":
			return Found(finding.New(keeperFailed).With("keeper", k.LastErr, ""))
		case k.Renewals == 0 && e.Now().Before(e.Setup.Handover.DecidedAt.Add(renewalWithin)):
			until := e.Setup.Handover.DecidedAt.Add(renewalWithin)
			return Outcome{Pending: true, Facts: []Fact{{"expected_until", until.UTC().Format(time.RFC3339)}}}
		case k.Renewals == 0:
			return Found(finding.New(keeperIdle))
		}
		return Passed(
			Fact{"renewals", fmt.Sprint(k.Renewals)},
			Fact{"renewed_at", k.Renewed.UTC().Format(time.RFC3339)},
		)
	},
}

// ReportStored closes the flow.
var ReportStored = &Check{
	ID:    "report_stored",
	Reads: []setup.Field{setup.FieldReport, setup.FieldHandover, setup.FieldGrant},
	Needs: []setup.Field{setup.FieldHandover},
	After: []*Check{KeyDecision},
	Finds: []*finding.Definition{reportMissing},
	Grade: Human,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		if e.Setup.Handover.ReportAt.IsZero() {
			return Found(finding.New(reportMissing))
		}
		return Passed(Fact{"report_at", e.Setup.Handover.ReportAt.UTC().Format(time.RFC3339)})
	},
}
