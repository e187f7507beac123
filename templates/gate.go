package templates

import (
	"context"
	"slices"
)

// needText says what is missing, in one phrase.
func needText(ctx context.Context, x Need) string {
	switch x.Reason {
	case "entry_missing":
		labels := make([]string, len(x.Fields))
		for i, f := range x.Fields {
			labels[i] = word(ctx, "field", f)
		}
		return t(ctx, "need.entry_missing", "fields", printer(ctx).List(labels...))
	case "blocker":
		return x.What
	}
	return t(ctx, "need."+x.Reason, "check", x.What)
}

// needWho says from whom it comes, "" if that is not known.
func needWho(ctx context.Context, x Need) string {
	switch {
	case x.Who != "" && x.Actor != "":
		return t(ctx, "gate.from_person", "name", x.Who, "role", word(ctx, "actor", x.Actor))
	case x.Actor != "":
		return t(ctx, "gate.from", "role", word(ctx, "actor", x.Actor))
	}
	return ""
}

// before is the step before this one, "" for the first.
func (s StepPage) before() string {
	if i := s.Setup.Number(s.ID) - 2; i >= 0 {
		return s.Setup.Rail[i].Step
	}
	return ""
}

// finished reports whether this step is done and the next one, if there is one,
// open; the way on is then the page's one primary button.
func (s StepPage) finished() bool {
	return s.Setup.row(s.ID).State == "done" && s.Onward.Gate == nil && len(s.Errors) == 0
}

// supply is everything one step has to supply before a gate opens.
type supply struct {
	Step  string
	Needs []Need
}

// anchor is where on its own page a step supplies what is missing: at its
// findings, or among the entries.
func (s supply) anchor() string {
	if s.Needs[0].Reason == "blocker" {
		return "#findings"
	}
	return "#main"
}

// supplies sorts needs by the step that supplies them, in order of appearance,
// and makes one need of all entries that are missing there.
func supplies(needs []Need) []supply {
	var list []supply
	for _, x := range needs {
		i := slices.IndexFunc(list, func(s supply) bool { return s.Step == x.Step })
		if i < 0 {
			i = len(list)
			list = append(list, supply{Step: x.Step})
		}
		same := func(other Need) bool {
			return x.Reason == "entry_missing" && other.Reason == x.Reason && other.Who == x.Who && other.Actor == x.Actor
		}
		if j := slices.IndexFunc(list[i].Needs, same); j >= 0 {
			list[i].Needs[j].Fields = union(list[i].Needs[j].Fields, x.Fields)
			continue
		}
		list[i].Needs = append(list[i].Needs, x)
	}
	return list
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
