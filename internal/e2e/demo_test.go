package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

// demo is a running "latchkey demo".
type demo struct {
	process   *bench.Process
	URL       string `json:"url"`
	AdminLink string `json:"admin_link"`
	Lab       struct {
		Portal   string `json:"portal"`
		TenantID string `json:"tenant_id"`
		ClientID string `json:"client_id"`
	} `json:"lab"`
	Accounts []struct{ User, Password, Is string } `json:"accounts"`
}

func startDemo(t *testing.T, args ...string) demo {
	t.Helper()
	args = append([]string{"demo", "--listen", "localhost:0", "--json", "--delay", "0.02"}, args...)
	p := bench.Start(t, bench.Binary(t), args, nil)
	d := demo{process: p}
	line := p.WaitFor(`(?m)^\{"schema":1,.*\}$`, 10*time.Second)[0]
	if err := json.Unmarshal([]byte(line), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d demo) password(user string) string {
	for _, a := range d.Accounts {
		if a.User == user {
			return a.Password
		}
	}
	return ""
}

const adminPassword = "a quiet harbour at dusk"

// shoot writes pictures of the page in both widths and colours where
// LATCHKEY_SHOTS names a folder, for people to look at.
func shoot(t *testing.T, p *bench.Page, name string) {
	t.Helper()
	dir := os.Getenv("LATCHKEY_SHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{1280, 360} {
		for _, dark := range []bool{false, true} {
			theme := map[bool]string{false: "light", true: "dark"}[dark]
			p.Screenshot(filepath.Join(dir, name+"-"+map[int]string{1280: "wide", 360: "narrow"}[width]+"-"+theme+".png"), width, 900, dark)
		}
	}
	p.Dark(false)
	p.Resize(1280, 900)
}

// clean fails if the page broke its own policy or threw, or has a barrier that
// axe-core finds.
func clean(t *testing.T, p *bench.Page, where string) {
	t.Helper()
	for _, problem := range p.Problems() {
		t.Errorf("%s: console: %s", where, problem)
	}
	for _, v := range p.Axe() {
		t.Errorf("%s: axe: %+v", where, v)
	}
}

// claim makes the administrator.
func claim(t *testing.T, p *bench.Page, link string) {
	t.Helper()
	p.Goto(link)
	p.WaitText("Become the first administrator")
	shoot(t, p, "00-claim")
	clean(t, p, "claim")
	p.Fill("Name", "Owner")
	p.Fill("Password", adminPassword)
	p.Fill("The same password again", adminPassword)
	p.Press("Create the administrator")
	p.WaitText("No mailbox yet")
}

// TestDemoByLabels completes the flow in a real browser: a first window, a
// private window with its own cookies, and the portal, with nothing but the
// labels that a person sees.
func TestDemoByLabels(t *testing.T) {
	d := startDemo(t)
	browser := bench.StartBrowser(t)
	desk, private, portal := browser.Context(t), browser.Context(t), browser.Context(t)

	claim(t, desk, d.AdminLink)
	shoot(t, desk, "01-dashboard-empty")
	clean(t, desk, "empty dashboard")
	desk.Follow("Add a mailbox")
	shoot(t, desk, "02-new")
	clean(t, desk, "new")
	desk.Press("Start the setup")
	desk.WaitText("Step 1 of 8")
	shoot(t, desk, "03-application")
	clean(t, desk, "application")

	desk.Choose("Another mail application")
	desk.Choose("Shared account")
	desk.Fill("Mailboxes", "sales@lab.example\ninfo@lab.example")
	desk.Fill("Sign-in account", "svc-mail@lab.example")
	for _, protocol := range []string{"IMAP", "POP3", "SMTP"} {
		desk.Check(protocol)
	}
	desk.Press("Save and check")
	desk.WaitText("Continue to step 2")
	shoot(t, desk, "04-application-done")
	clean(t, desk, "application, saved")
	desk.Follow("Continue to step 2: Addresses")
	desk.WaitText("Step 2 of 8")
	desk.WaitText("Continue to step 3")
	shoot(t, desk, "05-addresses")
	clean(t, desk, "addresses")
	desk.Follow("Continue to step 3: Entra application")
	desk.WaitText("Step 3 of 8")
	shoot(t, desk, "06-registration")
	clean(t, desk, "registration")

	uri := regexp.MustCompile(`http://localhost:\d+/callback`).FindString(desk.Text())
	secret := registerAtPortal(t, portal, d, uri)
	desk.Fill("Directory (tenant) ID", d.Lab.TenantID)
	desk.Fill("Application (client) ID", d.Lab.ClientID)
	desk.Fill("Client secret value", secret)
	desk.Fill("Registered redirect URIs", uri)
	desk.Press("Save and check")
	desk.WaitText("Continue to step 4")
	if strings.Contains(desk.Text(), secret) {
		t.Error("the client secret is on the page")
	}
	shoot(t, desk, "07-registration-done")
	clean(t, desk, "registration, saved")
	desk.Follow("Continue to step 4: Network")
	desk.WaitText("Continue to step 5")
	shoot(t, desk, "08-network")
	clean(t, desk, "network")
	desk.Follow("Continue to step 5: Mailbox")
	desk.WaitText("Step 5 of 8")
	shoot(t, desk, "09-mailbox")
	clean(t, desk, "mailbox")
	desk.Choose("Step 7 will show it")
	desk.Press("Save and check")
	desk.WaitText("Continue to step 6")
	desk.Follow("Continue to step 6: Sign-in")
	desk.WaitText("Step 6 of 8")
	shoot(t, desk, "10-sign-in")
	desk.Press("Make the link")
	desk.WaitText("Right-click the link")
	shoot(t, desk, "11-sign-in-link")
	clean(t, desk, "sign-in with a link")

	link := regexp.MustCompile(`http://localhost:\d+/w/[a-z0-9]+`).FindString(desk.Text())
	private.Goto(link)
	private.WaitText("Sign in for a mailbox")
	shoot(t, private, "12-landing")
	clean(t, private, "landing")
	private.Press("Continue")
	private.WaitText("Continue at Microsoft (pretended)")
	shoot(t, private, "13-leave")
	clean(t, private, "leave")
	desk.WaitText("opened the link") // the first window follows by itself
	shoot(t, desk, "14-sign-in-opened")
	private.Follow("Sign in at Microsoft (pretended)")
	private.WaitText("to continue to Mailbox connector")
	private.Fill("Email", "svc-mail@lab.example")
	private.Fill("Password", d.password("svc-mail@lab.example"))
	private.Press("Sign in")
	private.WaitText("Permissions requested")
	private.Press("Accept")
	private.WaitText("svc-mail@lab.example")
	shoot(t, private, "15-done")
	clean(t, private, "end of the private window")

	desk.WaitText("Accept")
	shoot(t, desk, "16-accept")
	desk.Press("Accept")
	desk.WaitText("Continue to step 7")
	shoot(t, desk, "17-sign-in-done")
	clean(t, desk, "sign-in, accepted")
	desk.Follow("Continue to step 7: Verification")
	desk.WaitText("Step 7 of 8")
	desk.WaitText("Continue to step 8")
	shoot(t, desk, "18-verification")
	clean(t, desk, "verification")
	desk.Check("sales@lab.example")
	desk.Press("Save and verify")
	desk.WaitText("Continue to step 8")
	desk.Follow("Continue to step 8: Hand-over")
	desk.WaitText("Step 8 of 8")
	shoot(t, desk, "19-handover")
	clean(t, desk, "hand-over")
	desk.Choose("Latchkey keeps the key")
	desk.Press("Save and finish")
	desk.WaitText("No problems in")
	desk.Follow("Back to the overview")
	desk.WaitText("Hand-over")
	shoot(t, desk, "20-overview-done")
	clean(t, desk, "overview")
	if text := desk.Text(); strings.Count(text, "Done") < 8 {
		t.Errorf("not all steps are done: %s", text)
	}
	desk.Follow("Open the report")
	shoot(t, desk, "21-report")
	clean(t, desk, "report")
	desk.Goto(d.URL + "/")
	desk.WaitText("sales@lab.example")
	shoot(t, desk, "22-dashboard")
	clean(t, desk, "dashboard")
}

// registerAtPortal does what the Microsoft 365 administrator does: it adds the
// redirect URI and a client secret, whose value it returns.
func registerAtPortal(t *testing.T, p *bench.Page, d demo, uri string) string {
	t.Helper()
	p.Goto(d.Lab.Portal)
	p.Follow("Mailbox connector")
	p.Follow("Authentication")
	p.Fill("Redirect URI", uri)
	p.Press("Add")
	p.WaitText(uri)
	p.Follow("Certificates & secrets")
	p.Fill("Description", "Latchkey")
	before := p.Text()
	p.Press("Add a client secret")
	p.WaitText("Secret ID")
	for _, word := range strings.Fields(p.Text()) {
		if len(word) > 30 && !strings.Contains(before, word) && strings.Count(word, "-") != 4 {
			return word
		}
	}
	t.Fatalf("the portal shows no secret: %s", p.Text())
	return ""
}
