package bench

import (
	"context"
	"testing"
	"time"

	"latchkey/internal/need"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Browser is Debian's Chromium with an empty profile.
type Browser struct{ ctx context.Context }

// StartBrowser starts a browser without a window. Everything it would fetch or
// report by itself is switched off.
func StartBrowser(t testing.TB) *Browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(need.Program(t, "chromium")), // as root chromedp adds --no-sandbox
		chromedp.Flag("headless", true),
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // 64 MB in many containers
	}
	// Not the test's context: that one ends before the clean-up, and the
	// browser would be killed instead of closed.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("bench: start chromium: %v", err)
	}
	return &Browser{ctx}
}

// Context opens a page in a new browser context: its own cookies and storage,
// like a private window or another person's computer. When the test ends, it
// fails if the page has violated its content security policy or thrown an
// exception.
func (b *Browser) Context(t testing.TB) *Page {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	p := &Page{t: t, ctx: ctx}
	err := chromedp.Do(ctx)
	if err == nil {
		p.frame = cdp.FrameID(chromedp.FromContext(ctx).Target.TargetID)
		err = chromedp.Listen(ctx, p.note)
	}
	if err == nil {
		_, err = chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	}
	if err != nil {
		t.Fatalf("bench: open a browser context: %v", err)
	}
	t.Cleanup(func() {
		for _, problem := range p.Problems() {
			t.Errorf("on a page: %s", problem)
		}
	})
	return p
}

// CookieNames returns the names of the cookies of the page's browser context,
// for all sites. Their values are secrets.
func (p *Page) CookieNames() []string {
	p.t.Helper()
	own := chromedp.FromContext(p.ctx).BrowserContextID
	res, err := chromedp.CallBrowser(p.ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: own})
	p.check("read the cookies", err)
	var names []string
	for _, c := range res.Cookies {
		names = append(names, c.Name)
	}
	return names
}

// note is called by the browser's connection for every event, in order; it
// must not wait and not call the browser.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		p.away(e.FrameID)
	case *page.EventFrameStartedNavigating:
		p.away(e.FrameID)
	case *page.EventFrameNavigated:
		if e.Frame.ID == p.frame {
			p.navigating = false
		}
	case *page.EventFrameStoppedLoading: // a download, or an empty answer
		if e.FrameID == p.frame {
			p.navigating = false
		}
	default:
		p.noteMessage(event)
	}
}

func (p *Page) away(frame cdp.FrameID) {
	if frame == p.frame {
		p.navigating = true
	}
}

// settle waits for the new document when a click has led away. A streamed page
// may take long to end, so its end is waited for only a little.
func (p *Page) settle() {
	p.t.Helper()
	gone := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.navigating
	}
	if !poll(100*time.Millisecond, gone) {
		return
	}
	if !poll(patience, func() bool { return !gone() }) {
		p.t.Fatalf("bench: the next page did not come within %v", patience)
	}
	poll(patience/10, func() bool {
		parsed, err := evaluate[bool](p, `document.readyState != "loading"`)
		return err == nil && parsed
	})
}
