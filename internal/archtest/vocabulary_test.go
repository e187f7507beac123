package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// goFiles lists all Go files.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() != ".." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			files = append(files, strings.TrimPrefix(filepath.ToSlash(path), root+"/"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// product lists those that are neither tests nor generated.
func product(t *testing.T) []string {
	return slices.DeleteFunc(goFiles(t), func(f string) bool {
		return strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "_templ.go")
	})
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func under(file string, dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(file, d+"/") })
}

// TestVendorNumbersStayInTheirRoom: what Microsoft numbers is known to the
// provider, recorded in the corpus and pretended by the lab.
func TestVendorNumbersStayInTheirRoom(t *testing.T) {
	for _, f := range product(t) {
		if strings.Contains(read(t, f), "AADSTS") && !under(f, "internal/provider", "internal/corpus", "internal/lab") {
			t.Errorf("%s speaks of AADSTS: a vendor's numbers are known to internal/provider only", f)
		}
	}
}

// TestSQLStaysInTheStore: everybody else says what to remember, not how.
func TestSQLStaysInTheStore(t *testing.T) {
	statement := regexp.MustCompile(`(?:SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)`)
	for _, f := range product(t) {
		if under(f, "internal/store") {
			continue
		}
		text := read(t, f)
		if statement.MatchString(text) || strings.Contains(text, `"database/sql"`) {
			t.Errorf("%s holds SQL: only internal/store knows how things are remembered", f)
		}
	}
}

// TestHTTPServersStayAtTheEdge: requests, cookies and headers are web's; the
// lab is a web site of its own, and walk is its visitor.
func TestHTTPServersStayAtTheEdge(t *testing.T) {
	server := regexp.MustCompile(`http\.(?:ResponseWriter|HandlerFunc|Handler\b|Server\b|SetCookie|Cookie\b)|chi\.`)
	for _, f := range product(t) {
		if !under(f, "web", "internal/lab", "internal/walk", "cmd/latchkey") && server.MatchString(read(t, f)) {
			t.Errorf("%s touches requests, cookies or headers: that is the work of web", f)
		}
	}
}

// TestPagesStayInTheirRoom: templ is for templates, which web renders.
func TestPagesStayInTheirRoom(t *testing.T) {
	for _, f := range product(t) {
		if strings.Contains(read(t, f), `"github.com/a-h/templ"`) && !under(f, "templates", "web") {
			t.Errorf("%s imports templ: a page is written in templates and served by web", f)
		}
	}
}

// TestEachPackageSaysWhatItOwns: a doc.go per package.
func TestEachPackageSaysWhatItOwns(t *testing.T) {
	dirs := map[string]bool{}
	for _, f := range product(t) {
		dirs[filepath.ToSlash(filepath.Dir(f))] = true
	}
	for dir := range dirs {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, dir, "doc.go"), nil, parser.ParseComments)
		if err != nil || file.Doc == nil || len(file.Doc.Text()) < 80 {
			t.Errorf("%s has no doc.go that says what it owns and what it does not know", dir)
		}
	}
}

// TestFunctionsStaySmall: a function of 100 lines is read in one go.
func TestFunctionsStaySmall(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f, "_templ.go") {
			continue
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, f, read(t, f), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				if lines := files.Position(fn.End()).Line - files.Position(fn.Pos()).Line + 1; lines > 100 {
					t.Errorf("%s: %s has %d lines; the limit is 100", f, fn.Name.Name, lines)
				}
			}
		}
	}
}

// TestFilesStaySmall: one person can hold a file of 500 lines.
func TestFilesStaySmall(t *testing.T) {
	for _, f := range goFiles(t) {
		if lines := strings.Count(read(t, f), "\n"); lines > 500 && !strings.HasSuffix(f, "_templ.go") {
			t.Errorf("%s has %d lines; the limit is 500", f, lines)
		}
	}
}

// TestTopLevelIsFixed: the owner has named the folders.
func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"cmd", "web", "internal", "static", "templates", "go.mod", "go.sum", "README.md", "LICENSE", "Makefile"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(known, e.Name()) && e.Name() != "latchkey" {
			t.Errorf("%s stands at the top level, where only %s belong", e.Name(), strings.Join(known, ", "))
		}
	}
}
