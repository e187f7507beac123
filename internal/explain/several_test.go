package explain_test

import (
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
