package templates

import (
	"context"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/locale"
)

// ReportView is the report in its longest form, made to be printed.
type ReportView struct {
	Page
	State     string // a word of the family "mailbox_state"
	By        string
	At        time.Time // when it was stored
	Summary   []Fact    // mailbox, account, tenant, client ID, addresses, permissions
	Steps     []Row
	Matrices  []Matrix
	Checks    []CheckRow
	Evidence  []Evidence
	Verdict   string // a word of the family "session"
	Findings  []Finding
	Overrides []Event
	Warnings  int // that stand, for the headline
	Expiries  []Expiry
	People    []Person
	Formats   []Link // the same report in other formats
}

// AskView is a ready-made request for the person who can act.
type AskView struct {
	Page
	locale.Advice
	Who   string    // name of the person, "" for a role
	Step  string    // step ID it holds up
	Until time.Time // until when it matters, zero for no day
	URL   string    // absolute address of the finding for the receiver
	// Client is the application it is about, Enter the absolute address where
	// the receiver enters what is needed; "" for none.
	Client string
	Enter  string
}

// HistoryView is everything that happened to a setup, newest first.
type HistoryView struct {
	Page
	Events []Event
}

// ExplainView is the explanation of one finding code.
type ExplainView struct {
	Page
	locale.Advice
}

// requestText is the request as plain text: what is needed, why, exact values,
// how long it takes, until when it matters, where to read more.
func requestText(ctx context.Context, v AskView) string {
	text := t(ctx, "ask.text", "title", v.Title, "consequence", v.Consequence, "remedy", v.Remedy,
		"code", v.Code, "mailbox", setupName(ctx, v.Setup))
	if v.Client != "" {
		text += "\n\n" + t(ctx, "ask.client", "id", v.Client)
	}
	if v.Enter != "" {
		text += "\n\n" + t(ctx, "ask.enter", "url", v.Enter)
	}
	if v.Command != "" {
		text += "\n\n" + t(ctx, "ask.command") + "\n" + v.Command
	}
	if v.Link != "" {
		text += "\n\n" + t(ctx, "ask.where") + "\n" + v.Link
	}
	if v.Wait > 0 {
		text += "\n\n" + t(ctx, "finding.wait", "time", printer(ctx).Duration(v.Wait))
	}
	if !v.Until.IsZero() {
		text += "\n\n" + t(ctx, "ask.until", "day", printer(ctx).Date(v.Until))
	}
	return text + "\n\n" + t(ctx, "ask.read", "url", v.URL)
}

// mailURL opens the reader's own mail program with the request.
func mailURL(ctx context.Context, v AskView) string {
	q := url.Values{"subject": {t(ctx, "ask.subject", "mailbox", setupName(ctx, v.Setup), "title", v.Title)}, "body": {requestText(ctx, v)}}
	return "mailto:?" + strings.ReplaceAll(q.Encode(), "+", "%20") // RFC 6068 §5: no plus for a space
}
