package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Field names one answer, one configuration value, or one secret's revision
// number: everything a check may depend on.
type Field string

// The fields of a setup.
const (
	FieldProduct       Field = "product"
	FieldRelease       Field = "release"
	FieldSpecials      Field = "specials"
	FieldMethod        Field = "method"
	FieldMailboxes     Field = "mailboxes"
	FieldSignInAccount Field = "sign_in_account"
	FieldProtocols     Field = "protocols"
	FieldServers       Field = "servers"
	FieldChecklistOnly Field = "checklist_only"

	FieldProductURL         Field = "product_url"
	FieldConsoleURL         Field = "console_url"
	FieldProductRedirectURI Field = "product_redirect_uri"
	FieldProductSignIn      Field = "product_sign_in"

	FieldCloud        Field = "cloud"
	FieldTenant       Field = "tenant"
	FieldClientID     Field = "client_id"
	FieldClientSecret Field = "client_secret" // its revision
	FieldSecretEnds   Field = "secret_ends"
	FieldRedirectURIs Field = "redirect_uris"
	FieldConsent      Field = "consent"
	FieldApp          Field = "app" // the registration as shown

	FieldEvidence    Field = "evidence"
	FieldAttempt     Field = "attempt" // number of finished sign-ins
	FieldGrant       Field = "grant"   // the accepted token
	FieldTestMessage Field = "test_message"
	FieldHandover    Field = "handover"
	FieldSignInLog   Field = "sign_in_log" // of the product's own sign-in
	FieldReport      Field = "report"
)

// The configuration values that checks depend on.
const (
	ConfigExternalURL Field = "config.external_url"
	ConfigProvider    Field = "config.provider"
)

// Values looks up what a field holds now. ok is false for a field the source
// does not know.
type Values func(Field) (value any, ok bool)

// Values returns the setup's own fields.
func (s Setup) Values(f Field) (any, bool) {
	switch f {
	case FieldProduct:
		return s.Application.Product, true
	case FieldRelease:
		return s.Application.Release, true
	case FieldSpecials:
		return s.Application.Specials, true
	case FieldMethod:
		return s.Application.Method, true
	case FieldMailboxes:
		return s.Application.Mailboxes, true
	case FieldSignInAccount:
		return s.Application.SignInAccount, true
	case FieldProtocols:
		return s.Application.Protocols, true
	case FieldServers:
		return s.Application.Servers, true
	case FieldProductURL:
		return s.Addresses.ProductURL, true
	case FieldConsoleURL:
		return s.Addresses.ConsoleURL, true
	case FieldProductRedirectURI:
		return s.Addresses.ProductRedirectURI, true
	case FieldProductSignIn:
		return s.Addresses.ProductSignIn, true
	case FieldCloud:
		return s.Registration.Cloud, true
	case FieldTenant:
		return s.Registration.Tenant, true
	case FieldClientID:
		return s.Registration.ClientID, true
	case FieldClientSecret:
		return s.Registration.SecretRevision, true
	case FieldSecretEnds:
		return s.Registration.SecretEnds, true
	case FieldRedirectURIs:
		return s.Registration.RedirectURIs, true
	case FieldConsent:
		return s.Registration.Consent, true
	case FieldApp:
		return s.Registration.App, true
	case FieldEvidence:
		if s.Mailbox.Decision == "" {
			return nil, true
		}
		return s.Mailbox, true
	case FieldAttempt:
		return s.SignIn.Attempts, true
	case FieldGrant:
		if s.SignIn.GrantRevision == 0 {
			return nil, true
		}
		// A revision that was taken back is given out again.
		return []any{s.SignIn.GrantRevision, s.SignIn.AcceptedAt}, true
	case FieldTestMessage:
		return s.Verification.TestMessage, true
	case FieldHandover:
		if s.Handover.Key == "" {
			return nil, true
		}
		return []any{s.Handover.Key, s.Handover.GeneratedAt}, true
	case FieldReport:
		return s.Handover.ReportAt, true
	case FieldSignInLog:
		return s.Handover.ProductSignedIn, true
	case FieldChecklistOnly:
		return s.Application.ChecklistOnly, true
	}
	if item, ok := itemOf(f); ok {
		return s.Checklist[item].Standing, true
	}
	return nil, false
}

// Empty reports whether nothing was answered yet for f.
func (s Setup) Empty(f Field) bool {
	v, ok := s.Values(f)
	if !ok {
		return false
	}
	b, err := json.Marshal(v)
	if err != nil {
		return false
	}
	return slices.Contains([]string{`""`, `null`, `[]`, `{}`, `0`, `"0001-01-01T00:00:00Z"`}, string(b))
}

// Fingerprint is a short hash over what a check's result rests on: the check,
// its target, and the present value of each field it reads. Equal fingerprints
// mean the result still speaks about today's input. A field that no source
// knows is an error: a silent gap would make every result current for ever.
func Fingerprint(check, target string, fields []Field, sources ...Values) (string, error) {
	type entry struct {
		Field Field
		Value any
	}
	sorted := slices.Clone(fields)
	slices.Sort(sorted)
	entries := make([]entry, 0, len(sorted))
	for _, f := range slices.Compact(sorted) {
		found := false
		for _, source := range sources {
			if v, ok := source(f); ok {
				entries = append(entries, entry{f, v})
				found = true
				break
			}
		}
		if !found {
			return "", fmt.Errorf("setup: check %s reads unknown field %q", check, f)
		}
	}
	b, err := json.Marshal([]any{check, target, entries})
	if err != nil {
		return "", fmt.Errorf("setup: fingerprint of %s: %w", check, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12]), nil
}
