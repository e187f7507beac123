package check_test

import (
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/setup"
)

// read is a setup whose mailbox step rests on a script, and all is right.
func read() setup.Setup {
	s := shown()
	s.Mailbox = setup.Evidence{Decision: setup.ByScript, Exchange: &setup.Exchange{
		At: now.Add(-10 * time.Minute), TenantSMTPAuth: setup.SwitchOff, ModernAuth: setup.SwitchOn,
		Account: setup.Account{
			UserName: "SVC-mail@contoso.example", Type: "UserMailbox", SignIn: setup.SwitchOn,
			IMAP: setup.SwitchOn, POP3: setup.SwitchOn, SMTPAuth: setup.SwitchOn,
			Licences: []setup.Licence{{SKU: "ENTERPRISEPACK", Exchange: "EXCHANGE_S_ENTERPRISE"}},
		},
		Mailboxes: []setup.Mailbox{{
			Address: sales, Type: "SharedMailbox", FullAccess: setup.SwitchOn, SendAs: setup.SwitchOn,
			Bytes: 1 << 30, Inbox: 3, InboxRead: true, Forwards: setup.SwitchOff,
		}},
	}}
	return s
}

func account(f func(*setup.Account)) func(*setup.Setup) {
	return func(s *setup.Setup) { f(&s.Mailbox.Exchange.Account) }
}

func licences(list ...setup.Licence) func(*setup.Setup) {
	return account(func(a *setup.Account) { a.Licences = list })
}

func TestAccountEvidence(t *testing.T) {
	judged(t, check.AccountEvidence, read, []one{
		{"of another account", account(func(a *setup.Account) { a.UserName = sales; a.IMAP = setup.SwitchOff }),
			[]string{"evidence_of_other_account"}, []string{"read", sales, "sign_in_account", svc}},
		{"by its primary address", account(func(a *setup.Account) { a.UserName = "x@contoso.example"; a.Primary = svc }), nil, nil},
		{"blocked", account(func(a *setup.Account) { a.SignIn = setup.SwitchOff }), []string{"sign_in_blocked"}, nil},
		{"IMAP off", account(func(a *setup.Account) { a.IMAP = setup.SwitchOff }), []string{"imap_disabled"}, nil},
		{"IMAP off and not needed", func(s *setup.Setup) {
			s.Mailbox.Exchange.Account.IMAP = setup.SwitchOff
			s.Application.Protocols = []setup.Protocol{setup.POP3, setup.SMTP}
		}, nil, nil},
		{"POP3 off", account(func(a *setup.Account) { a.POP3 = setup.SwitchOff }), []string{"pop3_disabled"}, nil},
		{"SMTP off", account(func(a *setup.Account) { a.SMTPAuth = setup.SwitchOff }), []string{"smtp_auth_disabled_mailbox"}, nil},
		{"SMTP left to a tenant that says no", account(func(a *setup.Account) { a.SMTPAuth = setup.SwitchInherit }),
			[]string{"smtp_auth_disabled_tenant"}, []string{"host", "smtp.office365.com", "sasl_user", svc}},
		{"SMTP left to a tenant that says yes", func(s *setup.Setup) {
			s.Mailbox.Exchange.Account.SMTPAuth, s.Mailbox.Exchange.TenantSMTPAuth = setup.SwitchInherit, setup.SwitchOn
		}, nil, nil},
		{"SMTP left to a tenant that was not read", func(s *setup.Setup) {
			s.Mailbox.Exchange.Account.SMTPAuth, s.Mailbox.Exchange.TenantSMTPAuth = setup.SwitchInherit, ""
		}, nil, nil},
		{"licences not read", account(func(a *setup.Account) { a.Licences = nil }), nil, nil},
		{"an empty list", account(func(a *setup.Account) { a.Licences = []setup.Licence{} }), []string{"licence_missing"}, nil},
		{"a licence without a mailbox", licences(setup.Licence{SKU: "POWER_BI", Exchange: "EXCHANGE_S_FOUNDATION"}), []string{"licence_missing"}, nil},
		{"F3", licences(setup.Licence{SKU: "SPE_F1", Exchange: "EXCHANGE_S_DESKLESS"}),
			[]string{"licence_kiosk"}, []string{"sign_in_account", svc, "plan", "SPE_F1", "floor", "E3"}},
		{"E1", licences(setup.Licence{SKU: "STANDARDPACK", Exchange: "EXCHANGE_S_STANDARD"}),
			[]string{"licence_below_vendor_floor"}, []string{"sign_in_account", svc, "plan", "STANDARDPACK", "floor", "E3"}},
		{"the best of several counts", licences(setup.Licence{SKU: "SPE_F1", Exchange: "EXCHANGE_S_DESKLESS"},
			setup.Licence{SKU: "SPE_E5", Exchange: "EXCHANGE_S_ENTERPRISE"}), nil, nil},
		{"modern authentication off", func(s *setup.Setup) { s.Mailbox.Exchange.ModernAuth = setup.SwitchOff }, []string{"modern_authentication_off"}, nil},
		{"not all was read", func(s *setup.Setup) {
			s.Mailbox.Exchange.Unread = []string{"account.licences: the module is missing", "tenant_smtp_auth: denied"}
		}, []string{"evidence_partly_read"}, []string{"parts", "account.licences, tenant_smtp_auth"}},
	})
	s := read()
	s.Application.Product = "other" // no vendor, no floor
	licences(setup.Licence{SKU: "STANDARDPACK", Exchange: "EXCHANGE_S_STANDARD"})(&s)
	wantCodes(t, judge(t, check.AccountEvidence, envOf(s), check.Target{}))
	licences(setup.Licence{SKU: "SPE_F1", Exchange: "EXCHANGE_S_DESKLESS"})(&s)
	wantCodes(t, judge(t, check.AccountEvidence, envOf(s), check.Target{}), "licence_kiosk")
	s.Mailbox.Decision = setup.ByVerification
	for _, c := range []*check.Check{check.AccountEvidence, check.MailboxState} {
		if got := c.TargetsOf(envOf(s)); got != nil {
			t.Errorf("%s judges what the step does not rest on: %v", c.ID, got)
		}
	}
	wantCodes(t, judge(t, check.MailboxEvidence, envOf(read()), check.Target{}))
}

