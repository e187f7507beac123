package web_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// T11: whatever a request says about hosts, no link and no redirect URI
// changes; a foreign Host is refused and kept as evidence.
func TestHostileHostAndForwardedHeadersChangeNoLink(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	const evil = "evil.example"
	sets := []http.Header{
		{"X-Forwarded-Host": {evil}}, {"X-Forwarded-Host": {evil, evil}}, {"X-Forwarded-Proto": {"https"}},
		{"X-Forwarded-For": {"203.0.113.9"}}, {"Forwarded": {"host=" + evil + ";proto=https"}}, {"X-Host": {evil}},
		{"X-Original-Host": {evil}}, {"X-Forwarded-Server": {evil}}, {"X-Original-Url": {"https://" + evil + "/"}},
		{"X-Rewrite-Url": {"/m/other"}}, {"X-Http-Host-Override": {evil}}, {"X-Forwarded-Port": {"443"}},
	}
	for _, h := range sets {
		owner.Header = h
		page := owner.Post("/m/"+string(id)+"/sign-in/link", nil)
		if page.Status != http.StatusOK || strings.Contains(page.Body, evil) {
			t.Fatalf("%v: status %d, evil in page = %v", h, page.Status, strings.Contains(page.Body, evil))
		}
		private := s.window()
		private.Header = h
		link := regexp.MustCompile(`http://localhost:\d+/w/[a-z0-9]+`).FindString(page.Body)
		u, err := url.Parse(s.leave(private, link))
		if err != nil || u.Query().Get("redirect_uri") != s.url+"/callback" {
			t.Errorf("%v: redirect_uri %q, %v", h, u.Query().Get("redirect_uri"), err)
		}
	}
	owner.Header = http.Header{"Host": {evil}}
	if got := owner.Get("/"); got.Status != http.StatusMisdirectedRequest || strings.Contains(got.Body, "//"+evil) {
		t.Errorf("a foreign Host was answered %d", got.Status)
	}
	owner.Header = nil
	s.answer(id, setup.StepAddresses, nil)
	st, _ := s.view(id).Step(setup.StepAddresses)
	if fs := st.Findings(); len(fs) == 0 || fs[0].Code() != "host_differs" || fs[0].Params["seen"] != evil {
		t.Errorf("the foreign Host is not judged: %+v", fs)
	}
}

// T17, T36: a host typed into a page is contacted without credentials, and an
// internal one not at all unless the operator allows it.
func TestTypedHostSeesNoToken(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.signIn(owner, s.window(), id)
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)

	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	var mu sync.Mutex
	var heard []byte
	contacts := 0
	go func() {
		for {
			conn, err := trap.Accept()
			if err != nil {
				return
			}
			b, _ := io.ReadAll(io.LimitReader(conn, 4096))
			mu.Lock()
			heard, contacts = append(heard, b...), contacts+1
			mu.Unlock()
			_ = conn.Close()
		}
	}()
	address := "https://" + trap.Addr().String()
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"ece"}, "release": {"12.6(1)"}, "specials": {"ES1"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap", "smtp"},
	})
	for _, typed := range []string{address, strings.Replace(address, "127.0.0.1", "localhost", 1), strings.Replace(address, "127.0.0.1", "127.1", 1)} {
		s.answer(id, setup.StepAddresses, wizard.Entries{"product_url": {typed}, "console_url": {typed}})
	}
	s.answer(id, setup.StepVerification, nil)
	mu.Lock()
	defer mu.Unlock()
	if contacts != 0 {
		t.Errorf("an internal address that was typed was dialled %d times and heard %d bytes", contacts, len(heard))
	}
}

// Security headers stand on every answer, errors included.
func TestHeadersOnEveryAnswer(t *testing.T) {
	s := newStand(t)
	stranger := s.window()
	before := map[string]shown{"not set up": stranger.Get("/"), "unknown before": stranger.Get("/m/x")}
	owner := s.claimed()
	id := s.ready()
	answers := map[string]shown{
		"dashboard": owner.Get("/"), "step": owner.Get("/m/" + string(id) + "/network"), "login": stranger.Get("/login"),
		"not found": owner.Get("/nothing"), "dead link": stranger.Get("/w/aaaaaaaaaaaaaaaaaaaaaaaaaa"), "callback": stranger.Get("/callback"),
		"no setup": owner.Get("/m/aaaaaaaaaaaaaaaaaaaaaaaaaa"), "static": owner.Get("/static/app.css"),
		"method":      owner.Do(http.MethodPut, "/", nil, http.Header{"Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}}),
		"cross site":  owner.Do(http.MethodPost, "/mailboxes", nil, http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}),
		"too large":   owner.Do(http.MethodPost, "/mailboxes", strings.NewReader("a="+strings.Repeat("x", 2<<20)), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}}),
		"other host":  owner.Do(http.MethodGet, "/", nil, http.Header{"Host": {"evil.example"}}),
		"explanation": stranger.Get("/findings/imap_disabled"),
	}
	for name, got := range before {
		answers[name] = got
	}
	for name, got := range answers {
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if !strings.Contains(got.Header.Get(header), want) {
				t.Errorf("%s (%d): %s is %q", name, got.Status, header, got.Header.Get(header))
			}
		}
		if !strings.Contains(got.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: can be framed", name)
		}
		if cache := got.Header.Get("Cache-Control"); cache != "no-store" && got.Status != http.StatusOK {
			t.Errorf("%s: Cache-Control %q", name, cache)
		}
	}
	for name, want := range map[string]int{
		"not set up": 503, "unknown before": 503, "not found": 404, "dead link": 410, "callback": 403, "no setup": 404,
		"cross site": 403, "too large": 413, "other host": 421, "explanation": 200,
	} {
		if answers[name].Status != want {
			t.Errorf("%s: answered %d, want %d", name, answers[name].Status, want)
		}
	}
}

