package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a page may take to come or to change.
const patience = 20 * time.Second

// Page is what one person sees in one browser context. Controls are found as
// that person, or assistive technology, finds them: by role and name. All
// methods fail the test when the page is not as they need it; those that look
// for something wait for it.
type Page struct {
	t     testing.TB
	ctx   context.Context
	frame cdp.FrameID // of the whole page, without those inside it

	mu         sync.Mutex
	navigating bool     // asked for another document that has not come yet
	messages   []string // console and browser log
	problems   []string // exceptions, violations of the content security policy
}

// Goto opens an address, as typed into the address bar.
func (p *Page) Goto(url string) {
	p.t.Helper()
	res, err := chromedp.Call(p.ctx, cdppage.Navigate, cdppage.NavigateParams{URL: url})
	if err == nil && res.ErrorText != "" {
		err = fmt.Errorf("the browser says %s", res.ErrorText)
	}
	p.check("open the address", err)
	p.settle()
}

// Fill replaces what stands in the text field with this label.
func (p *Page) Fill(label, value string) {
	p.t.Helper()
	p.act(label, func(n *accessibility.Node) error {
		_, err := chromedp.Call(p.ctx, dom.Focus, dom.FocusParams{BackendNodeID: n.BackendDOMNodeID})
		return err
	}, "textbox", "searchbox", "combobox", "spinbutton")
	p.Clear()
	p.Type(value)
}

// Press presses the button with this name, or opens the details so titled.
func (p *Page) Press(name string) {
	p.t.Helper()
	p.click(name, "button", "DisclosureTriangle")
}

// Follow follows the link with this text.
func (p *Page) Follow(text string) {
	p.t.Helper()
	p.click(text, "link")
}

// Choose selects the radio button with this label.
func (p *Page) Choose(label string) {
	p.t.Helper()
	p.tick(label, "radio")
}

// Select goes down the list with this label, with the arrow key, until it shows
// the option.
func (p *Page) Select(label, option string) {
	p.t.Helper()
	p.act(label, func(n *accessibility.Node) error {
		_, err := chromedp.Call(p.ctx, dom.Focus, dom.FocusParams{BackendNodeID: n.BackendDOMNodeID})
		return err
	}, "combobox")
	last := ""
	p.act(label, func(n *accessibility.Node) error {
		switch got := word(n.Value); {
		case got == option:
			return nil
		case got == last && got != "":
			return refusal(fmt.Sprintf("it ends with %q", got))
		default:
			last = got
			p.Down()
			return fmt.Errorf("it shows %q", got)
		}
	}, "combobox")
}

// Check ticks the checkbox with this label, which was not ticked.
func (p *Page) Check(label string) {
	p.t.Helper()
	p.tick(label, "checkbox")
}

// WaitText waits until the text can be read on the page; line breaks and
// spaces are all the same.
func (p *Page) WaitText(text string) {
	p.t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	seen := ""
	if !poll(patience, func() bool {
		seen, _ = evaluate[string](p, readable) // no document yet: ask again
		return strings.Contains(seen, text)
	}) {
		p.t.Fatalf("bench: %q did not appear within %v; the page says: %s", text, patience, redact(seen))
	}
}

const readable = `(document.body ? document.body.innerText : "").split(/\s+/).join(" ").trim()`

// Text returns what can be read on the page, with single spaces.
func (p *Page) Text() string {
	p.t.Helper()
	text, err := evaluate[string](p, readable)
	p.check("read the page", err)
	return text
}

// URL returns the address in the address bar. It may hold a code: do not log
// it.
func (p *Page) URL() string {
	p.t.Helper()
	url, err := evaluate[string](p, `location.href`)
	p.check("read the address", err)
	return url
}

// Tab moves the keyboard focus on, Enter and Space press what has it, Down goes
// to the next choice of a group, Clear empties a text field, Type writes into
// it.
func (p *Page) Tab() { p.t.Helper(); p.key(kb.Tab) }

// Enter presses the key.
func (p *Page) Enter() { p.t.Helper(); p.key(kb.Enter); p.settle() }

// Space presses the key.
func (p *Page) Space() { p.t.Helper(); p.key(" "); p.settle() }

// Down presses the arrow key.
func (p *Page) Down() { p.t.Helper(); p.key(kb.ArrowDown) }

// Clear selects all that stands in the focused text field and deletes it.
func (p *Page) Clear() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeRawKeyDown, Commands: []string{"selectAll", "delete"},
	})
	p.check("empty the field", err)
}

// Type writes into the control that has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text})
	p.check("type", err)
}

func (p *Page) key(key string) {
	p.t.Helper()
	p.check("press a key", chromedp.Do(p.ctx, chromedp.KeyEvent(key)))
}

// NoScript switches JavaScript off, for the pages opened from now on.
func (p *Page) NoScript() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.check("switch JavaScript off", err)
}

// Dark sets what the person prefers: a dark page or a light one.
func (p *Page) Dark(dark bool) {
	p.t.Helper()
	value := "light"
	if dark {
		value = "dark"
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		// Colours that are still on their way make no picture and no contrast.
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: value}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	p.check("set the colour scheme", err)
}

// Resize sets the size of the window, in CSS pixels.
func (p *Page) Resize(width, height int) {
	p.t.Helper()
	p.check("resize", chromedp.Do(p.ctx, chromedp.EmulateViewport(int64(width), int64(height))))
}

// Screenshot writes the whole page as PNG, in a window of this size. Size and
// colours stay.
func (p *Page) Screenshot(path string, width, height int, dark bool) {
	p.t.Helper()
	p.Resize(width, height)
	p.Dark(dark)
	beyond := true
	res, err := chromedp.Call(p.ctx, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{CaptureBeyondViewport: &beyond})
	if err == nil {
		err = os.WriteFile(path, res.Data, 0o644)
	}
	p.check("take a screenshot", err)
}

// check ends the test on an error. The address of the page is not in it.
func (p *Page) check(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("bench: %s: %s", what, redact(err.Error()))
	}
}

// evaluate runs JavaScript of ours in the page; this also works where the
// page's own is switched off or forbidden.
func evaluate[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}
