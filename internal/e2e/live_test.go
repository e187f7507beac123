package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/e2e/bench"
)

// TestOpenPagesKeepUp: a page that lies open follows what happens elsewhere,
// and keeps what answers its reader.
func TestOpenPagesKeepUp(t *testing.T) {
	d := startDemo(t)
	browser := bench.StartBrowser(t)
	desk, second, third, private, portal := browser.Context(t), browser.Context(t), browser.Context(t), browser.Context(t), browser.Context(t)
	for _, p := range []*bench.Page{desk, second, third} {
		p.Resize(1280, 900) // where the rail stands
	}
	claim(t, noLook, desk, d.AdminLink)
	desk.Follow("Add a mailbox")
	desk.Press("Start the setup")
	setup := regexp.MustCompile(`^.*/m/[a-z0-9]+`).FindString(desk.URL())

	second.Goto(setup + "/addresses")
	second.Fill("Name", "Owner")
	second.Fill("Password", adminPassword)
	second.Press("Sign in")
	second.WaitText("Step 2 of 8")
	second.WaitText("Blocked by step 1")
	answerFirst(desk, "support@lab.example")
	second.WaitText("Continue to step 3") // its own gate has opened
	second.WaitText("Version and account Done")

	// What the last act has done keeps the focus and stays.
	if role, _ := desk.Focused(); role != "paragraph" {
		t.Errorf("after a save the focus is on a %q", role)
	}
	second.Goto(setup + "/application")
	second.Fill("Sign-in account", "sales@lab.example")
	desk.Fill("Sign-in account", "postmaster@lab.example")
	desk.Press("Save for later")
	desk.WaitText("Saved for later. Nothing was checked.")
	second.Press("Save and check")
	const conflict = "Somebody else has saved this step"
	second.WaitText(conflict)
	shoot(t, second, "40-conflict")

	// Both learn of a change on the rail and keep what they say.
	third.Goto(setup + "/application")
	third.Fill("Name", "Owner")
	third.Fill("Password", adminPassword)
	third.Press("Sign in")
	third.Fill("Sign-in account", "support@lab.example")
	third.Press("Save and check")
	for name, p := range map[string]*bench.Page{"first": desk, "second": second} {
		p.WaitText("Version and account Done")
		want := map[string]string{"first": "Saved for later. Nothing was checked.", "second": conflict}[name]
		if !strings.Contains(p.Text(), want) {
			t.Errorf("the %s window lost %q: %s", name, want, p.Text())
		}
	}

	// A link that is used up goes, and the next one can be made, without a
	// reload.
	desk.Goto(setup + "/registration")
	register(t, w(desk), desk, portal, d)
	desk.Goto(setup + "/sign-in")
	desk.Press("Make the link")
	private.Goto(regexp.MustCompile(`http://localhost:\d+/w/[a-z0-9]+`).FindString(desk.Text()))
	private.Press("Continue")
	private.Follow("Sign in at Microsoft (pretended)")
	private.Fill("Email", "support@lab.example")
	private.Fill("Password", d.password("support@lab.example"))
	private.Press("Sign in")
	private.Press("Cancel")
	desk.WaitText("Make a link for the private window")
	if text := desk.Text(); strings.Contains(text, "Right-click the link") {
		t.Errorf("the used link stays: %s", text)
	}
	shoot(t, desk, "41-sign-in-failed")
}

func answerFirst(desk *bench.Page, account string) {
	desk.Choose("Another mail application")
	desk.Choose("Mailbox account")
	desk.Fill("Mailboxes", "support@lab.example")
	desk.Fill("Sign-in account", account)
	for _, protocol := range []string{"IMAP", "POP3", "SMTP"} {
		desk.Check(protocol)
	}
	desk.Press("Save and check")
	desk.WaitText("Continue to step 2")
}
