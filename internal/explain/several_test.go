package explain_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/finding"
)

// A message sends its reader to a page; nobody was connecting to it.
func TestHelpLinkIsNoHost(t *testing.T) {
	for _, text := range []string{
		"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
		"550 5.7.60 SMTP; Client does not have permissions to send as this sender. See https://help.contoso.example/send",
		"javax.net.ssl.SSLHandshakeException: PKIX path building failed. For more information see https://help.contoso.example/pkix",
	} {
		r := mustExplain(t, text)
		if host := r.Findings[0].Params["host"]; strings.Contains(host, "aka.ms") || strings.Contains(host, "help.") {
			t.Errorf("%q: host %q", text, host)
		}
		for _, e := range r.Evidence() {
			if strings.Contains(e.Source, "aka.ms") || strings.Contains(e.Source, "help.") {
				t.Errorf("%q: source %q", text, e.Source)
			}
		}
	}
}

// Each number on a line of its own is an answer of its own.
func TestEachCodeIsExplained(t *testing.T) {
	for text, want := range map[string][]string{
		"AADSTS50011: The redirect URI specified in the request does not match.\nAADSTS7000222: The provided client secret keys are expired.":                  {"client_secret_expired", "redirect_uri_mismatch"},
		"10:00 ERROR: AADSTS50011: The redirect URI specified in the request does not match.\n10:01 ERROR: AADSTS7000222: The client secret keys are expired.": {"client_secret_expired", "redirect_uri_mismatch"},
		// On one line they are one answer.
		"AADSTS70002: Error validating credentials. AADSTS54005: OAuth2 Authorization code was already redeemed": {"code_used"},
	} {
		var got []string
		for _, f := range mustExplain(t, text).Findings {
			got = append(got, f.Code())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// A login that is refused because no token came adds no causes of its own.
func TestRefusedLoginFollowsTheSignIn(t *testing.T) {
	const expired = "AADSTS700082: The refresh token has expired due to inactivity. It was inactive for 90.00:00:00.\n"
	const login = "  at com.sun.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:732)\njakarta.mail.AuthenticationFailedException: AUTHENTICATE failed."
	r := mustExplain(t, expired+login)
	if got := codes(r); !slices.Equal(got, []string{"grant_expired"}) || len(r.Evidence()) != 2 {
		t.Errorf("%v, %+v", got, r.Evidence())
	}
	// What is certain by itself stays.
	r = mustExplain(t, expired+"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.")
	if got := codes(r); !slices.Equal(got, []string{"grant_expired", "smtp_auth_disabled_tenant"}) {
		t.Errorf("%v", got)
	}
}

// The likely causes of an answer stand before the possible ones.
func TestLikelyBeforePossible(t *testing.T) {
	for _, text := range []string{"A4 NO AUTHENTICATE failed.", connected, "535 5.7.3 Authentication unsuccessful"} {
		possible := false
		for _, c := range mustExplain(t, text).Findings[0].Causes {
			if possible && c.Likelihood != finding.Possible {
				t.Errorf("%q: %s is %s behind a possible cause", text, c.Code, c.Likelihood)
			}
			possible = possible || c.Likelihood == finding.Possible
		}
	}
}

// What is no answer is named for what it is; nothing is wrong for certain.
func TestTextThatIsNoAnswer(t *testing.T) {
	const code = "0.AXoAabcdefghijklmnopqrstuvwxyz012345"
	for text, want := range map[string]string{
		"https://app.contoso.example/cb?code=" + code + "&state=abcdef123456":                                                              "text_is_callback_address",
		"https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=11111111-2222-3333-4444-555555555555&response_type=code": "text_is_sign_in_address",
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL29mZmljZS5jb20ifQ.c2lnbmF0dXJlc2lnbmF0dXJl":                             "text_is_token",
		"hello this works fine": "unexplained",
	} {
		r := mustExplain(t, text)
		if f := r.Findings[0]; r.Known || f.Code() != want || f.Severity() != finding.Note || f.Causes[0].Likelihood == finding.Certain && want == "unexplained" {
			t.Errorf("%q: %s, %s, %s", text, f.Code(), f.Severity(), f.Causes[0].Likelihood)
		}
		for _, e := range r.Evidence() {
			if strings.Contains(e.Text, code) || strings.Contains(e.Text, "c2lnbmF0") {
				t.Errorf("a live value is shown: %q", e.Text)
			}
		}
	}
	// An answer of a server that nobody knows is still a fault.
	if f := mustExplain(t, "S: 559 5.9.9 something quite new").Findings[0]; f.Code() == "unexplained" && f.Severity() != finding.Blocker {
		t.Errorf("%s", f.Severity())
	}
	// An address with an error is explained.
	if r := mustExplain(t, "https://app.contoso.example/cb?error=access_denied&error_subcode=cancel"); !r.Known {
		t.Errorf("%v", codes(r))
	}
}

// A row of the sign-in log has no prefix.
func TestRowOfTheSignInLog(t *testing.T) {
	prefixed := codes(mustExplain(t, "AADSTS50126: Error validating credentials due to invalid username or password."))
	for _, text := range []string{"Failure 50126 Invalid username or password or Invalid on-premise username or password.", "2026-11-21T10:00:00Z,svc@contoso.example,Failure,50126,Invalid username"} {
		if r := mustExplain(t, text); !r.Known || codes(r)[0] != prefixed[0] {
			t.Errorf("%q: %v, want %v", text, codes(r), prefixed)
		}
	}
}

func TestSendAsDeniedNamesBoth(t *testing.T) {
	f := mustExplain(t, "554 5.2.252 SendAsDenied; svc@contoso.example not allowed to send as sales@contoso.example").Findings[0]
	if f.Params["signed_in_as"] != "svc@contoso.example" || f.Params["from"] != "sales@contoso.example" {
		t.Errorf("%v", f.Params)
	}
}

// An untrusted certificate in a program's trace may be the program's own list.
func TestUntrustedIsNotCertain(t *testing.T) {
	f := mustExplain(t, "imap: javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path to requested target").Findings[0]
	if len(f.Causes) != 2 || f.Code() != "tls_not_trusted" || f.Causes[0].Likelihood != finding.Likely || f.Causes[1].Code != "ca_certificates_missing" {
		t.Errorf("%+v", f.Causes)
	}
}

// A challenge with a scope of Exchange is not that of any mail server.
func TestChallengeOfExchange(t *testing.T) {
	for _, before := range []string{"SASL XOAUTH2 authentication error: ", "imap error: ", "334 ", ""} {
		challenge := base64.StdEncoding.EncodeToString([]byte(`{"status":"400","schemes":"Bearer","scope":"https://outlook.office.com/IMAP.AccessAsUser.All"}`))
		if got := codes(mustExplain(t, before+challenge)); slices.Contains(got, "token_refused") || !slices.Contains(got, "token_wrong_audience") {
			t.Errorf("%q: %v", before, got)
		}
	}
	other := base64.StdEncoding.EncodeToString([]byte(`{"status":"400","schemes":"Bearer","scope":"https://mail.contoso.example/"}`))
	if got := codes(mustExplain(t, "imap error: "+other)); got[0] != "token_refused" {
		t.Errorf("%v", got)
	}
}
