package entra_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
)

// federated makes the tenant federated, with or without a person at the
// workstation.
func federated(b *bench, workstation string, insists bool) {
	b.state(func(s *world.State) {
		f := &world.Federation{Insists: insists}
		if workstation != "" {
			f.Workstation = s.UserByName(workstation).ID
		}
		s.Tenants[0].Federation = f
		s.Apps[0].ConsentForAll(s.Apps[0].Permissions)
	})
}

func TestWorkstationSingleSignOn(t *testing.T) {
	tests := map[string]struct {
		insists bool
		change  change
		silent  bool
	}{
		"plain":                              {false, nil, true},
		"hint at the same person":            {false, change{"login_hint": world.Operator}, true},
		"hint at another person":             {false, change{"login_hint": world.Support}, false},
		"prompt=login":                       {false, change{"prompt": "login"}, false},
		"prompt=login, but insists":          {true, change{"prompt": "login"}, true},
		"hint at another person, insists":    {true, change{"login_hint": world.Support}, true},
		"both, and the service still insist": {true, change{"login_hint": world.Support, "prompt": "login"}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			federated(b, world.Operator, tt.insists)
			p := b.window().Open(b.request(tt.change))
			if !tt.silent {
				if !strings.Contains(p.Heading, "company sign-in") {
					t.Fatalf("%q %v, want the company's page", p.Heading, p.Left)
				}
				return
			}
			if got := b.person(p.Answer("code")); got != world.Operator {
				t.Errorf("signed in as %s, want the person at the workstation", got)
			}
		})
	}
}

func TestCompanySignIn(t *testing.T) {
	b := newBench(t)
	federated(b, "", false)
	w := b.window()
	p := w.Open(b.request(change{"login_hint": world.Support}))
	if p = p.Press("Sign in", map[string]string{"Email": world.Support, "Password": "wrong"}); !p.Has("password is wrong") {
		t.Fatalf("%q: %s", p.Heading, p.Text)
	}
	if p = b.signIn(p, world.Support); b.person(p.Answer("code")) != world.Support {
		t.Error("the wrong person came back")
	}
	// The company remembers the person, even after Entra has forgotten.
	w.Open("/" + b.tenant + "/oauth2/v2.0/logout")
	if p = w.Open(b.request(nil)); p.Left == nil || b.person(p.Answer("code")) != world.Support {
		t.Errorf("%q: the company's own session was not used", p.Heading)
	}
	w.Open("/" + b.tenant + "/oauth2/v2.0/logout")
	if p = w.Open(b.request(change{"prompt": "login"})); p.Left != nil {
		t.Error("prompt=login was answered from the company's session")
	}
	// Somebody of another tenant is not known to this company.
	if p = b.signIn(b.window().Open(b.request(nil)), world.Stranger); !p.Has("password is wrong") {
		t.Errorf("%q", p.Heading)
	}
}

// The ticket that the company hands over is good once, and for one flow.
func TestCompanyTicket(t *testing.T) {
	b := newBench(t)
	federated(b, world.Operator, false)
	b.window().Open(b.request(nil))
	wantPage(t, b.window().Open("/"+b.tenant+"/federated?flow=x&ticket=y"), 50089)
	var flow string
	b.state(func(s *world.State) { flow = s.Begin(world.Flow{Segment: b.tenant}).ID })
	wantPage(t, b.window().Open("/"+b.tenant+"/federated?flow="+flow+"&ticket="), 50089)
	b.state(func(s *world.State) {
		s.Flows[flow].Ticket, s.Flows[flow].TicketOf = "right", s.UserByName(world.Operator).ID
	})
	wantPage(t, b.window().Open("/"+b.tenant+"/federated?flow="+flow+"&ticket=wrong"), 50089)
}

// The company's pages exist for federated tenants and for a running flow only.
func TestCompanyPagesNeedAFlow(t *testing.T) {
	b := newBench(t)
	federated(b, "", false)
	page := "/company/" + world.Domain + "/sign-in"
	wantPage(t, b.window().Open(page+"?flow=x"), 50089)
	p := b.window().Open(b.request(nil))
	b.at = b.at.Add(world.FlowLife + time.Second)
	wantPage(t, b.signIn(p, world.Support), 50089)
	p = b.window().Open(b.request(nil))
	b.state(func(s *world.State) { s.Tenants[0].Federation = nil })
	wantPage(t, b.signIn(p, world.Support), 50089)
	wantPage(t, b.window().Open(page+"?flow=x"), 50089)
	wantPage(t, b.window().Open("/company/nowhere.example/sign-in?flow=x"), 50089)
}

// Passwords of federated people are not for Entra: its page passes them on.
func TestFederatedPersonAtASharedAuthority(t *testing.T) {
	b := newBench(t)
	federated(b, "", false)
	b.state(func(s *world.State) { s.Apps[0].MultiTenant = true })
	p := b.window().Open(b.requestAt("organizations", nil))
	if p.Heading != "Sign in" {
		t.Fatalf("%q", p.Heading)
	}
	if p = b.signIn(p, world.Support); !strings.Contains(p.Heading, "company sign-in") {
		t.Fatalf("%q, want the company's page", p.Heading)
	}
	if p = b.signIn(p, world.Support); p.Answer("code") == "" {
		t.Error("no code")
	}
}
