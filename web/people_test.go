package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// invited returns a second person's window, waiting to be let in.
func (s *stand) invited(owner *window, id setup.ID, role, name string) (*window, wizard.Participant) {
	s.t.Helper()
	page := owner.Post("/m/"+string(id)+"/people/invite", url.Values{"role": {role}})
	link := regexp.MustCompile(`/join/[a-z0-9]+`).FindString(page.Body)
	if link == "" {
		s.t.Fatalf("no invitation on %s (%d)", page.Path, page.Status)
	}
	guest := s.window()
	for range 5 { // scanners look first
		if got := s.window().Get(link); got.Status != http.StatusOK {
			s.t.Fatalf("the invitation died of being looked at: %d", got.Status)
		}
	}
	if got := guest.Post(link, url.Values{"name": {name}}); got.Path != "/waiting" {
		s.t.Fatalf("claimed to %s (%d)", got.Path, got.Status)
	}
	if got := s.window().Post(link, url.Values{"name": {"Second"}}); got.Status != http.StatusGone {
		s.t.Errorf("a claimed invitation was claimed again: %d", got.Status)
	}
	people := s.view(id).People
	return guest, people[len(people)-1]
}

// events opens a page's event stream and returns the arrivals of its events.
func events(ctx context.Context, w *window, path string) <-chan time.Time {
	w.T.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Base+path, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	client := *w.Client
	client.Timeout = 0
	response, err := client.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		w.T.Fatalf("event stream: %v, %v", response, err)
	}
	arrivals := make(chan time.Time, 100)
	go func() {
		defer close(arrivals)
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "event: part") {
				arrivals <- time.Now()
			}
		}
	}()
	return arrivals
}

// The waiting room, the steps of the role, the write-only secret page, and the
// saved fact on the other side within a second, never the value.
func TestTwoPeople(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	base := "/m/" + string(id)
	guest, p := s.invited(owner, id, "m365_admin", "Dana")

	if got := guest.Get(base); got.Status != http.StatusNotFound {
		t.Errorf("somebody in the waiting room sees the setup: %d", got.Status)
	}
	if got := owner.Get(base + "/people"); !strings.Contains(got.Body, "Dana") {
		t.Error("the owner does not see who waits")
	}
	owner.Post(base+"/people/admit", url.Values{"id": {p.ID}})
	if got := guest.Get("/waiting"); !strings.Contains(got.Body, base) {
		t.Error("the waiting room does not lead on")
	}
	if got := guest.Get("/"); got.Path != base {
		t.Errorf("the guest's home is %s", got.Path)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arrivals := events(ctx, owner, base+"/events")
	const planted = "Planted~secret.value_of_the_guest-42"
	saved := time.Now()
	got := guest.Post(base+"/registration/secret", url.Values{"client_secret": {planted}, "secret_ends": {"2027-03-11"}})
	if got.Status != http.StatusOK || !strings.Contains(got.Path, "/secret/saved") {
		t.Fatalf("the secret page answered %d at %s", got.Status, got.Path)
	}
	select {
	case at := <-arrivals:
		if at.Sub(saved) > time.Second {
			t.Errorf("the other side heard of it after %v", at.Sub(saved))
		}
	case <-time.After(3 * time.Second):
		t.Error("the other side heard nothing")
	}
	s.settle(id)
	shownTo := owner.Get(base + "/registration").Body
	if !strings.Contains(shownTo, "Dana") {
		t.Error("the owner does not see who saved the secret")
	}
	for _, w := range []*window{owner, guest} {
		for _, path := range []string{"", "/registration", "/registration/secret", "/report", "/report.json", "/report.md", "/history", "/people"} {
			if strings.Contains(w.Get(base+path).Body, planted) {
				t.Errorf("%s shows the secret", path)
			}
		}
	}
	s.noSecretIn(planted)

	// What the role may do, and what not.
	for path, want := range map[string]int{
		"/registration": 200, "/mailbox": 200, "/application": 403, "/addresses": 403, "/verification": 403, "/handover": 403,
		"/people/invite": 403, "/sign-in/link": 403, "/sign-in/accept": 403, "/reissue": 403,
	} {
		form := url.Values{
			"tenant": {homeTenant}, "client_id": {clientID}, "decision": {"verification"}, "role": {"observer"}, "attempt": {"x"}, "key": {"delete_test_key"},
		}
		if got := guest.Post(base+path, form); got.Status != want {
			t.Errorf("the guest's POST %s: %d at %s, want %d", path, got.Status, got.Path, want)
		}
	}
	other := s.ready()
	for _, path := range []string{"", "/registration", "/report.json", "/events"} {
		if got := guest.Get("/m/" + string(other) + path); got.Status != http.StatusNotFound {
			t.Errorf("the guest sees another setup's %q: %d", path, got.Status)
		}
	}
	if got := guest.Get("/mailboxes/new"); got.Status != http.StatusForbidden {
		t.Errorf("the guest may begin setups: %d", got.Status)
	}

	// Ending the stay acts at once.
	owner.Post(base+"/people/revoke", url.Values{"id": {p.ID}})
	if got := guest.Get(base); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("after the end of the stay: %d at %s", got.Status, got.Path)
	}
}

