package check_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const ours = "https://latchkey.contoso.example"

// closed is an address of this computer at which nothing listens.
const closed = "127.0.0.1:1"

// alone is a prober that is allowed to find that out.
func alone() *probe.Prober { return &probe.Prober{Allow: probe.Policy{Hosts: []string{closed}}} }

// nobody answers no request.
type nobody struct{}

func (nobody) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("dial %s: %w", r.URL.Host, syscall.ECONNREFUSED)
}

// noToken asks nobody for a token, and gets the error of the network.
func noToken(ctx context.Context) (oauth.Token, error) {
	client := &oauth.Client{HTTP: &http.Client{Transport: alone().Transport()}}
	_, err := client.Refresh(ctx, oauth.App{TokenEndpoint: "http://" + closed + "/token"}, secret.New("kept"), nil)
	return oauth.Token{}, err
}

// envOf is the window of a check onto a setup, with nobody on the other side:
// what asks somebody gets an error of the network.
func envOf(s setup.Setup) *check.Env {
	p, _ := product.ByID(s.Application.Product)
	return &check.Env{
		Now: func() time.Time { return now }, Node: "NODE1", Setup: s,
		Config:   check.Config{ExternalURL: ours, CallbackURL: ours + "/callback", Provider: provider.Entra},
		Provider: provider.Entra, Product: p, OAuth: &oauth.Client{HTTP: &http.Client{Transport: nobody{}}},
		ClientSecret: func(context.Context) (secret.Text, error) { return secret.Text{}, nil },
		Token:        noToken, Refresh: noToken,
		SelfCall: func(ctx context.Context) error {
			_, err := alone().HTTPS(ctx, "https://"+closed+"/callback")
			return err
		},
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
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(c.Timeout, time.Second))
	defer cancel()
	out := c.Run(ctx, env, target)
	for _, f := range out.Findings {
		declared(t, c, f)
	}
	provoked.note(c, out)
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
