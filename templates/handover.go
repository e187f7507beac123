package templates

import (
	"context"
	"time"
)

// HandoverView is the eighth step: whose key, who is warned, and the answers
// once more before it counts.
type HandoverView struct {
	StepPage
	Form     HandoverForm
	OwnKey   bool // the product makes and keeps its own token (ECE)
	Product  string
	Summary  []SummaryRow
	Enter    []Fact // what the mail application is given, exact
	Expiries []Expiry
	Reissued Reissued
	ReportAt time.Time // zero: no report stored yet

	NoKey      bool // nobody signed in here: no key to decide about
	Paste      Paste
	Statements []Statement
}

// HandoverForm holds the entries as chosen.
type HandoverForm struct {
	Key       string // "delete_test_key", "keep_as_watchman" or "latchkey_keeps"
	Generated bool   // the product's own token was generated in the private window
}

// SummaryRow is one answer with the step that changes it.
type SummaryRow struct {
	Name  string // in the reader's language
	Value string // verbatim
	Step  string // step ID; "" for what cannot be changed
}

// Expiry is something that ends on a known day.
type Expiry struct {
	What string // a word of the family "expiry"
	At   time.Time
	Who  string // who has to act, in the reader's language
}

func (v HandoverView) order() []string {
	return append([]string{"sign_in_log", "key", "generated"}, statementOrder(v.Statements)...)
}

func (v HandoverView) keys() []string {
	if v.OwnKey {
		return []string{"delete_test_key", "keep_as_watchman"}
	}
	if v.Form.Key == "keep_as_watchman" { // chosen for another product
		return []string{"latchkey_keeps", "delete_test_key", "keep_as_watchman"}
	}
	return []string{"latchkey_keeps", "delete_test_key"}
}

func (v HandoverView) answers(ctx context.Context) []Fact {
	return []Fact{answer(ctx, "key", wordOr(ctx, "key", v.Form.Key))}
}
