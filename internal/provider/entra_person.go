package provider

import (
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

// What the sign-in service says about the person who signs in.
var (
	AccountUnknown = &finding.Definition{
		Code: "account_unknown", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The tenant does not know this account",
		Consequence: "No token is issued.",
		Cause:       "An alias was typed in place of the user principal name, or the tenant is another one.",
		Remedy:      "Sign in with the user principal name that the Microsoft 365 administrator names.",
	}
	AccountOfAnotherTenant = &finding.Definition{
		Code: "account_of_another_tenant", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The account belongs to another organisation",
		Consequence: "No token is issued.",
		Cause:       "Another account was signed in already in this window.",
		Remedy:      "Close all private windows, open the link again, and use the right account.",
	}
	PersonalAccount = &finding.Definition{
		Code: "personal_account_used", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "A personal Microsoft account was used",
		Consequence: "No token is issued: the application is for work accounts.",
		Cause:       "The account typed, or signed in already, is one of outlook.com, hotmail.com, live.com or a private address.",
		Remedy:      "Close all private windows, open the link again, and use the work account of the mailbox.",
	}
	GuestPending = &finding.Definition{
		Code: "guest_pending", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The invitation of this guest account was never accepted",
		Consequence: "No token is issued.",
		Cause:       "The account was invited to the tenant, and nobody has followed the invitation.",
		Remedy:      "Use an account of the tenant itself, or accept the invitation first.",
	}
	AccountDisabled = &finding.Definition{
		Code: "account_disabled", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "This account may not sign in",
		Consequence: "No token is issued.",
		Cause:       "The account is blocked. The account of a shared mailbox always is.",
		Remedy:      "Unblock the account of a person. In place of a shared mailbox, sign in as a person with Full Access to it.",
		Link:        on(PageUsers),
	}
	SharedMailboxSignIn = &finding.Definition{
		Code: "shared_mailbox_signed_in", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The account of {{.mailbox}}, a shared mailbox, tried to sign in",
		Consequence: "No token is issued.",
		Cause:       "Nobody signs in as a shared mailbox: its account is blocked by design.",
		Remedy:      "Sign in as a person with Full Access to {{.mailbox}}, with the method shared account.",
		Params:      []string{"mailbox"},
	}
	AccountLocked = &finding.Definition{
		Code: "account_locked", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "This account is locked for a while",
		Consequence: "No token is issued.",
		Cause:       "Too many wrong passwords, or a risky address.",
		Remedy:      "Wait half an hour, or unlock the account.",
		Link:        on(PageSignInLogs),
		Wait:        30 * time.Minute,
	}
	PasswordExpired = &finding.Definition{
		Code: "password_expired", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "The password of this account has expired",
		Consequence: "No token is issued.",
		Cause:       "The tenant lets passwords expire.",
		Remedy:      "Change the password. Then sign in again.",
		Link:        on(PagePassword),
	}
	PasswordWrong = &finding.Definition{
		Code: "password_wrong", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "User name or password is wrong",
		Consequence: "No token is issued.",
		Cause:       "The password is mistyped or was changed.",
		Remedy:      "Sign in again with the right password.",
	}
	PasswordNotSet = &finding.Definition{
		Code: "password_not_set", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "This account has no password in Microsoft Entra ID",
		Consequence: "No token is issued.",
		Cause:       "The account is new, or its password is kept on premises and was not synchronised.",
		Remedy:      "Set a password for the account, or repair the password synchronisation.",
		Link:        on(PageUsers),
	}
	SignInAgentFailed = &finding.Definition{
		Code: "sign_in_agent_failed", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The company's own directory could not check the password",
		Consequence: "No token is issued.",
		Cause:       "Passwords are checked on premises, and the agent or the domain controller did not answer or refused.",
		Remedy:      "Look at the pass-through authentication agents under Entra Connect, and at the account in Active Directory.",
	}
	WorkstationSSO = &finding.Definition{
		Code: "workstation_sign_in_interferes", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "The sign-in of the computer got in the way",
		Consequence: "No token is issued.",
		Cause:       "The browser signed in by itself with the account of the computer, and that failed or was another person.",
		Remedy:      "Open the link in a new private window, and type the account.",
	}
	SessionConfused = &finding.Definition{
		Code: "session_confused", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "Microsoft finds several accounts in this browser session",
		Consequence: "No token is issued.",
		Cause:       "The window was used for another account before.",
		Remedy:      "Close all private windows, and open the link again.",
	}
	SignInInterrupted = &finding.Definition{
		Code: "sign_in_interrupted", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "Microsoft's page asks for one more step",
		Consequence: "The sign-in is not finished.",
		Cause:       "A question of the page waits: stay signed in, confirm the application, or complete security details.",
		Remedy:      "Go on on Microsoft's page. If it was closed, make a new link, and sign in again.",
	}
	IdentityProviderOdd = &finding.Definition{
		Code: "identity_provider_issuer", Severity: finding.Note, Actor: finding.EntraAdmin, Unconfirmed: true,
		Title:       "The company's own sign-in service may be set up wrongly in Microsoft Entra ID",
		Consequence: "No token is issued.",
		Cause:       "The number stands, as far as is remembered, for an identity provider whose name does not fit its federation.",
		Remedy:      "Compare the issuer of the federated domain with the sign-in service. Search for the number at login.microsoftonline.com/error.",
		Link:        "https://login.microsoftonline.com/error",
	}
)

// mailboxSignedIn: the method is that of shared accounts, and who signed in
// was the mailbox itself.
func mailboxSignedIn(k Case) bool {
	return k.Method == setup.SharedAccount && k.Mailbox != "" && strings.EqualFold(k.Mailbox, first(k.SignedInAs, k.SignInUser))
}

var personRules = []Rule{
	{Vendor: []int{50034, 51004, 500341}, Means: likely(AccountUnknown, AccountOfAnotherTenant)},
	{Vendor: []int{50014}, Means: certain(GuestPending)},
	{Vendor: []int{50020, 90072}, Means: certain(AccountOfAnotherTenant)},
	{Vendor: []int{500208, 9002332}, Means: certain(PersonalAccount)},
	{Vendor: []int{50057, 500571}, When: mailboxSignedIn, Means: likely(SharedMailboxSignIn, AccountDisabled)},
	{Vendor: []int{50057, 500571}, Means: likely(AccountDisabled, SharedMailboxSignIn)},
	{Vendor: []int{50053}, Means: certain(AccountLocked)},
	{Vendor: []int{50055, 50144}, Means: certain(PasswordExpired)},
	{Suberror: "user_password_expired", Means: certain(PasswordExpired)},
	{OAuthCode: "user_password_expired", Means: certain(PasswordExpired)},
	{Vendor: []int{50126, 50064}, When: mailboxSignedIn, Means: likely(SharedMailboxSignIn, PasswordWrong)},
	{Vendor: []int{50126, 50064}, Means: certain(PasswordWrong)},
	{Vendor: []int{50056}, Means: certain(PasswordNotSet)},
	{Vendor: agentNumbers, Means: likely(SignInAgentFailed, PasswordWrong)},
	{Vendor: []int{81004, 81005, 81006, 81007, 81008, 81009, 81010, 81011, 81012}, Means: certain(WorkstationSSO)},
	{Vendor: []int{16000, 16001, 16003, 160021, 50139, 50143, 50197}, Means: certain(SessionConfused)},
	{Vendor: []int{50125, 50135, 50140, 50199}, Means: certain(SignInInterrupted)},
	{Vendor: []int{399284}, Means: likely(SignInRefused, IdentityProviderOdd)},
}

// agentNumbers are 80001 to 80014: the agent's ways to fail.
var agentNumbers = []int{80001, 80002, 80003, 80004, 80005, 80006, 80007, 80008, 80009, 80010, 80011, 80012, 80013, 80014}