// T25: no page of another site can act here.
func TestCrossOriginPostsAreRefused(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	for name, h := range map[string]http.Header{
		"cross site":             {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"same site, sub-domain":  {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://other.contoso.example"}},
		"foreign origin":         {"Origin": {"https://evil.example"}},
		"null origin":            {"Origin": {"null"}},
		"cookie without headers": {},
	} {
		if got := owner.Do(http.MethodPost, "/mailboxes", nil, h); got.Status != http.StatusForbidden {
			t.Errorf("%s: answered %d at %s", name, got.Status, got.Path)
		}
	}
	list, err := s.wizard.List(t.Context(), wizard.System)
	if err != nil || len(list) != 0 {
		t.Errorf("%d setups were made, %v", len(list), err)
	}
	if got := owner.Post("/mailboxes", nil); got.Status != http.StatusOK || !strings.HasSuffix(got.Path, "/application") {
		t.Errorf("our own page was answered %d at %s", got.Status, got.Path)
	}
}

// T23: a cookie from before the login is worth nothing after it.
func TestSessionIsRenewedAtLogin(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	session := func(w *window) string {
		for _, c := range w.Client.Jar.Cookies(u) {
			if c.Name == "__Host-latchkey" {
				return c.Value
			}
		}
		return ""
	}
	first := session(owner)
	owner.Post("/logout", nil)
	if got := owner.Get("/"); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("after the logout: %s", got.Path)
	}
	// The planted cookie of an ended session.
	owner.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "__Host-latchkey", Value: first, Path: "/", Secure: true}})
	if got := owner.Get("/"); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("an ended session was taken up again: %s", got.Path)
	}
	if got := owner.Post("/login", url.Values{"name": {"Owner"}, "password": {ownerPassword}, "back": {"//evil.example/"}}); got.Path != "/" {
		t.Errorf("the login led to %s", got.Path)
	}
	if session(owner) == first || session(owner) == "" {
		t.Error("the login kept the session's ID")
	}
	for _, c := range owner.Client.Jar.Cookies(u) {
		if c.Value == ownerPassword {
			t.Error("a cookie holds the password")
		}
	}
}

