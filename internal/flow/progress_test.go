package flow_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	now     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	problem = &finding.Definition{Code: "problem", Severity: finding.Blocker, Actor: finding.ProductAdmin}
	hint    = &finding.Definition{Code: "hint", Severity: finding.Warning, Actor: finding.ProductAdmin}
)

func checkOn(id string, f setup.Field) *check.Check {
	return &check.Check{
		ID: id, Reads: []setup.Field{f}, Needs: []setup.Field{f}, Grade: check.Automatic, MaxAge: time.Hour,
		Run: func(context.Context, *check.Env, check.Target) check.Outcome { return check.Passed() },
	}
}

// table is a small flow of four steps, each with one check.
func table() (flow.Flow, []*check.Check) {
	a := checkOn("a", setup.FieldProduct)
	b := checkOn("b", setup.FieldTenant)
	c := checkOn("c", setup.FieldClientID)
	d := checkOn("d", setup.FieldGrant)
	b.NeededBy = setup.StepVerification // not needed by the step right behind it
	return flow.Flow{
		{ID: setup.StepApplication, Fields: []setup.Field{setup.FieldProduct}, Checks: []*check.Check{a}},
		{ID: setup.StepRegistration, Fields: []setup.Field{setup.FieldTenant}, Checks: []*check.Check{b}},
		{ID: setup.StepSignIn, Fields: []setup.Field{setup.FieldClientID}, Checks: []*check.Check{c}},
		{ID: setup.StepVerification, Fields: []setup.Field{setup.FieldGrant}, Checks: []*check.Check{d}},
	}, []*check.Check{a, b, c, d}
}

func filled() setup.Setup {
	return setup.Setup{
		Application:  setup.Application{Product: "other"},
		Registration: setup.Registration{Tenant: "contoso.example", ClientID: "id"},
		SignIn:       setup.SignIn{GrantRevision: 1},
	}
}

func envOf(s setup.Setup) *check.Env { return &check.Env{Setup: s, Provider: provider.Entra} }

func result(t *testing.T, env *check.Env, c *check.Check, findings ...finding.Finding) flow.Result {
	t.Helper()
	fp, err := c.Fingerprint(env, check.Target{})
	if err != nil {
		t.Fatal(err)
	}
	return flow.Result{Check: c.ID, Fingerprint: fp, At: now, Findings: findings}
}

func progress(t *testing.T, f flow.Flow, s setup.Setup, results []flow.Result) []flow.StepState {
	t.Helper()
	states, err := flow.Progress(f, envOf(s), results, now)
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func states(list []flow.StepState) []flow.State {
	var out []flow.State
	for _, s := range list {
		out = append(out, s.State)
	}
	return out
}

// A doubt about a mailbox ends with the proof, and is back when the proof is out
// of date. What is stored does not change.
func TestAProofRemovesADoubt(t *testing.T) {
	doubt, other := *hint, *hint
	doubt.Code, other.Code = "doubt", "other"
	targets := func(*check.Env) []check.Target {
		return []check.Target{{Mailbox: "a@contoso.example"}, {Mailbox: "b@contoso.example"}}
	}
	login, proof := checkOn("login", setup.FieldProduct), checkOn("proof", setup.FieldTenant)
	login.Targets, proof.Targets, proof.Settles = targets, targets, []*finding.Definition{&doubt}
	f := flow.Flow{{ID: setup.StepVerification, Checks: []*check.Check{login, proof}}}
	s := filled()
	env := envOf(s)
	on := func(c *check.Check, mailbox setup.Address, findings ...finding.Finding) flow.Result {
		fp, err := c.Fingerprint(env, check.Target{Mailbox: mailbox})
		if err != nil {
			t.Fatal(err)
		}
		return flow.Result{Check: c.ID, Target: check.Target{Mailbox: mailbox}, Fingerprint: fp, At: now, Findings: findings}
	}
	doubted := []flow.Result{
		on(login, "a@contoso.example", finding.New(&doubt), finding.New(&other)), on(login, "b@contoso.example", finding.New(&doubt)),
	}
	count := func(s setup.Setup, results ...flow.Result) (list []int) {
		for _, c := range progress(t, f, s, append(slices.Clone(doubted), results...))[0].Checks[:2] {
			list = append(list, len(c.Result.Findings))
		}
		return list
	}
	if got := count(s); !slices.Equal(got, []int{2, 1}) {
		t.Errorf("without a proof: %v", got)
	}
	if got := count(s, on(proof, "a@contoso.example", finding.New(hint))); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("proved for one mailbox: %v", got)
	}
	if got := count(s, on(proof, "a@contoso.example", finding.New(problem))); !slices.Equal(got, []int{2, 1}) {
		t.Errorf("a proof that failed: %v", got)
	}
	s.Registration.Tenant = "other.example"
	if got := count(s, on(proof, "a@contoso.example")); !slices.Equal(got, []int{2, 1}) {
		t.Errorf("a proof that is out of date: %v", got)
	}
	if len(doubted[0].Findings) != 2 {
		t.Error("the stored result has changed")
	}
}

