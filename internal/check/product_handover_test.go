package check_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/setup"
)

// given is a setup at its hand-over: two hours ago the product made its token.
func given() setup.Setup {
	s := read()
	s.Handover = setup.Handover{
		Key: setup.DeleteTestKey, GeneratedAt: now.Add(-2 * time.Hour), GeneratedBy: "Ann",
		ProductSignedIn: &setup.LoggedSignIn{User: svc, Time: now.Add(-2 * time.Hour), AppID: clientID},
	}
	for _, item := range setup.Items {
		s.State(item, setup.StandingYes, "Ann", now)
	}
	return s
}

func TestProductSignedIn(t *testing.T) {
	log := func(f func(*setup.LoggedSignIn)) func(*setup.Setup) {
		return func(s *setup.Setup) { f(s.Handover.ProductSignedIn) }
	}
	judged(t, check.ProductSignedIn, given, []one{
		{"nobody has shown it", func(s *setup.Setup) { s.Handover.ProductSignedIn = nil }, []string{"product_signer_not_shown"}, nil},
		{"another person", log(func(l *setup.LoggedSignIn) { l.User = "ann@contoso.example" }), []string{"product_signed_in_as_other"},
			[]string{"signed_in_as", "ann@contoso.example", "product", "Cisco ECE (eGain)", "expected", svc}},
		{"capital letters", log(func(l *setup.LoggedSignIn) { l.User = "SVC-Mail@contoso.example" }), nil, nil},
		{"another application", log(func(l *setup.LoggedSignIn) { l.AppID = tenantID; l.User = "ann@contoso.example" }),
			[]string{"sign_in_log_of_other_application"}, nil},
		{"no application named", log(func(l *setup.LoggedSignIn) { l.AppID = "" }), []string{"sign_in_log_without_client_id"}, nil},
		{"refused", log(func(l *setup.LoggedSignIn) { l.Failure = "50126" }), []string{"sign_in_log_of_failure"}, []string{"code", "50126"}},
		{"neither refused nor not", log(func(l *setup.LoggedSignIn) { l.Unclear = true }),
			[]string{"sign_in_log_without_status"}, []string{"account", svc}},
		{"before anything is decided", func(s *setup.Setup) {
			s.Handover = setup.Handover{ProductSignedIn: &setup.LoggedSignIn{User: "ann@contoso.example"}}
			if empty := check.ProductSignedIn.Waiting(*s); empty != nil {
				t.Errorf("a pasted line waits for %v", empty)
			}
		}, []string{"product_signed_in_as_other"}, nil},
		{"last year", log(func(l *setup.LoggedSignIn) { l.Time = now.AddDate(-1, 0, 0) }), []string{"sign_in_log_too_old"}, nil},
		{"a time that was not read", log(func(l *setup.LoggedSignIn) { l.Time = time.Time{} }), nil, nil},
	})
}

func TestTheLogsTimeIsAFact(t *testing.T) {
	s := given()
	wantFact(t, judge(t, check.ProductSignedIn, envOf(s), check.Target{}), "signed_in_at", "2026-11-21T10:00:00Z")
	s.Handover.ProductSignedIn.Time = time.Time{}
	wantFact(t, judge(t, check.ProductSignedIn, envOf(s), check.Target{}), "signed_in_at", "")
}

func TestStillFetching(t *testing.T) {
	judged(t, check.StillFetching, given, []one{
		{"said too early", func(s *setup.Setup) {
			s.Checklist = nil
			s.State(setup.ItemStillFetching, setup.StandingYes, "Ann", now.Add(-time.Hour))
		}, []string{"still_fetching_not_stated"}, nil},
		{"nobody has said so", func(s *setup.Setup) { s.Checklist = nil }, []string{"still_fetching_not_stated"}, nil},
		{"94 minutes", func(s *setup.Setup) { s.Handover.GeneratedAt = now.Add(-94 * time.Minute) },
			[]string{"renewal_by_product_outstanding"}, []string{"product", "Cisco ECE (eGain)", "until", "12:01 UTC"}},
		{"nobody has made its token", func(s *setup.Setup) { s.Handover.GeneratedAt = time.Time{} }, []string{"renewal_by_product_not_begun"}, nil},
		{"it has stopped", func(s *setup.Setup) { s.State(setup.ItemStillFetching, setup.StandingNo, "Ann", now) },
			[]string{"product_stopped_fetching"}, nil},
	})
}

