package entra_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
)

// number is the AADSTS number a page or an answer shows, 0 without one.
func number(text string) int {
	m := regexp.MustCompile(`AADSTS(\d+)`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	var n int
	fmt.Sscan(m[1], &n)
	return n
}

// wantPage asserts the true error page: HTTP 200, details, and the message in
// $Config, and that nobody was sent anywhere.
func wantPage(t *testing.T, p *page, want int) {
	t.Helper()
	if p.Left != nil {
		t.Fatalf("sent to %s, want the page of AADSTS%d", p.Left, want)
	}
	if p.Status != http.StatusOK || number(p.Text) != want {
		t.Fatalf("status %d, page %q shows %d; want 200 and %d: %s", p.Status, p.Heading, number(p.Text), want, p.Text)
	}
	for _, detail := range []string{"Request Id: ", "Correlation Id: ", "Timestamp: 2026-11-21T1", "Message: AADSTS"} {
		if !p.Has(detail) {
			t.Errorf("the page does not show %q", detail)
		}
	}
	m := regexp.MustCompile(`\$Config=(\{.*\});</script>`).FindStringSubmatch(p.Body)
	if m == nil {
		t.Fatal("the page has no $Config object")
	}
	var config struct {
		Message string `json:"strServiceExceptionMessage"`
	}
	if err := json.Unmarshal([]byte(m[1]), &config); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(config.Message, fmt.Sprintf("AADSTS%d: ", want)) {
		t.Errorf("strServiceExceptionMessage = %q", config.Message)
	}
}

func TestHappySignIn(t *testing.T) {
	b := newBench(t)
	p := b.window().Open(b.request(nil))
	if p.Heading != "Sign in" || !p.Has("to continue to "+world.AppName) {
		t.Fatalf("first page is %q: %s", p.Heading, p.Text)
	}
	p = b.signIn(p, world.Support)
	if p.Heading != "Permissions requested" || !p.Has("IMAP.AccessAsUser.All") || !p.Has(world.AppName) {
		t.Fatalf("after the sign-in: %q: %s", p.Heading, p.Text)
	}
	p = p.Press("Accept", nil)
	if got := p.Left.Scheme + "://" + p.Left.Host + p.Left.Path; got != callback {
		t.Errorf("sent to %s", got)
	}
	if p.Answer("code") == "" || p.Answer("state") != "st&te=" || p.Answer("session_state") == "" || p.Answer("error") != "" {
		t.Errorf("answer = %v", p.Left.Query())
	}
}

// What is refused before anybody signs in.
func TestRefusedBeforeTheSignIn(t *testing.T) {
	b := newBench(t)
	const other = "00000000-0000-0000-0000-000000000001"
	tests := map[string]struct {
		segment string
		change  change
		want    int
		page    bool // stays at Entra
	}{
		"unknown tenant":            {"nowhere.example", nil, 90002, true},
		"no client ID":              {b.tenant, change{"client_id": ""}, 900144, true},
		"client ID is no GUID":      {b.tenant, change{"client_id": "connector"}, 700038, true},
		"client ID unknown":         {b.tenant, change{"client_id": other}, 700016, true},
		"other tenant":              {world.OtherDomain, nil, 700016, true},
		"common":                    {"common", nil, 50194, true},
		"unknown client on common":  {"common", change{"client_id": other}, 700016, true},
		"organizations":             {"organizations", nil, 50194, true},
		"no response type":          {b.tenant, change{"response_type": ""}, 900144, false},
		"implicit":                  {b.tenant, change{"response_type": "token"}, 700054, false},
		"hybrid":                    {b.tenant, change{"response_type": "code id_token"}, 700054, false},
		"unknown response type":     {b.tenant, change{"response_type": "x"}, 70005, false},
		"response mode":             {b.tenant, change{"response_mode": "fragment"}, 70007, false},
		"no scope":                  {b.tenant, change{"scope": ""}, 900144, false},
		"prompt":                    {b.tenant, change{"prompt": "maybe"}, 90100, false},
		"challenge method":          {b.tenant, change{"code_challenge_method": "S512"}, 501491, false},
		"challenge too short":       {b.tenant, change{"code_challenge": "short"}, 50147, false},
		"challenge too long":        {b.tenant, change{"code_challenge": strings.Repeat("a", 129)}, 50147, false},
		"and the address unknown":   {b.tenant, change{"response_type": "token", "redirect_uri": "https://x.example/"}, 700054, true},
		"and the address differing": {b.tenant, change{"scope": "", "redirect_uri": callback + "/"}, 900144, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := b.window().Open(b.requestAt(tt.segment, tt.change))
			if tt.page {
				wantPage(t, p, tt.want)
				return
			}
			if got := number(p.Answer("error_description")); got != tt.want || p.Answer("state") != "st&te=" {
				t.Errorf("sent back with AADSTS%d (%s), want %d", got, p.Answer("error"), tt.want)
			}
		})
	}
}

