package templates

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/a-h/templ"
	"github.com/a-h/templ/generator"
	"github.com/a-h/templ/parser/v2"
	"github.com/a-h/templ/parser/v2/visitor"
)

func sources(t *testing.T) map[string]*parser.TemplateFile {
	t.Helper()
	paths, err := filepath.Glob("*.templ")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	files := map[string]*parser.TemplateFile{}
	for _, path := range paths {
		file, err := parser.Parse(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files[path] = file
	}
	return files
}

// TestNoSentenceStandsInATemplate: a word in a template has no translation.
func TestNoSentenceStandsInATemplate(t *testing.T) {
	hasLetter := func(s string) bool { return strings.ContainsFunc(strings.ReplaceAll(s, "A文", ""), unicode.IsLetter) }
	for path, file := range sources(t) {
		v := visitor.New()
		v.Text = func(n *parser.Text) error {
			if hasLetter(n.Value) {
				t.Errorf("%s: %q stands in the template", path, n.Value)
			}
			return nil
		}
		v.ConstantAttribute = func(n *parser.ConstantAttribute) error {
			if slices.Contains([]string{"aria-label", "aria-description", "alt", "placeholder", "title"}, n.Key.String()) {
				t.Errorf("%s: %s=%q stands in the template", path, n.Key, n.Value)
			}
			return nil
		}
		if err := file.Visit(v); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGeneratedCodeIsCurrent: what is compiled is what the templates say.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	for path, file := range sources(t) {
		var out bytes.Buffer
		if _, err := generator.Generate(file, &out, generator.WithVersion(templ.Version()), generator.WithFileName(path)); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want, err := format.Source(out.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		compiled, err := os.ReadFile(strings.TrimSuffix(path, ".templ") + "_templ.go")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := format.Source(compiled); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s was changed and not generated again (error %v): go tool templ generate -path templates", path, err)
		}
	}
}
