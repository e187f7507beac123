package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/flow"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/web/webtest"
)

// refusedAt is the address to which the provider sends a browser back with an
// error in place of a code.
func refusedAt(t *testing.T, address, code, description string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return wizard.CallbackPath + "?" + url.Values{
		"error": {code}, "error_description": {description}, "state": {u.Query().Get("state")},
	}.Encode()
}

// has fails unless all texts stand on a page, and none of those after "not:".
func has(t *testing.T, where string, got shown, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if absent, no := strings.CutPrefix(text, "not:"); no {
			if strings.Contains(got.Body, absent) {
				t.Errorf("%s (%s) shows %q", where, got.Path, absent)
			}
		} else if !strings.Contains(got.Body, text) {
			t.Errorf("%s (%s, %d) does not show %q", where, got.Path, got.Status, text)
		}
	}
}

const consentRefused = "AADSTS65004: User declined to consent to access the app."

// What a person has pasted is a guess about a page; the provider's own answer
// counts, and may also be a token.
func TestARealAnswerReplacesAPastedExplanation(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"

	private := s.window()
	address := s.leave(private, s.link(owner, id))
	owner.Post(page+"/shown", url.Values{"shown": {"Need admin approval"}})
	pasted := s.finding(id)
	if st, _ := s.view(id).Step(setup.StepSignIn); st.Findings()[0].Evidence[0].Text != "Need admin approval" {
		t.Errorf("the evidence is %q", st.Findings()[0].Evidence)
	}
	if pasted == "" || s.attempt(id).State != wizard.AttemptFailed {
		t.Fatalf("after the paste: attempt %s, finding %q", s.attempt(id).State, pasted)
	}
	private.Get(refusedAt(t, address, "access_denied", consentRefused))
	if got := s.finding(id); got != "consent_declined" {
		t.Errorf("after the provider's own refusal the page explains %q (pasted: %q)", got, pasted)
	}

	private = s.window()
	address = s.leave(private, s.link(owner, id))
	owner.Post(page+"/shown", url.Values{"shown": {"Need admin approval"}})
	s.settle(id)
	private.Get(s.authorized(private, address))
	if a := s.attempt(id); a.State != wizard.AttemptStaged {
		t.Errorf("after the provider's token the attempt is %s", a.State)
	}
	has(t, "the step with a token that waits", owner.Get(page), "The expected account signed in", "not:f-consent", "not:f-unexplained")
}

// A pasted attempt is not a door that stays open: a newer link ends it.
func TestAPastedAttemptEndsWithTheNextLink(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	address := s.leave(private, s.link(owner, id))
	owner.Post("/m/"+string(id)+"/sign-in/shown", url.Values{"shown": {"Need admin approval"}})
	s.settle(id)
	s.link(owner, id)
	private.Get(s.authorized(private, address))
	if n := s.authority.tokens.Load(); n != 0 {
		t.Errorf("%d token requests for a sign-in that was replaced", n)
	}
}

// Half an hour after the link was used nobody waits for the provider any more;
// what was pasted stays as the explanation.
func TestAPastedAttemptEndsInTime(t *testing.T) {
	var mu sync.Mutex
	var shift time.Duration
	s := newStandWith(t, differs{now: func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(shift) }})
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	address := s.leave(private, s.link(owner, id))
	owner.Post("/m/"+string(id)+"/sign-in/shown", url.Values{"shown": {"Need admin approval"}})
	before := s.finding(id)
	mu.Lock()
	shift = 31 * time.Minute
	mu.Unlock()
	private.Get(s.authorized(private, address))
	if a := s.attempt(id); a.State != wizard.AttemptFailed || a.Pasted || s.finding(id) != before || before == "" {
		t.Errorf("the attempt is %s, pasted %v; it explains %q, before %q", a.State, a.Pasted, s.finding(id), before)
	}
	if n := s.authority.tokens.Load(); n != 0 {
		t.Errorf("%d token requests after the time was over", n)
	}
}

