package explain_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/BurntSushi/toml"

	"latchkey/internal/explain"
	"latchkey/internal/provider"
)

const threads = "../corpus/testdata/threads"

// thread is one failure from a public thread; see the README beside the files.
type thread struct {
	name    string
	Source  string         `toml:"source"`
	Seen    string         `toml:"seen"`
	Phase   string         `toml:"phase"`
	Input   string         `toml:"input"`
	Context map[string]any `toml:"context"`
	Cause   string         `toml:"cause"`
	Proof   string         `toml:"evidence"`
	Code    string         `toml:"code"`
}

func readThreads(t *testing.T) []thread {
	t.Helper()
	files, err := filepath.Glob(threads + "/[0-9]*.toml")
	if err != nil {
		t.Fatal(err)
	}
	var list []thread
	for _, file := range files {
		one := thread{name: strings.TrimSuffix(filepath.Base(file), ".toml")}
		meta, err := toml.DecodeFile(file, &one)
		if err != nil {
			t.Fatal(err)
		}
		if left := meta.Undecoded(); len(left) > 0 {
			t.Fatalf("%s: nobody reads %v", file, left)
		}
		list = append(list, one)
	}
	return list
}

// meaning says which findings state the cause of a thread, where its file has
// a word of its own for it.
type meaning struct {
	// Codes whose definition gives the cause and the repair that helped.
	Codes []string `toml:"codes"`
	Why   string   `toml:"why"`
	// Threads are the files it holds for: "" holds for every file of the code.
	Threads []string `toml:"threads"`
}

// meanings is the whole table.
type meanings struct {
	Code map[string][]meaning `toml:"code"`
	// NotTold: what was pasted and what is known beside it do not tell the
	// cause; why, by the file's name.
	NotTold map[string]string `toml:"not_told"`
}

// right lists the codes that are right for a thread.
func (m meanings) right(one thread) []string {
	list := []string{one.Code}
	for _, same := range m.Code[one.Code] {
		if len(same.Threads) == 0 || slices.Contains(same.Threads, one.name) {
			list = append(list, same.Codes...)
		}
	}
	return list
}

// permission is the short name of an application permission, which is a role of
// the token.
var permission = regexp.MustCompile(`\b[A-Z][A-Za-z]+(?:\.[A-Za-z]+)+`)

// entries are a thread's facts as somebody would give them to the command.
func (one thread) entries() []explain.Entry {
	var list []explain.Entry
	add := func(key, value string) { list = append(list, explain.Entry{Key: key, Value: value}) }
	for key, v := range one.Context {
		value := fmt.Sprint(v)
		if parts, ok := v.([]any); ok {
			value = strings.Trim(fmt.Sprintln(parts...), "\n")
		}
		switch {
		case key == "account":
			add("account_type", value)
		case key == "user":
			add("sasl_user", value)
		case key == "scopes_of_the_request":
			add("scopes", value)
		case key == "admin_consent" && strings.HasPrefix(value, "granted"):
			add("passed", "consent")
		case key == "imap" && strings.HasPrefix(value, "works"):
			add("passed", "imap")
		case key == "permissions" && one.Context["grant"] == "client_credentials":
			add("roles", strings.Join(permission.FindAllString(value, -1), " "))
		case key == "hosts":
			host, port, _ := strings.Cut(value, ":")
			add("host", host)
			if port != "" {
				add("port", port)
			}
		default:
			add(key, value)
		}
	}
	return list
}

// What people met outside of our tests: the right cause is to come first
// nearly always, and to be among the first three where one sentence has
// several causes.
func TestThreads(t *testing.T) {
	var table meanings
	if meta, err := toml.DecodeFile(threads+"/meanings.toml", &table); err != nil {
		t.Fatal(err)
	} else if left := meta.Undecoded(); len(left) > 0 {
		t.Fatalf("meanings.toml: nobody reads %v", left)
	}
	all := readThreads(t)
	var lines strings.Builder
	w := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	first, three := 0, 0
	used := map[string]bool{}
	for _, one := range all {
		result, err := explain.Text(provider.Entra, one.Input, one.entries()...)
		if err != nil {
			t.Fatalf("%s: %v", one.name, err)
		}
		var got []string
		for _, c := range result.Causes() {
			got = append(got, c.Code)
		}
		right := table.right(one)
		at := slices.IndexFunc(got, func(c string) bool { return slices.Contains(right, c) })
		mark := "missed"
		switch {
		case at == 0:
			mark = "first"
			first++
			three++
		case at > 0 && at < 3:
			mark = fmt.Sprint(at + 1)
			three++
		}
		used[one.Code] = true
		why, expected := table.NotTold[one.name]
		switch {
		case expected && at == 0:
			t.Errorf("%s comes first: take it out of not_told (%s)", one.name, why)
		case !expected && at != 0:
			t.Errorf("%s: %v, want %v first; if what was pasted does not tell, say why in not_told", one.name, got, right)
		}
		delete(table.NotTold, one.name)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", one.name, mark, one.Code, strings.Join(got[:min(3, len(got))], " "))
	}
	w.Flush()
	t.Logf("\n%s%d threads, %d first, %d within three", lines.String(), len(all), first, three)
	// At least 54 of any 60 of them first, and at least 58 within three.
	if missed := len(all) - first; missed > 6 || len(all) < 60 {
		t.Errorf("%d of %d do not come first", missed, len(all))
	}
	if missed := len(all) - three; missed > 2 {
		t.Errorf("%d of %d are not within the first three", missed, len(all))
	}
	for name := range table.NotTold {
		t.Errorf("not_told names %s, which does not exist", name)
	}
	known := map[string]bool{}
	for _, d := range provider.Entra.Definitions() {
		known[d.Code] = true
	}
	for code, list := range table.Code {
		if !used[code] {
			t.Errorf("no thread has the code %s", code)
		}
		for _, same := range list {
			for _, c := range same.Codes {
				if !known[c] || same.Why == "" {
					t.Errorf("%s = %s: no such finding, or no reason", code, c)
				}
			}
			for _, name := range same.Threads {
				if !slices.ContainsFunc(all, func(one thread) bool { return one.name == name && one.Code == code }) {
					t.Errorf("%s: no thread %s has this code", code, name)
				}
			}
		}
	}
}
