package check_test

import (
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// The word of the consent page is recorded and stops nobody: the sign-in and
// the token's permissions prove the consent.
func TestConsent(t *testing.T) {
	tests := []struct {
		name     string
		consent  *setup.Consent
		code     string
		severity finding.Severity
		evidence string
	}{
		{"granted", &setup.Consent{Granted: true}, "", "", ""},
		{"the link was not used", nil, "admin_consent_not_given", finding.Note, ""},
		{"refused", &setup.Consent{Error: "access_denied", Description: "the page was cancelled"}, "admin_consent_refused", finding.Warning,
			"access_denied the page was cancelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := judge(t, check.Consent, envOf(setup.Setup{Registration: setup.Registration{Consent: tt.consent}}), check.Target{})
			if tt.code == "" {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, tt.code)
			f := out.Findings[0]
			if f.Severity() != tt.severity {
				t.Errorf("severity %s, want %s", f.Severity(), tt.severity)
			}
			if tt.evidence != "" && (len(f.Evidence) != 1 || f.Evidence[0].Text != tt.evidence) {
				t.Errorf("evidence %+v", f.Evidence)
			}
		})
	}
}

func TestConsentAppliesToTenants(t *testing.T) {
	env := envOf(setup.Setup{})
	if got := check.Consent.TargetsOf(env); len(got) != 1 {
		t.Errorf("%d targets", len(got))
	}
	env.Provider = provider.OpenID
	if got := check.Consent.TargetsOf(env); len(got) != 0 {
		t.Errorf("a provider without tenants has a consent page: %v", got)
	}
	waits(t, check.Consent, setup.Setup{}, setup.FieldClientID)
}
