package check_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
)

// reports are the codes that checks have reported, by the checks' IDs.
type reports struct {
	mu    sync.Mutex
	codes map[string]map[string]bool
}

// provoked are the reports of all tests of the package.
var provoked reports

// note keeps what one run of a check has reported, with every cause: a cause
// in the second place is shown and explained like the first.
func (r *reports) note(c *check.Check, out check.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.codes == nil {
		r.codes = map[string]map[string]bool{}
	}
	if r.codes[c.ID] == nil {
		r.codes[c.ID] = map[string]bool{}
	}
	for _, f := range out.Findings {
		for _, cause := range f.Causes {
			r.codes[c.ID][cause.Code] = true
		}
	}
}

// gaps compares what checks declare with what they were seen to report.
func (r *reports) gaps(checks []*check.Check) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, c := range checks {
		for _, d := range c.Finds {
			if !r.codes[c.ID][d.Code] {
				list = append(list, fmt.Sprintf("%s: no test provokes %s", c.ID, d.Code))
			}
		}
		for code := range r.codes[c.ID] {
			if !slices.ContainsFunc(c.Finds, func(d *finding.Definition) bool { return d.Code == code }) {
				list = append(list, fmt.Sprintf("%s: reports %s and does not declare it", c.ID, code))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// allChecks are those of both flows, each once.
func allChecks() []*check.Check {
	var list []*check.Check
	for _, f := range []flow.Flow{flow.New, flow.Reissue} {
		for _, step := range f {
			for _, c := range step.Checks {
				if !slices.Contains(list, c) {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// everything reports whether no flag leaves tests out.
func everything() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f == nil || f.Value.String() != "" {
			return false
		}
	}
	return true
}

// After all tests: each finding that a check declares was reported by a check
// that really ran.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if code == 0 && everything() {
			for _, gap := range provoked.gaps(allChecks()) {
				fmt.Println(gap)
				code = 1
			}
		}
		os.Exit(code)
	}))
}

func TestGapsAreSeen(t *testing.T) {
	a, b := &finding.Definition{Code: "a"}, &finding.Definition{Code: "b"}
	one := &check.Check{ID: "one", Finds: []*finding.Definition{a, b}}
	two := &check.Check{ID: "two", Finds: []*finding.Definition{a}}
	found := func(ds ...*finding.Definition) check.Outcome {
		f := finding.Finding{}
		for _, d := range ds {
			f.Causes = append(f.Causes, finding.Cause{Definition: d})
		}
		return check.Found(f)
	}
	var r reports
	r.note(one, found(a))
	if got, want := r.gaps([]*check.Check{one, two}), []string{"one: no test provokes b", "two: no test provokes a"}; !slices.Equal(got, want) {
		t.Errorf("gaps %q, want %q", got, want)
	}
	r.note(one, found(b))
	r.note(two, found(a, b))
	if got, want := r.gaps([]*check.Check{one, two}), []string{"two: reports b and does not declare it"}; !slices.Equal(got, want) {
		t.Errorf("gaps %q, want %q", got, want)
	}
	if got := allChecks(); len(got) < 40 {
		t.Errorf("only %d checks are compared", len(got))
	}
}

// What checks meet in tests comes from a server or the network: nobody writes
// an answer down here as our own clients would have returned it.
func TestNoAnswerIsMadeUp(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name.Name != "check_test" {
			continue // of the package itself: it runs no check
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok {
				if s, ok := literal.Type.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && s.Sel.Name == "Error" && (x.Name == "oauth" || x.Name == "probe") {
						t.Errorf("%s: a made-up answer", set.Position(n.Pos()))
					}
				}
			}
			return true
		})
	}
}
