package templates

import (
	"context"
	"time"
)

// NewView is the page before a setup begins.
type NewView struct {
	Page
	Steps []string // IDs of the steps that will follow
}

// OverviewView is the hub of one setup: each return begins here.
type OverviewView struct {
	Page
	State     string // a word of the family "mailbox_state"
	By        string // waiting: who
	Mailboxes []string
	Product   string
	Warnings  int       // that stand
	SeenAt    time.Time // last visit; zero: no welcome
	SeenSince []Event   // what happened since then
	People    []Person
	Waiting   int  // people in the waiting room
	Invites   bool // the reader may invite somebody
	History   []Event
	Expiries  []Expiry
	Delete    bool   // the reader may delete the setup
	Report    bool   // there is something to report
	Reissue   string // address that begins a new sign-in (POST); "" hides it
	Ask       bool   // mail flows: that address asks first (GET)
}

// DeleteView asks whether to delete a setup.
type DeleteView struct {
	Page
	Action string // address that deletes (POST)
	Key    bool   // a token of this setup is stored
	People int    // whose access ends
}

// Person is somebody who takes part in a setup.
type Person struct {
	ID       string
	Name     string
	Role     string // a word of the family "role"
	Presence string // a word of the family "presence"
	Step     string // where they are, a step ID; "" if unknown
	Me       bool
	Until    time.Time // end of an invitation that nobody has used yet
	CanEnd   bool      // the reader may take the access away
}

// Event is one line of the history.
type Event struct {
	At   time.Time
	Who  string // "" for the program itself
	What string // in the reader's language
	Step string // step ID, "" for none
}

func (v OverviewView) sentence(ctx context.Context) string {
	if v.State == "waiting" && v.By != "" {
		return t(ctx, "overview_sentence.waiting_for", "name", v.By)
	}
	if v.State == "working" && v.Warnings > 0 {
		return n(ctx, "overview.warnings", v.Warnings)
	}
	return word(ctx, "overview_sentence", v.State)
}

func (v OverviewView) stateText(ctx context.Context) string {
	return mailboxState(ctx, Mailbox{State: v.State, By: v.By})
}