func TestProgress(t *testing.T) {
	f, c := table()
	s := filled()
	env := envOf(s)
	pass := func(i int) flow.Result { return result(t, env, c[i]) }
	block := func(i int) flow.Result { return result(t, env, c[i], finding.New(problem)) }
	warn := func(i int) flow.Result { return result(t, env, c[i], finding.New(hint)) }
	skipped := pass(3)
	skipped.SkippedBy = "c"
	pending := pass(3)
	pending.Pending = true

	empty := setup.Setup{}
	tests := []struct {
		name    string
		setup   setup.Setup
		results []flow.Result
		want    []flow.State
	}{
		{"nothing yet", empty, nil, []flow.State{flow.NotStarted, flow.Blocked, flow.Blocked, flow.Blocked}},
		{"first answered, not checked", s, nil, []flow.State{flow.InProgress, flow.Blocked, flow.Blocked, flow.Blocked}},
		{"first passed", s, []flow.Result{pass(0)}, []flow.State{flow.Done, flow.InProgress, flow.InProgress, flow.Blocked}},
		{"a warning does not close the gate", s, []flow.Result{warn(0)}, []flow.State{flow.Done, flow.InProgress, flow.InProgress, flow.Blocked}},
		{"first blocks", s, []flow.Result{block(0)}, []flow.State{flow.NeedsAttention, flow.Blocked, flow.Blocked, flow.Blocked}},
		{"second blocks, third is not its business", s, []flow.Result{pass(0), block(1), pass(2)},
			[]flow.State{flow.Done, flow.NeedsAttention, flow.Done, flow.Blocked}},
		{"the last one is waited for", s, []flow.Result{pass(0), pass(1), pass(2), pending}, []flow.State{flow.Done, flow.Done, flow.Done, flow.InProgress}},
		{"all passed", s, []flow.Result{pass(0), pass(1), pass(2), pass(3)}, []flow.State{flow.Done, flow.Done, flow.Done, flow.Done}},
		{"a skipped check opens nothing", s, []flow.Result{pass(0), pass(1), pass(2), skipped},
			[]flow.State{flow.Done, flow.Done, flow.Done, flow.InProgress}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := states(progress(t, f, tt.setup, tt.results)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// A changed answer re-locks exactly what has read it.
func TestAResultIsNeverGreenForYesterdaysInput(t *testing.T) {
	f, c := table()
	s := filled()
	env := envOf(s)
	var all []flow.Result
	for _, one := range c {
		all = append(all, result(t, env, one))
	}
	s.Registration.Tenant = "fabrikam.example"
	got := progress(t, f, s, all)
	want := []flow.State{flow.Done, flow.OutOfDate, flow.Done, flow.Done}
	if !slices.Equal(states(got), want) {
		t.Errorf("got %v, want %v", states(got), want)
	}
	if got[3].Open || got[3].Needs[0].Reason != flow.ReasonOutOfDate || got[3].Needs[0].Check != "b" {
		t.Errorf("the step that needs the changed result is open: %+v", got[3].Needs)
	}
	if !got[2].Open {
		t.Error("a step that does not need the changed result was locked")
	}
}

// Age makes a result run again; it never locks what was once passed.
func TestAgeDoesNotLock(t *testing.T) {
	f, c := table()
	s := filled()
	old := result(t, envOf(s), c[0])
	old.At = now.Add(-300 * 24 * time.Hour)
	got := progress(t, f, s, []flow.Result{old})
	if !got[0].Checks[0].Stale || got[0].State != flow.Done || !got[1].Open {
		t.Errorf("stale = %v, state = %s, next open = %v", got[0].Checks[0].Stale, got[0].State, got[1].Open)
	}
	c[0].Grade = check.Human
	if got := progress(t, f, s, []flow.Result{old}); got[0].Checks[0].Stale {
		t.Error("what a person has stated aged")
	}
}

func TestTheLatestResultCounts(t *testing.T) {
	f, c := table()
	s := filled()
	bad := result(t, envOf(s), c[0], finding.New(problem))
	good := result(t, envOf(s), c[0])
	good.At = bad.At.Add(time.Second)
	for _, order := range [][]flow.Result{{bad, good}, {good, bad}} {
		if got := progress(t, f, s, order); got[0].State != flow.Done {
			t.Errorf("state %s", got[0].State)
		}
	}
}

// Whatever the results: a step is open only if every needed earlier check has
// passed, and an open gate never depends on a later step.
func TestGateHoldsForAnyResults(t *testing.T) {
	f, c := table()
	s := filled()
	env := envOf(s)
	rapid.Check(t, func(rt *rapid.T) {
		var results []flow.Result
		passed := make([]bool, len(c))
		for i, one := range c {
			switch rapid.IntRange(0, 3).Draw(rt, one.ID) {
			case 1:
				results = append(results, result(t, env, one))
				passed[i] = true
			case 2:
				results = append(results, result(t, env, one, finding.New(problem)))
			case 3:
				r := result(t, env, one)
				r.Fingerprint = "yesterday"
				results = append(results, r)
			}
		}
		got, err := flow.Progress(f, env, results, now)
		if err != nil {
			rt.Fatal(err)
		}
		want := []bool{true, passed[0], passed[0], passed[0] && passed[1] && passed[2]}
		for i, st := range got {
			if st.Open != want[i] {
				rt.Fatalf("step %d open = %v, want %v with passed = %v", i, st.Open, want[i], passed)
			}
		}
	})
}

// The tables: every check has an ID of its own, valid definitions, and comes
// only after checks of the same flow or an earlier one.
func TestTables(t *testing.T) {
	for name, f := range map[string]flow.Flow{"new": flow.New, "reissue": flow.Reissue} {
		seen := map[string]bool{}
		var order []*check.Check
		for _, s := range f {
			for _, c := range s.Checks {
				if seen[c.ID] {
					t.Errorf("%s: check %s twice", name, c.ID)
				}
				seen[c.ID] = true
				order = append(order, c)
				if c.Grade == "" || c.Run == nil || len(c.Finds) == 0 {
					t.Errorf("%s: check %s lacks grade, run or findings", name, c.ID)
				}
				for _, d := range c.Finds {
					if err := d.Validate(); err != nil {
						t.Error(err)
					}
				}
				for _, after := range c.After {
					if !slices.Contains(order, after) && name == "new" {
						t.Errorf("check %s comes after %s, which stands behind it", c.ID, after.ID)
					}
				}
			}
		}
	}
}
