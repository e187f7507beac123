package templates

import (
	"context"
	"slices"
)

// VerificationView is the seventh step: the token is used on each mailbox. The
// matrix mailbox × protocol is in Checks.
type VerificationView struct {
	StepPage
	Mailboxes []string // that could send a test message to themselves
	Chosen    []string // those that may
	Reissued  Reissued
	Sending   string // whether sending is proved, in the reader's language; "" for nothing to say
}

func (v VerificationView) answers(ctx context.Context) []Fact {
	return []Fact{answer(ctx, "test_message", printer(ctx).List(v.Chosen...))}
}

func (v VerificationView) chosen(mailbox string) bool { return slices.Contains(v.Chosen, mailbox) }

func (v VerificationView) choices() []choice {
	list := make([]choice, len(v.Mailboxes))
	for i, m := range v.Mailboxes {
		list[i] = choice{Value: m, Title: m}
	}
	return list
}
