package locale

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// message is one entry of a language file: its plural forms, or "other" alone.
type message map[string]string

// read flattens a language file.
func read(t *testing.T, data []byte) map[string]message {
	t.Helper()
	var tables map[string]map[string]any
	if err := toml.Unmarshal(data, &tables); err != nil {
		t.Fatal(err)
	}
	all := map[string]message{}
	for table, entries := range tables {
		for key, value := range entries {
			m := message{}
			switch v := value.(type) {
			case string:
				m["other"] = v
			case map[string]any:
				for form, text := range v {
					m[form] = fmt.Sprint(text)
				}
			}
			all[table+"."+key] = m
		}
	}
	return all
}

// readFile reads all files of a language; a word in two of them is a fault.
func readFile(t *testing.T, tag string) map[string]message {
	t.Helper()
	names, err := fs.Glob(files, "lang/"+tag+"*.toml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]message{}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for id, m := range read(t, data) {
			if _, twice := all[id]; twice {
				t.Errorf("%s: %s stands in another file of the language too", name, id)
			}
			all[id] = m
		}
	}
	return all
}

// used collects what pages and handlers ask for: whole ids, and the prefixes
// of ids whose end is a value.
func used(t *testing.T, patterns ...string) (ids, families map[string]bool) {
	t.Helper()
	ids, families = map[string]bool{}, map[string]bool{}
	position := map[string]int{"t": 1, "n": 1, "T": 1, "N": 1, "split": 1, "Split": 1, "strong": 0, "said": 0,
		"word": 1, "wordOr": 1, "words": 1, "Word": 1, "tag": 0, "errorWord": 1, "wordChoices": 1}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				call, ok := node.(*ast.CallExpr)
				if !ok {
					return true
				}
				name := callee(call)
				at, ok := position[name]
				if !ok || len(call.Args) == 0 {
					return true
				}
				if _, isContext := call.Args[0].(*ast.Ident); !isContext && literalPrefix(call.Args[0]) != "" {
					at = 0 // a printer's own T and N take no context
				}
				if len(call.Args) <= at {
					return true
				}
				collect(name, call.Args[at:], ids, families)
				return true
			})
		}
	}
	return ids, families
}

func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "strings" {
			return ""
		}
		return f.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// literalPrefix is the literal at the start of e: of "a."+b, "a.".
func literalPrefix(e ast.Expr) string {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		return literalPrefix(sum.X)
	}
	return literal(e)
}

func collect(name string, args []ast.Expr, ids, families map[string]bool) {
	switch name {
	case "word", "wordOr", "words", "Word", "tag", "errorWord":
		families[literal(args[0])] = true
	case "wordChoices":
		families[literal(args[0])] = true
		families[literal(args[1])] = true
	default:
		if id := literal(args[0]); id != "" {
			ids[id] = true
		} else if prefix := literalPrefix(args[0]); prefix != "" {
			families[strings.TrimSuffix(prefix, ".")] = true
		}
	}
}

