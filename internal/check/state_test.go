package check_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/corpus"
	"latchkey/internal/finding"
	"latchkey/internal/lab/world"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// What the newest sign-in was like decides, where the service has not refused
// it.
func TestSignedIn(t *testing.T) {
	s := shown()
	s.SignIn.Attempt = "a1"
	expected := setup.Identity{UserName: svc, ObjectID: "o1"}
	good := check.SignIn{
		Finished: true, Accepted: true, Identity: expected, Basis: check.BasisOf(s),
		OtherJar: check.ProofYes, NewJar: check.ProofYes, Cookies: check.ProofYes, FreshLogin: check.ProofYes, RightOne: check.ProofYes,
	}
	guard := func(g check.Guard) func(*check.SignIn) {
		return func(in *check.SignIn) { in.Accepted, in.Failure = false, &check.Failure{Guard: g} }
	}
	both := []string{"signed_in_as", "ann@contoso.example", "expected", svc}
	for name, tt := range map[string]struct {
		change func(*check.SignIn)
		want   string
		params []string
	}{
		"right, fresh, accepted":        {func(*check.SignIn) {}, "", nil},
		"a separate session":            {func(in *check.SignIn) { in.FreshLogin = check.ProofMissing }, "", nil},
		"a new password entry":          {func(in *check.SignIn) { in.NewJar = check.ProofNo }, "", nil},
		"another computer":              {func(in *check.SignIn) { in.OtherJar = check.ProofMissing }, "", nil},
		"nothing but the account":       {func(in *check.SignIn) { in.OtherJar, in.FreshLogin = check.ProofMissing, check.ProofMissing }, "fresh_session_not_proven", nil},
		"answers changed since":         {func(in *check.SignIn) { in.Basis.ClientID = "another" }, "token_of_other_registration", nil},
		"turned down":                   {func(in *check.SignIn) { in.Accepted, in.Refused = false, true }, "sign_in_turned_down", both},
		"another person, not accepted":  {func(in *check.SignIn) { in.Accepted, in.RightOne = false, check.ProofNo }, "other_account_signed_in", both},
		"not accepted yet":              {func(in *check.SignIn) { in.Accepted = false }, "sign_in_not_accepted", both[:2]},
		"another tenant":                {guard(check.GuardTenant), "tenant_of_another", both},
		"not the pinned person":         {guard(check.GuardPerson), "account_changed", both},
		"a window that was used before": {guard(check.GuardReused), "private_session_reused", nil},
		"an old sign-in":                {guard(check.GuardNotFresh), "sign_in_not_fresh", nil},
		"an ID token of another":        {guard(check.GuardIDToken), "id_token_refused", nil},
		"a restart in between":          {guard(check.GuardLost), "sign_in_lost", nil},
		"no refresh token":              {guard(check.GuardNoRefresh), "refresh_token_missing", nil},
		"answers changed meanwhile":     {guard(check.GuardChanged), "token_of_other_registration", nil},
	} {
		t.Run(name, func(t *testing.T) {
			env := envOf(s)
			env.SignIn = good
			env.SignIn.Identity.UserName = "ann@contoso.example"
			tt.change(&env.SignIn)
			out := judge(t, check.SignedIn, env, check.Target{})
			if tt.want == "" {
				wantCodes(t, out)
				wantFact(t, out, "signed_in_as", "ann@contoso.example")
				return
			}
			wantCodes(t, out, tt.want)
			wantParams(t, out, tt.params...)
		})
	}
}

// What the token says of itself, in the lab's own hand.
func TestTokenClaimsOfTheLab(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	const all = "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send"
	var id string
	m.lab.World().Do(func(s *world.State) { id = s.UserByName(world.SignInAccount).ID })
	for name, tt := range map[string]struct {
		user, audience, scopes string
		want                   []string
	}{
		"right":                      {world.SignInAccount, "https://outlook.office.com", all, nil},
		"for Graph":                  {world.SignInAccount, "https://graph.microsoft.com", all, []string{"token_wrong_audience"}},
		"for something else":         {world.SignInAccount, "https://mail.contoso.example", all, []string{"token_audience_unknown"}},
		"of another person":          {world.Support, "https://outlook.office.com", all, []string{"token_of_other_person"}},
		"without sending":            {world.SignInAccount, "https://outlook.office.com", "IMAP.AccessAsUser.All POP.AccessAsUser.All", []string{"token_scope_missing"}},
		"for more than was asked":    {world.SignInAccount, "https://outlook.office.com", all + " Mail.Read", []string{"token_scope_too_wide"}},
		"without POP3 and for Graph": {world.SignInAccount, "https://graph.microsoft.com", "IMAP.AccessAsUser.All SMTP.Send", []string{"token_wrong_audience", "token_scope_missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			m.env.Setup.SignIn.Pinned = &setup.Identity{UserName: world.SignInAccount, ObjectID: id}
			m.env.Token = m.tokenOf(tt.user, tt.audience, tt.scopes)
			wantCodes(t, judge(t, check.TokenClaims, m.env, check.Target{}), tt.want...)
		})
	}
}

