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
// findings of one cause that differ in nothing but the thing it was seen on are
// merged.
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
	delete(params, several(f))
	return fmt.Sprint(f.Code(), params)
}

// several is the parameter of which one card may name several values, "" for
// none. A command names one thing to act on, so its cards stay apart.
func several(f finding.Finding) string {
	for _, name := range []string{"server", "mailbox", "redirect_uri"} {
		if f.Params[name] == "" {
			continue
		}
		if slices.ContainsFunc(f.Causes, func(c finding.Cause) bool {
			return c.Definition != nil && slices.Contains(finding.Placeholders(c.Command), name)
		}) {
			return ""
		}
		return name
	}
	return ""
}

const listSeparator = ", "

// merged adds the server, mailbox or address that b names, and what was seen
// there, to a.
func merged(a, b finding.Finding) finding.Finding {
	name := several(b)
	if name == "" || slices.Contains(strings.Split(a.Params[name], listSeparator), b.Params[name]) {
		return a
	}
	a.Params = maps.Clone(a.Params)
	a.Params[name] += listSeparator + b.Params[name]
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
