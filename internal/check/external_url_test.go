package check_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

// addresses are judged alike for our own external URL and the product's.
var addresses = []struct{ url, code string }{
	{"https://mail.contoso.example", ""},
	{"https://mail.contoso.example:8443", ""},
	{"https://mail.contoso.example/", ""}, // the slash at the end is no path
	{"http://localhost", ""},
	{"http://localhost:8080", ""},
	{"http://mail.contoso.example", "external_url_not_https"},
	{"http://127.0.0.1:8080", "external_url_not_https"}, // localhost is a name at Microsoft
	{"http://localhost.contoso.example", "external_url_not_https"},
	{"ftp://mail.contoso.example", "external_url_not_https"},
	{"", "external_url_not_https"},
	{"https://192.0.2.7", "external_url_is_ip_address"},
	{"https://192.0.2.7:8443/path", "external_url_is_ip_address"},
	{"https://[2001:db8::7]", "external_url_is_ip_address"},
	{"https://mail", "external_url_not_full_name"},
	{"https://mail:8443", "external_url_not_full_name"},
	{"https://mail.contoso.example/system", "external_url_has_extra_parts"},
	{"https://mail.contoso.example//x/", "external_url_has_extra_parts"},
	{"https://mail.contoso.example?a=b", "external_url_has_extra_parts"},
	{"https://mail.contoso.example#top", "external_url_has_extra_parts"},
	{"https://somebody@mail.contoso.example", "external_url_has_extra_parts"},
	{"http://localhost:8080/system", "external_url_has_extra_parts"},
	{"https://mail.contoso.example:port", "external_url_has_extra_parts"},
}

func TestAddresses(t *testing.T) {
	for _, tt := range addresses {
		for _, c := range []*check.Check{check.ExternalURL, check.ProductURL} {
			t.Run(c.ID+" "+tt.url, func(t *testing.T) {
				s := ece("12.6(1)")
				s.Addresses.ProductURL = tt.url
				env := envOf(s)
				if c == check.ExternalURL {
					env.Config.ExternalURL = tt.url
				}
				out := judge(t, c, env, check.Target{})
				if tt.code == "" {
					wantCodes(t, out)
					return
				}
				wantCodes(t, out, tt.code)
				wantParams(t, out, "url", tt.url)
				if !out.Findings[0].Blocks() {
					t.Error("an address that Microsoft does not take does not stop")
				}
			})
		}
	}
}

func TestExternalURLTellsWhatIsRegistered(t *testing.T) {
	out := judge(t, check.ExternalURL, envOf(setup.Setup{}), check.Target{})
	wantFact(t, out, "external_url", ours)
	wantFact(t, out, "redirect_uri", ours+"/callback")
}

func TestForeignHosts(t *testing.T) {
	env := envOf(setup.Setup{})
	env.SeenHosts = func() []check.SeenHost {
		return []check.SeenHost{{Host: "latchkey:8080", Forwarded: "host=proxy.contoso.example"}, {Host: "other"}}
	}
	out := judge(t, check.ExternalURL, env, check.Target{})
	wantCodes(t, out, "host_differs")
	wantParams(t, out, "seen", "latchkey:8080", "url", ours)
	f := out.Findings[0]
	if f.Severity() != finding.Warning {
		t.Errorf("severity %s", f.Severity())
	}
	if len(f.Evidence) != 1 || f.Evidence[0].Text != "host=proxy.contoso.example" {
		t.Errorf("evidence %+v", f.Evidence)
	}
	env.SeenHosts = func() []check.SeenHost { return []check.SeenHost{{Host: "other"}} }
	if f := judge(t, check.ExternalURL, env, check.Target{}).Findings[0]; len(f.Evidence) != 0 {
		t.Errorf("no proxy has said anything, yet there is evidence: %+v", f.Evidence)
	}
}

// "Not needed on localhost" is not "passed".
func TestSelfCallHasNoTargetOnLocalhost(t *testing.T) {
	env := envOf(setup.Setup{})
	if got := check.SelfCall.TargetsOf(env); len(got) != 1 {
		t.Errorf("%d targets for %s", len(got), ours)
	}
	env.Config.ExternalURL = "http://localhost:8080"
	if got := check.SelfCall.TargetsOf(env); len(got) != 0 {
		t.Errorf("there is a self-call on localhost: %v", got)
	}
}

func TestSelfCall(t *testing.T) {
	tests := []struct {
		name     string
		err      error
		code     string
		severity finding.Severity
	}{
		{"we answered", nil, "", ""},
		{"somebody else answered", fmt.Errorf("%w: HTTP 404", check.ErrOtherAnswer), "callback_answered_by_another", finding.Blocker},
		{"nobody answered", errors.New("no route"), "callback_unreachable", finding.Warning},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := envOf(setup.Setup{})
			env.SelfCall = func(context.Context) error { return tt.err }
			out := judge(t, check.SelfCall, env, check.Target{})
			if tt.err == nil {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, tt.code)
			wantParams(t, out, "url", ours+"/callback")
			f := out.Findings[0]
			if f.Severity() != tt.severity || f.Evidence[0].Text != tt.err.Error() {
				t.Errorf("severity %s, evidence %+v", f.Severity(), f.Evidence)
			}
		})
	}
}
