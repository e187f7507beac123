package finding

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// Likelihood is how sure a cause is. Words, not numbers: nobody has measured
// frequencies, and a percentage would claim that somebody has.
type Likelihood string

// Certain needs proof; Likely is the best explanation of what was seen;
// Possible cannot be ruled out.
const (
	Certain  Likelihood = "certain"
	Likely   Likelihood = "likely"
	Possible Likelihood = "possible"
)

// Cause is a definition with its likelihood in one situation.
type Cause struct {
	*Definition
	Likelihood Likelihood
}

// Evidence is what was seen, verbatim and redacted. Ref is an identifier that
// support can search for: a correlation ID, a trace ID, a server name.
type Evidence struct {
	Source string `json:"source"`
	Text   string `json:"text"`
	Ref    string `json:"ref,omitempty"`
}

// Finding is one card: ranked causes (Causes[0] names the finding), the values
// for the placeholders, and the evidence.
type Finding struct {
	Causes   []Cause
	Params   map[string]string
	Evidence []Evidence
}

// New returns a finding with one certain cause. pairs are placeholder names
// and values in turn; a value for an undeclared name, or a declared name
// without a value, panics: both are faults of the calling check, and its tests
// must meet them.
func New(d *Definition, pairs ...string) Finding {
	if len(pairs)%2 != 0 {
		panic(fmt.Sprintf("finding: %s: parameter %q has no value", d.Code, pairs[len(pairs)-1]))
	}
	params := make(map[string]string, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if !slices.Contains(d.Params, pairs[i]) {
			panic(fmt.Sprintf("finding: %s: parameter %q is not declared", d.Code, pairs[i]))
		}
		params[pairs[i]] = pairs[i+1]
	}
	for _, name := range d.Params {
		if _, ok := params[name]; !ok {
			panic(fmt.Sprintf("finding: %s: parameter %q is missing", d.Code, name))
		}
	}
	return Finding{Causes: []Cause{{d, Certain}}, Params: params}
}

// With returns f with one more piece of evidence.
func (f Finding) With(source, text, ref string) Finding {
	f.Evidence = append(slices.Clip(f.Evidence), Evidence{Source: source, Text: text, Ref: ref})
	return f
}

// NewSignIn reports whether a new sign-in repairs the most likely cause.
func (f Finding) NewSignIn() bool { return len(f.Causes) > 0 && f.Causes[0].NewSignIn }

// AdminConsent reports whether an administrator's consent repairs the most
// likely cause.
func (f Finding) AdminConsent() bool { return len(f.Causes) > 0 && f.Causes[0].AdminConsent }

// Asks is the entry that settles the most likely cause, "" for none.
func (f Finding) Asks() string {
	if len(f.Causes) == 0 {
		return ""
	}
	return f.Causes[0].Asks
}

// Code is the code of the most likely cause, "" for a finding without causes.
func (f Finding) Code() string {
	if len(f.Causes) == 0 {
		return ""
	}
	return f.Causes[0].Code
}

// Severity is that of the most likely cause.
func (f Finding) Severity() Severity {
	if len(f.Causes) == 0 {
		return Note
	}
	return f.Causes[0].Severity
}

// Actor is that of the most likely cause.
func (f Finding) Actor() Actor {
	if len(f.Causes) == 0 {
		return ProductAdmin
	}
	return f.Causes[0].Actor
}

// Blocks reports whether f closes a gate.
func (f Finding) Blocks() bool { return f.Severity() == Blocker }

// Sort orders findings worst first and keeps the order of equals.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Compare(a.Severity().Rank(), b.Severity().Rank())
	})
}

type wireCause struct {
	Code       string     `json:"code"`
	Likelihood Likelihood `json:"likelihood"`
}

type wireFinding struct {
	Causes   []wireCause       `json:"causes"`
	Params   map[string]string `json:"params,omitempty"`
	Evidence []Evidence        `json:"evidence,omitempty"`
}

// MarshalJSON writes codes in place of definitions: stored results outlive the
// wording of the program that wrote them.
func (f Finding) MarshalJSON() ([]byte, error) {
	w := wireFinding{Params: f.Params, Evidence: f.Evidence}
	for _, c := range f.Causes {
		w.Causes = append(w.Causes, wireCause{c.Code, c.Likelihood})
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads codes; Resolve then attaches the definitions.
func (f *Finding) UnmarshalJSON(b []byte) error {
	var w wireFinding
	if err := json.Unmarshal(b, &w); err != nil {
		return fmt.Errorf("finding: %w", err)
	}
	*f = Finding{Params: w.Params, Evidence: w.Evidence}
	for _, c := range w.Causes {
		f.Causes = append(f.Causes, Cause{&Definition{Code: c.Code}, c.Likelihood})
	}
	return nil
}

// Resolve replaces the bare codes that UnmarshalJSON leaves by the definitions
// of index. A code that this version does not know keeps blocking, because a
// gate must not open by forgetting a word.
func (f Finding) Resolve(index map[string]*Definition) Finding {
	causes := make([]Cause, 0, len(f.Causes))
	for _, c := range f.Causes {
		d, ok := index[c.Code]
		if !ok {
			d = &Definition{
				Code: c.Code, Severity: Blocker, Actor: ProductAdmin, Title: c.Code,
				Consequence: "This version does not know the code.",
				Cause:       "Another version of the program wrote this result.",
				Remedy:      "Check again.",
			}
		}
		causes = append(causes, Cause{d, c.Likelihood})
	}
	f.Causes = causes
	return f
}
