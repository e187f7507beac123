package web_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// E2: a jar cookie that we have not made is no proof of a new private window.
func TestForgedJarIsNoProof(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	link := s.link(owner, id)
	sum := sha256.Sum256([]byte("jar " + link[strings.LastIndexByte(link, '/')+1:]))
	private := s.window()
	s.plant(private, "__Host-latchkey-jar", "forged."+hex.EncodeToString(sum[:8])+"."+strings.Repeat("0", 32))
	s.leave(private, link)
	if a := s.attempt(id); a.NewJar != "no" {
		t.Errorf("a forged jar counts as %q", a.NewJar)
	}
}

// The waiting room is never for the owner's own account: they would let
// themselves in.
func TestAdministratorDoesNotJoin(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := owner.Post("/m/"+string(id)+"/people/invite", url.Values{"role": {"observer"}})
	invite := regexp.MustCompile(`/join/[a-z0-9]+`).FindString(page.Body)
	if got := owner.Post(invite, url.Values{"name": {"Owner"}}); got.Status != http.StatusForbidden {
		t.Errorf("answered %d at %s", got.Status, got.Path)
	}
	if p := s.view(id).People[0]; p.State != wizard.ParticipantInvited {
		t.Errorf("the invitation is %s", p.State)
	}
	if got := owner.Get("/mailboxes/new"); got.Status != http.StatusOK {
		t.Errorf("the owner is not an administrator any more: %d", got.Status)
	}
}

// T31: an open page of a guest hears nothing more once the stay is over, also
// while their session still lives.
func TestStreamOfARevokedGuestEnds(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	guest, p := s.invited(owner, id, "observer", "Dana")
	if err := s.wizard.Admit(t.Context(), s.owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/m/"+string(id)+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *guest.Client
	client.Timeout = 5 * time.Second
	response, err := client.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("event stream: %v, %v", response, err)
	}
	defer response.Body.Close()
	if err := s.wizard.Dismiss(t.Context(), s.owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	lines, last := bufio.NewScanner(response.Body), ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if last != "data: end" || lines.Err() != nil {
		t.Errorf("the stream went on: %q, %v", last, lines.Err())
	}
	if got := s.raw(guest, "/m/"+string(id), nil); got.StatusCode != http.StatusSeeOther {
		t.Errorf("a revoked guest with a living session was answered %d", got.StatusCode)
	}
}

// An observer looks on: no page of theirs ends the sign-in of the owner.
func TestObserverEndsNoSignIn(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.leave(s.window(), s.link(owner, id))
	const typed = "AADSTS50011: The redirect URI does not match"
	path := "/m/" + string(id) + "/" + setup.StepSignIn.Path() + "/shown"
	observer, p := s.invited(owner, id, "observer", "Olaf")
	if err := s.wizard.Admit(t.Context(), s.owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	if got := observer.Post(path, url.Values{"shown": {typed}}); got.Status != http.StatusForbidden || s.attempt(id).State != wizard.AttemptConfirmed {
		t.Errorf("an observer: %d, attempt %s", got.Status, s.attempt(id).State)
	}
	helper, p := s.invited(owner, id, "m365_admin", "Dana")
	if err := s.wizard.Admit(t.Context(), s.owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	if got := helper.Post(path, url.Values{"shown": {typed}}); got.Status != http.StatusOK || s.attempt(id).State != wizard.AttemptFailed {
		t.Errorf("the second administrator: %d, attempt %s", got.Status, s.attempt(id).State)
	}
}

// A form that cannot be read is the sender's fault and says so.
func TestMalformedFormIsRefused(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}}
	for name, w := range map[string]*window{"known": owner, "unknown": s.window()} {
		got := w.Do(http.MethodPost, "/mailboxes", strings.NewReader("a=%zz"), header)
		if got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d", name, got.Status)
		}
	}
	if strings.Contains(s.log.String(), "level=ERROR") {
		t.Error("somebody else's malformed form is logged as a fault of ours")
	}
}

// T37: whoever starts checks without end is told when it works again, keeps
// what they typed, and the other setups and the program itself go on.
func TestRunsAreNotStartedWithoutEnd(t *testing.T) {
	at := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	var ahead atomic.Int64
	s := newStandWith(t, differs{now: func() time.Time { return at.Add(time.Duration(ahead.Load())) }})
	owner := s.claimed()
	id, other := s.ready(), s.ready()
	path := "/m/" + string(id) + "/registration"
	last := shown{}
	for range 40 {
		if last = owner.Post(path+"/runs", nil); last.Status != http.StatusOK {
			break
		}
	}
	if last.Status != http.StatusTooManyRequests || !strings.Contains(last.Body, "It works again at") {
		t.Fatalf("the 40th run was answered %d", last.Status)
	}
	form := url.Values{"tenant": {"typed.example"}, "client_id": {clientID}}
	if got := owner.Post(path, form); got.Status != http.StatusTooManyRequests || !strings.Contains(got.Body, "Your entries are saved.") ||
		s.view(id).Setup.Registration.Tenant != homeTenant {
		t.Errorf("answers beyond the limit: %d, stored %q", got.Status, s.view(id).Setup.Registration.Tenant)
	}
	if got := owner.Post(path+"/secret", url.Values{"client_secret": {"x"}, "secret_ends": {"2032-01-01"}}); got.Status != http.StatusTooManyRequests {
		t.Errorf("a secret beyond the limit: %d", got.Status)
	}
	if got := owner.Post("/m/"+string(other)+"/registration/runs", nil); got.Status != http.StatusOK {
		t.Errorf("the other setup: %d", got.Status)
	}
	if err := s.wizard.AskRun(t.Context(), wizard.System, id, wizard.Everything); err != nil {
		t.Errorf("the program itself: %v", err)
	}
	ahead.Add(int64(3 * time.Second))
	if got := owner.Post(path+"/runs", nil); got.Status != http.StatusOK {
		t.Errorf("a moment later: %d", got.Status)
	}
	if got := owner.Post(path+"/runs", nil); got.Status != http.StatusTooManyRequests {
		t.Errorf("and twice: %d", got.Status)
	}
	s.settle(id)
	s.settle(other)
}

// A service that names another issuer than it must is explained by the checks,
// it is no fault of ours.
func TestLinkOfAServiceWithAForeignIssuer(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.authority.mu.Lock()
	s.authority.claims = "https://login.evil.example/" + homeTenant + "/v2.0"
	s.authority.mu.Unlock()
	got := owner.Post("/m/"+string(id)+"/sign-in/link", nil)
	if got.Status != http.StatusOK || !strings.HasSuffix(got.Path, "/registration") {
		t.Errorf("answered %d at %s", got.Status, got.Path)
	}
	s.settle(id)
}
