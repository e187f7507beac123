package explain_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/explain"
	"latchkey/internal/finding"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
)

func codes(r explain.Result) []string {
	var list []string
	for _, c := range r.Causes() {
		list = append(list, c.Code)
	}
	return list
}

func mustExplain(t *testing.T, text string, known ...explain.Entry) explain.Result {
	t.Helper()
	r, err := explain.Text(provider.Entra, text, known...)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) == 0 || len(r.Causes()) == 0 {
		t.Fatal("no finding at all")
	}
	return r
}

const connected = "A3 OK AUTHENTICATE completed.\nA4 SELECT INBOX\nA4 BAD User is authenticated but not connected."

// Words are the same, the context decides.
func TestContextDecides(t *testing.T) {
	own := []explain.Entry{{Key: "account_type", Value: "mailbox_account"}, {Key: "mailbox", Value: "a@contoso.example"}, {Key: "signed_in_as", Value: "a@contoso.example"}}
	shared := []explain.Entry{{Key: "account_type", Value: "shared_account"}, {Key: "mailbox", Value: "sales@contoso.example"}, {Key: "signed_in_as", Value: "svc@contoso.example"}}
	if got := codes(mustExplain(t, connected, own...)); got[0] != "imap_disabled" {
		t.Errorf("the owner: %v", got)
	}
	r := mustExplain(t, connected, shared...)
	if got := codes(r); got[0] != "full_access_missing" || r.Phase != provider.PhaseIMAP {
		t.Errorf("a delegate: %v in %s", got, r.Phase)
	}
	if got := r.Findings[0].Params; got["mailbox"] != "sales@contoso.example" || got["signed_in_as"] != "svc@contoso.example" {
		t.Errorf("values: %v", got)
	}
}

// What the text says fills the advice; what the person says wins.
func TestValuesComeFromTheText(t *testing.T) {
	const text = "AADSTS50011: The redirect URI 'https://app.contoso.example/cb' specified in the request does not match. Correlation ID: 7a1d2c3b-2222-4222-8333-9a0b1c2d3e4f"
	r := mustExplain(t, text)
	if r.Findings[0].Params["redirect_uri"] != "https://app.contoso.example/cb" || r.Findings[0].Evidence[0].Ref == "" {
		t.Errorf("%+v", r.Findings[0])
	}
	r = mustExplain(t, text, explain.Entry{Key: "redirect_uri", Value: "https://other.contoso.example/cb"})
	if r.Findings[0].Params["redirect_uri"] != "https://other.contoso.example/cb" {
		t.Errorf("%+v", r.Findings[0].Params)
	}
}

func TestPhaseDecides(t *testing.T) {
	const text = "AADSTS70008: The provided authorization code or refresh token has expired due to inactivity."
	for phase, want := range map[string]string{"token": "code_expired", "refresh": "grant_expired"} {
		r := mustExplain(t, text, explain.Entry{Key: "phase", Value: phase})
		if got := codes(r); got[0] != want || string(r.Phase) != phase {
			t.Errorf("%s: %v in %s", phase, got, r.Phase)
		}
	}
}

// One text, several failures: the most telling first, each once, both shown.
func TestSeveralFailuresAreMerged(t *testing.T) {
	const text = `10:00:01 imap outlook.office365.com:993 connect timed out
10:00:09 token request: {"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired.","error_codes":[7000222]}
10:05:09 token request: {"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired.","error_codes":[7000222]}
10:05:10 connection closed`
	r := mustExplain(t, text)
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Code())
	}
	if !slices.Equal(got, []string{"client_secret_expired", "port_blocked", "connection_lost"}) {
		t.Errorf("findings: %v", got)
	}
	if all := codes(r); len(all) < 3 || all[0] != "client_secret_expired" {
		t.Errorf("causes: %v", all)
	}
	if r.Findings[1].Params["host"] != "outlook.office365.com" || r.Findings[1].Params["port"] != "993" {
		t.Errorf("the host of its own line: %v", r.Findings[1].Params)
	}
	if len(r.Evidence()) < 3 {
		t.Errorf("evidence: %+v", r.Evidence())
	}
}

// A guess at a program's words never outweighs an answer that is understood.
func TestGuessesStayBehind(t *testing.T) {
	r := mustExplain(t, "SMTP login failed\nS: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.\nsmtp: could not log in")
	if len(r.Findings) != 1 || r.Findings[0].Code() != "smtp_auth_disabled_tenant" {
		t.Errorf("%v", codes(r))
	}
}

func TestNothingKnownKeepsTheWords(t *testing.T) {
	for _, text := range []string{"the moon is full", "Traceback (most recent call last):\n  File \"x.py\"\nKeyError: 'moon'", "https://app.contoso.example/", "0"} {
		r := mustExplain(t, text, explain.Entry{Key: "note", Value: "since Tuesday"})
		if r.Known || r.Findings[0].Code() != "unexplained" || r.Findings[0].Evidence[0].Text != text {
			t.Errorf("%q: %v %+v", text, codes(r), r.Findings[0].Evidence)
		}
		if !slices.ContainsFunc(r.Evidence(), func(e finding.Evidence) bool { return e.Source == "note" && e.Text == "since Tuesday" }) {
			t.Errorf("%q: what was said besides is lost", text)
		}
	}
}

func TestTheCloudIsThatOfTheAddress(t *testing.T) {
	const text = "login.microsoftonline.us: AADSTS7000215: Invalid client secret provided."
	link := func(r explain.Result) string { return r.Findings[0].Params["link_credentials"] }
	if got := link(mustExplain(t, text)); !strings.Contains(got, "portal.azure.us") {
		t.Errorf("link %q", got)
	}
	if got := link(mustExplain(t, "AADSTS7000215", explain.Entry{Key: "cloud", Value: "china"})); !strings.Contains(got, "portal.azure.cn") {
		t.Errorf("link %q", got)
	}
}