// T48: before the first administrator there is a static page and nothing else;
// of many who claim at once one wins, and afterwards the door is gone.
func TestFirstAdministrator(t *testing.T) {
	s := newStand(t)
	stranger := s.window()
	for _, path := range []string{"/", "/login", "/mailboxes/new", "/m/x", "/join/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/w/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/findings/imap_disabled", "/language"} {
		if got := stranger.Get(path); got.Status != http.StatusServiceUnavailable || !strings.Contains(got.Body, "latchkey init --config &#39;/etc/latch key.toml&#39;") {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	code, err := s.admin.NewClaimLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := "/claim/" + code.Reveal()
	for range 20 { // a scanner opens the link
		if got := stranger.Get(path); got.Status != http.StatusOK {
			t.Fatalf("the link died of being looked at: %d", got.Status)
		}
	}
	form := url.Values{"name": {"One"}, "password": {ownerPassword}, "password_again": {ownerPassword}}
	var group sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 20 {
		w := s.window()
		group.Add(1)
		go func() {
			defer group.Done()
			if got := w.Post(path, form); got.Status == http.StatusOK && got.Path == "/" {
				mu.Lock()
				won++
				mu.Unlock()
			}
		}()
	}
	group.Wait()
	if accounts, err := s.admin.Accounts(t.Context()); err != nil || len(accounts) != 1 || won != 1 {
		t.Errorf("%d won, %d accounts, %v", won, len(accounts), err)
	}
	if got := stranger.Get(path); got.Status != http.StatusGone || !strings.Contains(got.Body, `href="/">Sign in`) {
		t.Errorf("the claim page still answers %d", got.Status)
	}
	if !strings.Contains(s.log.String(), "/claim/[code]") || strings.Contains(s.log.String(), code.Reveal()) {
		t.Error("the access log does not mask the code")
	}
}

// T30: looking at a one-time link uses nothing up; the normal window is told
// so; a second browser finds the link dead; the first one can reload.
func TestOneTimeLink(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	link := strings.TrimPrefix(s.link(owner, id), s.url)
	for range 20 {
		if got := s.window().Get(link); got.Status != http.StatusOK {
			t.Fatalf("the link died of being looked at: %d", got.Status)
		}
	}
	if got := owner.Get(link); !strings.Contains(got.Body, "normal window") || s.attempt(id).State != wizard.AttemptCreated {
		t.Errorf("the normal window: %d, attempt %s", got.Status, s.attempt(id).State)
	}
	if got := owner.Post(link, nil); s.attempt(id).State != wizard.AttemptCreated {
		t.Errorf("the normal window used the link up: %d", got.Status)
	}
	bare := s.window()
	if got := bare.Post(link, nil); got.Status != http.StatusUnprocessableEntity || s.attempt(id).State != wizard.AttemptCreated {
		t.Errorf("a browser without cookies: %d, attempt %s", got.Status, s.attempt(id).State)
	}
	private := s.window()
	address := s.leave(private, s.url+link)
	if again := s.leave(private, s.url+link); again != address {
		t.Error("a reload of the confirmed page leads elsewhere")
	}
	if got := s.window().Post(link, nil); got.Status != http.StatusGone {
		t.Errorf("a second browser: %d", got.Status)
	}
	other := strings.TrimPrefix(s.link(owner, id), s.url)
	if got := private.Get(link); got.Status != http.StatusGone {
		t.Errorf("the replaced link: %d", got.Status)
	}
	// The same private window with the next link: its jar was used before.
	s.leave(private, s.url+other)
	if a := s.attempt(id); a.NewJar != "no" {
		t.Errorf("a used private session counts as %q", a.NewJar)
	}
	q, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"prompt": "login", "login_hint": "svc-mail@contoso.example", "code_challenge_method": "S256", "response_mode": "query", "response_type": "code",
	} {
		if got := q.Query().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if q.Query().Get("max_age") != "" || q.Query().Get("nonce") == "" || len(q.Query().Get("state")) < 40 {
		t.Errorf("authorize address: %v", q.Query())
	}
}

// Entries of a form that met an ended session come back after the login; what
// is secret does not.
func TestEntriesSurviveAnEndedSession(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	if err := s.admin.EndAll(t.Context(), "admin", s.owner.ID); err != nil {
		t.Fatal(err)
	}
	path := "/m/" + string(id) + "/registration"
	got := owner.Post(path, url.Values{"tenant": {"typed.example"}, "client_id": {clientID}, "client_secret": {"typed-secret-value"}})
	if !strings.HasPrefix(got.Path, "/login") || !strings.Contains(got.Body, "kept") {
		t.Fatalf("an ended session led to %s", got.Path)
	}
	got = owner.Post("/login", url.Values{"name": {"Owner"}, "password": {ownerPassword}, "back": {path}})
	if !strings.Contains(got.Body, "typed.example") || strings.Contains(got.Body, "typed-secret-value") {
		t.Errorf("after the login: entry kept = %v, secret shown = %v", strings.Contains(got.Body, "typed.example"), strings.Contains(got.Body, "typed-secret-value"))
	}
	if s.view(id).Setup.Registration.Tenant != homeTenant {
		t.Error("a draft was saved as an answer")
	}
}

// A rejected form keeps what was typed, names the field, and answers 422.
func TestRejectedEntriesAreKept(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	got := owner.Post("/m/"+string(id)+"/application", url.Values{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example\nnot an address\nnor@"},
		"sign_in_account": {""}, "protocols": {"imap"},
	})
	if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "not an address") || !strings.Contains(got.Body, "<title>Error:") {
		t.Errorf("answered %d", got.Status)
	}
	if !strings.Contains(got.Body, "“nor@” is neither") {
		t.Error("only the first wrong line is named")
	}
	if strings.Count(got.Body, `href="#f-`) < 2 {
		t.Error("the summary does not lead to both fields")
	}
	// Whoever comes back finds them; the answers that stand, and secrets, are not touched.
	stood := s.view(id).Setup
	has(t, "the form later", owner.Get("/m/"+string(id)+"/application"), ">sales@contoso.example\nnot an address\nnor@</textarea>")
	if a := stood.Application; len(a.Mailboxes) != 1 || a.SignInAccount == "" {
		t.Errorf("what was rejected was saved: %+v", a)
	}
	owner.Post("/m/"+string(id)+"/registration", url.Values{"tenant": {"no tenant"}, "client_id": {clientID}, "client_secret": {"planted-in-vain"}})
	has(t, "the registration later", owner.Get("/m/"+string(id)+"/registration"), `value="no tenant"`)
	s.noSecretIn("planted-in-vain")
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap"},
	})
	has(t, "the form after a save", owner.Get("/m/"+string(id)+"/application"), "not:not an address")
}
