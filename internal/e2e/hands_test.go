package e2e_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

// hands work the controls of a page, which they find by what people see or
// hear of them.
type hands interface {
	Fill(label, value string)
	Choose(label string)
	Check(label string)
	Press(name string)
	Follow(text string)
}

// keyboard works a page with the keys only.
type keyboard struct {
	t *testing.T
	p *bench.Page
}

// reach moves the focus forward until it is on the control.
func (k keyboard) reach(role, name string) {
	k.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); k.p.Tab() {
		if r, n := k.p.Focused(); n == name && r == role {
			return
		}
	}
	k.t.Fatalf("no key leads to the %s %q; the page says: %s", role, name, k.p.Text())
}

func (k keyboard) Fill(label, value string) {
	k.t.Helper()
	k.reach("textbox", label)
	k.p.Clear()
	k.p.Type(value)
}

// Choose goes into the group with Tab and through it with the arrow key, as a
// group of radio buttons is worked.
func (k keyboard) Choose(label string) {
	k.t.Helper()
	seen := map[string]bool{}
	for range 200 {
		role, name := k.p.Focused()
		switch {
		case role == "radio" && name == label:
			k.p.Space()
			return
		case role == "radio" && !seen[name]:
			seen[name] = true
			k.p.Down()
		default:
			k.p.Tab()
		}
	}
	k.t.Fatalf("no key leads to the choice %q; the page says: %s", label, k.p.Text())
}

func (k keyboard) Check(label string) {
	k.t.Helper()
	k.reach("checkbox", label)
	k.p.Space()
}

func (k keyboard) Press(name string) {
	k.t.Helper()
	k.reach("button", name)
	k.p.Enter()
}

func (k keyboard) Follow(text string) {
	k.t.Helper()
	k.reach("link", text)
	k.p.Enter()
}

// TestDemoByKeyboard completes the flow without a mouse.
func TestDemoByKeyboard(t *testing.T) {
	complete(t, way{
		hands:  func(p *bench.Page) hands { return keyboard{t, p} },
		awaits: func(p *bench.Page, text string) { t.Helper(); p.WaitText(text) },
		looks:  noLook,
	}, false)
}

// TestDemoWithoutScript completes the flow in browsers that run no script:
// nothing on a page changes by itself, so the person loads it again.
func TestDemoWithoutScript(t *testing.T) {
	complete(t, way{
		hands: func(p *bench.Page) hands { return p },
		awaits: func(p *bench.Page, text string) {
			t.Helper()
			again(t, p, text)
		},
		looks: noLook,
	}, true)
}

func again(t *testing.T, p *bench.Page, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if strings.Contains(p.Text(), text) {
			return
		}
		p.Goto(p.URL())
	}
	t.Fatalf("%q did not appear; the page says: %s", text, p.Text())
}
