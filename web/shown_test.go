package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// TestOnlyAnEndEndsTheSignIn: what a person pastes about a page on which one can
// go on, or about no error at all, is explained beside the sign-in that waits.
func TestOnlyAnEndEndsTheSignIn(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"
	shown := func(text string) shown { return owner.Post(page+"/shown", url.Values{"shown": {text}}) }
	has(t, "before any link", shown("AADSTS50011: The redirect URI does not match"), `id="f-microsofts_page"`, "redirect_uri_mismatch", "No sign-in is under way.")

	link := s.link(owner, id)
	has(t, "an unopened link", shown("AADSTS50011: The redirect URI does not match"), `id="f-microsofts_page"`, "redirect_uri_mismatch", "The link was not opened yet", link)
	private := s.window()
	has(t, "the link", private.Get(strings.TrimPrefix(link, s.url)), "Nothing has happened yet", "not:was used already")

	address := s.leave(private, link)
	for text, want := range map[string][]string{
		"Pick an account to continue to Mailbox connector": {"This text names no known error.", "not:f-microsofts_page"},
		"Your account or password is incorrect.":           {"password_wrong"},
		"AADSTS50140: Keep me signed in":                   {"sign_in_interrupted"},
		"More information required":                        {"mfa_not_registered"},
	} {
		has(t, text, shown(text), append(want, "The sign-in goes on.", text, "not:The sign-in did not finish")...)
		s.settle(id)
		if a := s.attempt(id); a.State != wizard.AttemptConfirmed || s.finding(id) != "" {
			t.Errorf("%q: the attempt is %s, the finding %q", text, a.State, s.finding(id))
		}
	}

	const code = "0.AXoA-planted-authorization-code-of-a-callback"
	got := shown(s.url + "/callback?code=" + code + "&state=" + strings.Repeat("s", 43))
	has(t, "a callback address", got, "It holds a one-time code, so it was not kept.", "not:"+code)
	if got.Status != http.StatusUnprocessableEntity || s.attempt(id).State != wizard.AttemptConfirmed {
		t.Errorf("a callback address: %d, the attempt is %s", got.Status, s.attempt(id).State)
	}
	s.noSecretIn(code)

	private.Get(s.authorized(private, address))
	if a := s.attempt(id); a.State != wizard.AttemptStaged {
		t.Errorf("after all this the sign-in is %s", a.State)
	}
}

// TestTheSessionHasOneVerdict: the line of the progress, the fold and the
// findings say the same.
func TestTheSessionHasOneVerdict(t *testing.T) {
	const note = "fresh_session_not_proven"
	for name, tt := range map[string]struct {
		lies     lies
		used     bool   // the private window was used before
		agent    string // of the private window
		verdict  string
		not      []string
		findings string
	}{
		"all evidence":     {verdict: "Fresh session confirmed", not: []string{note, "Confirmed by a new", "not proven"}},
		"no auth_time":     {lies: lies{noAuthTime: true}, verdict: "Separate session, right account", not: []string{note, "session confirmed", "not proven"}},
		"a used window":    {used: true, verdict: "Confirmed by a new password entry", not: []string{note, "session confirmed", "not proven"}},
		"another computer": {agent: "Mozilla/5.0 (iPhone) Safari/605", verdict: "Confirmed by a new password entry", not: []string{note, "session confirmed", "not proven"}},
		"nothing but the account": {
			lies: lies{noAuthTime: true}, agent: "Mozilla/5.0 (iPhone) Safari/605", findings: note,
			verdict: "Right account, separate session not proven", not: []string{"session confirmed", "Confirmed by a new"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			owner := s.claimed()
			id := s.ready()
			private := s.window()
			if tt.agent != "" {
				private.Header = http.Header{"User-Agent": {tt.agent}}
			}
			if tt.used {
				private.Get(strings.TrimPrefix(s.link(owner, id), s.url))
			}
			s.authority.lie(tt.lies)
			s.signIn(owner, private, id)
			page := "/m/" + string(id) + "/sign-in"
			for _, state := range []string{"staged", "accepted"} {
				if state == "accepted" {
					owner.Post(page+"/accept", url.Values{"attempt": {s.attempt(id).ID}})
					if got := s.finding(id); got != tt.findings {
						t.Errorf("finding %q, want %q", got, tt.findings)
					}
				}
				got := owner.Get(page)
				for _, not := range tt.not {
					has(t, state, got, "not:"+not)
				}
				if n := strings.Count(got.Body, tt.verdict); n != 2 {
					t.Errorf("%s: %q stands %d times, want in the progress and in the fold", state, tt.verdict, n)
				}
			}
		})
	}
}