// A redirect URI that is not registered never receives anything: the person
// signs in first, and then stays on the page.
func TestRedirectURIIsComparedAfterTheSignIn(t *testing.T) {
	for name, uri := range map[string]string{
		"other host": "https://attacker.example/callback", "slash": callback + "/", "case": "http://localhost:8080/Callback",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			p := b.window().Open(b.request(change{"redirect_uri": uri}))
			if p.Heading != "Sign in" || p.Left != nil || number(p.Text) != 0 {
				t.Fatalf("before the sign-in: %q %s", p.Heading, p.Text)
			}
			p = b.signIn(p, world.Support)
			wantPage(t, p, 50011)
			if !p.Has(uri) || !p.Has(b.app) {
				t.Error("the message must quote the address and the client ID")
			}
		})
	}
	t.Run("none registered", func(t *testing.T) {
		b := newBench(t)
		b.state(func(s *world.State) { s.Apps[0].RedirectURIs = nil })
		wantPage(t, b.signIn(b.window().Open(b.request(nil)), world.Support), 500113)
		wantPage(t, b.signIn(b.window().Open(b.request(change{"redirect_uri": ""})), world.Support), 900971)
	})
	t.Run("parameter left out", func(t *testing.T) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.request(change{"redirect_uri": ""})), world.Support).Press("Accept", nil)
		if p.Answer("code") == "" || p.Left.Path != "/callback" {
			t.Errorf("sent to %s", p.Left)
		}
	})
	t.Run("port of localhost", func(t *testing.T) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.request(change{"redirect_uri": "http://localhost:1/callback"})), world.Support).Press("Accept", nil)
		if p.Answer("code") == "" || p.Left.Port() != "1" {
			t.Errorf("sent to %s", p.Left)
		}
	})
}

func TestSignInPageKeepsThePerson(t *testing.T) {
	b := newBench(t)
	expired := func(s *world.State) { s.UserByName(world.Operator).PasswordExpired = true }
	b.state(expired)
	tests := map[string]struct {
		email, password string
		want            int
	}{
		"wrong password":   {world.Support, "wrong", 50126},
		"unknown user":     {"nobody@lab.example", "x", 50034},
		"shared mailbox":   {world.Sales, b.password(world.Sales), 50057},
		"expired password": {world.Operator, b.password(world.Operator), 50055},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := b.window().Open(b.request(nil)).Press("Sign in", map[string]string{"Email": tt.email, "Password": tt.password})
			if p.Heading != "Sign in" || number(p.Text) != tt.want {
				t.Fatalf("%q shows %d, want %d", p.Heading, number(p.Text), tt.want)
			}
			if tt.want == 50034 && !p.Has("does not exist in the Lab directory") {
				t.Errorf("the directory is not named: %s", p.Text)
			}
			// The page is still good for a second try.
			if p = b.signIn(p, world.Support); p.Heading != "Permissions requested" {
				t.Errorf("second try ends at %q: %s", p.Heading, p.Text)
			}
		})
	}
}

