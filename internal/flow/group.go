package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/internal/finding"
)

// Group is one card: a finding, and the checks that have reported it. One
// closed port that several servers meet is one finding that names them all.
type Group struct {
	Finding finding.Finding
	Checks  []CheckState
}

// Groups returns what the step's current results have found, worst first, each
// only once. A transport failure that several checks met is one finding;
// findings that differ in nothing but the server are merged.
func (s StepState) Groups() []Group {
	var all []Group
	place := map[string]int{}
	for _, c := range s.Checks {
		if !c.Current {
			continue
		}
		for _, f := range c.Result.Findings {
			key := groupKey(f)
			i, ok := place[key]
			if !ok {
				place[key] = len(all)
				all = append(all, Group{f, []CheckState{c}})
				continue
			}
			all[i].Finding = merged(all[i].Finding, f)
			all[i].Checks = append(all[i].Checks, c)
		}
	}
	slices.SortStableFunc(all, func(a, b Group) int {
		return a.Finding.Severity().Rank() - b.Finding.Severity().Rank()
	})
	return all
}

func groupKey(f finding.Finding) string {
	params := maps.Clone(f.Params)
	delete(params, "server")
	return fmt.Sprint(f.Code(), params)
}

const serverList = ", "

// merged adds the server that b names, and what it has seen, to a.
func merged(a, b finding.Finding) finding.Finding {
	one := b.Params["server"]
	if one == "" || slices.Contains(strings.Split(a.Params["server"], serverList), one) {
		return a
	}
	a.Params = maps.Clone(a.Params)
	a.Params["server"] += serverList + one
	a.Evidence = append(slices.Clip(a.Evidence), b.Evidence...)
	return a
}

// Findings returns the findings of the step's groups.
func (s StepState) Findings() []finding.Finding {
	var list []finding.Finding
	for _, g := range s.Groups() {
		list = append(list, g.Finding)
	}
	return list
}
