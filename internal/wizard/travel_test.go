package wizard_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/wizard"
)

// selfCaller is a wizard whose external URL leads to answer.
func selfCaller(t *testing.T) (b *bench, answer *atomic.Value) {
	t.Helper()
	answer = &atomic.Value{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, answer.Load().(func(string) string)(r.URL.Query().Get("probe")))
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	b = newBench(t, func(o *wizard.Options) {
		o.ExternalURL, o.Roots, o.AllowNetworks = server.URL, roots, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	return b, answer
}

// The answer to a self-call proves an instance with our key; anything else is
// another program.
func TestSelfCallBelievesOurAnswerAlone(t *testing.T) {
	b, answer := selfCaller(t)
	honest := func(nonce string) string { a, _ := b.AnswerSelfCall(nonce); return a }
	for name, tt := range map[string]struct {
		answer func(string) string
		want   error
	}{
		"ours":             {honest, nil},
		"empty":            {func(string) string { return "" }, check.ErrOtherAnswer},
		"an echo":          {func(nonce string) string { return nonce }, check.ErrOtherAnswer},
		"a page":           {func(string) string { return "<!doctype html>" }, check.ErrOtherAnswer},
		"one letter wrong": {func(nonce string) string { a := honest(nonce); return strings.ToUpper(a[:1]) + "x" + a[2:] }, check.ErrOtherAnswer},
		"with another key": {func(string) string { return strings.Repeat("0", 64) }, check.ErrOtherAnswer},
	} {
		answer.Store(tt.answer)
		if err := b.SelfCall(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// A question is answered if we asked it, once, within its life: otherwise
// anybody could have answers signed.
func TestSelfCallQuestion(t *testing.T) {
	b, answer := selfCaller(t)
	ask := func() (nonce string) {
		answer.Store(func(n string) string { nonce = n; return "" })
		if err := b.SelfCall(t.Context()); !errors.Is(err, check.ErrOtherAnswer) {
			t.Fatal(err)
		}
		return nonce
	}
	nonce := ask()
	other := "0"
	if nonce[len(nonce)-1] == '0' {
		other = "1"
	}
	for name, wrong := range map[string]string{
		"empty": "", "without a mark": "1.a", "made up": "4102444800.aaaa." + strings.Repeat("0", 32), "mark changed": nonce[:len(nonce)-1] + other,
		"time changed": "9" + nonce, "mark cut": nonce[:len(nonce)-1],
	} {
		if _, ok := b.AnswerSelfCall(wrong); ok {
			t.Errorf("%s: answered", name)
		}
	}
	if _, ok := b.AnswerSelfCall(nonce); !ok {
		t.Error("our own question is not answered")
	}
	if _, ok := b.AnswerSelfCall(nonce); ok {
		t.Error("a question is answered twice")
	}
	late := ask()
	b.pass(32 * time.Second)
	if _, ok := b.AnswerSelfCall(late); ok {
		t.Error("a question is answered after its time")
	}
	early := ask()
	b.pass(-32 * time.Second)
	if _, ok := b.AnswerSelfCall(early); ok {
		t.Error("a question of the future is answered")
	}
}

// What comes back from the admin-consent page is recorded for the setup that we
// have named, for eight hours.
func TestConsentComesBackForItsSetup(t *testing.T) {
	b := newBench(t, nil)
	id, other := b.ready(), b.ready()
	state := func() string {
		u, err := url.Parse(b.ConsentURL(b.view(id), owner))
		if err != nil || !wizard.IsConsent(u.Query()) {
			t.Fatalf("consent address %v, %v", u, err)
		}
		return u.Query().Get("state")
	}
	back := func(state string) error {
		_, err := b.ConsentReturned(t.Context(), url.Values{"state": {state}, "admin_consent": {"True"}}, owner)
		b.settle(id)
		b.settle(other)
		return err
	}
	good := state()
	mark := good[strings.LastIndexByte(good, '.')+1:]
	for name, wrong := range map[string]string{
		"made up":       "consent." + string(id) + ".4102444800.a." + strings.Repeat("0", 32),
		"another setup": strings.Replace(good, string(id), string(other), 1),
		"mark cut":      strings.TrimSuffix(good, mark[16:]),
		"no mark":       strings.TrimSuffix(good, mark),
		"no parts":      "consent." + mark,
	} {
		if err := back(wrong); !errors.Is(err, wizard.ErrUnknownState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b.view(id).Setup.Registration.Consent != nil || b.view(other).Setup.Registration.Consent != nil {
		t.Error("a consent was recorded")
	}
	b.pass(8*time.Hour + time.Minute)
	if err := back(good); !errors.Is(err, wizard.ErrUnknownState) || b.view(id).Setup.Registration.Consent != nil {
		t.Errorf("after eight hours: %v", err)
	}
	if err := back(state()); err != nil || b.view(id).Setup.Registration.Consent == nil {
		t.Errorf("our own: %v", err)
	}
	if got := b.ConsentURL(b.view(id), guest(wizard.RoleObserver, id)); got != "" {
		t.Error("an observer is given the address")
	}
}
