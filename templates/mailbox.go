package templates

import (
	"context"
	"time"
)

// MailboxView is the fifth step: what the Microsoft 365 administrator says
// about the mailbox, or the choice to let the verification show it.
type MailboxView struct {
	StepPage
	Form      MailboxForm
	Subjects  []string // asked here, words of the family "field", in order
	Account   string   // who signs in
	Mailboxes []string
	Commands  string // PowerShell that answers the questions; "" for none
	By        string // who stated it, "" if nobody has
	At        time.Time
}

// MailboxForm holds the entries as chosen.
type MailboxForm struct {
	Decision string            // "statement" or "verification"
	Standing map[string]string // subject → "yes", "no" or "unknown"
}

func (v MailboxView) order() []string { return append([]string{"decision"}, v.Subjects...) }

func (v MailboxView) answers(ctx context.Context) []Fact {
	list := []Fact{answer(ctx, "decision", wordOr(ctx, "decision", v.Form.Decision))}
	for _, s := range v.Subjects {
		list = append(list, answer(ctx, s, wordOr(ctx, "standing", v.Form.Standing[s])))
	}
	return list
}
