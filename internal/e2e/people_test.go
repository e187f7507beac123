package e2e_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

// toRegistration answers the first two steps of a demo.
func toRegistration(t *testing.T, desk *bench.Page) {
	t.Helper()
	desk.Follow("Add a mailbox")
	desk.Press("Start the setup")
	desk.Choose("Another mail application")
	desk.Choose("Mailbox account")
	desk.Fill("Mailboxes", "support@lab.example")
	desk.Fill("Sign-in account", "support@lab.example")
	for _, protocol := range []string{"IMAP", "POP3", "SMTP"} {
		desk.Check(protocol)
	}
	desk.Press("Save and check")
	desk.Follow("Continue to step 2: Addresses")
	desk.Follow("Continue to step 3: Entra application")
	desk.WaitText("Step 3 of 8")
}

// TestTwoPeopleInTwoBrowsers: the administrator of the mail application invites
// the Microsoft 365 administrator, who works in another browser, with another
// cookie jar: waiting room, own steps, and the secret on a page of its own. The
// first window learns what was done, never what was typed.
func TestTwoPeopleInTwoBrowsers(t *testing.T) {
	d := startDemo(t)
	browser := bench.StartBrowser(t)
	desk, guest, portal := browser.Context(t), browser.Context(t), browser.Context(t)
	claim(t, noLook, desk, d.AdminLink)
	toRegistration(t, desk)

	desk.Goto(regexp.MustCompile(`^(.*/m/[a-z0-9]+)/`).FindStringSubmatch(desk.URL())[1] + "/people")
	shoot(t, desk, "30-people")
	clean(t, desk, "people")
	desk.Choose("Microsoft 365 administrator")
	desk.Press("Make the invitation")
	desk.WaitText("Send this text in any chat or mail")
	shoot(t, desk, "31-invitation")
	clean(t, desk, "invitation")
	link := regexp.MustCompile(`http://localhost:\d+/join/[a-z0-9]+`).FindString(desk.Text())

	guest.Goto(link)
	shoot(t, guest, "32-join")
	clean(t, guest, "join")
	guest.Fill("Your name", "Dana")
	guest.Press("Ask to join")
	guest.WaitText("Keep this page open")
	shoot(t, guest, "33-waiting-room")
	clean(t, guest, "waiting room")

	desk.WaitText("Dana wants to join as Microsoft 365 administrator") // by itself
	shoot(t, desk, "34-knock")
	clean(t, desk, "somebody waits")
	desk.Press("Let in Dana")
	guest.WaitText("has let you in") // by itself
	guest.Follow("Go to the setup")
	shoot(t, guest, "35-guest-overview")
	clean(t, guest, "overview of the second person")
	guest.Follow("Step 3: Entra application Not started")
	guest.WaitText("Step 3 of 8")
	uri := regexp.MustCompile(`http://localhost:\d+/callback`).FindString(guest.Text())
	secret := registerAtPortal(t, portal, d, uri)

	desk.Follow("Latchkey")
	desk.Follow("support@lab.example")
	desk.WaitText("Entra application")
	guest.Fill("Directory (tenant) ID", d.Lab.TenantID)
	guest.Fill("Application (client) ID", d.Lab.ClientID)
	guest.Fill("Registered redirect URIs", uri)
	guest.Press("Save and check")
	guest.Follow("Page for the client secret only")
	shoot(t, guest, "36-secret")
	clean(t, guest, "page of the secret")
	guest.Fill("Client secret value", secret)
	saved := time.Now()
	guest.Press("Save and check")
	desk.WaitText("saved by Dana") // by itself
	t.Logf("the first window told it %v after the click", time.Since(saved).Round(time.Millisecond))
	for name, p := range map[string]*bench.Page{"first": desk, "second": guest} {
		if strings.Contains(p.Text(), secret) {
			t.Errorf("the %s window shows the secret", name)
		}
	}
	shoot(t, desk, "37-owner-overview")
	clean(t, desk, "overview of the owner")
}
