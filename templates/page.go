package templates

import (
	"context"
	"slices"
	"strings"
	"time"

	"latchkey/internal/locale"
)

// Product is the name that ends each title.
const Product = "Latchkey"

// Page is what every page shows around its content.
type Page struct {
	User      string     // who is signed in; "" for nobody
	Admin     bool       // the reader is an administrator
	Languages []Language // all there are; one or none: no switcher
	Theme     string     // "light", "dark" or "" for the system's choice
	Now       time.Time  // server time, shown in the footer
	Version   string
	Path      string // of this page; its reload and the language switcher come back to it
	Answer    bool   // it answers a form: no later look at Path says the same again
	Setup     Setup  // the zero value outside a setup
	Next      *Next  // who acts next; nil where nobody has to
	Reissue   string // address that drops the new sign-in which has begun (POST); "" hides it
	Result    string // what the last submit did: a word of the family "result"; "" for nothing
	Live      Live
}

// Language is one entry of the switcher.
type Language struct {
	Tag     string // as in the attribute lang
	Name    string // in its own language
	Current bool
}

// Setup is the setup a page belongs to.
type Setup struct {
	Path string // "/m/<id>"
	Name string // its first mailbox or its sign-in account; "" while unknown
	Rail []Row  // its steps in order
}

// Row is one step in the rail and on the overview.
type Row struct {
	Step     string // step ID
	State    string // a word of the family "state"
	By       string // blocked: the ID of the step it waits for; waiting: who
	Warnings int    // shown beside "done"
	Left     bool   // done without a check: a later step will show it
	Fact     string // one short fact, in the reader's language; overview only
}

// Next says who has to act. One sentence in two voices.
type Next struct {
	Me    bool
	Who   string // name of the other person, "" if nobody is paired
	Actor string // a word of the family "actor", where Who is unknown or for its explanation
	Step  string // step ID the act belongs to
	Text  string // what is to be done, in the reader's language; "" for the sentence of the step
	Card  string // anchor of the finding that Text names, "" for none
	Room  bool   // the act belongs to the page People, not to a step
	Since time.Time
}

// Live says how a page that waits for something keeps itself current.
type Live struct {
	Events string // address of the event stream; "" when nothing is awaited
	Waits  bool   // something is awaited: show how the page is kept current
	Auto   int    // seconds between reloads the reader has asked for, 0 for none
	Say    string // current sentence of the live region, in the reader's language
}

// StepPage is what the pages of the steps share.
type StepPage struct {
	Page
	ID       string            // step ID
	Gate     *Gate             // what this step waits for; nil while it is open
	Need     string            // what it needs, in the reader's language, where that is not the usual
	ReadOnly bool              // the reader may look, not change
	Apart    bool              // it is not in the flow under way: a new sign-in
	Cancel   string            // then the address that ends that flow (POST), where no banner has it; "" hides it
	Revision string            // of the answers the form was filled from, sent back as "revision"
	Errors   map[string]string // field → sentence, in the reader's language
	Checks   Checks
	Onward   Onward
}

// Gate tells why a step is not available and what can be done about it.
type Gate struct {
	Step  string // the step that is not available
	Needs []Need
	Ask   string // address of a ready-made request; "" if the reader can act
}

// Need is one thing that keeps a gate closed.
type Need struct {
	Step   string   // where it is supplied
	Reason string   // a word of the family "need"
	Fields []string // entries that are missing, words of the family "field"
	What   string   // the finding's title or the name of the check, in the reader's language
	Actor  string   // who can supply it, a word of the family "actor"
	Who    string   // their name if known
}

// Onward is the end of a step page: the next step, or what it still needs.
type Onward struct {
	Step string // the next step's ID; "" on the last one
	Gate *Gate  // nil: the next step is open
}

// Link is a link with its text in the reader's language.
type Link struct {
	Text string
	URL  string
}

// Fact is a name with a value. Value is verbatim: it is never translated.
type Fact struct {
	Name  string // in the reader's language
	Value string
}

// Option is one entry of a select, with its own text.
type Option struct {
	Value string
	Text  string
	// Listed marks a product whose vendor has a checklist of releases. What only
	// that one is asked is shown while it is chosen.
	Listed bool
}

func t(ctx context.Context, id string, pairs ...any) string { return locale.T(ctx, id, pairs...) }

func n(ctx context.Context, id string, count int, pairs ...any) string {
	return locale.N(ctx, id, count, pairs...)
}

func word(ctx context.Context, family, value string) string {
	return locale.Word(ctx, family, value)
}

// printer is never nil on a page that has come as far as its layout.
func printer(ctx context.Context) *locale.Printer { return locale.FromContext(ctx) }

// stepPath is the step's name in an address: "sign-in" for sign_in.
func stepPath(id string) string { return strings.ReplaceAll(id, "_", "-") }

// Number is the position of a step in the rail, from 1; 0 if it is not there.
func (s Setup) Number(step string) int {
	return 1 + slices.IndexFunc(s.Rail, func(r Row) bool { return r.Step == step })
}

// StepURL is the address of a step's page.
func (s Setup) StepURL(step string) string { return s.Path + "/" + stepPath(step) }

func (s Setup) row(step string) Row {
	if i := s.Number(step); i > 0 {
		return s.Rail[i-1]
	}
	return Row{Step: step, State: "not_started"}
}

// look is the shape and the tone of the state.
func (r Row) look() string {
	if r.State == "done" && r.Left {
		return "not_checked"
	}
	return r.State
}

// stateText is the state in words: "Blocked by step 3", "Waiting for Dana",
// "Done, 1 warning".
func stateText(ctx context.Context, s Setup, r Row) string {
	switch {
	case r.State == "blocked" && s.Number(r.By) > 0:
		return t(ctx, "state_by.blocked", "number", s.Number(r.By))
	case r.State == "waiting" && r.By != "":
		return t(ctx, "state_by.waiting", "name", r.By)
	case r.State == "done" && r.Left:
		return t(ctx, "state_by.left")
	case r.State == "done" && r.Warnings > 0:
		return n(ctx, "state_by.done", r.Warnings)
	}
	return word(ctx, "state", r.State)
}

// stepName is "Step 3, Entra application"; only the name for a step that is
// not in the rail, as the first five while a token is issued again.
func stepName(ctx context.Context, s Setup, step string) string {
	if s.Number(step) == 0 {
		return word(ctx, "step", step)
	}
	return t(ctx, "gate.step", "number", s.Number(step), "step", word(ctx, "step", step))
}