// The explanation of an earlier sign-in is gone as soon as a new one is under
// way, and the banner speaks of what is to be done now.
func TestAnOldProblemIsNotShownDuringTheNextSignIn(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"
	private := s.window()
	private.Get(refusedAt(t, s.leave(private, s.link(owner, id)), "access_denied", consentRefused))
	if s.finding(id) != "consent_declined" {
		t.Fatal("no problem to begin with")
	}
	before := owner.Get(page)
	has(t, "a failed sign-in", before, `id="f-consent_declined"`, "Not proved, because no sign-in finished", "not:Not a fresh session", `<a href="#f-consent_declined">`)
	private = s.window()
	address := s.leave(private, s.link(owner, id))
	has(t, "a sign-in under way", owner.Get(page), "not:f-consent_declined", "Somebody opened the link. Say whether you know that browser.",
		"I know this browser", "Stop this sign-in")
	private.Get(s.authorized(private, address))
	has(t, "a sign-in that waits", owner.Get(page), "not:f-consent_declined", "Somebody has signed in. Accept or refuse it.")
}

// The owner stops a browser that nobody knows, before it has signed in.
func TestAnUnknownBrowserIsStopped(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	address := s.leave(private, s.link(owner, id))
	got := owner.Post("/m/"+string(id)+"/sign-in/refuse", url.Values{"attempt": {s.attempt(id).ID}})
	if got.Status != http.StatusOK || s.attempt(id).State != wizard.AttemptReplaced {
		t.Fatalf("stopping: %d, attempt %s", got.Status, s.attempt(id).State)
	}
	has(t, "the stopped window", private.Get(s.authorized(private, address)), "This sign-in has ended", "not:Check again")
	if n := s.authority.tokens.Load(); n != 0 || s.stored(id) {
		t.Errorf("%d token requests after the stop", n)
	}
}

func TestAnotherAccountIsToldInBothWindows(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.authority.lie(lies{person: "admin@contoso.example"})
	has(t, "the private window", s.signIn(owner, s.window(), id),
		"Another account signed in", "admin@contoso.example", "svc-mail@contoso.example", "not:The sign-in waits for the owner")
	s.settle(id)
	got := owner.Get("/m/" + string(id) + "/sign-in")
	has(t, "the first window", got, `<button class="primary">Refuse</button>`, `<button class="">Accept</button>`, "not:Make the link", "not:Fresh session confirmed")
}

// The private window learns by itself that its explanation is there, with no
// session of ours.
func TestThePrivateWindowIsToldOfItsEnd(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	private.Get(refusedAt(t, s.leave(private, s.link(owner, id)), "access_denied", consentRefused))
	s.settle(id)
	a := s.attempt(id)
	done := private.Get("/w/" + a.ID + "/done")
	has(t, "the private window", done, `data-events="/w/`+a.ID+`/events"`, "consent_declined", `id="outcome" data-live`)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	open := func(w *webtest.Window) *http.Response {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/w/"+a.ID+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := w.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	if r := open(s.window()); r.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger's window is told too: %d", r.StatusCode)
	}
	stream := open(private)
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Scan() // the stream is open
	if err := s.wizard.StartRun(ctx, id, setup.StepSignIn); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if lines.Text() == "event: part" {
			return
		}
	}
	t.Errorf("the stream ended without an event: %v", lines.Err())
}

// The banner names the problem that stands and leads to its card, from every
// page of the setup.
func TestTheBannerNamesTheProblem(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	made, err := s.wizard.Start(t.Context(), s.owner)
	if err != nil {
		t.Fatal(err)
	}
	page := "/m/" + string(made.ID)
	has(t, "an empty setup", owner.Get(page), "Step 1 needs the version, the account and the mailboxes.", "not:Show the problem")
	s.answer(made.ID, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"mailbox_account"}, "mailboxes": {"a@contoso.example\nb@contoso.example"},
		"sign_in_account": {"a@contoso.example"}, "protocols": {"imap"},
	})
	for _, path := range []string{page, page + "/application", page + "/network"} {
		has(t, "a setup with a problem", owner.Get(path), "<p>One mailbox account cannot serve 2 mailboxes",
			`href="`+page+`/application#f-several_mailboxes_one_account">Show the problem`)
	}
	has(t, "the step", owner.Get(page+"/application"), `<a href="#f-several_mailboxes_one_account">`)
}

