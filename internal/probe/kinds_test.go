package probe_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"latchkey/internal/probe"
)

// A kind or stage that the lists leave out would be refused in a block that
// this very program has printed.
func TestKindsAndStagesAreComplete(t *testing.T) {
	var kinds, stages []string
	for _, k := range probe.Kinds {
		kinds = append(kinds, string(k))
	}
	for _, s := range probe.Stages {
		stages = append(stages, string(s))
	}
	for file, of := range map[string]struct {
		name string
		list []string
	}{"error.go": {"Kind", kinds}, "target.go": {"Stage", stages}} {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != of.name {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil || !slices.Contains(of.list, value) {
				t.Errorf("%s: %s is not in the list", file, spec.Names[0])
			}
			found++
			return true
		})
		if found != len(of.list) || found == 0 {
			t.Errorf("%s: %d constants, %d in the list", file, found, len(of.list))
		}
	}
}
