package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/provider"
)

// written lists the codes of all definitions in the product's source, with the
// file each stands in.
func written(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, f := range product(t) {
		if !under(f, "internal", "cmd", "web") || under(f, "internal/store/storetest") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, f), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if name, ok := literal.Type.(*ast.SelectorExpr); !ok || name.Sel.Name != "Definition" {
				return true
			}
			if code := codeIn(literal); code != "" {
				found[code] = append(found[code], f)
			}
			return true
		})
	}
	return found
}

// codeIn is the Code of a definition's literal.
func codeIn(literal *ast.CompositeLit) string {
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, ok := pair.Key.(*ast.Ident)
		value, isLiteral := pair.Value.(*ast.BasicLit)
		if ok && isLiteral && key.Name == "Code" {
			s, _ := strconv.Unquote(value.Value)
			return s
		}
	}
	return ""
}

// reached walks flow → steps → checks → Finds, and provider → rules → Means.
func reached() map[string][]*finding.Definition {
	found := map[string][]*finding.Definition{}
	add := func(ds ...*finding.Definition) {
		for _, d := range ds {
			if !slices.Contains(found[d.Code], d) {
				found[d.Code] = append(found[d.Code], d)
			}
		}
	}
	for _, f := range []flow.Flow{flow.New, flow.Reissue} {
		for _, step := range f {
			for _, c := range step.Checks {
				add(c.Finds...)
			}
		}
	}
	for _, p := range append(provider.BuiltIn(), provider.OpenID) {
		add(p.Definitions()...)
	}
	return found
}

// TestEachDefinitionIsReached: the data is the index. A definition that no
// check and no rule leads to is a text nobody will ever read, and one that two
// places define is two meanings of one code.
func TestEachDefinitionIsReached(t *testing.T) {
	source, index := written(t), reached()
	if len(source) < 150 {
		t.Fatalf("only %d definitions found: the collector does not see them", len(source))
	}
	for _, code := range slices.Sorted(maps.Keys(source)) {
		if files := source[code]; len(files) > 1 {
			t.Errorf("%s is defined in %s: one code, one definition", code, strings.Join(files, " and "))
		}
		if _, ok := index[code]; !ok {
			t.Errorf("%s (%s) is reached by no check and no rule", code, source[code][0])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(index)) {
		if len(index[code]) > 1 {
			t.Errorf("%s has %d definitions in the index", code, len(index[code]))
		}
		if err := index[code][0].Validate(); err != nil {
			t.Error(err)
		}
		if _, ok := source[code]; !ok {
			t.Errorf("%s is in the index and in no source: the collector does not see it", code)
		}
	}
}

// TestEachCheckCanFindSomething: a check that declares nothing judges nothing,
// and the runner would let it report nothing.
func TestEachCheckCanFindSomething(t *testing.T) {
	for _, f := range []flow.Flow{flow.New, flow.Reissue} {
		for _, step := range f {
			for _, c := range step.Checks {
				if len(c.Finds) == 0 {
					t.Errorf("%s of %s declares no finding", c.ID, step.ID)
				}
			}
		}
	}
}
