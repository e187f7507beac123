package check_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const ours = "https://latchkey.contoso.example"

// envOf is the window of a check onto a setup, with nobody on the other side:
// what asks somebody gets an error of the network.
func envOf(s setup.Setup) *check.Env {
	p, _ := product.ByID(s.Application.Product)
	nobody := &probe.Error{
		Target: probe.Target{Protocol: probe.TCP, Host: "nobody.example", Port: 443},
		Stage:  probe.Dial, Kind: probe.Refused, Err: errors.New("nothing listens"),
	}
	noToken := func(context.Context) (oauth.Token, error) {
		return oauth.Token{}, &oauth.Error{Endpoint: oauth.TokenEnd, Err: nobody}
	}
	return &check.Env{
		Now: func() time.Time { return now }, Node: "NODE1", Setup: s,
		Config:   check.Config{ExternalURL: ours, CallbackURL: ours + "/callback", Provider: provider.Entra},
		Provider: provider.Entra, Product: p,
		ClientSecret: func(context.Context) (secret.Text, error) { return secret.Text{}, nil },
		Token:        noToken, Refresh: noToken,
		SelfCall:  func(context.Context) error { return nobody },
		SeenHosts: func() []check.SeenHost { return nil },
		Message: func(from, to setup.Address) probe.Message {
			return probe.Message{From: string(from), To: string(to), MessageID: "<1@contoso.example>"}
		},
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// reporter is a test, or one try of a property.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// judge runs a check on a target as the runner does. A finding that the check
// does not declare, or one without a value for a placeholder, fails the test.
func judge(t reporter, c *check.Check, env *check.Env, target check.Target) check.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), max(c.Timeout, time.Second))
	defer cancel()
	out := c.Run(ctx, env, target)
	for _, f := range out.Findings {
		declared(t, c, f)
	}
	return out
}

func declared(t reporter, c *check.Check, f finding.Finding) {
	t.Helper()
	if len(f.Causes) == 0 {
		t.Errorf("%s reports a finding without a cause", c.ID)
	}
	for _, cause := range f.Causes {
		if !slices.Contains(c.Finds, cause.Definition) {
			t.Errorf("%s reports %s and does not declare it", c.ID, cause.Code)
		}
		for _, name := range cause.Params {
			if _, ok := f.Params[name]; !ok {
				t.Errorf("%s: %s has no value for %q", c.ID, cause.Code, name)
			}
		}
	}
}

// codes are the findings of an outcome by name.
func codes(out check.Outcome) []string {
	var list []string
	for _, f := range out.Findings {
		list = append(list, f.Code())
	}
	return list
}

func wantCodes(t reporter, out check.Outcome, want ...string) {
	t.Helper()
	if got := codes(out); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// wantParams compares the values of the first finding; pairs are names and
// values in turn.
func wantParams(t reporter, out check.Outcome, pairs ...string) {
	t.Helper()
	if len(out.Findings) == 0 {
		t.Errorf("nothing was found, want %q", pairs)
		return
	}
	f := out.Findings[0]
	if len(f.Params) != len(pairs)/2 {
		t.Errorf("%s has the values %q, want %q", f.Code(), f.Params, pairs)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := f.Params[pairs[i]]; got != pairs[i+1] {
			t.Errorf("%s: %s is %q, want %q", f.Code(), pairs[i], got, pairs[i+1])
		}
	}
}

// fact is an observed value by name, "" if it was not observed.
func fact(out check.Outcome, name string) string {
	for _, f := range out.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func wantFact(t reporter, out check.Outcome, name, want string) {
	t.Helper()
	if got := fact(out, name); got != want {
		t.Errorf("the fact %s is %q, want %q", name, got, want)
	}
}

// waits asserts that a check does not run while one of these fields is empty.
func waits(t *testing.T, c *check.Check, s setup.Setup, want ...setup.Field) {
	t.Helper()
	if got := c.Waiting(s); !slices.Equal(got, want) {
		t.Errorf("%s waits for %q, want %q", c.ID, got, want)
	}
}

func ece(release string, specials ...string) setup.Setup {
	return setup.Setup{Application: setup.Application{Product: "ece", Release: release, Specials: specials}}
}
