package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/paste"
)

const pastedCode = "0.AXoA-planted-Value_1234567890abcdefXYZ"

func TestExplainPageIsForSignedInAdministrators(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	stranger := s.window()
	if got := stranger.Get("/explain"); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("a stranger reached %s", got.Path)
	}
	if got := stranger.Post("/explain", url.Values{"pasted": {"A1 NO AUTHENTICATE failed."}}); strings.Contains(got.Body, "token_wrong_audience") {
		t.Error("a stranger's text was explained")
	}
	// No setup exists, and none is needed; the header leads here.
	if got := owner.Get("/"); !strings.Contains(got.Body, `href="/explain"`) {
		t.Error("no page leads to the explanation")
	}
	got := owner.Get("/explain")
	if got.Status != http.StatusOK || !strings.Contains(got.Body, `name="pasted"`) || !strings.Contains(got.Body, "NO AUTHENTICATE failed.") {
		t.Errorf("%d: %s", got.Status, got.Body)
	}
}

func TestExplainPageIsNotForGuests(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	guest, _ := s.invited(owner, s.ready(), "m365_admin", "Dana")
	if strings.Contains(guest.Get("/waiting").Body, `href="/explain"`) {
		t.Error("the header leads a guest to a closed door")
	}
	for _, got := range []shown{guest.Get("/explain"), guest.Post("/explain", url.Values{"pasted": {"A1 NO AUTHENTICATE failed."}})} {
		if got.Status == http.StatusOK && strings.HasPrefix(got.Path, "/explain") || strings.Contains(got.Body, "token_wrong_audience") {
			t.Errorf("a guest got %s with %d", got.Path, got.Status)
		}
	}
}