// TestADroppedTokenIsCalledSo: it came; that none came is said only where it is
// true.
func TestADroppedTokenIsCalledSo(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/sign-in"
	s.authority.lie(lies{person: "operator@contoso.example"})
	has(t, "the private window", s.signIn(owner, s.window(), id), "</b>. <b", "not:</b>.<")
	owner.Post(page+"/refuse", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	has(t, "after the refusal", owner.Get(page), "Token dropped", "not:No token came")
	private := s.window()
	private.Get(refusedAt(t, s.leave(private, s.link(owner, id)), "access_denied", consentRefused))
	s.settle(id)
	has(t, "after Microsoft's refusal", owner.Get(page), "No token came", "not:Token dropped")
}

// TestTheNextSignInIsNotBlamed: what the sign-in before was stopped by, or was
// said to lack, stands nowhere while the next one is under way.
func TestTheNextSignInIsNotBlamed(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	accept := func() {
		owner.Post(page+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
		s.settle(id)
	}
	s.authority.lie(lies{noAuthTime: true})
	afar := s.window()
	afar.Header = http.Header{"User-Agent": {"Mozilla/5.0 (iPhone) Safari/605"}}
	s.signIn(owner, afar, id)
	accept()
	has(t, "the first sign-in", owner.Get(page+"/sign-in"), "fresh_session_not_proven")
	owner.Post(page+"/reissue", nil)
	s.settle(id)
	s.authority.lie(lies{})
	link := s.link(owner, id)
	has(t, "a link", owner.Get(page+"/sign-in"), "not:fresh_session_not_proven")

	s.authority.lie(lies{person: "operator@contoso.example"})
	private := s.window()
	private.Get(s.authorized(private, s.leave(private, link)))
	s.settle(id)
	blame := "operator@contoso.example signed in, but"
	has(t, "the wrong account", owner.Get(page+"/sign-in"), blame)
	has(t, "the gate", owner.Get(page+"/verification"), blame)
	s.authority.lie(lies{})
	s.signIn(owner, s.window(), id)
	s.settle(id)
	for _, path := range []string{page, page + "/sign-in", page + "/verification", page + "/handover"} {
		has(t, "the right account waits", owner.Get(path), "not:operator@contoso.example", "not:fresh_session_not_proven")
	}
	// Pressed twice, it is the same answer.
	waits := url.Values{"attempt": {s.attempt(id).ID}}
	for range 2 {
		if got := owner.Post(page+"/sign-in/accept", waits); got.Status != http.StatusOK || !strings.Contains(got.Body, "The sign-in is accepted.") {
			t.Errorf("accepting ended with %d at %s", got.Status, got.Path)
		}
	}
	s.settle(id)
	if n := strings.Count(auditOf(s, id), "token_accepted"); n != 2 {
		t.Errorf("%d acceptances are on record, want that of each sign-in", n)
	}
	if got := owner.Post(page+"/sign-in/refuse", waits); got.Status != http.StatusConflict {
		t.Errorf("refusing what is in use: %d", got.Status)
	}
}

func auditOf(s *stand, id setup.ID) string {
	var b strings.Builder
	for _, r := range s.view(id).History {
		b.WriteString(string(r.Action) + "\n")
	}
	return b.String()
}
