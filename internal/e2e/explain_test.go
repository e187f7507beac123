package e2e_test

import (
	"strings"
	"testing"

	"latchkey/internal/e2e/bench"
)

// TestExplainPage: an error of another program is explained before any setup
// exists, by keyboard, on a narrow page, and in a browser without script.
func TestExplainPage(t *testing.T) {
	for name, scripted := range map[string]bool{"by keyboard": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			d := startDemo(t)
			p := bench.StartBrowser(t).Context(t)
			p.Resize(360, 740)
			if !scripted {
				p.NoScript()
			}
			claim(t, noLook, p, d.AdminLink)
			look := func(where string) {
				if scripted { // axe-core is a script too
					clean(t, p, where)
				}
			}
			var h hands = p
			if scripted {
				h = keyboard{t, p}
			}
			h.Follow("Explain an error")
			p.WaitText("What you can paste")
			look("the empty page")
			h.Press("Explain")
			p.WaitText("The text is empty.")
			look("the empty text")
			h.Fill("Error, address, transcript or log", "A4 SELECT INBOX A4 BAD User is authenticated but not connected. Bearer planted-access-1234567890")
			h.Choose("Shared account")
			h.Fill("Mailbox", "sales@contoso.example")
			h.Fill("Who signed in", "svc@contoso.example")
			h.Press("Explain")
			p.WaitText("svc@contoso.example may not open sales@contoso.example")
			look("the explanation")
			if text := p.Text(); strings.Contains(text, "planted") || !strings.Contains(text, "live values: token.") {
				t.Errorf("the page says: %s", text)
			}
			h.Follow("full_access_missing")
			p.WaitText("Names in angle brackets")
			h.Follow("All findings and their fixes")
			p.WaitText("All findings")
			look("all findings")
		})
	}
}
