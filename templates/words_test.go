package templates

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"

	"latchkey/internal/locale"
)

func TestTitles(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	for want, h := range map[string]head{
		"Mailboxes – Latchkey":        {Title: "Mailboxes"},
		"Done – Addresses – Latchkey": {State: "Done", Title: "Addresses"},
		"Error: Addresses – Latchkey": {State: "Done", Title: "Addresses", Wrong: true},
	} {
		if got := h.title(ctx); got != want {
			t.Errorf("title %q, want %q", got, want)
		}
	}
}

func TestStepState(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	base := stepOf(midway(), "network")
	running, found, solved, warned := base, base, base, base
	running.Checks = networkChecks(true)
	found.Checks = networkChecks(false)
	solved.Checks.Findings = []Finding{port()}
	solved.Checks.Findings[0].Solved = now
	warned.ID = "addresses"
	for _, tt := range []struct {
		name string
		s    StepPage
		want string
	}{
		{"stored", base, "Needs attention"},
		{"running", running, "13 of 15 checked"},
		{"problems", found, "1 problem"},
		{"solved problems do not count", solved, "Needs attention"},
		{"closed", closed(stepOf(midway(), "sign_in")), "Blocked by step 3"},
		{"waiting", stepOf(midway(), "registration"), "Waiting for Dana Weiss"},
		{"warnings", warned, "Done, 1 warning"},
	} {
		if got := tt.s.stepState(ctx); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSummaryOfChecks(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	for want, c := range map[string]Checks{
		"No check applies to these entries.":           {},
		"Not checked yet.":                             {Total: 15},
		"0 of 15 checks finished.":                     {Total: 15, Running: true},
		"13 of 15 checks finished.":                    {Total: 15, Done: 13},
		"No problems in 15 checks.":                    {Total: 15, Done: 15},
		"15 checks finished: 1 problem and 1 warning.": {Total: 15, Done: 15, Findings: []Finding{port(), slow()}},
	} {
		if got := c.summary(ctx); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOnePrimaryButton(t *testing.T) {
	s := stepOf(midway(), "addresses")
	if !s.finished() {
		t.Error("a step is done and the next one open: the way on is primary")
	}
	last := s
	last.Onward.Step = ""
	if !last.finished() {
		t.Error("the last step is done: the way to the overview is primary")
	}
	closedNext, wrong, undone := s, s, s
	undone.ID = "network"
	closedNext.Onward.Gate = &Gate{Step: "mailbox"}
	wrong.Errors = map[string]string{"servers": "x"}
	for name, s := range map[string]StepPage{"next step closed": closedNext, "entries rejected": wrong, "not done": undone} {
		if s.finished() {
			t.Errorf("%s: the form's button is the primary one", name)
		}
	}
}

func TestErrorsStandInTheOrderOfThePage(t *testing.T) {
	got := inOrder(map[string]string{"b": "", "a": "", "z": "", "y": ""}, []string{"z", "x", "a"})
	if diff := cmp.Diff([]string{"z", "a", "b", "y"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCutMarksOneCharacter(t *testing.T) {
	for _, tt := range []struct {
		s    string
		at   int
		want [3]string
	}{
		{"callback/", 8, [3]string{"callback", "/", ""}},
		{"callback", 8, [3]string{"callback", "", ""}}, // the other one is longer
		{"ECE", 0, [3]string{"", "E", "CE"}},
		{"caü!", 2, [3]string{"ca", "ü", "!"}},
		{"abc", -1, [3]string{"abc", "", ""}},
		{"", 0, [3]string{}},
	} {
		equal, differs, rest := cut(tt.s, tt.at)
		if got := [3]string{equal, differs, rest}; got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.s, tt.at, got, tt.want)
		}
	}
}

func TestUrgency(t *testing.T) {
	const day = 24 * time.Hour
	for want, left := range map[string][]time.Duration{
		"problem": {-day, 0, 7 * day}, "warning": {7*day + 1, 30 * day}, "note": {30*day + 1, 60 * day}, "": {60*day + 1},
	} {
		for _, d := range left {
			if got := urgency(now.Add(d), now); got != want {
				t.Errorf("%v left: %q, want %q", d, got, want)
			}
		}
	}
	if got := urgency(time.Time{}, now); got != "" {
		t.Errorf("unknown end: %q", got)
	}
}

func TestRequestSaysWhatIsNeeded(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	v := AskView{Page: midway(), Advice: port().Advice, Until: now, URL: "https://setup.contoso.example/findings/port_closed"}
	want := `APP02 cannot reach login.microsoftonline.com on port 443 (port_closed, mailbox support@contoso.example)

What stops: Without this connection APP02 cannot renew the token. Mail stops about one hour after the last renewal.
What is needed: Allow APP02 to connect to login.microsoftonline.com, TCP port 443, outbound.

Command:
Test-NetConnection login.microsoftonline.com -Port 443

It is needed until 20 Aug 2026.

More: https://setup.contoso.example/findings/port_closed`
	if diff := cmp.Diff(want, requestText(ctx, v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	u, err := url.Parse(mailURL(ctx, v))
	if err != nil || u.Scheme != "mailto" || strings.Contains(u.RawQuery, "+") || u.Query().Get("body") != want {
		t.Errorf("mail address %q, error %v", u, err)
	}
}

func TestMailboxActions(t *testing.T) {
	for state, want := range map[string]string{
		"working": "report /m/1/report", "sign_in_again": "sign_in_again /m/1/reissue", "ends_soon": "sign_in_again /m/1/reissue",
		"waiting": "continue /m/1", "setting_up": "continue /m/1", "needs_attention": "continue /m/1",
	} {
		name, target := Mailbox{Path: "/m/1", State: state}.action()
		if got := name + " " + target; got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

func TestNeedsNameTheThingAndThePerson(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	for _, tt := range []struct {
		need      Need
		text, who string
	}{
		{Need{Reason: "entry_missing", Fields: []string{"tenant", "client_id"}, Actor: "entra_admin", Who: "Dana Weiss"},
			"Directory (tenant) ID and Application (client) ID", "from Dana Weiss (Microsoft 365 administrator)"},
		{Need{Reason: "blocker", What: "Port 443 is closed", Actor: "network_admin"}, "Port 443 is closed", "from Network team"},
		{Need{Reason: "out_of_date", What: "Tenant"}, "a new run of: Tenant", ""},
	} {
		if text, who := needText(ctx, tt.need), needWho(ctx, tt.need); text != tt.text || who != tt.who {
			t.Errorf("%q, %q; want %q, %q", text, who, tt.text, tt.who)
		}
	}
}

func TestEveryWordOfAFamilyHasAShapeWhereOneIsDrawn(t *testing.T) {
	for _, family := range []string{"state", "mailbox_state", "result_state", "severity", "compare", "proof", "consent"} {
		for _, value := range locale.Families[family] {
			if s := shapes[value]; s.shape == "" || s.tone == "" {
				t.Errorf("%s %q has no shape", family, value)
			}
		}
	}
}

func TestGateNamesEachStepOnce(t *testing.T) {
	entry := func(step, who string, fields ...string) Need {
		return Need{Step: step, Reason: "entry_missing", Fields: fields, Who: who}
	}
	got := supplies([]Need{
		entry("registration", "", "tenant"), entry("registration", "", "client_id", "tenant"),
		{Step: "network", Reason: "blocker", What: "closed"}, entry("registration", "Dana Weiss", "client_secret"),
		{Step: "registration", Reason: "not_checked", What: "Tenant"}, {Step: "registration", Reason: "not_checked", What: "Client"},
	})
	want := []supply{
		{"registration", []Need{entry("registration", "", "tenant", "client_id"), entry("registration", "Dana Weiss", "client_secret"),
			{Step: "registration", Reason: "not_checked", What: "Tenant"}, {Step: "registration", Reason: "not_checked", What: "Client"}}},
		{"network", []Need{{Step: "network", Reason: "blocker", What: "closed"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// One click must not begin what nobody needs.
func TestAHealthySetupAsksBeforeANewSignIn(t *testing.T) {
	v := OverviewView{Page: finished(), State: "working", Reissue: "/m/k3/reissue", Ask: true}
	if got := markup(t, Overview(v)); !strings.Contains(got, `<a class="button" href="/m/k3/reissue">`) || strings.Contains(got, `action="/m/k3/reissue"`) {
		t.Error("a healthy setup does not ask first")
	}
	v.Ask = false
	if got := markup(t, Overview(v)); !strings.Contains(got, `action="/m/k3/reissue"`) {
		t.Error("a dead token needs more than one click")
	}
}

// markup is one page as the browser gets it.
func markup(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(locale.WithPrinter(t.Context(), printerEN), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
