package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/paste"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// What is found only because nobody has answered leads to the question, and
// stands as one line; what blocks stands open.
func TestAnUnansweredQuestionLeadsToItsField(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	link := regexp.MustCompile(`<a href="(/m/[^"#]+)#(f-[^"]+)">Go to “`)
	leads := func(id setup.ID, step string, fields ...string) {
		t.Helper()
		path := "/m/" + string(id) + "/" + step
		page := owner.Get(path).Body
		var seen []string
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			seen = append(seen, m[2])
			if m[1] != path || !strings.Contains(page, ` id="`+m[2]+`"`) {
				t.Errorf("%s leads to %s#%s, which is not there", path, m[1], m[2])
			}
		}
		if !slices.Equal(seen, fields) {
			t.Errorf("%s leads to %v, want %v", step, seen, fields)
		}
	}
	id := s.ready()
	leads(id, "registration", "f-registration-paste", "f-secret-ends")
	s.signIn(owner, s.window(), id)
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"ece"}, "release": {"12.6(1)"}, "specials": {"ES1"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap"},
	})
	leads(id, "application", "f-newest-special", "f-guide-in-use")
	old := s.eceSetup(wizard.Entries{"specials": {}})
	has(t, "step 1", owner.Get("/m/"+string(old)+"/application"),
		`<article class="finding is-problem" id="f-engineering_special_missing">`, `/application#f-specials">`, `id="f-guide_not_stated"`, "not:<article class=\"finding is-running\"")
	if codes := s.found(id, setup.StepHandover); slices.Contains(codes, "report_not_stored") {
		t.Errorf("the report is missing as well as what it waits for: %v", codes)
	}
}

// A radio question that is not answered is not "empty".
func TestAChoiceIsNotAnswered(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	got := owner.Post("/m/"+string(id)+"/application", url.Values{"product": {"ece"}, "release": {"12.6(1)"}})
	has(t, "step 1", got, "“How the mail application signs in” is not answered.", "“Mailboxes” is empty.", "not:signs in” is empty")
}

// The banner is whole sentences, and tells only what others are waited for.
func TestTheBannerSpeaksInSentences(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(wizard.Entries{"specials": {}})
	got := owner.Get("/m/" + string(id) + "/application")
	has(t, "step 1", got, "Cisco ECE (eGain) 12.6(1) needs ES1.", "On this page", "not:Waiting since")
}

// What the server lets in is what the readers of pasted texts take: above that
// the answer names the limit.
func TestATextThatIsTooLongHearsTheLimit(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	for name, tt := range map[string]struct {
		size   int
		status int
		says   string
	}{
		"a whole paste, each byte encoded": {paste.MaxPaste, http.StatusUnprocessableEntity, "This is something else"},
		"one byte more":                    {paste.MaxPaste + 1, http.StatusUnprocessableEntity, "Allowed are at most 512 KiB"},
		"more than any form":               {2 * paste.MaxPaste, http.StatusRequestEntityTooLarge, "A field takes 512 kilobytes at most. Go back"},
	} {
		got := s.paste(owner, id, "registration", "registration_paste", strings.Repeat("%", tt.size))
		if tt.status == http.StatusRequestEntityTooLarge {
			has(t, name, got, "The text is too long", "not:The server had a problem")
		}
		if got.Status != tt.status || !strings.Contains(got.Body, tt.says) {
			t.Errorf("%s: %d, and it does not say %q: %.300s", name, got.Status, tt.says, got.Body)
		}
	}
	long := owner.Post("/explain", url.Values{"pasted": {strings.Repeat("AADSTS50126 is here\n", 15_000)}})
	if long.Status != http.StatusUnprocessableEntity || !strings.Contains(long.Body, "AADSTS50126") || !strings.Contains(long.Body, "64") {
		t.Errorf("explain: %d, the end of the text is kept: %v", long.Status, strings.Contains(long.Body, "AADSTS50126"))
	}
}

// The report opens with a sentence, names both redirect URIs, and puts what is
// worst first; it says who took part, not who looks at a screen.
func TestTheReportStandsAlone(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	s.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {theSecret}, "redirect_uris": {s.url + "/callback"},
	})
	got := owner.Get("/m/" + string(id) + "/report")
	has(t, "report", got, `<p class="lead">A problem stops the setup.</p>`, "https://ece.contoso.example/oauth", s.url+"/callback", "not:here now", "not:tick it here")
	tags := regexp.MustCompile(`<article class="finding[^"]* is-(problem|warning|running)"`).FindAllStringSubmatch(got.Body, -1)
	rank := map[string]int{"problem": 0, "warning": 1, "running": 2}
	if !slices.IsSortedFunc(tags, func(a, b []string) int { return rank[a[1]] - rank[b[1]] }) || len(tags) < 3 {
		t.Errorf("the cards stand as %v", tags)
	}
	for _, format := range []string{"json", "md", "txt"} {
		has(t, format, owner.Get("/m/"+string(id)+"/report."+format), "https://ece.contoso.example/oauth")
	}
}

// A line of the history says whom or what it is about.
func TestTheHistorySaysWhatChanged(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	_, dana := s.invited(owner, id, "m365_admin", "Dana")
	owner.Post("/m/"+string(id)+"/people/admit", url.Values{"id": {dana.ID}})
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}})
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"verification"}, "no_sign_in_policy": {"yes"}})
	has(t, "history", owner.Get("/m/"+string(id)+"/history"), "Person let in: Dana",
		"Answers saved: Directory (tenant) ID and Application (client) ID", "Invitation made: Microsoft 365 administrator",
		"Answers saved: What this step rests on and No policy asks the sign-in account for a new sign-in")
}
