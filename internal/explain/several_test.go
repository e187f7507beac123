package explain_test

import (
	"slices"
	"strings"
	"testing"
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
