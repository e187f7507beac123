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
	Scripts   []Script // that read the answers, or give the rights
	Paste     Paste    // of the script's block
	ByScript  bool     // a block was read and can be chosen again
	// Statements are asked beside the mailbox's own.
	Statements []Statement
	By         string // who stated it, "" if nobody has
	At         time.Time
}

// MailboxForm holds the entries as chosen.
type MailboxForm struct {
	Decision string            // "statement" or "verification"
	Standing map[string]string // subject → "yes", "no" or "unknown"
}

func (v MailboxView) order() []string {
	return append(append([]string{"mailbox_block", "decision"}, v.Subjects...), statementOrder(v.Statements)...)
}

func (v MailboxView) decisions() []string {
	if v.ByScript {
		return []string{"script", "statement", "verification"}
	}
	return []string{"statement", "verification"}
}

func (v MailboxView) answers(ctx context.Context) []Fact {
	list := []Fact{answer(ctx, "decision", wordOr(ctx, "decision", v.Form.Decision))}
	for _, s := range v.Subjects {
		list = append(list, answer(ctx, s, wordOr(ctx, "standing", v.Form.Standing[s])))
	}
	return append(list, statementAnswers(ctx, v.Statements)...)
}

// hint of a question about rights names the mailboxes it is about.
func (v MailboxView) hint(ctx context.Context, subject string) string {
	hint := word(ctx, "field_hint", subject)
	if subject == "full_access" || subject == "send_as" {
		hint = t(ctx, "mailbox.on", "mailboxes", printer(ctx).List(v.Mailboxes...)) + " " + hint
	}
	return hint
}