// What is refused once the person is known, and where it is told.
func TestRefusedAfterTheSignIn(t *testing.T) {
	user := func(f func(*world.User)) func(*world.State) {
		return func(s *world.State) { f(s.UserByName(world.Support)) }
	}
	app := func(f func(*world.App)) func(*world.State) { return func(s *world.State) { f(s.Apps[0]) } }
	tests := map[string]struct {
		state  func(*world.State)
		who    string
		change change
		want   int
		error  string // "" for a page
	}{
		"person of another tenant":  {nil, world.Stranger, nil, 50020, ""},
		"assignment required":       {app(func(a *world.App) { a.AssignmentRequired = true }), "", nil, 50105, ""},
		"application disabled":      {app(func(a *world.App) { a.Disabled = true }), "", nil, 7000112, ""},
		"conditional access":        {user(func(u *world.User) { u.Policy = world.Blocked }), "", nil, 53003, ""},
		"second factor":             {user(func(u *world.User) { u.Policy = world.StrongAuthentication }), "", nil, 50076, ""},
		"second factor to enrol":    {user(func(u *world.User) { u.Policy = world.StrongEnrolment }), "", nil, 50079, ""},
		"unknown permission":        {nil, "", change{"scope": "https://outlook.office.com/IMAP.Everything"}, 650053, "invalid_client"},
		"comma between permissions": {nil, "", change{"scope": "IMAP.AccessAsUser.All,SMTP.Send"}, 650053, "invalid_client"},
		"unknown resource":          {nil, "", change{"scope": "https://outlook.example/IMAP.AccessAsUser.All"}, 500011, "invalid_resource"},
		"tenant without Exchange":   {func(s *world.State) { s.Tenants[0].WithoutExchange = true }, "", nil, 650052, "invalid_client"},
		"default and others":        {nil, "", change{"scope": "https://outlook.office.com/.default https://outlook.office.com/SMTP.Send"}, 70011, "invalid_scope"},
		"single-page without PKCE": {app(func(a *world.App) { a.RedirectURIs[0].Platform = world.SPA }), "",
			change{"code_challenge": "", "code_challenge_method": ""}, 9002325, "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if tt.state != nil {
				b.state(tt.state)
			}
			if tt.who == "" {
				tt.who = world.Support
			}
			p := b.signIn(b.window().Open(b.request(tt.change)), tt.who)
			if tt.error == "" {
				wantPage(t, p, tt.want)
				return
			}
			if got := number(p.Answer("error_description")); got != tt.want || p.Answer("error") != tt.error || p.Answer("state") != "st&te=" {
				t.Errorf("sent back with %s %d, want %s %d", p.Answer("error"), got, tt.error, tt.want)
			}
			if want := fmt.Sprintf("%s/error?code=%d", b.origin, tt.want); p.Answer("error_uri") != want {
				t.Errorf("error_uri = %q, want %q", p.Answer("error_uri"), want)
			}
		})
	}
}

func TestAssignedPersonMaySignIn(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) {
		s.Apps[0].AssignmentRequired = true
		s.Apps[0].Assigned = []string{s.UserByName(world.Support).ID}
	})
	// Where assignment is required, people cannot agree for themselves.
	p := b.signIn(b.window().Open(b.request(nil)), world.Support)
	if p.Heading != "Need admin approval" {
		t.Fatalf("page %q", p.Heading)
	}
	b.state(func(s *world.State) { s.Apps[0].ConsentForAll(s.Apps[0].Permissions) })
	if p = b.signIn(b.window().Open(b.request(nil)), world.Support); p.Answer("code") == "" {
		t.Error("no code for an assigned person with admin consent")
	}
}

func TestSessionAndPrompt(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Apps[0].ConsentForAll(s.Apps[0].Permissions) })
	w := b.window()
	if p := b.signIn(w.Open(b.request(nil)), world.Support); p.Answer("code") == "" {
		t.Fatal("no code")
	}
	shown := func(c change) string {
		p := w.Open(b.request(c))
		if p.Left != nil {
			return "code " + fmt.Sprint(p.Answer("code") != "") + " " + p.Answer("error")
		}
		return p.Heading
	}
	for name, tt := range map[string]struct {
		change change
		want   string
	}{
		"again":                   {nil, "code true "},
		"hint at the same person": {change{"login_hint": world.Support}, "code true "},
		"hint at another person":  {change{"login_hint": world.Operator}, "Sign in"},
		"hint at nobody":          {change{"login_hint": "nobody@lab.example"}, "Sign in"},
		"login":                   {change{"prompt": "login"}, "Sign in"},
		"consent":                 {change{"prompt": "consent"}, "Permissions requested"},
		"select account":          {change{"prompt": "select_account"}, "Pick an account"},
		"none":                    {change{"prompt": "none"}, "code true "},
		"max age over":            {change{"max_age": "60"}, "Sign in"},
		"max age not over":        {change{"max_age": "600"}, "code true "},
	} {
		b.at = time.Date(2026, 11, 21, 10, 5, 0, 0, time.UTC)
		if got := shown(tt.change); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := b.window().Open(b.request(nil)).Heading; got != "Sign in" {
		t.Errorf("another window shows %q: sessions must not be shared", got)
	}
	if p := w.Open(b.request(change{"prompt": "login", "login_hint": world.Operator})); !strings.Contains(p.Body, `value="`+world.Operator+`"`) {
		t.Error("login_hint does not fill the field in")
	}
	if p := w.Open("/" + b.tenant + "/oauth2/v2.0/logout"); !strings.Contains(p.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logout leaves the cookie: %v", p.Header)
	}
	if got := shown(nil); got != "Sign in" {
		t.Errorf("after logout: %q", got)
	}
}