func TestExplainPageExplains(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	got := owner.Post("/explain", url.Values{
		"pasted":       {"A4 SELECT INBOX\nA4 BAD User is authenticated but not connected.\n* BYE Connection closed. 14"},
		"account_type": {"shared_account"}, "mailbox": {"sales@contoso.example"}, "signed_in_as": {"svc@contoso.example"}, "protocol": {"imap"},
	})
	if got.Status != http.StatusOK || got.Path != "/explain" {
		t.Fatalf("%d at %s", got.Status, got.Path)
	}
	text := html.UnescapeString(got.Body)
	for _, want := range []string{
		`href="/findings/full_access_missing"`, "svc@contoso.example may not open sales@contoso.example", "Add-MailboxPermission sales@contoso.example",
		`id="f-full_access_missing"`, "Where it happened: IMAP", "other possible cause", "* BYE Connection closed. 14",
		`value="shared_account" checked`, `value="sales@contoso.example"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, without := range []string{"Check again", "Write a request"} {
		if strings.Contains(text, without) {
			t.Errorf("a card without a setup offers %q", without)
		}
	}
	if detail := owner.Get("/findings/full_access_missing"); detail.Status != http.StatusOK || !strings.Contains(detail.Body, "Add-MailboxPermission") {
		t.Errorf("detail: %d", detail.Status)
	}
}

func TestExplainPageSaysThatNothingIsKnown(t *testing.T) {
	s := newStand(t)
	got := s.claimed().Post("/explain", url.Values{"pasted": {"the moon is full"}})
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "unexplained") || strings.Count(got.Body, "the moon is full") < 2 {
		t.Errorf("%d: %s", got.Status, got.Body)
	}
}

// That nothing is known is said once.
func TestAnUnknownTextIsSaidToBeUnknownOnce(t *testing.T) {
	got := newStand(t).claimed().Post("/explain", url.Values{"pasted": {"the moon is full"}})
	text := strings.ToLower(html.UnescapeString(got.Body))
	if n := strings.Count(text, "does not know") + strings.Count(text, "nothing can be said"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

// A command with a gap in it says which part is one.
func TestACommandNamesWhatIsToBeReplaced(t *testing.T) {
	owner := newStand(t).claimed()
	for pasted, want := range map[string]string{
		"dial: connection refused":                                                       "Replace <host> and <port> before you run it.",
		"imap: outlook.office365.com:993: connection refused":                            "",
		"AADSTS7000112: Application '11111111-2222-3333-4444-555555555555' is disabled.": "",
	} {
		text := html.UnescapeString(owner.Post("/explain", url.Values{"pasted": {pasted}}).Body)
		if strings.Contains(text, "before you run it") != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%q: want %q", pasted, want)
		}
	}
}

// Rejected entries keep the text, masked.
func TestExplainPageKeepsTheTextAfterAnError(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	long := strings.Repeat("a line of a long log\n", paste.MaxText/20) + "A4 NO AUTHENTICATE failed. code=" + pastedCode
	for name, tt := range map[string]struct {
		form url.Values
		want []string
	}{
		"empty":         {url.Values{"pasted": {" \n"}}, []string{"The text is empty.", `href="#f-pasted"`, `aria-invalid="true"`}},
		"too long":      {url.Values{"pasted": {long}}, []string{"longer than 64 kilobytes", "A4 NO AUTHENTICATE failed."}},
		"unknown value": {url.Values{"pasted": {"A4 NO AUTHENTICATE failed. code=" + pastedCode}, "protocol": {"moon"}}, []string{"A4 NO AUTHENTICATE failed.", "“moon” is not among the choices of “Protocols”.", `href="#f-protocol"`}},
		"long value":    {url.Values{"pasted": {"A4 NO AUTHENTICATE failed. code=" + pastedCode}, "mailbox": {strings.Repeat("x", 400)}}, []string{"A4 NO AUTHENTICATE failed.", "This value is too long."}},
	} {
		got := owner.Post("/explain", tt.form)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "<title>Error: ") {
			t.Errorf("%s: %d", name, got.Status)
		}
		for _, want := range tt.want {
			if !strings.Contains(got.Body, want) {
				t.Errorf("%s: the page lacks %q", name, want)
			}
		}
		if strings.Contains(got.Body, pastedCode) {
			t.Errorf("%s: a live code is in the page", name)
		}
	}
}

// A live value comes back in no page, is in no log, in no session and in no
// row of the database; not even of a form that was sent without a login.
func TestPastedLiveValuesLeaveNoTrace(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	form := url.Values{
		"pasted":       {"https://app.contoso.example/cb?code=" + pastedCode + "&state=abcdef123456\nAuthorization: Bearer planted-access-1234567890\nPASS hunter2hunter2\nAADSTS54005: redeemed"},
		"mailbox":      {"code=" + pastedCode},
		"signed_in_as": {"Bearer planted-access-1234567890"},
	}
	got := owner.Post("/explain", form)
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "code_used") || !strings.Contains(got.Body, "sign-in code, token and password") {
		t.Errorf("%d: %s", got.Status, got.Body)
	}
	stranger := s.window()
	bodies := got.Body + stranger.Post("/explain", form).Body + owner.Get("/explain").Body + owner.Get("/").Body
	for _, planted := range []string{pastedCode, "planted-Value", "planted-access", "hunter2"} {
		if strings.Contains(bodies, planted) {
			t.Errorf("%s is in a page", planted)
		}
	}
	s.noSecretIn(pastedCode, "planted-Value", "planted-access", "hunter2hunter2")
	// Only the text was sent: nothing waits behind the login.
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	session := owner.Client.Jar.Cookies(u)
	owner.Post("/logout", nil)
	late := s.window() // of somebody whose session has ended
	late.Client.Jar.SetCookies(u, session)
	if page := late.Post("/explain", url.Values{"pasted": form["pasted"]}); strings.Contains(page.Body, "Your entries are kept.") {
		t.Error("the text waits behind the login")
	}
	if page := late.Post("/explain", url.Values{"mailbox": {"a@contoso.example"}}); !strings.Contains(page.Body, "Your entries are kept.") {
		t.Error("the test above does not see what is kept")
	}
	// The words of the paste are not secret, and still nobody keeps them.
	s.noSecretIn("app.contoso.example/cb")
}

func TestPastedMarkupStaysText(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	for _, text := range []string{
		`</textarea><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `A1 NO <b onmouseover=alert(1)>AUTHENTICATE failed.</b>`,
		`AADSTS50011: The redirect URI 'javascript:alert(1)' "><svg onload=alert(1)> does not match`, "535 5.7.3 \u202e\x1b[31m<script>alert(1)</script>",
		`redirect_uri=https://x.example/"><script>alert(1)</script>&error=invalid_request&x`,
	} {
		got := owner.Post("/explain", url.Values{"pasted": {text}, "mailbox": {`"><script>alert(1)</script>@x`}})
		if got.Status != http.StatusOK {
			t.Errorf("%q: %d", text, got.Status)
		}
		if bad := regexp.MustCompile(`<script>alert|<img src=x|<svg onload|<b onmouse|href="javascript|\x1b|\x{202e}`).FindString(got.Body); bad != "" {
			t.Errorf("%q became %q", text, bad)
		}
	}
}

func TestFindingListLeadsToEveryFinding(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	got := owner.Get("/findings")
	links := regexp.MustCompile(`href="(/findings/[a-z0-9_]+)"`).FindAllStringSubmatch(got.Body, -1)
	if len(links) != len(s.wizard.Definitions()) || len(links) < 100 {
		t.Fatalf("%d links for %d definitions", len(links), len(s.wizard.Definitions()))
	}
	stranger := s.window() // a request may be passed on to anybody
	for _, link := range links {
		page := stranger.Get(link[1])
		if page.Status != http.StatusOK || strings.Contains(page.Body, "{{") {
			t.Errorf("%s: %d", link[1], page.Status)
		}
	}
	if got := owner.Get("/findings/client_secret_expired"); !strings.Contains(got.Body, "https://entra.microsoft.com/#view/") {
		t.Error("the link to the portal is missing")
	}
	has(t, "some", owner.Get("/findings?words=Secret+EXPIRED"), "/findings/client_secret_expired", `value="Secret EXPIRED"`, "Show all", "not:/findings/imap_disabled")
	has(t, "none", owner.Get("/findings?words=moon+%3Cb%3E"), "No finding holds all these words.", `value="moon &lt;b&gt;"`, "not:/findings/imap_disabled")
	if got := owner.Get("/findings/moon"); got.Status != http.StatusNotFound {
		t.Errorf("unknown code: %d", got.Status)
	}
}
