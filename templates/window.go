package templates

import (
	"context"
	"time"
)

// LandingView is what the one-time link shows in the private window before
// anything is consumed.
type LandingView struct {
	Page
	Action      string // address the button posts to
	Mailboxes   []string
	Account     string // who is to sign in
	Permissions []string
	Starter     string // who made the link
	At          time.Time
}

// TypeCodeView is the page on which a link's code is typed.
type TypeCodeView struct {
	Page
	Code   string
	Errors map[string]string
}

// SameWindowView is shown where the link was opened in the normal window.
type SameWindowView struct {
	Page
	Browser string // as in SignInView
	Link    string
	Back    string // address of the waiting page
}

// DeadLinkView is shown for a link that is used, expired or replaced.
type DeadLinkView struct {
	Page
	Why   string // a word of the family "dead_link"
	At    time.Time
	New   string // address that makes a new link (POST); "" if the reader may not
	Owner string // who can make one, "" if unknown
}

// LeaveView follows the confirmation in the private window. Its main control
// is a link: a form that is redirected to another origin is stopped by the
// policy form-action 'self' (measured in Chromium).
type LeaveView struct {
	Page
	URL      string // at the identity provider
	Provider string // its name
	Host     string // of URL, shown so that the person knows what to expect
	Account  string
}

// DoneView ends the private window. Live.Waits says that the page will change:
// the token or the explanation is on its way.
type DoneView struct {
	Page
	Outcome  string // a word of the family "done_title"
	Account  string // who has signed in, "" if nobody
	Expected string // who should have
	Finding  *Finding
	ECE      bool // Generate follows in this window
}

// stays reports whether the window is needed once more: the product's own
// Generate follows in it.
func (v DoneView) stays() bool { return v.ECE && (v.Outcome == "accepted" || v.Outcome == "staged") }

// lead says what to do with the window, without asking to close one that is
// needed.
func (v DoneView) lead(ctx context.Context) string {
	if v.stays() {
		return t(ctx, "done.first_window")
	}
	return word(ctx, "done_text", v.Outcome)
}

func (v DoneView) state() string {
	switch v.Outcome {
	case "accepted":
		return "done"
	case "running":
		return "in_progress"
	case "staged", "another":
		return "waiting"
	}
	return "needs_attention"
}
