package check_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

func TestSecretShape(t *testing.T) {
	const guid = "0f1e2d3c-aaaa-4bbb-8ccc-1d2e3f4a5b6c"
	tests := []struct {
		name, value string
		provider    provider.Provider
		code        string
	}{
		{"a value", "abc8Q~some.value_of.a-secret", provider.Entra, ""},
		{"the secret's ID", guid, provider.Entra, "client_secret_is_id"},
		{"the secret's ID in capitals", "0F1E2D3C-AAAA-4BBB-8CCC-1D2E3F4A5B6C", provider.Entra, "client_secret_is_id"},
		{"a GUID with more behind it", guid + "x", provider.Entra, ""},
		{"a GUID where secrets may be GUIDs", guid, provider.OpenID, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := envOf(setup.Setup{})
			env.Provider = tt.provider
			env.ClientSecret = func(context.Context) (secret.Text, error) { return secret.New(tt.value), nil }
			out := judge(t, check.SecretShape, env, check.Target{})
			if tt.code == "" {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, tt.code)
			if !out.Findings[0].Blocks() || len(out.Findings[0].Evidence) != 0 {
				t.Errorf("blocks = %v, evidence %+v", out.Findings[0].Blocks(), out.Findings[0].Evidence)
			}
		})
	}
	waits(t, check.SecretShape, setup.Setup{}, setup.FieldClientSecret)
}

// A secret that cannot be opened is a fault of ours: the runner contains it,
// and no finding blames the person who typed it.
func TestASecretThatDoesNotOpenIsOurFault(t *testing.T) {
	fault := errors.New("the sealed value does not open")
	env := envOf(setup.Setup{})
	env.ClientSecret = func(context.Context) (secret.Text, error) { return secret.Text{}, fault }
	defer func() {
		err, ok := recover().(error)
		if !ok || err.Error() != fault.Error() {
			t.Errorf("the fault came out as %v", err)
		}
	}()
	judge(t, check.SecretShape, env, check.Target{})
	t.Error("the check ended without a word")
}

// The portal shows a day without an hour, so the whole day counts.
func TestSecretEnd(t *testing.T) {
	const day = 24 * time.Hour
	ends := setup.Date("2027-03-11")
	midnight := time.Date(2027, 3, 11, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		ends setup.Date
		now  time.Time
		code string
		days string
	}{
		{"nobody has entered it", "", midnight, "client_secret_end_unknown", ""},
		{"far away", ends, midnight.Add(-100 * day), "", "101"},
		{"the last day without a word", ends, midnight.Add(-60 * day), "", "61"},
		{"the first day with a note", ends, midnight.Add(-60*day + time.Second), "client_secret_ends", "60"},
		{"the last day without a warning", ends, midnight.Add(-30 * day), "client_secret_ends", "31"},
		{"the first day with one", ends, midnight.Add(-30*day + time.Second), "client_secret_ends_soon", "30"},
		{"tomorrow", ends, midnight.Add(-time.Hour), "client_secret_ends_soon", "1"},
		{"the last second of the day", ends, midnight.Add(day - time.Second), "client_secret_ends_soon", "0"},
		{"the day is over", ends, midnight.Add(day), "client_secret_end_over", ""},
		{"long over", ends, midnight.Add(400 * day), "client_secret_end_over", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := envOf(setup.Setup{Registration: setup.Registration{SecretEnds: tt.ends}})
			env.Now = func() time.Time { return tt.now }
			out := judge(t, check.SecretEnd, env, check.Target{})
			switch tt.code {
			case "":
				wantCodes(t, out)
				wantFact(t, out, "days_left", tt.days)
				return
			case "client_secret_ends_soon":
				wantParams(t, out, "days", tt.days, "date", string(ends))
			}
			wantCodes(t, out, tt.code)
			want := map[string]finding.Severity{
				"client_secret_end_unknown": finding.Note, "client_secret_ends": finding.Note, "client_secret_ends_soon": finding.Warning, "client_secret_end_over": finding.Warning,
			}[tt.code]
			if got := out.Findings[0].Severity(); got != want {
				t.Errorf("severity %s, want %s", got, want)
			}
		})
	}
	waits(t, check.SecretEnd, setup.Setup{}, setup.FieldClientSecret)
}