func mailbox(f func(*setup.Mailbox)) func(*setup.Setup) {
	return func(s *setup.Setup) { f(&s.Mailbox.Exchange.Mailboxes[0]) }
}

func TestMailboxState(t *testing.T) {
	ago := func(d time.Duration) func(*setup.Setup) {
		return func(s *setup.Setup) { s.Mailbox.Exchange.Repaired, s.Mailbox.Exchange.At = true, now.Add(-d) }
	}
	judged(t, check.MailboxState, read, []one{
		{"not read", func(s *setup.Setup) { s.Mailbox.Exchange.Mailboxes = nil }, []string{"mailbox_not_read"}, nil},
		{"missing", mailbox(func(m *setup.Mailbox) { m.Missing = true }), []string{"mailbox_missing"}, nil},
		{"of another account", account(func(a *setup.Account) { a.UserName = "x@contoso.example" }), nil, nil},
		{"shared, and to sign in itself", func(s *setup.Setup) { s.Application.Method = setup.MailboxAccount }, []string{"mailbox_is_shared"}, nil},
		{"a room", mailbox(func(m *setup.Mailbox) { m.Type = "RoomMailbox" }),
			[]string{"mailbox_type_unusual"}, []string{"mailbox", sales, "type", "RoomMailbox"}},
		{"no Full Access", mailbox(func(m *setup.Mailbox) { m.FullAccess = setup.SwitchOff }), []string{"full_access_missing"}, nil},
		{"not known because of a group", mailbox(func(m *setup.Mailbox) { m.FullAccess = "" }), nil, nil},
		{"no Send As", mailbox(func(m *setup.Mailbox) { m.SendAs = setup.SwitchOff }), []string{"send_as_denied"}, nil},
		{"no Send As and no SMTP", func(s *setup.Setup) {
			s.Mailbox.Exchange.Mailboxes[0].SendAs = setup.SwitchOff
			s.Application.Protocols = []setup.Protocol{setup.IMAP}
		}, nil, nil},
		{"granted 20 minutes ago", ago(20 * time.Minute), []string{"rights_just_granted"},
			[]string{"mailbox", sales, "granted", "11:40 UTC", "until", "12:40 UTC"}},
		{"granted an hour ago", ago(time.Hour), nil, nil},
		{"granted, and not there", func(s *setup.Setup) {
			ago(time.Minute)(s)
			s.Mailbox.Exchange.Mailboxes[0].FullAccess = setup.SwitchOff
		}, []string{"full_access_missing"}, nil},
		{"exactly 50 GB", mailbox(func(m *setup.Mailbox) { m.Bytes = 50 << 30 }), nil, nil},
		{"over 50 GB", mailbox(func(m *setup.Mailbox) { m.Bytes = 61 << 30 }),
			[]string{"shared_mailbox_over_50_gb"}, []string{"mailbox", sales, "gigabytes", "61"}},
		{"over 50 GB with a person", mailbox(func(m *setup.Mailbox) { m.Bytes, m.Type = 61<<30, "UserMailbox" }), nil, nil},
		{"others read it", mailbox(func(m *setup.Mailbox) { m.Readers = []string{"a", "b", "c", "d", "e", "f", "g"} }),
			[]string{"mailbox_has_other_readers"}, []string{"mailbox", sales, "readers", "a, b, c, d, e, and 2 more"}},
		{"it forwards", mailbox(func(m *setup.Mailbox) { m.Forwards = setup.SwitchOn }), []string{"mailbox_forwards"}, nil},
		{"a hundred messages", mailbox(func(m *setup.Mailbox) { m.Inbox = 100 }), nil, nil},
		{"more messages", mailbox(func(m *setup.Mailbox) { m.Inbox = 101 }), []string{"mailbox_backlog"}, []string{"mailbox", sales, "count", "101"}},
		{"messages that were not counted", mailbox(func(m *setup.Mailbox) { m.Inbox, m.InboxRead = 101, false }), nil, nil},
	})
}
