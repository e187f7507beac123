package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/wizard"
)

var typedForm = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}`)

// TestALinkCanBeTyped: the typed code leads to the page of the link, as people
// type it; it is used with the link and dies with it, and is stored nowhere.
func TestALinkCanBeTyped(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"
	link := strings.TrimPrefix(s.link(owner, id), s.url)
	typed := typedForm.FindString(owner.Get(page).Body)
	if typed == "" {
		t.Fatal("no code on the page")
	}
	enter := func(w *window, code string) shown { return w.Post("/w", url.Values{"link_code": {code}}) }
	look := strings.NewReplacer("0", "o", "1", "l", "-", " ")
	for _, as := range []string{typed, strings.ToLower(typed), look.Replace(typed), strings.ReplaceAll(typed, "-", ""), " " + typed + ". "} {
		if got := enter(s.window(), as); got.Path != link || got.Status != http.StatusOK {
			t.Errorf("%q leads to %s with %d", as, got.Path, got.Status)
		}
	}
	want, _ := s.wizard.LinkCode("0110-ABCD-0110")
	if got, ok := s.wizard.LinkCode("oIlO-abcd-0L1o"); got != want || !ok {
		t.Errorf("a letter that looks like a digit is another code: %v", ok)
	}
	if got := enter(owner, typed); !strings.Contains(got.Body, "This is your normal window") {
		t.Errorf("typed in the normal window: %d at %s", got.Status, got.Path)
	}
	for as, says := range map[string]string{"": "Enter", "K7QF": "A code has 12 letters and digits.", "UUUU-UUUU-UUUU": "A code has 12", "0000-0000-0000": "No sign-in waits for this code."} {
		got := enter(s.window(), as)
		if got.Status != http.StatusUnprocessableEntity || as != "" && !strings.Contains(got.Body, says) {
			t.Errorf("%q: %d", as, got.Status)
		}
	}
	s.noSecretIn(typed, strings.ReplaceAll(typed, "-", ""), strings.TrimPrefix(link, "/w/"))

	private := s.window()
	enter(private, typed)
	private.Get(s.authorized(private, s.leave(private, s.url+link)))
	if a := s.attempt(id); a.State != wizard.AttemptStaged {
		t.Fatalf("the typed sign-in is %s", a.State)
	}
	if got := enter(s.window(), typed); got.Status != http.StatusGone {
		t.Errorf("typed after its use: %d", got.Status)
	}
	s.link(owner, id)
	again := typedForm.FindString(owner.Get(page).Body)
	s.link(owner, id)
	if got := enter(s.window(), again); got.Status != http.StatusGone {
		t.Errorf("typed after a newer link: %d", got.Status)
	}
	last := typedForm.FindString(owner.Get(page).Body)
	s.pass(31 * time.Minute)
	if got := enter(s.window(), last); got.Status != http.StatusGone {
		t.Errorf("typed too late: %d", got.Status)
	}
}

// TestTypedCodesCannotBeTriedAtWill: a code that is typed is shorter than one
// in a link, so the door is slower.
func TestTypedCodesCannotBeTriedAtWill(t *testing.T) {
	s := newStand(t)
	s.claimed()
	w := s.window()
	for n := range 60 {
		got := w.Post("/w", url.Values{"link_code": {"0000-0000-0000"}})
		if got.Status == http.StatusTooManyRequests {
			if n < 5 {
				t.Errorf("refused after %d tries: people mistype", n)
			}
			return
		}
	}
	t.Error("60 codes were tried within a minute")
}

// TestNoCodeForPhonesOnThisComputer: no phone can open an address of localhost.
func TestNoCodeForPhonesOnThisComputer(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"
	s.link(owner, id)
	has(t, "on this computer only", owner.Get(page), "No other device can open this link", `not:class="qr"`)
}
