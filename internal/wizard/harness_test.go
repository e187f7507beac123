package wizard_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/provider"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// bench is a wizard on a real database, with an authority on loopback that
// signs in whoever it is told to, and a clock that can be moved.
type bench struct {
	*wizard.Wizard
	t         *testing.T
	authority *authority
	store     *store.Store
	ahead     *atomic.Int64 // of the real clock, in nanoseconds
	log       *strings.Builder
}

// now is the clock of the wizard, the store and the authority.
func (b *bench) now() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) }

// pass lets time pass at once.
func (b *bench) pass(d time.Duration) { b.ahead.Add(int64(d)) }

type locked struct {
	mu sync.Mutex
	w  *strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// newBench starts a wizard; change, if given, changes its options first.
func newBench(t *testing.T, change func(*wizard.Options)) *bench {
	t.Helper()
	b := &bench{t: t, ahead: &atomic.Int64{}, log: &strings.Builder{}}
	b.authority = newAuthority(t, b.now)
	dir := t.TempDir()
	ring, err := seal.CreateRing(filepath.Join(dir, "ring"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if b.store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "latchkey.db"), Ring: ring, Now: b.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
	b.Wizard = b.node("NODE1", change)
	return b
}

// node is one more process on the same database.
func (b *bench) node(name string, change func(*wizard.Options)) *wizard.Wizard {
	b.t.Helper()
	o := wizard.Options{
		Store: b.store.Wizard(), Providers: []provider.Provider{provider.Entra.At(b.authority.URL, nil)},
		ExternalURL: "http://localhost:8080", Node: name, Key: secret.New(strings.Repeat("k", 64)),
		Now: b.now, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(&locked{w: b.log}, nil)),
		Report: func(wizard.View) ([]byte, error) { return []byte("{}"), nil },
	}
	if change != nil {
		change(&o)
	}
	w, err := wizard.New(o, func(r token.Refresher) *token.Source {
		return token.NewSource(b.store.Tokens(), r, name, token.Options{Now: b.now})
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(w.Close)
	return w
}

const ownerIP, visitorIP = "192.0.2.10", "192.0.2.20"

var owner = wizard.Who{Kind: wizard.WhoAdmin, ID: "a", Name: "Owner", IP: ownerIP}

// guest is a person with a role in one setup.
func guest(role wizard.ParticipantRole, id setup.ID) wizard.Who {
	return wizard.Who{Kind: wizard.WhoGuest, ID: "g", Name: "Dana", Role: role, Setup: id}
}

func (b *bench) start() setup.ID {
	b.t.Helper()
	s, err := b.Start(b.t.Context(), owner)
	if err != nil {
		b.t.Fatal(err)
	}
	return s.ID
}

func (b *bench) answer(id setup.ID, step setup.StepID, e wizard.Entries) {
	b.t.Helper()
	if err := b.Answer(b.t.Context(), owner, wizard.Submit{Setup: id, Step: step, Entries: e, Confirmed: true}); err != nil {
		b.t.Fatalf("%s: %v", step, err)
	}
	b.settle(id)
}

// ready makes a setup whose sign-in step is open.
func (b *bench) ready() setup.ID {
	b.t.Helper()
	id := b.start()
	b.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {expected}, "protocols": {"imap"},
	})
	b.answer(id, setup.StepAddresses, nil)
	b.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {"client-secret"}, "redirect_uris": {"http://localhost:8080/callback"},
	})
	v := b.view(id)
	if st, _ := v.Step(setup.StepSignIn); !st.Open {
		b.t.Fatalf("the sign-in step is closed: %+v", st.Needs)
	}
	return id
}

func (b *bench) settle(id setup.ID) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	if err := b.Wait(ctx, id); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) view(id setup.ID) wizard.View {
	b.t.Helper()
	v, err := b.View(b.t.Context(), wizard.System, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) attempt(id string) (a wizard.Attempt) {
	b.t.Helper()
	err := b.store.Wizard().View(b.t.Context(), func(tx wizard.Tx) (err error) { a, err = tx.Attempt(id); return err })
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// kept names what is still sealed of an attempt.
func (b *bench) kept(id string) string {
	b.t.Helper()
	var names []string
	err := b.store.Wizard().View(b.t.Context(), func(tx wizard.Tx) error {
		for _, name := range []string{"pending", "staged"} {
			if value, err := tx.AttemptSecret(id, name); err == nil && !value.IsZero() {
				names = append(names, name)
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.Join(names, " ")
}

var jars atomic.Int64

// private is a private window that nobody has used before.
func private() wizard.Browser {
	return wizard.Browser{Who: wizard.Who{Kind: wizard.WhoGuest, ID: "window", IP: visitorIP}, Jar: check.ProofYes, JarID: fmt.Sprint("jar ", jars.Add(1))}
}

func (b *bench) link(id setup.ID) (code string, a wizard.Attempt) {
	b.t.Helper()
	typed, a, err := b.BeginSignIn(b.t.Context(), owner, id)
	code, _ = b.LinkCode(typed)
	if err != nil {
		b.t.Fatal(err)
	}
	return code, a
}

// confirmed uses a link up in a window, which gets its cookie, and returns what
// the authority would send back for the person.
func (b *bench) confirmed(id setup.ID, w *wizard.Browser) (wizard.Attempt, url.Values) {
	b.t.Helper()
	code, _ := b.link(id)
	out, err := b.ConfirmLink(b.t.Context(), code, *w)
	if err != nil {
		b.t.Fatal(err)
	}
	w.Cookie = out.Cookie
	return out.Attempt, b.authority.authorize(b.t, out.URL)
}

// signIn walks one sign-in to the callback's end.
func (b *bench) signIn(id setup.ID, w wizard.Browser) wizard.Attempt {
	b.t.Helper()
	_, query := b.confirmed(id, &w)
	a, err := b.Callback(b.t.Context(), query, w)
	if err != nil {
		b.t.Fatal(err)
	}
	b.settle(id)
	return a
}