// A token that tells nothing leaves the causes open that another one rules out.
func TestRefusalOfATokenThatCannotBeRead(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"imap_authenticate_failed_own", "pop3_refused_own", "smtp_refused_own"} {
		item, ok := recordings.Find(id)
		if !ok {
			t.Fatalf("%s is gone", id)
		}
		m.know(item.Context)
		m.env.Token = func(context.Context) (oauth.Token, error) {
			return oauth.Token{Access: secret.New("EwBoAmember-of-no-known-alphabet")}, nil
		}
		for _, out := range m.meet(item.Replies()[0], "") {
			wantCodes(t, out, item.Code)
			for _, also := range []string{"token_wrong_audience", "token_scope_missing", "token_outdated_or_damaged"} {
				if !slices.ContainsFunc(out.Findings[0].Causes, func(c finding.Cause) bool { return c.Code == also }) {
					t.Errorf("%s: %s is not suspected", id, also)
				}
			}
		}
	}
	// One that is known to permit nothing here.
	m.env.Token = m.tokenOf(world.Support, "https://outlook.office.com", "User.Read")
	for _, id := range []string{"imap_authenticate_failed_own", "pop3_refused_own", "smtp_refused_own"} {
		item, _ := recordings.Find(id)
		for _, out := range m.meet(item.Replies()[0], "") {
			wantCodes(t, out, "token_scope_missing")
		}
	}
}

// The test message is sent once and looked for until somebody else takes it or
// the time is over.
func TestMessageThatDoesNotArrive(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	env := m.env
	inbox := func(f func(*world.Folder)) {
		m.lab.World().Do(func(s *world.State) { f(s.Mailbox(world.Sales).Inbox) })
	}
	message := func(from, to setup.Address) probe.Message {
		raw := "From: <" + string(from) + ">\r\nTo: <" + string(to) + ">\r\nMessage-ID: <1@contoso.example>\r\n\r\nhello\r\n"
		return probe.Message{From: string(from), To: string(to), MessageID: "<1@contoso.example>", Raw: []byte(raw)}
	}
	env.Message = message
	wantCodes(t, m.judge(check.TestMessage, ""))

	m.lab.World().Do(func(s *world.State) { s.Exchange.DeliveryDelay = time.Hour })
	inbox(func(f *world.Folder) { f.Messages = f.Messages[:0] })
	out := m.judge(check.TestMessage, "")
	wantCodes(t, out, "test_message_not_found")
	wantParams(t, out, "mailbox", world.Sales, "seconds", "45")

	// A program that fetches empties the inbox while we are looking.
	inbox(func(f *world.Folder) {
		f.Messages = []*world.Message{{UID: 1, Raw: []byte("Subject: older\r\n\r\nbody\r\n")}, {UID: 2, Raw: []byte("Subject: old\r\n\r\nbody\r\n")}}
	})
	env.Pause = func(context.Context, time.Duration) error {
		inbox(func(f *world.Folder) { f.Messages = f.Messages[:1] })
		return nil
	}
	out = m.judge(check.TestMessage, "")
	wantCodes(t, out, "test_message_taken")
	wantParams(t, out, "mailbox", world.Sales)
}

