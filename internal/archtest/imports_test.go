package archtest

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed is the import table: package → what of ours it may import. A package
// that is not listed may not exist; an import that is not listed is a wall that
// was walked through. Files of tests are free.
var allowed = map[string][]string{
	"internal/finding": {},
	"internal/secret":  {},
	"internal/corpus":  {},
	"internal/audit":   {},
	"internal/product": {},
	"internal/setup":   {},

	"internal/oauth":   {"secret"},
	"internal/xoauth2": {"secret"},
	"internal/seal":    {"secret"},
	"internal/probe":   {"secret", "xoauth2"},
	"internal/paste":   {"oauth", "probe", "setup", "adminscript"},
	"internal/admin":   {"secret", "audit"},
	"internal/token":   {"oauth", "secret"},

	"internal/adminscript": {"secret", "setup"},

	"internal/provider": {"finding", "oauth", "probe", "setup"},
	"internal/locale":   {"finding"},
	"internal/config":   {"setup", "provider", "probe"},

	"internal/check": {"finding", "setup", "secret", "oauth", "probe", "provider", "product"},
	"internal/flow":  {"check", "finding", "setup"},

	"internal/explain": {"paste", "provider", "finding", "oauth", "probe", "setup"},

	"internal/wizard": {"adminscript", "flow", "check", "finding", "setup", "provider", "product", "oauth", "token", "probe", "paste", "audit", "secret"},
	"internal/keeper": {"token"},
	"internal/report": {"wizard", "flow", "finding", "setup", "locale", "check"},

	"internal/store":           {"wizard", "token", "admin", "audit", "seal", "secret", "setup", "flow", "oauth"},
	"internal/store/storetest": {"wizard", "token", "admin", "audit", "secret", "setup", "flow", "oauth", "check", "finding"},

	"static":      {},
	"templates":   {"locale", "static"},
	"web":         {"adminscript", "wizard", "report", "locale", "finding", "flow", "setup", "admin", "secret", "check", "provider", "product", "oauth", "paste", "explain", "templates", "static"},
	"web/webtest": {},

	"internal/lab":          {"corpus", "lab/world", "lab/entra", "lab/exchange"},
	"internal/lab/world":    {"corpus"},
	"internal/lab/entra":    {"corpus", "lab/world"},
	"internal/lab/exchange": {"corpus", "lab/world"},

	"internal/walk":      {"lab"},
	"internal/archtest":  {},
	"internal/e2e":       {},
	"internal/e2e/bench": {"need", "secret"},
	"internal/need":      {},
	"cmd/latchkey":       nil, // wiring: everything
}

// island may use nothing of anybody's but the recorded answers: what the lab misunderstands must not be
// misunderstood by the same code on the other side.
var island = []string{"internal/lab", "internal/lab/world", "internal/lab/entra", "internal/lab/exchange"}

// tests-only packages may be imported by tests alone.
var testsOnly = []string{"internal/e2e", "internal/e2e/bench", "internal/need", "internal/store/storetest", "internal/archtest", "web/webtest"}

type pkg struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "latchkey/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func TestImportsFollowTheTable(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		name := strings.TrimPrefix(p.ImportPath, "latchkey/")
		seen[name] = true
		may, listed := allowed[name]
		if !listed {
			t.Errorf("%s is not in the import table: a new room needs a line there and a doc.go", name)
			continue
		}
		used := map[string]bool{}
		for _, i := range p.Imports {
			ours, ok := strings.CutPrefix(i, "latchkey/")
			if !ok {
				continue
			}
			if slices.Contains(testsOnly, ours) && !slices.Contains(testsOnly, name) {
				t.Errorf("%s imports %s, which serves tests only", name, ours)
			}
			used[strings.TrimPrefix(ours, "internal/")] = true
			if may != nil && !slices.Contains(may, strings.TrimPrefix(ours, "internal/")) {
				t.Errorf("%s imports %s: data flows one way, and the table has no door there", name, ours)
			}
		}
		for _, door := range may {
			if !used[door] {
				t.Errorf("%s has a door to %s that nobody uses: close it in the table", name, door)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("the import table lists %s, which does not exist", name)
		}
	}
}

func TestTheLabIsAnIsland(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.Contains(island, strings.TrimPrefix(p.ImportPath, "latchkey/")) {
			continue
		}
		for _, i := range p.Imports {
			if first, _, _ := strings.Cut(i, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s: the lab shares no library with the client side, "+
					"so that a misunderstanding cannot cancel itself out", p.ImportPath, i)
			}
		}
	}
}
