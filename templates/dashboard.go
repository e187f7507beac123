package templates

import (
	"context"
	"net/url"
	"time"
)

// DashboardView is the list of all mailboxes, most urgent first.
type DashboardView struct {
	Page
	Mailboxes []Mailbox
	Filter    string // "" for all, else one of the family "filter"
	Search    string
	All       int // numbers beside the filters
	Mine      int
	Others    int
	Ending    int
	CanAdd    bool
}

// Mailbox is one row of the dashboard.
type Mailbox struct {
	Path     string // "/m/<id>"
	Name     string // "" while nothing is known
	Product  string // name and release of the mail application
	State    string // a word of the family "mailbox_state"
	By       string // waiting: who
	Room     string // who waits to be let in, "" for nobody
	TestKey  bool   // the token is a test key: it says nothing about the product's own
	Fetching string // a word of the family "fetching"; "" where it does not apply
	Fetched  time.Time
	Renewed  time.Time // last renewal of the token; zero: none yet,
	Token    string    // and then why: a word of the family "token_state"
	Verified time.Time // zero: never
	Expiry   time.Time // earliest known end; zero: none known
	Expires  string    // what ends then, a word of the family "expiry"
	// SecretEnds is the day on which the client secret ends; zero: not known.
	SecretEnds time.Time
}

// action is the one thing to do with a mailbox.
func (m Mailbox) action() (word, url string) {
	switch m.State {
	case "sign_in_again", "ends_soon":
		return "sign_in_again", m.Path + "/reissue"
	case "working":
		return "report", m.Path + "/report"
	}
	return "continue", m.Path
}

// urgency is how close a day is: "problem" within a week or past, "warning"
// within a month, "note" within two, "" later or unknown (ux: 60, 30, 7 days).
func urgency(at, now time.Time) string {
	const day = 24 * time.Hour
	switch left := at.Sub(now); {
	case at.IsZero():
		return ""
	case left <= 7*day:
		return "problem"
	case left <= 30*day:
		return "warning"
	case left <= 60*day:
		return "note"
	}
	return ""
}

// filter is one link above the list.
type filter struct {
	Value string
	Count int
}

func (v DashboardView) filters() []filter {
	return []filter{{"", v.All}, {"mine", v.Mine}, {"others", v.Others}, {"ending", v.Ending}}
}

func (v DashboardView) filterURL(value string) string {
	q := url.Values{}
	if value != "" {
		q.Set("filter", value)
	}
	if v.Search != "" {
		q.Set("search", v.Search)
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

func (v DashboardView) state(ctx context.Context) string {
	if v.Mine == 0 {
		return ""
	}
	return n(ctx, "dashboard.attention", v.Mine)
}

func mailboxState(ctx context.Context, m Mailbox) string {
	if m.State == "waiting" && m.By != "" {
		return t(ctx, "state_by.waiting", "name", m.By)
	}
	return word(ctx, "mailbox_state", m.State)
}
