package templates

import (
	"context"
	"strings"
	"time"
)

// SignInView is the sixth step as seen in the first window, which waits.
type SignInView struct {
	StepPage
	Account  string // who is to sign in
	Attempt  string // sent back as "attempt" by the buttons that decide about it
	Browser  string // "edge", "chrome", "firefox", "safari" or "" for any other
	Link     string // the one-time link; "" before the first and after the last
	Until    time.Time
	Local    bool   // no other device can open it
	Short    string // address of the page on which Typed is typed in place of the link
	Typed    string // the code, in groups
	Progress []Progress
	Evidence []Evidence
	Verdict  string   // a word of the family "session"; "" while nothing is known
	Visitor  *Visitor // opened the link and waits to be let in
	Staged   *Staged  // signed in and waits for acceptance
	Shown    string   // what Microsoft shows, as pasted
	Said     *Said    // what it means; nil where nothing was pasted, or it has ended the sign-in
	ECE      bool     // Generate follows in the same private window
}

// Said is what a pasted text means that has ended no sign-in.
type Said struct {
	State   string   // a word of the family "shown_state"
	Finding *Finding // nil: the text names no known error
}

// Progress is one of the four lines of the waiting card.
type Progress struct {
	ID    string // "opened", "separate", "signed_in", "token"
	State string // "done", "running", "no", "dropped" or "" for not yet
	At    time.Time
	Note  string // browser and address, verbatim
	// Verdict is a word of the family "session" that the line says in place of
	// its own, "" for none.
	Verdict string
}

// Evidence is one of the five proofs of a fresh session.
type Evidence struct {
	ID    string // "E1" to "E5"
	Proof string // "yes", "no" or "missing"
}

// Visitor is somebody who waits to be let in.
type Visitor struct {
	ID      string // sent back as the field "id"; "" where there is only one
	Name    string // as they call themselves, "" for nobody
	Role    string // a word of the family "role", "" on the sign-in page
	Browser string
	System  string
	Address string
	At      time.Time
}

// Staged is a finished sign-in that the owner must decide on.
type Staged struct {
	SignedIn string // who has signed in
	Expected string // who was expected
	Until    time.Time
}

// expected reports whether the account that signed in is the one that should.
func (s Staged) expected() bool { return strings.EqualFold(s.SignedIn, s.Expected) }

func (s Staged) title(ctx context.Context) string {
	if s.expected() {
		return t(ctx, "accept.title")
	}
	return t(ctx, "accept.title_other")
}

func (s Staged) advice(ctx context.Context) string {
	if s.expected() {
		return t(ctx, "accept.text")
	}
	return t(ctx, "accept.text_other")
}

// privateWindow is what the browser calls its private window, the words of its
// own menu; they are product words and worded per language.
func privateWindow(ctx context.Context, browser string) string {
	switch browser {
	case "edge", "chrome", "firefox", "safari":
		return word(ctx, "private_menu", browser)
	}
	return word(ctx, "private_menu", "any")
}

// progressText is the line in words. What has not happened must not read like
// something that has.
func progressText(ctx context.Context, p Progress) string {
	if p.Verdict != "" {
		return word(ctx, "session", p.Verdict)
	}
	switch p.State {
	case "dropped":
		return word(ctx, "progress_no", "dropped")
	case "done":
		return word(ctx, "progress_done", p.ID)
	case "running":
		return word(ctx, "progress_running", p.ID)
	case "no":
		return word(ctx, "progress_no", p.ID)
	}
	return word(ctx, "progress_not_yet", p.ID)
}

// progressLook is the key of shapes for a line.
func progressLook(state string) string {
	switch state {
	case "done":
		return "done"
	case "running":
		return "in_progress"
	case "no", "dropped":
		return "needs_attention"
	}
	return "not_started"
}

// visitorText is "Edge on Windows, from 10.20.4.7".
func visitorText(ctx context.Context, v Visitor) string {
	return t(ctx, "visitor.from", "browser", or(v.Browser, t(ctx, "visitor.browser")),
		"system", or(v.System, t(ctx, "visitor.system")), "address", v.Address)
}