// TestEnglishHasExactlyWhatIsUsed compares both ways: a page that asks for a
// sentence nobody has written, and a sentence no page asks for.
func TestEnglishHasExactlyWhatIsUsed(t *testing.T) {
	ids, families := used(t, "../../templates/*.go", "../../web/*.go", "*.go")
	if len(ids) < 200 {
		t.Fatalf("only %d ids found: the collector does not see the pages", len(ids))
	}
	for family, values := range Families {
		// Families the handlers choose from, by way of a view or of Problem.
		if !families[family] && !slices.Contains([]string{"problem", "field", "report_format", "unknown"}, family) {
			t.Errorf("family %q is used by no page", family)
		}
		for _, v := range values {
			ids[family+"."+v] = true
		}
	}
	for family := range families {
		if _, ok := Families[family]; !ok && family != "" {
			t.Errorf("family %q is not in Families", family)
		}
	}
	written := readFile(t, "en")
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if _, ok := written[id]; !ok {
			t.Errorf("%s is asked for and not written", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(written)) {
		if !ids[id] && !slices.ContainsFunc([]string{"meta.", "check.", "fact.", "event."}, func(p string) bool { return strings.HasPrefix(id, p) }) {
			t.Errorf("%s is written and asked for nowhere", id)
		}
	}
}

// incomplete lists what other lacks against source: messages, placeholders,
// and plural forms, which only the library itself knows for sure.
func incomplete(c *Catalog, tag string, source, other map[string]message) []string {
	var faults []string
	p := c.Printer(tag)
	for id, m := range source {
		o, ok := other[id]
		if !ok {
			faults = append(faults, id+" is missing")
			continue
		}
		want := placeholderSet(m["other"])
		for form, text := range o {
			if got := placeholderSet(text); form == "other" && !slices.Equal(got, want) {
				faults = append(faults, fmt.Sprintf("%s: placeholders %v, want %v", id, got, want))
			}
		}
		if len(m) > 1 {
			faults = append(faults, withoutForm(p, id, want)...)
		}
	}
	for id := range other {
		if _, ok := source[id]; !ok && !strings.HasPrefix(id, "finding.") {
			faults = append(faults, id+" is unknown")
		}
	}
	slices.Sort(faults)
	return faults
}

func withoutForm(p *Printer, id string, names []string) (faults []string) {
	defer func() {
		if r := recover(); r != nil {
			faults = []string{fmt.Sprint(r)}
		}
	}()
	var pairs []any
	for _, name := range names {
		pairs = append(pairs, name, "x")
	}
	for count := range 1001 {
		p.N(id, count, pairs...)
	}
	p.N(id, 1_000_000, pairs...) // French, Italian, Portuguese and Spanish have a form of its own here
	return nil
}

func placeholderSet(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestEveryLanguageIsComplete(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	source := readFile(t, "en")
	for _, tag := range c.Tags() {
		for _, fault := range incomplete(c, tag, source, readFile(t, tag)) {
			t.Errorf("%s: %s", tag, fault)
		}
	}
}

func TestIncompleteFindsEachKindOfGap(t *testing.T) {
	c := two(t)
	source := read(t, []byte(english))
	got := incomplete(c, "pt-BR", source, read(t, []byte(`
[meta]
name = "Português (Brasil)"
[a]
hello = "Olá {{.nome}}"
extra = "x"
boxes = { other = "{{.count}} caixas" }
`)))
	want := []string{"a.extra is unknown", "a.hello: placeholders [nome], want [name]", "a.only is missing"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(withoutForm(c.Printer("pt-BR"), "a.hello", []string{"name"})) != 1 {
		t.Error("a message without plural forms was found complete for counting")
	}
	if len(withoutForm(c.Printer("pt-BR"), "a.boxes", nil)) != 0 {
		t.Error("a message with all forms was found incomplete")
	}
	if len(withoutForm(c.Printer(), "a.missing", nil)) != 1 {
		t.Error("a message that does not exist was found complete")
	}
}

var forbidden = regexp.MustCompile(`(?i)\b(please|sorry|oops|invalid|failed|failure|callback|reply url|inbox|microsoft it|azure ad|here\b.{0,3}$)|!`)

// TestEnglishStyle holds what a machine can check of the writing rules.
func TestEnglishStyle(t *testing.T) {
	sentenceEnd := regexp.MustCompile(`[.:?](\s|$)`)
	for id, m := range readFile(t, "en") {
		for _, text := range m {
			if id != "error_text.500" && id != "done_text.failed" { // the one apology
				if bad := forbidden.FindString(text); bad != "" {
					t.Errorf("%s: %q says %q", id, text, bad)
				}
			}
			for _, sentence := range sentenceEnd.Split(text, -1) {
				if words := len(strings.Fields(sentence)); words > 20 {
					t.Errorf("%s: a sentence of %d words: %q", id, words, sentence)
				}
			}
			if strings.HasSuffix(id, "_hint") && strings.HasSuffix(text, ".") {
				t.Errorf("%s: a hint ends without a full stop: %q", id, text)
			}
			if text != strings.TrimSpace(text) || strings.Contains(text, "  ") {
				t.Errorf("%s: stray blanks: %q", id, text)
			}
		}
	}
}

func TestProblemNamesFieldAndValue(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	p := c.Printer()
	long := strings.Repeat("x", 200)
	for got, want := range map[string]string{
		p.Problem("required", "client_id", ""): "“Application (client) ID” is empty.",
		p.Problem("twice", "mailboxes", long):  "“" + long[:60] + "…” stands in the list twice.",
		p.Check("a_check_from_the_future"):     "A check from the future",
		p.Check(""):                            "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFactValueWordsOnlyWhatIsOurs(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	p := c.Printer("en")
	for _, tt := range []struct{ name, value, want string }{
		{"renewed_at", "2026-11-21T20:19:13Z", "21 Nov 2026, 20:19 UTC"},
		{"key", "latchkey_keeps", "Keep it and renew it"},
		{"key", "unheard_of", "unheard_of"},
		{"mechanisms", "latchkey_keeps", "latchkey_keeps"},
		{"audience", "https://outlook.office.com", "https://outlook.office.com"},
	} {
		if got := p.FactValue(tt.name, tt.value); got != tt.want {
			t.Errorf("%s %q reads %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}