// Somebody who waits to be let in is the owner's next act on every page.
func TestTheOwnerSeesWhoWaits(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	code, _, err := s.wizard.Invite(t.Context(), s.owner, id, wizard.RoleM365Admin)
	if err != nil {
		t.Fatal(err)
	}
	s.window().Post("/join/"+code, url.Values{"name": {"Ada"}})
	has(t, "a step", owner.Get("/m/"+string(id)+"/network"), "Ada waits to be let in.", `href="/m/`+string(id)+`/people">People`)
	has(t, "the list of mailboxes", owner.Get("/"), "Ada waits to be let in.")
}

// A new sign-in is asked for once more where nothing is wrong, stands on every
// page while it is under way, and can be dropped from each of them.
func TestANewSignInSaysThatTheCurrentOneStillWorks(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	s.signIn(owner, s.window(), id)
	owner.Post(page+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	owner.Post(page+"/reissue", nil)
	s.settle(id)
	for _, path := range []string{page, page + "/sign-in", page + "/verification", page + "/people", page + "/preflight"} {
		has(t, "during a new sign-in", owner.Get(path), "A new sign-in has begun; the current one still works.",
			`action="`+page+`/reissue/cancel"`, "Keep the current sign-in", "not:Mail has stopped", "not:decision about this sign-in")
	}
	if st, _ := s.view(id).Step(setup.StepSignIn); st.State != flow.InProgress {
		t.Errorf("the sign-in step is %s", st.State)
	}
	owner.Post(page+"/reissue/cancel", nil)
	s.settle(id)
	has(t, "after the cancel", owner.Get(page), "not:A new sign-in has begun", "not:Keep the current sign-in")
}

// Our own checks raise what the second press is compared with: a person who
// works alone explains the page again, and without a sign-in the words are kept.
func TestAPageIsExplainedTwice(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"
	has(t, "before any link", owner.Post(page+"/shown", url.Values{"shown": {"Need admin approval"}}),
		"No sign-in is under way", "Need admin approval", "not:Somebody else was faster")
	s.leave(s.window(), s.link(owner, id))
	for _, text := range []string{"Need admin approval", "AADSTS65004: User declined to consent"} {
		got := owner.Post(page+"/shown", url.Values{"shown": {text}})
		s.settle(id)
		if st, _ := s.view(id).Step(setup.StepSignIn); got.Status != 200 || len(st.Findings()) == 0 || st.Findings()[0].Evidence[0].Text != text {
			t.Errorf("%q: %d, %+v", text, got.Status, st.Findings())
		}
	}
}

// Where a token is in use, words about a page stop nothing before a new link
// was used: nobody can be at the provider.
func TestAPasteStopsNoWorkingSetup(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	s.signIn(owner, s.window(), id)
	owner.Post(page+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	owner.Post(page+"/reissue", nil)
	s.settle(id)
	link := s.link(owner, id)
	has(t, "before the link was used", owner.Post(page+"/sign-in/shown", url.Values{"shown": {"Need admin approval"}}), "The link was not opened yet", "f-microsofts_page")
	if a := s.attempt(id); a.State != wizard.AttemptCreated {
		t.Errorf("the attempt is %s", a.State)
	}
	s.leave(s.window(), link)
	owner.Post(page+"/sign-in/shown", url.Values{"shown": {"Need admin approval"}})
	s.settle(id)
	if a := s.attempt(id); a.State != wizard.AttemptFailed {
		t.Errorf("after the link was used: %s", a.State)
	}
}