// Both sides see who acts next: the registration waits for the guest.
func TestBothSeeWhoActsNext(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	made, err := s.wizard.Start(t.Context(), s.owner)
	if err != nil {
		t.Fatal(err)
	}
	s.answer(made.ID, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"mailbox_account"}, "mailboxes": {"support@contoso.example"},
		"sign_in_account": {"support@contoso.example"}, "protocols": {"imap"},
	})
	guest, p := s.invited(owner, made.ID, "m365_admin", "Dana")
	owner.Post("/m/"+string(made.ID)+"/people/admit", url.Values{"id": {p.ID}})
	s.answer(made.ID, setup.StepAddresses, nil)
	base := "/m/" + string(made.ID)
	if got := owner.Get(base); !strings.Contains(got.Body, "Next: Dana") || !strings.Contains(got.Body, "Waiting for Dana") {
		t.Error("the owner does not see that Dana acts next")
	}
	if got := guest.Get(base); !strings.Contains(got.Body, "Next: you") {
		t.Error("the guest does not see that it is their turn")
	}
	guest.Post(base+"/registration", url.Values{"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {theSecret}})
	s.settle(made.ID)
	if got := guest.Get(base); strings.Contains(got.Body, "Next: Dana") {
		t.Error("the turn has not moved on")
	}
}

// Two people save the same step: the second is told and chooses; two who save
// different steps do not meet.
func TestConflictShowsBothValues(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	path := "/m/" + string(id) + "/registration"
	revision := regexp.MustCompile(`name="revision" value="([^"]+)"`)
	old := revision.FindStringSubmatch(owner.Get(path).Body)[1]
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"verification"}})
	form := url.Values{"tenant": {homeTenant}, "client_id": {clientID}, "redirect_uris": {s.url + "/callback"}, "revision": {old}}
	if got := owner.Post(path, form); got.Status != http.StatusOK {
		t.Errorf("another step's answers made a conflict: %d", got.Status)
	}
	old = revision.FindStringSubmatch(owner.Get(path).Body)[1]
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {"theirs.example"}, "client_id": {clientID}, "redirect_uris": {s.url + "/callback"}})
	// What was rejected meanwhile is nobody's answer.
	owner.Post(path, url.Values{"tenant": {"no tenant"}, "client_id": {clientID}, "redirect_uris": {s.url + "/other"}})
	form.Set("tenant", "mine.example")
	form.Set("revision", old)
	got := owner.Post(path, form)
	has(t, "the conflict", got, "not:no tenant", "not:/other")
	if got.Status != http.StatusConflict || !strings.Contains(got.Body, "theirs.example") || !strings.Contains(got.Body, "mine.example") {
		t.Fatalf("conflict answered %d", got.Status)
	}
	chosen := url.Values{"tenant": {"mine.example"}, "merge": {"yes"}, "revision": {revision.FindStringSubmatch(got.Body)[1]}}
	owner.Post(path, chosen)
	s.settle(id)
	if reg := s.view(id).Setup.Registration; reg.Tenant != "mine.example" || reg.ClientID != clientID {
		t.Errorf("after the choice: %+v", reg)
	}
}

// One person has one role, the one of the invitation; what only the owner does
// is said to everybody else, and nobody who waits is called nobody.
func TestAGuestIsToldWhoDoesWhat(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	code, p, err := s.wizard.Invite(t.Context(), s.owner, id, wizard.RoleM365Admin)
	if err != nil {
		t.Fatal(err)
	}
	guest := s.window()
	guest.Post("/join/"+code, url.Values{"name": {"Mia"}})
	has(t, "while Mia waits", owner.Get(page), "Mia waits to be let in", "not:You work alone")
	has(t, "while Mia waits", owner.Get(page+"/people"), "not:You work alone")
	if err := s.wizard.Admit(t.Context(), s.owner, id, p.ID); err != nil {
		t.Fatal(err)
	}
	has(t, "the guest's step 6", guest.Get(page+"/sign-in"), "Only the owner makes the link")
	has(t, "the guest's step 3", guest.Get(page+"/registration"), "not:Invite that person first")
	has(t, "the owner's step 3", owner.Get(page+"/registration"), "Invite that person first")
	owner.Post(page+"/people/invite", url.Values{"role": {"observer"}})
	has(t, "an invitation", owner.Get(page+"/people"), "the link works on this computer only")
	fresh := s.eceSetup(nil)
	s.eceAddresses(fresh)
	code, p, err = s.wizard.Invite(t.Context(), s.owner, fresh, wizard.RoleM365Admin)
	if err != nil {
		t.Fatal(err)
	}
	s.window().Post("/join/"+code, url.Values{"name": {"Mia"}})
	if err := s.wizard.Admit(t.Context(), s.owner, fresh, p.ID); err != nil {
		t.Fatal(err)
	}
	has(t, "the banner", owner.Get("/m/"+string(fresh)), "Next: Mia (Microsoft 365 administrator)", "not:Owner of the Entra application)")
	has(t, "step 6 with Cisco ECE", owner.Get("/m/"+string(fresh)+"/registration"), "changes nothing, and can be run twice", "asks before each change")
}
