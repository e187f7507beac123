package adminscript

import "latchkey/internal/setup"

// Page is a page of a portal that a step can link to; package provider has the
// addresses, and a cloud without an address shows the step without link.
type Page string

// The pages of the click paths. The names of the first five are those of
// provider.PortalPage.
const (
	PageRegistrations  Page = "registrations"
	PageOverview       Page = "overview"
	PageAuthentication Page = "authentication"
	PageCredentials    Page = "credentials"
	PagePermissions    Page = "permissions"
	PageTokens         Page = "token_configuration"
	PageManifest       Page = "manifest"
	PageActiveUsers    Page = "active_users" // Microsoft 365 admin center
	PageMailboxes      Page = "mailboxes"    // Exchange admin center
)

// Step is one step of the click path that does the same as a script, in the
// order of the portal. ID names its words; Value is what is typed or compared
// in it, "" if nothing is.
type Step struct {
	ID    string
	Page  Page
	Value string
}

// StepIDs are the IDs of all steps, for those who have the words.
var StepIDs = []string{
	"app_new", "app_open", "app_redirect", "app_permission", "app_consent", "app_claim", "app_secret", "app_ids", "app_manifest",
	"account_open", "account_licence", "account_imap", "account_pop3", "account_smtp",
	"mailbox_open", "mailbox_full_access", "mailbox_send_as",
}

// Clicks returns the click path of a task: the same end without a script. The
// network task has none.
func Clicks(t Task, v Values) []Step {
	var steps []Step
	add := func(id string, page Page, values ...string) {
		if len(values) == 0 {
			values = []string{""}
		}
		for _, value := range values {
			steps = append(steps, Step{id, page, value})
		}
	}
	switch t.ID {
	case Registration.ID:
		if v.ClientID == "" {
			add("app_new", PageRegistrations, v.Name)
		} else {
			add("app_open", PageRegistrations, v.ClientID)
		}
		add("app_redirect", PageAuthentication, v.RedirectURIs...)
		for _, p := range v.Permissions {
			add("app_permission", PagePermissions, p.Name)
		}
		add("app_consent", PagePermissions)
		add("app_claim", PageTokens, "auth_time")
		if v.NewSecret != "" {
			add("app_secret", PageCredentials)
		}
		add("app_ids", PageOverview)
	case RegistrationRead.ID:
		add("app_open", PageRegistrations, v.ClientID)
		add("app_manifest", PageManifest)
	case MailboxRead.ID, MailboxRepair.ID:
		add("account_open", PageActiveUsers, string(v.Account))
		add("account_licence", PageActiveUsers)
		for _, p := range setup.Protocols {
			for _, chosen := range v.Protocols {
				if chosen == p {
					add("account_"+string(p), PageActiveUsers)
				}
			}
		}
		if v.Method == setup.SharedAccount {
			for _, m := range v.Mailboxes {
				add("mailbox_open", PageMailboxes, string(m))
				add("mailbox_full_access", PageMailboxes, string(v.Account))
				add("mailbox_send_as", PageMailboxes, string(v.Account))
			}
		}
	}
	return steps
}