// Every point that only a person can see: not answered, answered with no, and
// answered with yes, by name and time.
func TestStatements(t *testing.T) {
	for item, tt := range map[setup.Item]struct {
		check        *check.Check
		unstated, no string
	}{
		setup.ItemNewestSpecial: {check.NewestSpecial, "newest_special_not_stated", "newest_special_missing"},
		setup.ItemGuide:         {check.GuideInUse, "guide_not_stated", "guide_of_other_release"},
		setup.ItemPorts:         {check.InstallationPorts, "installation_ports_not_stated", "installation_ports_closed"},
		setup.ItemPolicy:        {check.SignInPolicy, "sign_in_policy_not_stated", "sign_in_policy_applies"},
		setup.ItemLocalConsole:  {check.LocalConsole, "local_console_not_stated", "console_by_single_sign_on"},
		setup.ItemAlias:         {check.AliasActive, "alias_not_stated", "alias_inactive"},
		setup.ItemRestarted:     {check.ServicesRestarted, "services_restart_not_stated", "services_not_restarted"},
		setup.ItemWorkflow:      {check.WorkflowExists, "workflow_not_stated", "workflow_missing"},
		setup.ItemAlarm:         {check.AlarmArrived, "alarm_not_stated", "alarm_missing"},
	} {
		t.Run(string(item), func(t *testing.T) {
			say := func(standing setup.Standing) func(*setup.Setup) {
				return func(s *setup.Setup) { s.State(item, standing, "Bea", now) }
			}
			judged(t, tt.check, given, []one{
				{"not answered", say(""), []string{tt.unstated}, nil},
				{"no", say(setup.StandingNo), []string{tt.no}, nil},
			})
			out := judge(t, tt.check, envOf(given()), check.Target{})
			wantFact(t, out, "stated_by", "Ann")
			wantFact(t, out, "stated_at", "2026-11-21T12:00:00Z")
			s := given()
			s.Application.Product = "other"
			if got := tt.check.TargetsOf(envOf(s)); got != nil {
				t.Errorf("a product without the list is asked: %v", got)
			}
		})
	}
	s := given()
	s.State(setup.ItemGuide, setup.StandingNo, "Bea", now)
	out := judge(t, check.GuideInUse, envOf(s), check.Target{})
	if got := out.Findings[0].Params["guide"]; got != "Email and Routing Resources (UCCE/PCCE)" {
		t.Errorf("the guide is %q", got)
	}
	s.Application.Release = "12.5(1)"
	out = judge(t, check.GuideInUse, envOf(s), check.Target{})
	if got := out.Findings[0].Params["guide"]; got != "Email Resources (UCCE), Chat and Email Resources (PCCE)" {
		t.Errorf("the guides are %q", got)
	}
}

// Before the answers of its page nobody is told that something was not stated.
func TestStatementsWaitForTheirPage(t *testing.T) {
	var empty setup.Setup
	waits(t, check.InstallationPorts, empty)
	waits(t, check.GuideInUse, empty, setup.FieldRelease)
	waits(t, check.SignInPolicy, empty, setup.FieldEvidence)
	waits(t, check.AliasActive, empty, setup.FieldHandover)
	waits(t, check.ProductSignedIn, empty, setup.FieldHandover)
	waits(t, check.Registered, empty, setup.FieldClientID)
	waits(t, check.ProductSignIn, empty, setup.FieldProductURL)
}

func TestWhatIsNotProvedHere(t *testing.T) {
	wantCodes(t, judge(t, check.SMTPOfProduct, envOf(given()), check.Target{}), "product_smtp_not_proved")
	for name, change := range map[string]func(*setup.Setup){
		"own account": func(s *setup.Setup) { s.Application.Method = setup.MailboxAccount },
		"no SMTP":     func(s *setup.Setup) { s.Application.Protocols = []setup.Protocol{setup.IMAP} },
		"other":       func(s *setup.Setup) { s.Application.Product = "other" },
	} {
		s := given()
		change(&s)
		if got := check.SMTPOfProduct.TargetsOf(envOf(s)); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	s := given()
	if got := check.ProvedByProduct.TargetsOf(envOf(s)); got != nil {
		t.Errorf("a setup with a sign-in of its own is called unproved: %v", got)
	}
	s.Application.ChecklistOnly = true
	wantCodes(t, judge(t, check.ProvedByProduct, envOf(s), check.ProvedByProduct.TargetsOf(envOf(s))[0]), "proved_by_product_only")
}

func TestTheWatchNeedsItsKey(t *testing.T) {
	s := given()
	if got := check.ProductFetches.TargetsOf(envOf(s)); got != nil {
		t.Errorf("without a kept key it watches %v", got)
	}
	s.Handover.Key = setup.KeepWatchman
	if got := check.ProductFetches.TargetsOf(envOf(s)); len(got) != 1 || got[0].Mailbox != sales {
		t.Errorf("it watches %v", got)
	}
	s.Handover.GeneratedAt = time.Time{}
	if got := check.ProductFetches.TargetsOf(envOf(s)); got != nil {
		t.Errorf("before the product has a token it watches %v", got)
	}
}

// The report is stored by the decision: while that stands open, its absence is
// no problem of its own.
func TestTheReportWaitsForTheDecision(t *testing.T) {
	if !slices.Contains(check.ReportStored.After, check.KeyDecision) {
		t.Error("a report that cannot be there yet is reported as missing")
	}
}
