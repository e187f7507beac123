package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/secret"
	"latchkey/internal/wizard"
	"latchkey/web"
)

const sessionName = "__Host-latchkey"

// cookieOf is a cookie of a window, "" if it has none.
func (s *stand) cookieOf(w *window, name string) string {
	s.t.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range w.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// plant puts a cookie into a window.
func (s *stand) plant(w *window, name, value string) {
	s.t.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	w.Client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// data is what the server keeps for the session of a window.
func (s *stand) data(w *window) map[string]string {
	s.t.Helper()
	id, _, _ := strings.Cut(s.cookieOf(w, sessionName), ".")
	session, err := s.admin.KeepAlive(s.t.Context(), secret.New(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return session.Data
}

// raw sends a GET without following where it leads.
func (s *stand) raw(w *window, path string, header http.Header) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	client := *w.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

// recorded keeps every Set-Cookie header that a window was sent.
type recorded struct {
	http.RoundTripper
	mu      sync.Mutex
	cookies []string
}

func (r *recorded) RoundTrip(q *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(q)
	if err == nil {
		r.mu.Lock()
		r.cookies = append(r.cookies, response.Header.Values("Set-Cookie")...)
		r.mu.Unlock()
	}
	return response, err
}

// T24: each cookie is for this host, for TLS, for nobody's script and for no
// other site's request.
func TestCookiesAreBoundToTheHost(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	private := s.window()
	var seen []*recorded
	for _, w := range []*window{owner, private} {
		r := &recorded{RoundTripper: w.Client.Transport}
		w.Client.Transport = r
		seen = append(seen, r)
	}
	owner.Post("/login", url.Values{"name": {"Owner"}, "password": {ownerPassword}})
	owner.Post("/language", url.Values{"language": {"en"}, "back": {"/"}})
	id := s.ready()
	private.Get(s.authorized(private, s.leave(private, s.link(owner, id))))
	owner.Post("/logout", nil)
	names := map[string]bool{}
	for _, r := range seen {
		for _, line := range r.cookies {
			name, _, _ := strings.Cut(line, "=")
			names[name] = true
			attributes := strings.Split(line, "; ")[1:]
			for _, want := range []string{"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} {
				if !contains(attributes, want) {
					t.Errorf("the cookie %s is sent without %s", name, want)
				}
			}
			if strings.Contains(line, "Domain=") || !strings.HasPrefix(name, "__Host-") {
				t.Errorf("the cookie %s can be another host's", name)
			}
		}
	}
	for _, name := range []string{sessionName, "__Host-latchkey-jar", "__Host-latchkey-signin", "__Host-latchkey-choice"} {
		if !names[name] {
			t.Errorf("the cookie %s was not seen", name)
		}
	}
}

func contains(list []string, word string) bool {
	for _, s := range list {
		if s == word {
			return true
		}
	}
	return false
}

// T23: a login ends the session that the browser came with, also while that one
// is still alive.
func TestLoginEndsTheLivingSession(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	first := s.cookieOf(owner, sessionName)
	owner.Post("/login", url.Values{"name": {"Owner"}, "password": {ownerPassword}})
	if s.cookieOf(owner, sessionName) == first {
		t.Error("the login kept the session's ID")
	}
	thief := s.window()
	s.plant(thief, sessionName, first)
	if got := thief.Get("/"); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("the cookie from before the login still opens %s", got.Path)
	}
}

// T24: an open page keeps a session for an hour after its person's last
// request, whatever it fetches by itself.
func TestOpenPageDoesNotReplaceThePerson(t *testing.T) {
	for name, fetch := range map[string]func(s *stand, w *window, base string) *http.Response{
		"refetch of the page": func(s *stand, w *window, base string) *http.Response {
			return s.raw(w, base, http.Header{"X-Latchkey-Refetch": {"1"}})
		},
		"page that loads itself": func(s *stand, w *window, base string) *http.Response { return s.raw(w, base+"?auto=30", nil) },
		"event stream opened again": func(s *stand, w *window, base string) *http.Response {
			return s.raw(w, base+"/events", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			owner := s.claimed()
			id := s.ready()
			base := "/m/" + string(id)
			for range 11 {
				s.pass(5 * time.Minute)
				if got := fetch(s, owner, base); got.StatusCode != http.StatusOK {
					t.Fatalf("an open page was answered %d within the hour", got.StatusCode)
				}
			}
			s.pass(5 * time.Minute)
			if got := fetch(s, owner, base); got.StatusCode != http.StatusSeeOther {
				t.Errorf("an hour after the last person, the page is answered %d", got.StatusCode)
			}
		})
	}
}

// A person who reads and clicks is not sent away before the absolute limit.
func TestPersonKeepsTheSession(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	for range 8 {
		s.pass(14 * time.Minute)
		if got := owner.Get("/"); got.Path != "/" {
			t.Fatalf("a session in use led to %s", got.Path)
		}
	}
	s.pass(admin.IdleLimit)
	if got := owner.Get("/"); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("an idle session opens %s", got.Path)
	}
}

// A guest's open page is not the guest: it raises no change and shows nobody
// as being here.
func TestOpenPageOfAGuestIsNobody(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	guest, p := s.invited(owner, id, "m365_admin", "Dana")
	if err := s.wizard.Admit(t.Context(), s.owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	base := "/m/" + string(id)
	guest.Get(base + "/registration")
	s.settle(id)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events(ctx, guest, base+"/events")
	before := s.view(id).Changes
	s.pass(2 * time.Minute)
	time.Sleep(time.Second) // three looks of the stream
	s.raw(guest, base, http.Header{"X-Latchkey-Refetch": {"1"}})
	if now := s.view(id).Changes; now != before {
		t.Errorf("the change number went from %d to %d with nobody acting", before, now)
	}
	presence := func() wizard.Presence {
		people := s.view(id).People
		return people[len(people)-1].PresenceAt(s.now())
	}
	if got := presence(); got != wizard.Away {
		t.Errorf("a guest who has gone is %q", got)
	}
	guest.Get(base + "/registration")
	if got := presence(); got != wizard.Here || s.view(id).Changes == before {
		t.Errorf("a guest who has come back is %q, changes from %d to %d", got, before, s.view(id).Changes)
	}
	before = s.view(id).Changes
	s.pass(30 * time.Second)
	guest.Get(base + "/registration")
	if now := s.view(id).Changes; now != before {
		t.Errorf("a guest who stays is told to every page: changes from %d to %d", before, now)
	}
}

// Nothing that somebody unknown sends is stored, and they may not ask for ever.
func TestStrangersFillNothing(t *testing.T) {
	s := newStand(t)
	s.claimed()
	form := url.Values{"tenant": {strings.Repeat("x", 20<<10)}}
	for name, value := range map[string]string{
		"another cookie": "", "made up": "aaaaaaaaaaaaaaaaaaaaaaaaaa", "made up with a mark": "aaaa." + strings.Repeat("0", 32),
	} {
		w := s.window()
		s.plant(w, "__Host-latchkey-choice", "language=en")
		if value != "" {
			s.plant(w, sessionName, value)
		}
		w.Post("/m/x/registration", form)
		if list, err := s.admin.Sessions(t.Context(), admin.KindAnonymous, ""); err != nil || len(list) != 0 {
			t.Errorf("%s: %d sessions of nobody, %v", name, len(list), err)
		}
	}
	w := s.window()
	status := 0
	for range 130 {
		if status = s.raw(w, "/m/x", nil).StatusCode; status == http.StatusTooManyRequests {
			break
		}
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the 130th request of somebody unknown was answered %d", status)
	}
}

// T49: knocking at the doors that a guess could open is limited, and so are
// wrong passwords, long before.
func TestGuessingIsSlow(t *testing.T) {
	s := newStand(t)
	s.claimed()
	w := s.window()
	last := 0
	for range 20 {
		last = w.Post("/login", url.Values{"name": {"Owner"}, "password": {"wrong"}}).Status
		if last == http.StatusTooManyRequests {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 20th wrong password was answered %d", last)
	}
	for _, path := range []string{"/login", "/join/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/w/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/callback"} {
		s := newStand(t)
		s.claimed()
		w, last := s.window(), 0
		for range 130 {
			if last = s.raw(w, path, nil).StatusCode; last == http.StatusTooManyRequests {
				break
			}
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("the 130th knock at %s was answered %d", path, last)
		}
	}
}

// The entries that an ended session leaves behind hold no secret, also not
// sealed: the page of a login must not be able to give one away.
func TestDraftHoldsNoSecret(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.pass(admin.IdleLimit)
	owner.Post("/m/"+string(id)+"/registration", url.Values{
		"tenant": {"typed.example"}, "client_secret": {"typed-secret-value"}, "password": {"typed-password"}, "shown": {"typed-code"},
	})
	kept := s.data(owner)["draft:/m/"+string(id)+"/registration"]
	if !strings.Contains(kept, "typed.example") {
		t.Fatalf("nothing was kept: %q", kept)
	}
	for _, planted := range []string{"typed-secret-value", "typed-password", "typed-code"} {
		if strings.Contains(kept, planted) {
			t.Errorf("the draft holds %s", planted)
		}
	}
}

// Before the first administrator only the callback of a self-call answers, not
// every page that is asked with the same word.
func TestSelfCallOpensNoOtherDoor(t *testing.T) {
	s := newStand(t)
	w := s.window()
	for _, path := range []string{"/", "/login", "/help", "/findings", "/m/x", "/language"} {
		if got := w.Get(path + "?probe=x"); got.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	if got := w.Get("/callback?probe=x"); got.Status != http.StatusNotFound {
		t.Errorf("a wrong question: %d", got.Status)
	}
}

// T10: after a login one stays on this host, whatever the address said.
func TestWayBackStaysHere(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	for _, back := range []string{
		"//evil.example", `/\evil.example`, `\/evil.example`, `\\evil.example`, "https://evil.example", "http:evil.example",
		"javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "evil.example", " /x", "/m/../..//evil.example", "",
	} {
		got := s.raw(owner, "/login?"+url.Values{"back": {back}}.Encode(), nil)
		if location := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || location != "/" {
			t.Errorf("%q: answered %d, leads to %q", back, got.StatusCode, location)
		}
	}
	if got := s.raw(owner, "/login?back=/m/x", nil); got.Header.Get("Location") != "/m/x" {
		t.Errorf("a page of ours: leads to %q", got.Header.Get("Location"))
	}
}

// T12: no one-time code is in the access log, nor what the callback carries.
func TestAccessLogHoldsNoCode(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	link := s.link(owner, id)
	page := owner.Post("/m/"+string(id)+"/people/invite", url.Values{"role": {"observer"}})
	invite := regexp.MustCompile(`/join/[a-z0-9]+`).FindString(page.Body)
	s.window().Get(invite)
	private := s.window()
	callback := s.authorized(private, s.leave(private, link))
	private.Get(callback)
	query, err := url.ParseQuery(callback[strings.Index(callback, "?")+1:])
	if err != nil {
		t.Fatal(err)
	}
	log := s.log.String()
	for name, code := range map[string]string{
		"link": link[strings.LastIndexByte(link, '/')+1:], "invitation": strings.TrimPrefix(invite, "/join/"),
		"authorization code": query.Get("code"), "state": query.Get("state"),
	} {
		if code == "" || strings.Contains(log, code) {
			t.Errorf("the log holds the code of the %s (%d characters)", name, len(code))
		}
	}
	for _, masked := range []string{"/w/[code]", "/join/[code]", "/callback"} {
		if !strings.Contains(log, masked) {
			t.Errorf("the log has no line of %s", masked)
		}
	}
}

// T51: whose address a header names is believed only of a proxy that the
// operator has named.
func TestForwardedAddressIsNotBelieved(t *testing.T) {
	for name, tt := range map[string]struct {
		change tune
		want   string
	}{
		"nobody is trusted":   {func(*wizard.Options, *web.Options) {}, "127.0.0.1"},
		"another proxy":       {func(_ *wizard.Options, o *web.Options) { o.TrustedProxies = prefixes("10.0.0.0/8") }, "127.0.0.1"},
		"the proxy is listed": {func(_ *wizard.Options, o *web.Options) { o.TrustedProxies = prefixes("127.0.0.0/8") }, "203.0.113.9"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, tt.change)
			owner := s.claimed()
			id := s.ready()
			private := s.window()
			private.Header = http.Header{"X-Forwarded-For": {"203.0.113.9"}, "X-Real-Ip": {"203.0.113.9"}, "Forwarded": {"for=203.0.113.9"}}
			s.leave(private, s.link(owner, id))
			if got := s.attempt(id).OpenedBy.IP; got != tt.want {
				t.Errorf("the link was opened from %q, want %q", got, tt.want)
			}
		})
	}
}

// Whoever has come over TLS once is told never to come without.
func TestStrictTransportSecurity(t *testing.T) {
	for external, want := range map[string]string{"https://latchkey.contoso.example": "max-age=31536000", "http://localhost:8080": ""} {
		var handler http.Handler
		newStand(t, func(_ *wizard.Options, o *web.Options) {
			o.ExternalURL = external
			edge, err := web.New(*o)
			if err != nil {
				t.Fatal(err)
			}
			handler = edge.Handler()
		})
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, external+"/healthz", nil)
		handler.ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: Strict-Transport-Security %q, want %q", external, got, want)
		}
	}
}

// The script of the pages marks what it fetches by itself; without the mark an
// open page would be taken for a person.
func TestScriptSaysThatItFetches(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	src := regexp.MustCompile(`<script[^>]* src="([^"]+)"`).FindStringSubmatch(owner.Get("/").Body)
	if src == nil {
		t.Fatal("the page has no script")
	}
	if script := owner.Get(src[1]).Body; !strings.Contains(script, `fetch(here, { headers: { Accept: "text/html", "X-Latchkey-Refetch": "1" }`) {
		t.Error("the script fetches without saying so")
	}
}
