package wizard_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/product"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// The list says that the product fetches only where somebody or something has
// seen it, and since when.
func TestFetching(t *testing.T) {
	said, watched := time.Unix(1000, 0), time.Unix(2000, 0)
	warning := finding.Finding{Causes: []finding.Cause{{Definition: &finding.Definition{Code: "w", Severity: finding.Warning}}}}
	note := finding.Finding{Causes: []finding.Cause{{Definition: &finding.Definition{Code: "n", Severity: finding.Note}}}}
	state := func(c *check.Check, current bool, skipped string, found ...finding.Finding) flow.CheckState {
		return flow.CheckState{Check: c, Current: current, Result: &flow.Result{At: watched, Findings: found, SkippedBy: skipped}}
	}
	for name, tt := range map[string]struct {
		checks []flow.CheckState
		at     time.Time
	}{
		"nothing":               {nil, time.Time{}},
		"a person has seen it":  {[]flow.CheckState{state(check.StillFetching, true, "")}, said},
		"said about another":    {[]flow.CheckState{state(check.StillFetching, false, "")}, time.Time{}},
		"not said yet":          {[]flow.CheckState{state(check.StillFetching, true, "", note)}, time.Time{}},
		"the watch has seen it": {[]flow.CheckState{state(check.ProductFetches, true, "")}, watched},
		"the watch was skipped": {[]flow.CheckState{state(check.ProductFetches, true, "key_decision")}, time.Time{}},
		"an empty inbox":        {[]flow.CheckState{state(check.ProductFetches, true, "", note)}, time.Time{}},
		"said, and now it waits": {[]flow.CheckState{state(check.StillFetching, true, ""), state(check.ProductFetches, true, "", warning)},
			time.Time{}},
		"another check": {[]flow.CheckState{state(check.AliasActive, true, "")}, time.Time{}},
	} {
		v := wizard.View{Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepHandover}, Checks: tt.checks}}}
		v.Setup.State(setup.ItemStillFetching, setup.StandingYes, "Ann", said)
		if at := v.Fetching(); !at.Equal(tt.at) {
			t.Errorf("%s: seen at %s, want %s", name, at, tt.at)
		}
	}
}

// A setup whose steps are all done is not called working while the watch finds
// mail that nobody takes, or where nobody has seen any arrive.
func TestWorkingIsSaidOnlyOfWhatWasSeen(t *testing.T) {
	warning := finding.New(check.ProductFetches.Finds[0])
	for _, d := range check.ProductFetches.Finds {
		if d.Code == "fetching_not_observed" {
			warning = finding.New(d, "mailbox", "m", "waited", "3 days", "product", "p")
		}
	}
	state := func(c *check.Check, found ...finding.Finding) flow.CheckState {
		return flow.CheckState{Check: c, Current: true, Result: &flow.Result{At: time.Unix(1, 0), Findings: found}}
	}
	for want, tt := range map[wizard.Condition]struct {
		checklist bool
		key       product.Key
		check     flow.CheckState
	}{
		"working":      {false, product.OwnKey, state(check.ProductFetches)},
		"not_fetching": {false, product.OwnKey, state(check.ProductFetches, warning)},
		"handed_over":  {true, product.OwnKey, state(check.AliasActive)},
		"not_seen":     {false, product.OwnKey, state(check.AliasActive)},
	} {
		v := wizard.View{Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepHandover}, State: flow.Done, Checks: []flow.CheckState{tt.check}}}}
		v.Setup.Application.ChecklistOnly, v.Product.Key = tt.checklist, tt.key
		if got := v.Condition(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	v := wizard.View{Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepHandover}, State: flow.Done, Checks: []flow.CheckState{state(check.StillFetching)}}}}
	v.Setup.Application.ChecklistOnly = true
	v.Setup.State(setup.ItemStillFetching, setup.StandingYes, "Ann", time.Unix(1, 0))
	if got := v.Condition(); got != wizard.Working {
		t.Errorf("a checklist after mail was seen: %s", got)
	}
}

// The list begins with what needs somebody most; of equals with what ends
// first, as far as that is in sight.
func TestListBeginsWithTheMostUrgent(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	done := func(name setup.Address, ends setup.Date) wizard.View {
		v := wizard.View{Now: now, Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepHandover}, State: flow.Done}}}
		v.Setup.Application.Mailboxes, v.SecretEnds = []setup.Address{name}, ends
		return v
	}
	begun := done("b", "")
	begun.Steps[0].State = flow.NotStarted
	broken := done("z", "")
	broken.Steps[0].State = flow.NeedsAttention
	list := []wizard.View{done("a", "2028-01-01"), done("c", "2027-01-10"), begun, done("e", "2026-12-01"), done("d", "2027-01-05"), broken}
	slices.SortStableFunc(list, wizard.ByUrgency)
	var got []string
	for _, v := range list {
		got = append(got, v.Setup.Title()+" "+string(v.Condition()))
	}
	want := []string{"z needs_attention", "e ends_soon", "b setting_up", "d working", "c working", "a working"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
