package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/locale"
	"latchkey/internal/provider"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
	"latchkey/web"
	"latchkey/web/webtest"
)

// stand is the product on loopback: a real database, the real handlers, and an
// authority that lies on demand.
type stand struct {
	t         *testing.T
	url       string
	authority *authority
	wizard    *wizard.Wizard
	store     *store.Store
	admin     *admin.Service
	log       *safeBuffer
	file      string // of the database
	owner     wizard.Who
	ahead     atomic.Int64 // of the real clock, in nanoseconds
}

// now is the clock of everything that can be given one.
func (s *stand) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// pass lets time pass at once.
func (s *stand) pass(d time.Duration) { s.ahead.Add(int64(d)) }

// tune changes what the product is started with.
type tune func(*wizard.Options, *web.Options)

// safeBuffer is a log that tests read while the server writes.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

const ownerPassword = "a quiet harbour at dusk"

// differs is how a stand differs from the usual one.
type differs struct {
	now       func() time.Time
	proxies   []netip.Prefix      // whose X-Forwarded-For counts
	providers []provider.Provider // beside the usual one
	tunes     []tune
}

func newStand(t *testing.T, tunes ...tune) *stand {
	t.Helper()
	return newStandWith(t, differs{tunes: tunes})
}

func newStandWith(t *testing.T, d differs) *stand {
	t.Helper()
	s := &stand{t: t, authority: newAuthority(t), log: &safeBuffer{}}
	if d.now == nil {
		d.now = s.now
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://localhost:" + u.Port()
	dir := t.TempDir()
	s.file = filepath.Join(dir, "latchkey.db")
	ring, err := seal.CreateRing(filepath.Join(dir, "ring"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if s.store, err = store.Open(t.Context(), store.Options{Path: s.file, Ring: ring}); err != nil {
		t.Fatal(err)
	}
	if s.admin, err = admin.NewService(s.store.Admin(), d.now, rand.Reader); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	entra := provider.Entra.At(s.authority.URL, nil)
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	inner := wizard.Options{
		Store: s.store.Wizard(), Providers: append([]provider.Provider{entra}, d.providers...), KnownClientIP: len(d.proxies) > 0, ExternalURL: s.url, Node: "NODE1",
		Key: secret.New(strings.Repeat("k", 64)), Now: d.now, Rand: rand.Reader, Log: log,
		Report: func(wizard.View) ([]byte, error) { return []byte("{}"), nil },
	}
	outer := web.Options{Guides: map[string]string{"Email and Routing Resources": "https://intranet.contoso.example/ece-guide"},
		Admin: s.admin, Catalog: catalog, ExternalURL: s.url, Version: "test", Now: d.now, Log: log, TrustedProxies: d.proxies,
		Init: "latchkey init --config '/etc/latch key.toml'"}
	for _, change := range d.tunes {
		change(&inner, &outer)
	}
	s.wizard, err = wizard.New(inner, func(r token.Refresher) *token.Source {
		return token.NewSource(s.store.Tokens(), r, "test", token.Options{})
	})
	if err != nil {
		t.Fatal(err)
	}
	outer.Wizard = s.wizard
	edge, err := web.New(outer)
	if err != nil {
		t.Fatal(err)
	}
	handler = edge.Handler()
	t.Cleanup(func() {
		edge.CloseStreams()
		server.Close()
		s.wizard.Close()
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// claimed makes the administrator and returns their window.
func (s *stand) claimed() *window {
	s.t.Helper()
	code, err := s.admin.NewClaimLink(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	w := s.window()
	form := url.Values{"name": {"Owner"}, "password": {ownerPassword}, "password_again": {ownerPassword}}
	if got := w.Post("/claim/"+code.Reveal(), form); got.Path != "/" || got.Status != 200 {
		s.t.Fatalf("claim ended at %s with %d: %s", got.Path, got.Status, got.Body)
	}
	accounts, err := s.admin.Accounts(s.t.Context())
	if err != nil || len(accounts) != 1 {
		s.t.Fatalf("accounts: %v, %v", accounts, err)
	}
	s.owner = wizard.Who{Kind: wizard.WhoAdmin, ID: accounts[0].ID, Name: accounts[0].Name, IP: "127.0.0.1"}
	return w
}

// ready makes a setup whose sign-in step is open.
func (s *stand) ready() setup.ID {
	s.t.Helper()
	ctx := s.t.Context()
	made, err := s.wizard.Start(ctx, s.owner)
	if err != nil {
		s.t.Fatal(err)
	}
	s.answer(made.ID, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap"},
	})
	s.answer(made.ID, setup.StepAddresses, nil)
	s.answer(made.ID, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {theSecret}, "redirect_uris": {s.url + "/callback"},
	})
	v := s.view(made.ID)
	if st, _ := v.Step(setup.StepSignIn); !st.Open {
		s.t.Fatalf("the sign-in step is closed: %+v", st.Needs)
	}
	return made.ID
}

func (s *stand) answer(id setup.ID, step setup.StepID, e wizard.Entries) {
	s.t.Helper()
	err := s.wizard.Answer(s.t.Context(), s.owner, wizard.Submit{Setup: id, Step: step, Entries: e, Confirmed: true})
	if err != nil {
		s.t.Fatalf("%s: %v", step, err)
	}
	s.settle(id)
}

// settle waits until no check of the setup runs any more.
func (s *stand) settle(id setup.ID) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	if err := s.wizard.Wait(ctx, id); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) view(id setup.ID) wizard.View {
	s.t.Helper()
	v, err := s.wizard.View(s.t.Context(), wizard.System, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// finding is the first finding of the sign-in step.
func (s *stand) finding(id setup.ID) string {
	s.t.Helper()
	s.settle(id)
	st, _ := s.view(id).Step(setup.StepSignIn)
	if fs := st.Findings(); len(fs) > 0 {
		return fs[0].Code()
	}
	return ""
}

// stored reports whether a token is stored for the setup.
func (s *stand) stored(id setup.ID) bool { return s.view(id).Key.Present }

// link makes a one-time link in the owner's window.
func (s *stand) link(owner *window, id setup.ID) string {
	s.t.Helper()
	page := owner.Post("/m/"+string(id)+"/sign-in/link", nil)
	link := regexp.MustCompile(`http://localhost:\d+/w/[a-z0-9]+`).FindString(page.Body)
	if link == "" {
		s.t.Fatalf("no link on %s (%d): %s", page.Path, page.Status, page.Body)
	}
	return link
}

// leave opens a link in a private window and returns the identity provider's
// address it leads to.
func (s *stand) leave(private *window, link string) string {
	s.t.Helper()
	path := strings.TrimPrefix(link, s.url)
	if got := private.Get(path); got.Status != 200 {
		s.t.Fatalf("landing: %d %s", got.Status, got.Body)
	}
	got := private.Post(path, nil)
	m := regexp.MustCompile(`href="([^"]*/authorize\?[^"]*)"`).FindStringSubmatch(got.Body)
	if got.Status != 200 || m == nil {
		s.t.Fatalf("confirm: %d %s", got.Status, got.Body)
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

// authorized goes to the identity provider and returns the callback address it
// sends back to, without going there.
func (s *stand) authorized(private *window, address string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := *private.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	return strings.TrimPrefix(response.Header.Get("Location"), s.url)
}

func (s *stand) window() *window { return webtest.New(s.t, s.url) }

type (
	window = webtest.Window
	shown  = webtest.Shown
)

// noSecretIn fails if a planted value is readable anywhere: log, database.
func (s *stand) noSecretIn(values ...string) {
	s.t.Helper()
	files, err := filepath.Glob(s.file + "*")
	if err != nil {
		s.t.Fatal(err)
	}
	texts := map[string]string{"log": s.log.String()}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(b)
	}
	for where, text := range texts {
		for _, value := range values {
			if value != "" && strings.Contains(text, value) {
				s.t.Errorf("a planted value is readable in %s", where)
			}
		}
	}
}
