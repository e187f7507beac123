package templates

import (
	"context"
	"time"

	"latchkey/internal/locale"
)

// Checks is the part of a step page that shows what was checked.
type Checks struct {
	Run      string // address that starts a run (POST); "" if the reader may not
	Running  bool
	Done     int
	Total    int
	At       time.Time // end of the last run, or start of the current one
	Rows     []CheckRow
	Matrix   *Matrix
	Findings []Finding // worst first
}

// CheckRow is one check, or one check on one target.
type CheckRow struct {
	Name   string // in the reader's language
	Target string // verbatim; "" for the setup as a whole
	State  string // a word of the family "result_state"
	Millis int    // 0: not measured
	Anchor string // ID of the finding card that explains it, "" for none
	After  string // skipped: the name of the check it waits for, in the reader's language
	Facts  []Fact // observed values
}

// Matrix is results by two headings, for example server and connection.
type Matrix struct {
	Caption string // all headings in the reader's language, or names of machines
	Corner  string
	Columns []string
	Rows    []MatrixRow
}

// MatrixRow is one server or one mailbox.
type MatrixRow struct {
	Name  string // verbatim
	Note  string // second line: its role
	Cells []Cell // as many as columns
}

// Cell is one result. The zero Cell means: does not apply.
type Cell struct {
	State  string // a word of the family "result_state"
	Millis int
	Anchor string // ID of the finding card that explains it, "" for none
}

// Finding is one card.
type Finding struct {
	locale.Advice
	ID      string // anchor: the code, with -2 and so on where it stands twice
	Target  string // what it was seen on, verbatim; "" for the setup as a whole
	At      time.Time
	Me      bool   // the reader can fix it
	Who     string // name of the person who can fix it, where one is paired
	Again   string // addresses: check this again (POST),
	Ask     string // write a request (GET),
	Ignore  string // ignore until it changes (POST; warnings only); "" hides each
	Here    Link   // the page of ours that the fix speaks of
	SignIn  string // address where a new sign-in begins (GET), where that repairs it
	Ignored bool
	Folded  bool      // one line, opened on demand: nothing stops, or the question stands on the page anyway
	Solved  time.Time // zero while it stands
	Details []Fact    // raw answers, addresses, identifiers
}

func count(fs []Finding, severity string) int {
	sum := 0
	for _, f := range fs {
		if string(f.Severity) == severity && f.Solved.IsZero() {
			sum++
		}
	}
	return sum
}

// verdict counts what was found: "1 problem and 2 warnings"; "" for nothing.
func verdict(ctx context.Context, fs []Finding) string {
	var parts []string
	for _, severity := range []string{"blocker", "warning", "note"} {
		if c := count(fs, severity); c > 0 {
			parts = append(parts, n(ctx, "count."+severity, c))
		}
	}
	return printer(ctx).List(parts...)
}

// stepState is the first part of a step page's title.
func (s StepPage) stepState(ctx context.Context) string {
	problems := count(s.Checks.Findings, "blocker")
	switch {
	case s.Gate != nil:
		return stateText(ctx, s.Setup, s.Setup.row(s.ID))
	case s.Checks.Running:
		return t(ctx, "title.running", "done", s.Checks.Done, "total", s.Checks.Total)
	case problems > 0:
		return n(ctx, "count.blocker", problems)
	}
	return stateText(ctx, s.Setup, s.Setup.row(s.ID))
}

// summary is the line above the results.
func (c Checks) summary(ctx context.Context) string {
	switch found := verdict(ctx, c.Findings); {
	case c.Total == 0:
		return t(ctx, "checks.none")
	case c.Done == 0 && !c.Running:
		return t(ctx, "checks.not_run")
	case c.Done < c.Total || c.Running:
		return t(ctx, "checks.progress", "done", c.Done, "total", c.Total)
	case found == "":
		return n(ctx, "checks.clean", c.Total)
	default:
		return n(ctx, "checks.finished", c.Total, "found", found)
	}
}

// shape is the icon of a state: one shape each, so that no state is told by
// its colour alone. tone is its colour.
var shapes = map[string]struct{ shape, tone string }{
	"not_started":     {"circle", "idle"},
	"blocked":         {"lock", "idle"},
	"in_progress":     {"ring", "running"},
	"waiting":         {"hourglass", "waiting"},
	"needs_attention": {"octagon", "problem"},
	"done":            {"tick", "done"},
	"out_of_date":     {"arrow", "stale"},

	"passed":       {"tick", "passed"},
	"problem":      {"octagon", "problem"},
	"warning":      {"triangle", "warning"},
	"note":         {"circle", "running"},
	"running":      {"ring", "running"},
	"skipped":      {"lock", "idle"},
	"not_needed":   {"circle", "idle"},
	"not_checked":  {"circle", "idle"},
	"entry_needed": {"hourglass", "idle"},

	"blocker": {"octagon", "problem"},

	"working":       {"tick", "done"},
	"setting_up":    {"ring", "running"},
	"sign_in_again": {"octagon", "problem"},
	"renewing":      {"ring", "running"},
	"renewed":       {"ring", "running"},
	"ends_soon":     {"triangle", "warning"},
	"not_fetching":  {"triangle", "warning"},
	"handed_over":   {"circle", "idle"},
	"not_seen":      {"circle", "idle"},

	"granted": {"tick", "passed"},
	"refused": {"octagon", "problem"},
	"none":    {"circle", "idle"},

	"same":    {"tick", "passed"},
	"changed": {"triangle", "warning"},
	"wrong":   {"octagon", "problem"},

	"yes":     {"tick", "passed"},
	"no":      {"octagon", "problem"},
	"missing": {"circle", "idle"},
}
