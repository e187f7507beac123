package bench

import (
	"os"
	"path/filepath"

	"latchkey/internal/need"
)

// Violation is a finding of axe-core: a barrier for people.
type Violation struct {
	ID      string   `json:"id"`
	Impact  string   `json:"impact"`
	Help    string   `json:"help"`
	Targets []string `json:"targets"` // CSS selectors
}

// Axe runs axe-core on the page as it is now: all rules that are on by
// default, and the stricter ones for target size and contrast.
func (p *Page) Axe() []Violation {
	p.t.Helper()
	source, err := os.ReadFile(filepath.Join(need.Package(p.t, npmDir(), "axe-core"), "axe.min.js"))
	p.check("read axe-core", err)
	if there, err := evaluate[bool](p, `"axe" in window`); err != nil || !there {
		_, err = evaluate[any](p, string(source)+"; null")
		p.check("load axe-core", err)
	}
	found, err := evaluate[[]Violation](p, `axe.run(document, {
		rules: { "target-size": { enabled: true }, "color-contrast-enhanced": { enabled: true } },
	}).then((r) => r.violations.map((v) => ({
		id: v.id, impact: v.impact, help: v.help, targets: v.nodes.map((n) => n.target.join(" ")),
	})))`)
	p.check("run axe-core", err)
	return found
}
