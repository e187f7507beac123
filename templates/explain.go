package templates

import (
	"context"

	"latchkey/internal/locale"
)

// ExplainTextView is the page on which somebody pastes an error of any
// program. The text in it is masked already.
type ExplainTextView struct {
	Page
	Text     string
	Method   string // "" if not told
	Protocol string
	Mailbox  string
	SignedIn string
	Errors   map[string]string

	Asked    bool   // a text was explained
	Phase    string // a word of the family "phase", "" if the text does not tell
	Masked   []string
	Findings []Finding
}

// FindingListView is the reference of all findings.
type FindingListView struct {
	Page
	Words    string // the list holds only findings with these words
	Findings []locale.Advice
}

// state is the first part of the title.
func (v ExplainTextView) state(ctx context.Context) string {
	if !v.Asked {
		return ""
	}
	return verdict(ctx, v.Findings)
}

// unknownFirst lists the words of a family with "not known" before them.
func unknownFirst(ctx context.Context, family string, values ...string) []choice {
	return append([]choice{{Title: t(ctx, "explain_page.unknown")}}, wordChoices(ctx, family, "", values...)...)
}

// pasteExamples show what a paste may look like; servers write English.
var pasteExamples = []string{
	`{"error":"invalid_grant","error_codes":[…], …}`,
	"A2 NO AUTHENTICATE failed.",
	"535 5.7.3 Authentication unsuccessful […]",
}
