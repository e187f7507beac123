package web

import (
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
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
		word   string
		at     time.Time
	}{
		"nothing":               {nil, "not_observed", time.Time{}},
		"a person has seen it":  {[]flow.CheckState{state(check.StillFetching, true, "")}, "seen", said},
		"said about another":    {[]flow.CheckState{state(check.StillFetching, false, "")}, "not_observed", time.Time{}},
		"not said yet":          {[]flow.CheckState{state(check.StillFetching, true, "", note)}, "not_observed", time.Time{}},
		"the watch has seen it": {[]flow.CheckState{state(check.ProductFetches, true, "")}, "seen", watched},
		"the watch was skipped": {[]flow.CheckState{state(check.ProductFetches, true, "key_decision")}, "not_observed", time.Time{}},
		"an empty inbox":        {[]flow.CheckState{state(check.ProductFetches, true, "", note)}, "not_observed", time.Time{}},
		"said, and now it waits": {[]flow.CheckState{state(check.StillFetching, true, ""), state(check.ProductFetches, true, "", warning)},
			"not_observed", time.Time{}},
		"another check": {[]flow.CheckState{state(check.AliasActive, true, "")}, "not_observed", time.Time{}},
	} {
		v := wizard.View{Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepHandover}, Checks: tt.checks}}}
		v.Setup.State(setup.ItemStillFetching, setup.StandingYes, "Ann", said)
		if word, at := fetching(v); word != tt.word || !at.Equal(tt.at) {
			t.Errorf("%s: %s at %s", name, word, at)
		}
	}
}

// The change is offered to the cloud in which the tenant was found, and to no
// word of another finding.
func TestCloudOffered(t *testing.T) {
	elsewhere := finding.New(check.TenantElsewhere, "tenant", "t", "cloud", "a", "other", "b").With("answer", "x", "").With("cloud", "there", "")
	other := finding.Finding{Causes: []finding.Cause{{Definition: &finding.Definition{Code: "w", Severity: finding.Warning}}}}.With("cloud", "nowhere", "")
	for want, found := range map[string][]finding.Finding{"": {other}, "there": {other, elsewhere}} {
		v := wizard.View{Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepRegistration}, Checks: []flow.CheckState{
			{Check: check.Tenant, Current: true, Result: &flow.Result{Findings: found}},
		}}}}
		if got := v.CloudOffered(); got != want {
			t.Errorf("offered %q, want %q", got, want)
		}
	}
}