func TestAccountPicker(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Apps[0].ConsentForAll(s.Apps[0].Permissions) })
	w := b.window()
	b.signIn(w.Open(b.request(nil)), world.Support)
	b.signIn(w.Open(b.request(change{"prompt": "login"})), world.Operator)
	// Two accounts, no hint: Entra asks which one.
	p := w.Open(b.request(nil))
	if p.Heading != "Pick an account" || !p.Has(world.Support) || !p.Has(world.Operator) {
		t.Fatalf("%q: %s", p.Heading, p.Text)
	}
	if p = p.Press(world.Support, nil); b.person(p.Answer("code")) != world.Support {
		t.Error("the wrong account was used")
	}
	if p = w.Open(b.request(nil)).Press("Use another account", nil); p.Heading != "Sign in" {
		t.Errorf("another account: %q", p.Heading)
	}
}

func (b *bench) person(code string) (upn string) {
	b.state(func(s *world.State) { upn = s.User(s.Codes[code].UserID).UPN })
	return upn
}

func TestPromptNone(t *testing.T) {
	none := change{"prompt": "none"}
	t.Run("nobody signed in", func(t *testing.T) {
		b := newBench(t)
		p := b.window().Open(b.request(none))
		if p.Answer("error") != "login_required" || number(p.Answer("error_description")) != 50058 || p.Answer("state") != "st&te=" {
			t.Errorf("answer = %v", p.Left.Query())
		}
	})
	t.Run("address unknown", func(t *testing.T) {
		b := newBench(t)
		wantPage(t, b.window().Open(b.request(change{"prompt": "none", "redirect_uri": "https://attacker.example/"})), 50011)
	})
	t.Run("not consented", func(t *testing.T) {
		b := newBench(t)
		w := b.window()
		b.signIn(w.Open(b.request(nil)), world.Support)
		p := w.Open(b.request(none))
		if p.Answer("error") != "interaction_required" || number(p.Answer("error_description")) != 65001 {
			t.Errorf("answer = %v", p.Left.Query())
		}
	})
	t.Run("policy", func(t *testing.T) {
		b := newBench(t)
		b.state(func(s *world.State) { s.Apps[0].ConsentForAll(s.Apps[0].Permissions) })
		w := b.window()
		b.signIn(w.Open(b.request(nil)), world.Support)
		b.state(func(s *world.State) { s.UserByName(world.Support).Policy = world.Blocked })
		p := w.Open(b.request(none))
		if p.Answer("error") != "interaction_required" || number(p.Answer("error_description")) != 53003 {
			t.Errorf("answer = %v", p.Left.Query())
		}
	})
}

func TestAbandonedPage(t *testing.T) {
	b := newBench(t)
	p := b.window().Open(b.request(nil))
	b.at = b.at.Add(world.FlowLife + time.Second)
	wantPage(t, b.signIn(p, world.Support), 50089)
	w := b.window()
	b.signIn(w.Open(b.request(nil)), world.Support)
	p = w.Open(b.request(change{"prompt": "select_account"}))
	b.at = b.at.Add(world.FlowLife + time.Second)
	wantPage(t, p.Press(world.Support, nil), 50089)
	b = newBench(t)
	p = b.signIn(b.window().Open(b.request(nil)), world.Support)
	b.at = b.at.Add(world.FlowLife + time.Second)
	wantPage(t, p.Press("Accept", nil), 50089)
}

// What the page was opened for can be gone when the person answers.
func TestRegistrationDeletedMeanwhile(t *testing.T) {
	b := newBench(t)
	p := b.window().Open(b.request(nil))
	consent := b.signIn(b.window().Open(b.request(nil)), world.Support)
	b.state(func(s *world.State) { s.Apps = nil })
	wantPage(t, b.signIn(p, world.Support), 700016)
	wantPage(t, consent.Press("Accept", nil), 700016)
}

// A page that was answered once is used up: a second answer from a page left
// open in another tab must not give a second code.
func TestConsentPageWorksOnce(t *testing.T) {
	b := newBench(t)
	p := b.signIn(b.window().Open(b.request(nil)), world.Support)
	if p.Press("Accept", nil).Answer("code") == "" {
		t.Fatal("no code")
	}
	wantPage(t, p.Press("Accept", nil), 50089)
}
