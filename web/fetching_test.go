package web

import (
	"strings"
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/locale"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// The change is offered to the cloud in which the tenant was found, and to no
// word of another finding.
func TestCloudOffered(t *testing.T) {
	elsewhere := finding.New(check.TenantElsewhere, "tenant", "t", "cloud", "a", "other", "b").With("answer", "x", "").With("cloud", "there", "")
	other := finding.Finding{Causes: []finding.Cause{{Definition: &finding.Definition{Code: "w", Severity: finding.Warning}}}}.With("cloud", "nowhere", "")
	for want, found := range map[string][]finding.Finding{"": {other}, "there": {other, elsewhere}} {
		v := wizard.View{Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepRegistration}, Checks: []flow.CheckState{
			{Check: check.Tenant, Current: true, Result: &flow.Result{Findings: found}},
		}}}}
		if got := v.CloudOffered(); got != want {
			t.Errorf("offered %q, want %q", got, want)
		}
	}
}

// A mail application is told the ID of the tenant, and each protocol's user.
func TestWhatTheApplicationIsGiven(t *testing.T) {
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := &request{printer: catalog.Printer("en")}
	v := wizard.View{Provider: provider.Entra, Steps: []flow.StepState{{Step: flow.Step{ID: setup.StepRegistration}, Checks: []flow.CheckState{
		{Check: check.Tenant, Current: true, Result: &flow.Result{Facts: []check.Fact{{Name: "tenant_id", Value: "the-guid"}}}},
	}}}}
	v.Setup.Registration = setup.Registration{Tenant: "contoso.example", ClientID: "client"}
	v.Setup.Application = setup.Application{
		Method: setup.SharedAccount, SignInAccount: "svc@contoso.example", Mailboxes: []setup.Address{"a@contoso.example", "b@contoso.example"},
		Protocols: []setup.Protocol{setup.IMAP, setup.SMTP},
	}
	got := map[string]string{}
	for _, f := range r.entered(v) {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{
		"User name for IMAP": "a@contoso.example\nb@contoso.example", "User name for SMTP": "svc@contoso.example",
		"Account that signs in": "svc@contoso.example", "Directory (tenant) ID": "the-guid",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q; all: %v", name, got[name], want, got)
		}
	}
}

// An invitation leads nowhere on another computer where the address means the
// computer that opens it.
func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:8080": true, "http://127.0.0.1:8080": true, "http://[::1]": true, "http://latchkey.localhost": true,
		"https://latchkey.contoso.example": false, "https://10.0.0.4": false, "https://localhost.example": false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// The page of our own test sign-in says that the product needs its own, and
// where its button is.
func TestWhereGenerateIs(t *testing.T) {
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	at := templates.StepPage{ID: "sign_in", Page: templates.Page{Setup: templates.Setup{Path: "/m/1", Rail: []templates.Row{{Step: "sign_in", State: "in_progress"}}}}}
	for _, ece := range []bool{true, false} {
		var page strings.Builder
		if err := templates.SignIn(templates.SignInView{StepPage: at, ECE: ece}).Render(locale.WithPrinter(t.Context(), catalog.Printer("en")), &page); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"own test", "press Generate beside Authorization Code"} {
			if strings.Contains(page.String(), text) != ece {
				t.Errorf("ECE %v: %q is shown: %v", ece, text, !ece)
			}
		}
	}
}

// A change is shown in words; only what was typed is marked to the character.
func TestAChangeIsShownInWords(t *testing.T) {
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := &request{printer: catalog.Printer("en")}
	for _, tt := range []struct {
		name        string
		before, now []string
		want        templates.Comparison
	}{
		{"protocols", []string{"imap", "smtp"}, []string{"imap", "pop3", "smtp"}, templates.Comparison{Name: "Protocols", Before: "IMAP and SMTP", Now: "IMAP, POP3 and SMTP", At: -1}},
		{"product", []string{"other"}, []string{"ece"}, templates.Comparison{Name: "Mail application", Before: "Another mail application", Now: "Cisco ECE (eGain)", At: -1}},
		{"sign_in_account", []string{"svc-a@contoso.example"}, []string{"svc-b@contoso.example"},
			templates.Comparison{Name: "Sign-in account", Before: "svc-a@contoso.example", Now: "svc-b@contoso.example", At: 4}},
	} {
		if got := r.changed(wizard.View{}, tt.name, tt.before, tt.now); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// Nobody is told to write to herself, and a person has one role on a page.
func TestWhoReadsIsCalledYou(t *testing.T) {
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	v := wizard.View{People: []wizard.Participant{{ID: "g", Name: "Dana", Role: wizard.RoleM365Admin, State: wizard.ParticipantAdmitted}}}
	found := func(actor finding.Actor) flow.StepState {
		f := finding.New(&finding.Definition{Code: "c", Severity: finding.Warning, Actor: actor})
		return flow.StepState{Checks: []flow.CheckState{{Check: check.Tenant, Current: true, Result: &flow.Result{Findings: []finding.Finding{f}}}}}
	}
	owner, dana := wizard.Who{Kind: wizard.WhoAdmin, Name: "Owner"}, wizard.Who{Kind: wizard.WhoGuest, ID: "g", Name: "Dana", Role: wizard.RoleM365Admin}
	for _, tt := range []struct {
		reader wizard.Who
		actor  finding.Actor
		me     bool
	}{
		{owner, finding.ProductAdmin, true}, {owner, finding.AppAdmin, false}, {owner, finding.NetworkAdmin, false},
		{dana, finding.AppAdmin, true}, {dana, finding.ExchangeAdmin, true}, {dana, finding.ProductAdmin, false},
	} {
		r := &request{printer: catalog.Printer("en"), visitor: visitor{who: tt.reader}, s: &Server{Options: Options{Wizard: &wizard.Wizard{}}}}
		card := r.findings(v, found(tt.actor))[0]
		if card.Me != tt.me || (card.Ask == "") != tt.me {
			t.Errorf("%s reads what %s repairs: you %v, request %q", tt.reader.Name, tt.actor, card.Me, card.Ask)
		}
	}
}
