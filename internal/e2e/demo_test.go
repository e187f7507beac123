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
		Portal    string `json:"portal"`
		Authority string `json:"authority"`
		TenantID  string `json:"tenant_id"`
		ClientID  string `json:"client_id"`
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
func claim(t *testing.T, looks func(*bench.Page, string), p *bench.Page, link string) {
	t.Helper()
	p.Goto(link)
	p.WaitText("Become the first administrator")
	looks(p, "00-claim")
	p.Fill("Name", "Owner")
	p.Fill("Password", adminPassword)
	p.Fill("The same password again", adminPassword)
	p.Press("Create the administrator")
	p.WaitText("No mailbox yet")
}

// way is how somebody goes through the pages.
type way struct {
	hands func(*bench.Page) hands
	// awaits waits until a text stands on a page.
	awaits func(p *bench.Page, text string)
	// looks is called at each station.
	looks func(p *bench.Page, station string)
}

// TestDemoByLabels completes the flow in a real browser: a first window, a
// private window with its own cookies, and the portal, with nothing but the
// labels that a person sees.
func TestDemoByLabels(t *testing.T) {
	complete(t, way{
		hands:  func(p *bench.Page) hands { return p },
		awaits: func(p *bench.Page, text string) { t.Helper(); p.WaitText(text) },
		looks: func(p *bench.Page, station string) {
			t.Helper()
			shoot(t, p, station)
			clean(t, p, station)
		},
	}, false)
}

func noLook(*bench.Page, string) {}

// complete goes from nothing to the overview of a finished setup.
func complete(t *testing.T, w way, noScript bool) {
	t.Helper()
	d := startDemo(t)
	browser := bench.StartBrowser(t)
	desk, private, portal := browser.Context(t), browser.Context(t), browser.Context(t)
	if noScript {
		desk.NoScript()
		private.NoScript()
	}
	claim(t, w.looks, desk, d.AdminLink)
	at := w.hands(desk)
	w.looks(desk, "01-dashboard-empty")
	at.Follow("Add a mailbox")
	w.looks(desk, "02-new")
	at.Press("Start the setup")
	desk.WaitText("Step 1 of 8")
	w.looks(desk, "03-application")
	at.Choose("Another mail application")
	at.Choose("Shared account")
	at.Fill("Mailboxes", "sales@lab.example\ninfo@lab.example")
	at.Fill("Sign-in account", "svc-mail@lab.example")
	for _, protocol := range []string{"IMAP", "POP3", "SMTP"} {
		at.Check(protocol)
	}
	at.Press("Save and check")
	w.awaits(desk, "Continue to step 2")
	w.looks(desk, "04-application-done")
	at.Follow("Continue to step 2: Addresses")
	w.awaits(desk, "Continue to step 3")
	w.looks(desk, "05-addresses")
	at.Follow("Continue to step 3: Entra application")
	desk.WaitText("Step 3 of 8")
	w.looks(desk, "06-registration")
	register(t, w, desk, portal, d)
	at.Follow("Continue to step 4: Network")
	w.awaits(desk, "Continue to step 5")
	w.looks(desk, "08-network")
	at.Follow("Continue to step 5: Mailbox")
	desk.WaitText("Step 5 of 8")
	w.looks(desk, "09-mailbox")
	at.Choose("Step 7 will show it")
	at.Press("Save and check")
	w.awaits(desk, "Continue to step 6")
	at.Follow("Continue to step 6: Sign-in")
	desk.WaitText("Step 6 of 8")
	w.looks(desk, "10-sign-in")
	signIn(t, w, desk, private, d)
	at.Follow("Continue to step 7: Verification")
	w.awaits(desk, "Continue to step 8")
	desk.WaitText("Sending is not proved: no test message was sent")
	w.looks(desk, "18-verification")
	at.Check("sales@lab.example")
	at.Press("Save and verify")
	w.awaits(desk, "Continue to step 8")
	w.awaits(desk, "A test message was sent and found")
	at.Follow("Continue to step 8: Hand-over")
	desk.WaitText("Step 8 of 8")
	desk.WaitText(d.Lab.TenantID + "/oauth2/v2.0/token")
	desk.WaitText("IMAP.AccessAsUser.All")
	w.looks(desk, "19-handover")
	at.Choose("Keep it and renew it")
	at.Press("Save and finish")
	w.awaits(desk, "No problems in")
	afterwards(t, w, desk, d)
}

func register(t *testing.T, w way, desk, portal *bench.Page, d demo) {
	t.Helper()
	uri := regexp.MustCompile(`http://localhost:\d+/callback`).FindString(desk.Text())
	secret := registerAtPortal(t, portal, d, uri)
	at := w.hands(desk)
	at.Fill("Directory (tenant) ID", d.Lab.TenantID)
	at.Fill("Application (client) ID", d.Lab.ClientID)
	at.Fill("Client secret value", secret)
	at.Fill("Registered redirect URIs", uri)
	at.Press("Save and check")
	w.awaits(desk, "Continue to step 4")
	if strings.Contains(desk.Text(), secret) {
		t.Error("the client secret is on the page")
	}
	w.looks(desk, "07-registration-done")
}

// signIn takes the link to the private window, signs in there, and accepts the
// account in the first window.
func signIn(t *testing.T, w way, desk, private *bench.Page, d demo) {
	t.Helper()
	at := w.hands(desk)
	at.Press("Make the link")
	desk.WaitText("Right-click the link")
	w.looks(desk, "11-sign-in-link")
	private.Goto(regexp.MustCompile(`http://localhost:\d+/w/[a-z0-9]+`).FindString(desk.Text()))
	private.WaitText("Sign in for a mailbox")
	w.looks(private, "12-landing")
	w.hands(private).Press("Continue")
	private.WaitText("Continue at Microsoft (pretended)")
	w.looks(private, "13-leave")
	w.awaits(desk, "opened the link")
	w.looks(desk, "14-sign-in-opened")
	w.hands(private).Follow("Sign in at Microsoft (pretended)")
	private.WaitText("to continue to Mailbox connector")
	private.Fill("Email", "svc-mail@lab.example")
	private.Fill("Password", d.password("svc-mail@lab.example"))
	private.Press("Sign in")
	private.WaitText("Permissions requested")
	private.Press("Accept")
	private.WaitText("svc-mail@lab.example")
	w.looks(private, "15-done")
	w.awaits(desk, "The expected account signed in")
	w.looks(desk, "16-accept")
	at.Press("Accept")
	w.awaits(desk, "Continue to step 7")
	w.looks(desk, "17-sign-in-done")
}

// afterwards looks at what a finished setup leaves behind.
func afterwards(t *testing.T, w way, desk *bench.Page, d demo) {
	t.Helper()
	at := w.hands(desk)
	at.Follow("Back to the overview")
	desk.WaitText("Mail flows")
	w.looks(desk, "20-overview-done")
	if got := strings.Count(desk.Text(), "Done"); got != 8 {
		t.Errorf("%d of 8 steps are done: %s", got, desk.Text())
	}
	at.Follow("Open the report")
	w.looks(desk, "21-report")
	desk.Goto(d.URL + "/")
	desk.WaitText("sales@lab.example")
	w.looks(desk, "22-dashboard")
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