// What the vendor's list names for an application server, and only a services
// server needs, warns; the failure is a real one of this computer.
func TestNetworkOfAnApplicationServer(t *testing.T) {
	s := shown()
	s.Application.Servers = []setup.Server{{Name: "APP1", Role: setup.RoleApplication}, {Name: "SVC1", Role: setup.RoleServices}}
	env := envOf(s)
	_, err := alone().Connect(t.Context(), probe.Target{Protocol: probe.IMAP, Host: "127.0.0.1", Port: 1, Security: probe.TLS})
	var failure *probe.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	for server, want := range map[string]string{"APP1": "application_port_closed", "SVC1": "connection_refused"} {
		out := env.JudgeFailure(check.Target{Server: server, Protocol: setup.IMAP, Host: "127.0.0.1", Port: 1}, probe.Report{}, failure)
		wantCodes(t, out, want)
		wantParams(t, out, "server", server, "host", "127.0.0.1", "port", "1")
		provoked.note(check.Network, out)
	}
}

// The points of the hand-over and of the mailbox that nobody has seen to.
func TestWhatIsNotDoneYet(t *testing.T) {
	never := func(s *setup.Setup) { s.Handover = setup.Handover{Key: setup.LatchkeyKeeps} }
	for name, tt := range map[string]struct {
		check  *check.Check
		change func(*setup.Setup)
		keeper check.Keeper
		want   string
	}{
		"token of the product": {check.KeyDecision, never, check.Keeper{}, "product_token_not_generated"},
		"report":               {check.ReportStored, never, check.Keeper{}, "report_not_stored"},
		"renewal":              {check.FirstRenewal, never, check.Keeper{}, "first_renewal_outstanding"},
		"renewal that has time": {check.FirstRenewal, func(s *setup.Setup) {
			s.Handover = setup.Handover{Key: setup.LatchkeyKeeps, DecidedAt: now.Add(-59 * time.Second)}
		}, check.Keeper{}, ""},
		"renewal that is late": {check.FirstRenewal, func(s *setup.Setup) {
			s.Handover = setup.Handover{Key: setup.LatchkeyKeeps, DecidedAt: now.Add(-time.Minute)}
		}, check.Keeper{}, "first_renewal_outstanding"},
		"renewal that failed":   {check.FirstRenewal, never, check.Keeper{LastErr: "HTTP 400 invalid_grant"}, "first_renewal_failed"},
		"renewal that happened": {check.FirstRenewal, never, check.Keeper{Renewals: 1, Renewed: now}, ""},
		"left to the verification": {check.MailboxEvidence, func(s *setup.Setup) {
			s.Mailbox = setup.Evidence{Decision: setup.ByVerification, By: "Ann"}
		}, check.Keeper{}, "mailbox_not_checked"},
		"statement": {check.MailboxEvidence, func(s *setup.Setup) {
			s.Mailbox = setup.Evidence{Decision: setup.ByStatement, Statement: map[setup.Subject]setup.Standing{setup.SubjectLicence: setup.StandingYes}}
		}, check.Keeper{}, "mailbox_not_stated"},
	} {
		t.Run(name, func(t *testing.T) {
			s := given()
			tt.change(&s)
			env := envOf(s)
			env.Keeper = tt.keeper
			targets := tt.check.TargetsOf(env)
			if len(targets) != 1 {
				t.Fatalf("%d targets", len(targets))
			}
			out := judge(t, tt.check, env, targets[0])
			if out.Pending != strings.HasSuffix(name, "has time") {
				t.Errorf("pending: %v", out.Pending)
			}
			if tt.want == "" {
				wantCodes(t, out)
			} else {
				wantCodes(t, out, tt.want)
			}
		})
	}
}

// A stated "no" is reported as the fault that it is.
func TestStatedNo(t *testing.T) {
	s := given()
	for subject, want := range map[setup.Subject]string{
		setup.SubjectIMAP: "imap_disabled", setup.SubjectPOP3: "pop3_disabled", setup.SubjectSMTPAuth: "smtp_auth_disabled_mailbox",
		setup.SubjectLicence: "licence_missing", setup.SubjectFullAccess: "full_access_missing", setup.SubjectSendAs: "send_as_denied",
	} {
		s.Mailbox = setup.Evidence{Decision: setup.ByStatement, By: "Ann", Statement: map[setup.Subject]setup.Standing{}}
		for _, other := range check.Subjects(s.Application) {
			s.Mailbox.Statement[other] = setup.StandingYes
		}
		s.Mailbox.Statement[subject] = setup.StandingNo
		wantCodes(t, judge(t, check.MailboxEvidence, envOf(s), check.Target{}), want)
	}
}
