package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/locale"
	"latchkey/internal/provider"
)

type findingsCommand struct {
	Code string `arg:"" optional:"" help:"Code of one finding; all by default."`
	JSON bool   `help:"One JSON document on stdout."`
}

// Help names the keys of the document.
func (c *findingsCommand) Help() string {
	return causeHelp + `
The document: schema, findings. A finding has the keys of a cause without likelihood, and params (names of its values),
checks (that can report it), answer (an answer of a server can mean it).
` + exitHelp("the findings are listed", "does not occur")
}

// reference is the document of all findings, schema 1.
type reference struct {
	Schema   int              `json:"schema"`
	Findings []referenceEntry `json:"findings"`
}

type referenceEntry struct {
	causeText
	Params []string `json:"params,omitempty"`
	Checks []string `json:"checks,omitempty"` // that can report it
	Answer bool     `json:"answer"`           // an answer of a server can mean it
}

// Run lists what the product can report. Flow, checks and rules are the index:
// what they lead to is all there is.
func (c *findingsCommand) Run(t terminal) error {
	p, err := t.printer()
	if err != nil {
		return err
	}
	all := references(p)
	if c.Code != "" {
		i := slices.IndexFunc(all, func(e referenceEntry) bool { return e.Code == c.Code })
		if i < 0 && c.JSON {
			if err := writeJSON(t.Out, reference{1, []referenceEntry{}}); err != nil {
				return err
			}
		}
		if i < 0 {
			return fmt.Errorf("no finding is called %q; latchkey findings names them", c.Code)
		}
		all = all[i : i+1]
	}
	switch {
	case c.JSON:
		return writeJSON(t.Out, reference{1, all})
	case c.Code != "":
		var b strings.Builder
		writeCause(&b, p, all[0].causeText)
		_, err := io.WriteString(t.Out, b.String())
		return err
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	for _, e := range all {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", e.Code, p.T("severity."+string(e.Severity)), e.Title)
	}
	return w.Flush()
}

// references walks flows and rules.
func references(p *locale.Printer) []referenceEntry {
	answers := map[string]bool{}
	var extra [][]*finding.Definition
	for _, one := range append(provider.BuiltIn(), provider.OpenID) {
		extra = append(extra, one.Definitions())
		for _, d := range one.Definitions() {
			answers[d.Code] = d != provider.Unexplained
		}
	}
	flows := []flow.Flow{flow.New, flow.Reissue}
	checks := map[string][]string{}
	for _, f := range flows {
		for _, step := range f {
			for _, c := range step.Checks {
				for _, d := range c.Finds {
					if !slices.Contains(checks[d.Code], c.ID) {
						checks[d.Code] = append(checks[d.Code], c.ID)
					}
				}
			}
		}
	}
	index := flow.Index(flows, extra...)
	var list []referenceEntry
	for _, code := range slices.Sorted(maps.Keys(index)) {
		d := index[code]
		f := provider.Entra.Linked(finding.Finding{Causes: []finding.Cause{{Definition: d}}, Params: names(d)}, "")
		list = append(list, referenceEntry{causeTextOf(p.Finding(f)), d.Params, checks[code], answers[code]})
	}
	return list
}

// names lets each value be its name, in the brackets of commands.
func names(d *finding.Definition) map[string]string {
	values := map[string]string{}
	for _, name := range d.Params {
		values[name] = "<" + name + ">"
	}
	return values
}