// A live value in the text or in an entry reaches nothing that comes out.
func TestLiveValuesDoNotComeOut(t *testing.T) {
	const live = "0.AXoA-planted-Value_1234567890abcdefXYZ"
	r := mustExplain(t, "GET https://app.contoso.example/cb?code="+live+"&state=abc123def456 invalid_grant AADSTS54005: already redeemed",
		explain.Entry{Key: "note", Value: "access_token=" + live})
	if !slices.Contains(r.Masked, paste.Code) {
		t.Errorf("told of %v", r.Masked)
	}
	all := r.Text
	for _, e := range r.Evidence() {
		all += e.Source + e.Text + e.Ref
	}
	for _, c := range r.Causes() {
		for _, v := range c.Params {
			all += v
		}
	}
	if strings.Contains(all, live) {
		t.Errorf("it came out: %s", all)
	}
	if codes(r)[0] != "code_used" {
		t.Errorf("causes %v", codes(r))
	}
}

func TestErrors(t *testing.T) {
	if _, err := explain.Text(provider.Entra, " \n"); !errors.Is(err, paste.ErrEmpty) {
		t.Error(err)
	}
	if _, err := explain.Text(provider.Entra, strings.Repeat("a", paste.MaxText+1)); !errors.Is(err, paste.ErrTooLong) {
		t.Error(err)
	}
	var wrong *provider.ContextError
	if _, err := explain.Text(provider.Entra, "x", explain.Entry{Key: "phase", Value: "moon"}); !errors.As(err, &wrong) {
		t.Error(err)
	}
}

// FuzzText: whatever is pasted has an explanation.
func FuzzText(f *testing.F) {
	for _, text := range []string{connected, `{"error":"invalid_grant","error_codes":[70008]}`, "535 5.7.3 x", "AADSTS50011: The redirect URI 'x'", "ETIMEDOUT"} {
		f.Add(text, "account_type", "shared_account")
	}
	f.Fuzz(func(t *testing.T, text, key, value string) {
		r, err := explain.Text(provider.Entra, text, explain.Entry{Key: key, Value: value})
		if err != nil {
			return
		}
		if len(r.Findings) == 0 || len(r.Causes()) == 0 || len(r.Evidence()) == 0 {
			t.Errorf("no finding or no evidence for %q", text)
		}
		for _, c := range r.Causes() {
			for _, name := range c.Definition.Params {
				if c.Params[name] == "" {
					t.Errorf("%s: %s has no value", c.Code, name)
				}
			}
		}
	})
}

// Words that name no protocol are about the one the person names, or about the
// only one that is left.
func TestTheProtocolInQuestion(t *testing.T) {
	const words = "Login for support@contoso.example was rejected"
	entry := func(key, value string) explain.Entry { return explain.Entry{Key: key, Value: value} }
	for _, tt := range []struct {
		name, text string
		known      []explain.Entry
		want       string
		phase      provider.Phase
	}{
		{"nothing known", words, nil, "unexplained", ""},
		{"the protocol", words, []explain.Entry{entry("protocol", "pop3")}, "token_wrong_audience", provider.PhasePOP3},
		{"the phase", words, []explain.Entry{entry("phase", "smtp")}, "smtp_login_refused", provider.PhaseSMTP},
		{"the one left", words, []explain.Entry{entry("passed", "imap pop3")}, "smtp_login_refused", provider.PhaseSMTP},
		{"the host's other one", words + " at outlook.office365.com", []explain.Entry{entry("passed", "pop3")}, "token_scope_missing", provider.PhaseIMAP},
		{"two are left", words + " at outlook.office365.com", nil, "unexplained", ""},
		{"the host's only one", words + " at smtp.office365.com", nil, "smtp_login_refused", provider.PhaseSMTP},
		{"no login", "the queue failed", []explain.Entry{entry("protocol", "pop3")}, "unexplained", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustExplain(t, tt.text, tt.known...)
			if got := codes(r); got[0] != tt.want || r.Phase != tt.phase && tt.phase != "" {
				t.Errorf("%v in %s", got, r.Phase)
			}
		})
	}
}

// A port counts for its own line only, unless the person says it.
func TestThePortOfAnotherLine(t *testing.T) {
	const text = "smtp.office365.com:587: connection refused\n\n\n\nimap: read timed out"
	// That of nobody leaves it possible, after all that was seen.
	if got := codes(mustExplain(t, text)); slices.Index(got, "port_of_other_protocol") < 2 {
		t.Errorf("%v", got)
	}
	if got := codes(mustExplain(t, "imap: read timed out", explain.Entry{Key: "port", Value: "587"})); got[0] != "port_of_other_protocol" {
		t.Errorf("%v", got)
	}
}

func TestWhatThePersonKnowsOfConsent(t *testing.T) {
	const text = "Approval required\nhttps://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?client_id=a&prompt=consent&scope=openid"
	if got := codes(mustExplain(t, text)); got[0] != "admin_consent_needed" || got[1] != "consent_prompt_forced" {
		t.Errorf("nothing known: %v", got)
	}
	if got := codes(mustExplain(t, text, explain.Entry{Key: "passed", Value: "consent"})); got[0] != "consent_prompt_forced" {
		t.Errorf("consent exists: %v", got)
	}
	granted := explain.Entry{Key: "scopes_granted", Value: "offline_access User.Read"}
	if got := codes(mustExplain(t, "denied because one or more scopes requested are unauthorized or expired", granted)); got[0] != "scope_not_granted" {
		t.Errorf("the grant is known: %v", got)
	}
}
