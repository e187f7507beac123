package wizard

import (
	"context"
	"fmt"

	"latchkey/internal/flow"
	"latchkey/internal/setup"
)

// Impact is what a change does to the results of other steps, each check once.
type Impact struct {
	Again []flow.Need // a person has to do these again
	Alone []flow.Need // out of date, or new, and judged again by themselves
}

// ImpactError says what a change would make out of date. Nothing was saved.
type ImpactError struct {
	Impact Impact
}

// Error implements error.
func (e *ImpactError) Error() string {
	return fmt.Sprintf("wizard: the change affects %d results", len(e.Impact.Again)+len(e.Impact.Alone))
}

// Affected lists what a change would make out of date, without saving it.
func (w *Wizard) Affected(ctx context.Context, who Who, in Submit) (impact Impact, err error) {
	if !may(who, in.Setup, in.Step) {
		return impact, ErrForbidden
	}
	err = w.Store.View(ctx, func(tx Tx) error {
		st, err := w.read(tx, in.Setup)
		if err != nil {
			return err
		}
		before := st.setup
		if _, err := w.apply(&st.setup, who, in); err != nil {
			return err
		}
		impact, err = w.affected(tx, before, st, in.Step)
		return err
	})
	return impact, err
}

// affected compares the fingerprints of what stands now with those after the
// change. Only what a person would have to do again is worth a question; the
// question then names everything.
func (w *Wizard) affected(tx Tx, before setup.Setup, after state, step setup.StepID) (impact Impact, err error) {
	results, err := w.results(tx, before.ID)
	if err != nil {
		return impact, err
	}
	old := after
	old.setup = before
	was, err := flow.Progress(flow.Of(before), w.env(old), results, w.Now())
	if err != nil {
		return impact, err
	}
	is, err := flow.Progress(flow.Of(after.setup), w.env(after), results, w.Now())
	if err != nil {
		return impact, err
	}
	stood, passed, begun := map[string]bool{}, map[string]bool{}, map[setup.StepID]bool{}
	for _, s := range was {
		for _, c := range s.Checks {
			key := c.Check.ID + " " + c.Target.Key()
			stood[key], passed[key] = true, c.Passed()
			begun[s.Step.ID] = begun[s.Step.ID] || c.Current
		}
	}
	seen := map[string]bool{}
	for _, s := range is {
		for _, c := range s.Checks {
			key := c.Check.ID + " " + c.Target.Key()
			changed := passed[key] || !stood[key] && begun[s.Step.ID]
			if s.Step.ID == step || c.Current || !changed || seen[c.Check.ID] {
				continue
			}
			seen[c.Check.ID] = true
			n := flow.Need{Step: s.Step.ID, Check: c.Check.ID, Target: c.Target, Reason: flow.ReasonOutOfDate}
			if c.Check.RunsAlone() {
				impact.Alone = append(impact.Alone, n)
			} else {
				impact.Again = append(impact.Again, n)
			}
		}
	}
	return impact, nil
}
