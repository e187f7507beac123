package flow

import (
	"slices"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

// Flow is a list of steps, each gated on the ones before.
type Flow []Step

// Step is one row: the answers it asks for and the checks it is judged by.
type Step struct {
	ID     setup.StepID
	Fields []setup.Field
	Checks []*check.Check
}

// Result is one stored outcome of a check on a target.
type Result struct {
	Check       string            `json:"check"`
	Target      check.Target      `json:"target"`
	Node        string            `json:"node"`
	Fingerprint string            `json:"fingerprint"`
	At          time.Time         `json:"at"`
	Took        time.Duration     `json:"took"`
	Findings    []finding.Finding `json:"findings,omitempty"`
	Facts       []check.Fact      `json:"facts,omitempty"`
	// Pending: what is waited for still has time. It opens no gate either.
	Pending bool `json:"pending,omitempty"`
	// SkippedBy names the check whose blocker made this one pointless. A
	// skipped result never opens a gate.
	SkippedBy string `json:"skipped_by,omitempty"`
}

// Blocks reports whether r holds a finding that closes a gate.
func (r Result) Blocks() bool {
	return slices.ContainsFunc(r.Findings, finding.Finding.Blocks)
}

// State is what a row shows.
type State string

// The states of a step, see the contract of the command line.
const (
	NotStarted     State = "not_started"
	Blocked        State = "blocked"
	InProgress     State = "in_progress"
	Waiting        State = "waiting"
	NeedsAttention State = "needs_attention"
	Done           State = "done"
	OutOfDate      State = "out_of_date"
)

// Reason says why a check keeps a gate closed.
type Reason string

// Nothing was entered; never run; run with other answers; skipped; blocked.
const (
	ReasonEntry     Reason = "entry_missing"
	ReasonNotRun    Reason = "not_checked"
	ReasonOutOfDate Reason = "out_of_date"
	ReasonSkipped   Reason = "skipped"
	ReasonBlocker   Reason = "blocker"
)

// Need is one thing that keeps a gate closed.
type Need struct {
	Step    setup.StepID
	Check   string
	Target  check.Target
	Reason  Reason
	Fields  []setup.Field    // for ReasonEntry
	Finding *finding.Finding // for ReasonBlocker
}

// CheckState is one check on one target, as it stands now.
type CheckState struct {
	Check   *check.Check
	Target  check.Target
	Result  *Result // the latest one, nil if never run
	Current bool    // Result speaks about today's answers
	Stale   bool    // current, runs alone and older than its MaxAge
	Waiting []setup.Field
}

// Same reports whether both are the same check on the same target.
func (c CheckState) Same(other CheckState) bool {
	return c.Check == other.Check && c.Target.Key() == other.Target.Key()
}

// Passed reports whether the check stands in nobody's way.
func (c CheckState) Passed() bool {
	return c.Current && !c.Result.Pending && c.Result.SkippedBy == "" && !c.Result.Blocks()
}

func (c CheckState) reason() Reason {
	switch {
	case len(c.Waiting) > 0:
		return ReasonEntry
	case c.Result == nil, c.Current && c.Result.Pending:
		return ReasonNotRun
	case !c.Current:
		return ReasonOutOfDate
	case c.Result.SkippedBy != "":
		return ReasonSkipped
	default:
		return ReasonBlocker
	}
}

// StepState is one step, as it stands now.
type StepState struct {
	Step   Step
	State  State
	Open   bool
	Needs  []Need // what keeps this step closed, in the order of the flow
	Checks []CheckState
}

// Count returns how many checks of the step have finished and how many apply.
func (s StepState) Count() (finished, all int) {
	for _, c := range s.Checks {
		if c.Current && !c.Result.Pending {
			finished++
		}
	}
	return finished, len(s.Checks)
}

// Pending reports whether nobody has to act: what has not passed is waited for.
func (s StepState) Pending() bool {
	pending := false
	for _, c := range s.Checks {
		switch {
		case c.Current && c.Result.Pending:
			pending = true
		case !c.Passed():
			return false
		}
	}
	return pending
}

// Progress computes what every step shows. It does no I/O: env is asked only
// for targets and the values behind fingerprints.
func Progress(f Flow, env *check.Env, results []Result, now time.Time) ([]StepState, error) {
	latest := map[string]*Result{}
	for i, r := range results {
		key := r.Check + "\x00" + r.Target.Key()
		if old, ok := latest[key]; !ok || r.At.After(old.At) {
			latest[key] = &results[i]
		}
	}
	states := make([]StepState, len(f))
	for i, step := range f {
		states[i] = StepState{Step: step}
		for _, c := range step.Checks {
			for _, t := range c.TargetsOf(env) {
				cs, err := stateOf(c, t, env, latest[c.ID+"\x00"+t.Key()], now)
				if err != nil {
					return nil, err
				}
				states[i].Checks = append(states[i].Checks, cs)
			}
		}
	}
	settle(states)
	for i := range states {
		states[i].Needs = needs(f, states, i)
		states[i].Open = len(states[i].Needs) == 0
		states[i].State = stateOfStep(states[i], env.Setup)
	}
	return states, nil
}

// settle takes out of the results what another check has proved on the same
// mailbox meanwhile. The stored result keeps it: when the proof is out of date
// the doubt is back.
func settle(states []StepState) {
	settled := map[string]bool{}
	for _, s := range states {
		for _, c := range s.Checks {
			for _, d := range c.Check.Settles {
				settled[d.Code+" "+string(c.Target.Mailbox)] = c.Passed()
			}
		}
	}
	for _, s := range states {
		for i, c := range s.Checks {
			doubt := func(f finding.Finding) bool { return settled[f.Code()+" "+string(c.Target.Mailbox)] }
			if c.Result != nil && slices.ContainsFunc(c.Result.Findings, doubt) {
				left := *c.Result
				left.Findings = slices.DeleteFunc(slices.Clone(left.Findings), doubt)
				s.Checks[i].Result = &left
			}
		}
	}
}

func stateOf(c *check.Check, t check.Target, env *check.Env, r *Result, now time.Time) (CheckState, error) {
	cs := CheckState{Check: c, Target: t, Result: r, Waiting: c.Waiting(env.Setup)}
	if r == nil {
		return cs, nil
	}
	fp, err := c.Fingerprint(env, t)
	if err != nil {
		return cs, err
	}
	cs.Current = r.Fingerprint == fp && len(cs.Waiting) == 0
	cs.Stale = cs.Current && c.RunsAlone() && c.MaxAge > 0 && now.Sub(r.At) > c.MaxAge
	return cs, nil
}

// needs applies the one rule: a step opens when, for every check of an earlier
// step that is needed by this step or an earlier one, each target has a
// current result without a blocker.
func needs(f Flow, states []StepState, step int) []Need {
	var list []Need
	for i := range step {
		for _, c := range states[i].Checks {
			if neededBy(f, i, c) > step || c.Passed() {
				continue
			}
			n := Need{Step: f[i].ID, Check: c.Check.ID, Target: c.Target, Reason: c.reason(), Fields: c.Waiting}
			if n.Reason == ReasonBlocker {
				at := slices.IndexFunc(c.Result.Findings, finding.Finding.Blocks)
				n.Finding = &c.Result.Findings[at]
			}
			list = append(list, n)
		}
	}
	return list
}

// neededBy is the index of the step whose gate c guards; a name the flow does
// not have means the next step, which is the stricter reading.
func neededBy(f Flow, step int, c CheckState) int {
	for _, id := range []setup.StepID{c.Target.NeededBy, c.Check.NeededBy} {
		if i := slices.IndexFunc(f, func(s Step) bool { return s.ID == id }); i > step {
			return i
		}
	}
	return step + 1
}

func stateOfStep(s StepState, answers setup.Setup) State {
	var ran, blocked, old, open bool
	for _, c := range s.Checks {
		switch {
		case c.Passed():
			ran = true
		case c.Current && c.Result.Blocks():
			blocked = true
		case c.Result != nil && !c.Current && len(c.Waiting) == 0:
			old = true
		default:
			open = true
		}
	}
	started := slices.ContainsFunc(s.Step.Fields, func(f setup.Field) bool { return !answers.Empty(f) })
	switch {
	case blocked:
		return NeedsAttention
	case !s.Open && !ran && !old:
		return Blocked
	case old:
		return OutOfDate
	case !open && s.Open:
		return Done
	case !open && ran:
		return Done
	case started || ran:
		return InProgress
	default:
		return NotStarted
	}
}

// Index returns every definition that a flow can lead to, by code. extra are
// further lists, such as those of the provider's rules.
func Index(flows []Flow, extra ...[]*finding.Definition) map[string]*finding.Definition {
	index := map[string]*finding.Definition{}
	for _, f := range flows {
		for _, s := range f {
			for _, c := range s.Checks {
				for _, d := range c.Finds {
					index[d.Code] = d
				}
			}
		}
	}
	for _, list := range extra {
		for _, d := range list {
			index[d.Code] = d
		}
	}
	return index
}
