package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// act looks for the one control with this name, as the browser tells it to
// assistive technology, and does something with it; again and again, because
// the page may just be changing.
func (p *Page) act(name string, do func(*accessibility.Node) error, roles ...string) {
	p.t.Helper()
	var err error
	poll(patience, func() bool {
		var n *accessibility.Node
		if n, err = p.one(name, roles); err == nil {
			err = do(n)
		}
		_, final := errors.AsType[refusal](err)
		return err == nil || final
	})
	p.check(fmt.Sprintf("%s %q", strings.Join(roles, " or "), name), err)
}

// refusal is a fault of the page that waiting does not mend.
type refusal string

func (r refusal) Error() string { return string(r) }

// one finds exactly one. Two of the same name are a fault of the page: nobody
// who hears them can tell them apart.
func (p *Page) one(name string, roles []string) (*accessibility.Node, error) {
	found, err := p.query(name, roles)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		text, _ := evaluate[string](p, readable)
		return nil, fmt.Errorf("not there; the page says: %s", text)
	case len(found) > 1:
		return nil, refusal(fmt.Sprintf("there are %d of them", len(found)))
	}
	return found[0], nil
}

func (p *Page) query(name string, roles []string) ([]*accessibility.Node, error) {
	root, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
	if err != nil {
		return nil, err
	}
	var found []*accessibility.Node
	for _, role := range roles {
		res, err := chromedp.Call(p.ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
			ObjectID: root.Result.ObjectID, AccessibleName: name, Role: role,
		})
		if err != nil {
			return nil, err
		}
		for _, n := range res.Nodes {
			if !n.Ignored {
				found = append(found, n)
			}
		}
	}
	return found, nil
}

// click presses the mouse button in the middle of a control, where a person
// would, and not on what lies over it.
func (p *Page) click(name string, roles ...string) {
	p.t.Helper()
	var x, y float64
	p.act(name, func(n *accessibility.Node) (err error) {
		x, y, err = p.place(n.BackendDOMNodeID)
		return err
	}, roles...)
	p.check("click", chromedp.Do(p.ctx, chromedp.MouseClickXY(x, y)))
	p.settle()
}

// place scrolls to a control and returns a point where a click reaches it or
// its label.
func (p *Page) place(id cdp.BackendNodeID) (x, y float64, err error) {
	if _, err := chromedp.Call(p.ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: id}); err != nil {
		return 0, 0, err
	}
	res, err := chromedp.Call(p.ctx, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: id})
	if err != nil {
		return 0, 0, err
	}
	if len(res.Quads) == 0 {
		return 0, 0, errors.New("it has no place on the page")
	}
	x, y = middle(res.Quads[0])
	node, err := chromedp.Call(p.ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: id})
	if err != nil {
		return 0, 0, err
	}
	hit, err := chromedp.Run(p.ctx, chromedp.CallFunctionOn[bool](
		`function (x, y) {
			const at = document.elementFromPoint(x, y);
			return [this, ...(this.labels ?? [])].some((e) => e.contains(at));
		}`,
		func(c *runtime.CallFunctionOnParams) { c.ObjectID = node.Object.ObjectID }, x, y))
	if err == nil && !hit {
		err = refusal("it is covered by something else")
	}
	return x, y, err
}

// middle of a quadrilateral.
func middle(q dom.Quad) (x, y float64) {
	for i := 0; i < len(q); i += 2 {
		x, y = x+q[i]/4, y+q[i+1]/4
	}
	return x, y
}

// tick clicks a radio button or a checkbox and makes sure of the result.
func (p *Page) tick(label, role string) {
	p.t.Helper()
	p.click(label, role)
	p.act(label, func(n *accessibility.Node) error {
		for _, property := range n.Properties {
			if property.Name == "checked" && string(property.Value.Value) == `"true"` {
				return nil
			}
		}
		return refusal("it is not checked after the click")
	}, role)
}

// Focused returns role and name of what the next key press goes to.
func (p *Page) Focused() (role, name string) {
	p.t.Helper()
	active, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
	p.check("find the focus", err)
	relatives := false
	res, err := chromedp.Call(p.ctx, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{
		ObjectID: active.Result.ObjectID, FetchRelatives: &relatives,
	})
	if err == nil && len(res.Nodes) == 0 {
		err = fmt.Errorf("it is not in the accessibility tree")
	}
	p.check("read the focus", err)
	return word(res.Nodes[0].Role), word(res.Nodes[0].Name)
}

func word(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	_ = json.Unmarshal([]byte(v.Value), &s) // anything else than a string is no name
	return s
}
