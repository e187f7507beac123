package adminscript

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/setup"
)

func TestClicksDoWhatTheScriptDoes(t *testing.T) {
	ids := func(task Task, v Values) []string {
		var out []string
		for _, s := range Clicks(task, v) {
			out = append(out, s.ID+" "+string(s.Page)+" "+s.Value)
		}
		return out
	}
	v := withProtocols(values(t), setup.SMTP, setup.IMAP)
	v.Mailboxes = v.Mailboxes[:1]
	for name, tt := range map[string]struct {
		got, want []string
	}{
		"new registration": {ids(Registration, v), []string{
			"app_new registrations Latchkey support@contoso.example",
			"app_redirect authentication https://latchkey.contoso.example/callback",
			"app_redirect authentication https://ece.contoso.example/x",
			"app_permission permissions IMAP.AccessAsUser.All", "app_permission permissions SMTP.Send",
			"app_permission permissions User.Read", "app_permission permissions email", "app_permission permissions offline_access",
			"app_permission permissions openid", "app_permission permissions profile",
			"app_consent permissions ", "app_claim token_configuration auth_time", "app_secret credentials ", "app_ids overview ",
		}},
		"mailbox": {ids(MailboxRepair, v), []string{
			"account_open active_users svc-mail@contoso.example", "account_licence active_users ",
			"account_imap active_users ", "account_smtp active_users ",
			"mailbox_open mailboxes support@contoso.example", "mailbox_full_access mailboxes svc-mail@contoso.example",
			"mailbox_send_as mailboxes svc-mail@contoso.example",
		}},
		"network": {ids(Network, v), nil},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	v.ClientID, v.NewSecret, v.Method = "0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a", "", setup.MailboxAccount
	if diff := cmp.Diff([]string{"app_open registrations " + v.ClientID, "app_manifest manifest "}, ids(RegistrationRead, v)); diff != "" {
		t.Error(diff)
	}
	for _, s := range append(Clicks(Registration, v), Clicks(MailboxRead, v)...) {
		if s.ID == "app_secret" || s.ID == "app_new" || s.ID == "mailbox_open" {
			t.Errorf("step %s does not belong here", s.ID)
		}
	}
}

func TestEveryStepIsListed(t *testing.T) {
	seen := map[string]bool{}
	for _, task := range Tasks {
		for _, id := range []string{"", "0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a"} {
			v := values(t)
			v.ClientID = id
			for _, s := range Clicks(task, v) {
				seen[s.ID] = true
			}
		}
	}
	for _, id := range StepIDs {
		if !seen[id] {
			t.Errorf("no path has the step %q", id)
		}
		delete(seen, id)
	}
	for id := range seen {
		t.Errorf("the step %q is not listed", id)
	}
}

func TestTaskByID(t *testing.T) {
	for _, task := range Tasks {
		if got, ok := TaskByID(task.ID); !ok || got.Block != task.Block {
			t.Errorf("%s is not found", task.ID)
		}
		if task.Confirmed {
			t.Errorf("%s is called confirmed: nobody has run it against the service", task.ID)
		}
	}
	if _, ok := TaskByID("other"); ok {
		t.Error("an unknown task is found")
	}
}
