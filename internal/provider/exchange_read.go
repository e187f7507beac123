package provider

import (
	"slices"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// What Exchange Online says over IMAP and POP3. Texts of the answers: recorded
// dialogues in public issue threads and Microsoft's protocol page, collected
// 2026-11-21.
var (
	IMAPDisabled = &finding.Definition{
		Code: "imap_disabled", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "IMAP is switched off for {{.signed_in_as}}",
		Consequence: "No mailbox can be read over IMAP with this account.",
		Cause:       "The protocol switch of the account that signs in is off. The switch of the mailbox does not count.",
		Remedy:      "Switch IMAP on for {{.signed_in_as}}.",
		Command:     "Set-CASMailbox {{.signed_in_as}} -ImapEnabled $true",
		Link:        on(PageUsers),
		Wait:        spread,
		Params:      []string{"signed_in_as"},
	}
	POP3Disabled = &finding.Definition{
		Code: "pop3_disabled", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "POP3 is switched off for {{.signed_in_as}}",
		Consequence: "No mailbox can be read over POP3 with this account.",
		Cause:       "The protocol switch of the account that signs in is off. The switch of the mailbox does not count.",
		Remedy:      "Switch POP3 on for {{.signed_in_as}}.",
		Command:     "Set-CASMailbox {{.signed_in_as}} -PopEnabled $true",
		Link:        on(PageUsers),
		Wait:        spread,
		Params:      []string{"signed_in_as"},
	}
	FullAccessMissing = &finding.Definition{
		Code: "full_access_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "{{.signed_in_as}} may not open {{.mailbox}}",
		Consequence: "The mail application cannot fetch mail from {{.mailbox}}.",
		Cause:       "{{.signed_in_as}} has no Full Access to the mailbox, or it was granted less than an hour ago.",
		Remedy:      "Grant Full Access (Read and manage).",
		Command:     "Add-MailboxPermission {{.mailbox}} -User {{.signed_in_as}} -AccessRights FullAccess -AutoMapping $false",
		Link:        on(PageMailboxes),
		Wait:        spread,
		Params:      []string{"mailbox", "signed_in_as"},
	}
	TokenOfAnotherAccount = &finding.Definition{
		Code: "token_of_another_account", Severity: finding.Blocker, Actor: finding.MailboxUser, NewSignIn: true,
		Title:       "The token belongs to {{.signed_in_as}}, and the mailbox is {{.mailbox}}",
		Consequence: "Exchange accepts the token and does not open the mailbox.",
		Cause:       "Somebody else than the owner of the mailbox signed in, often an administrator or the person at the computer.",
		Remedy:      "Sign in again in a new private window, as {{.mailbox}}.",
		Params:      []string{"signed_in_as", "mailbox"},
	}
	MailboxMissing = &finding.Definition{
		Code: "mailbox_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "{{.mailbox}} is not a mailbox that can be opened",
		Consequence: "The mail application cannot fetch mail from it.",
		Cause:       "The address is an alias, a group or a contact, or the account has no licence for Exchange Online.",
		Remedy:      "Enter the primary address of a mailbox, and see that the account that signs in has a licence.",
		Command:     "Get-EXOMailbox {{.mailbox}} | Format-List RecipientTypeDetails,UserPrincipalName,PrimarySmtpAddress",
		Link:        on(PageMailboxes),
		Params:      []string{"mailbox"},
	}
	MailLoginRefused = &finding.Definition{
		Code: "mail_login_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "Exchange refuses the login as {{.sasl_user}} over {{.protocol}}",
		Consequence: "Mail programs are refused in the same way.",
		Cause:       "The token belongs to another account than {{.sasl_user}}, and has no right to it.",
		Remedy:      "Compare the account that signed in with the mailbox. Grant Full Access where they differ.",
		Link:        on(PageMailboxes),
		Params:      []string{"sasl_user", "protocol"},
	}
	TooManyLogins = &finding.Definition{
		Code: "too_many_logins", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "Exchange did not connect {{.sasl_user}} this time",
		Consequence: "Mail programs are refused for a while.",
		Cause:       "The mailbox opened before with the same token. Too many connections in a short time, or a move of the mailbox, have this effect.",
		Remedy:      "Let programs keep one connection open in place of many short ones. Check again in a few minutes.",
		Wait:        5 * time.Minute,
		Params:      []string{"sasl_user"},
	}
	POP3AuthOneLine = &finding.Definition{
		Code: "pop3_auth_one_line", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The mail program may send the token on the line of the command AUTH",
		Consequence: "Exchange answers as if the password were wrong.",
		Cause:       "Exchange takes AUTH XOAUTH2 over POP3 in two lines only: first the command, then the token.",
		Remedy:      "Switch the mail program's library to the two-line form (in Jakarta Mail: mail.pop3s.auth.xoauth2.two.line.authentication.format), or use IMAP.",
	}
	MailboxThrottled = &finding.Definition{
		Code: "mailbox_throttled", Severity: finding.Blocker, Actor: finding.Microsoft,
		Title:       "Exchange asks {{.sasl_user}} to slow down",
		Consequence: "Nothing is wrong with the setup. The check could not be made.",
		Cause:       "Too much was asked of this account in a short time, by any program.",
		Remedy:      "Wait about five minutes. Then check again.",
		Wait:        5 * time.Minute,
		Params:      []string{"sasl_user"},
	}
	SessionExpired = &finding.Definition{
		Code: "session_expired", Severity: finding.Warning, Actor: finding.ProductAdmin,
		Title:       "Exchange ended the session because the access token ran out",
		Consequence: "Mail programs must connect again with a new token.",
		Cause:       "A session ends when its access token ends, after 60 to 90 minutes.",
		Remedy:      "Check again.",
	}
	ExchangeUnavailable = &finding.Definition{
		Code: "exchange_unavailable", Severity: finding.Blocker, Actor: finding.Microsoft,
		Title:       "Exchange has a disturbance",
		Consequence: "Nothing is wrong with the setup. The check could not be made.",
		Cause:       "The mail server answered with a fault of its own.",
		Remedy:      "Wait a few minutes. Then check again.",
		Link:        on(PageServiceHealth),
		Wait:        5 * time.Minute,
	}
	PasswordLoginOff = &finding.Definition{
		Code: "password_login_off", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "A password was used in place of a token",
		Consequence: "Exchange refuses it.",
		Cause:       "Exchange Online does not accept passwords for mail programs any more.",
		Remedy:      "Set the mail program to OAuth2 (XOAUTH2).",
	}
)

func delegate(k Case) bool { return k.Delegate() }
func owner(k Case) bool    { return !k.Delegate() }
func stranger(k Case) bool { return k.stranger() }
func imapProven(k Case) bool {
	return k.IMAPWorks || k.OtherMailboxWorks && k.Protocol() == "imap"
}
func opened(k Case) bool { return k.MailboxOpened }

// notOwn: a mailbox account, and yet another account than the mailbox signed in.
func notOwn(k Case) bool { return owner(k) && k.stranger() }

// unsaid: the mailbox is to be opened by its own account, and nobody has said
// who signed in. Often it was an administrator (threads).
func unsaid(k Case) bool {
	return k.Method == setup.MailboxAccount && k.SignedInAs == "" && !k.AppOnly()
}

func both(a, b func(Case) bool) func(Case) bool { return func(k Case) bool { return a(k) && b(k) } }
func not(a func(Case) bool) func(Case) bool     { return func(k Case) bool { return !a(k) } }

// nobody: neither the method nor the person is known, as with a pasted line.
func nobody(k Case) bool { return k.blank() }

// maybe gives causes a common condition.
func maybe(l finding.Likelihood, when func(Case) bool, ds ...*finding.Definition) []Meaning {
	var list []Meaning
	for _, d := range ds {
		list = append(list, Meaning{d, l, when})
	}
	return list
}

// connectedCauses ranks what "authenticated but not connected" can mean. Which
// comes first is decided by who signed in: the owner of the mailbox cannot
// lack Full Access, and an account whose IMAP works elsewhere has it on.
var connectedCauses = slices.Concat(
	maybe(finding.Likely, opened, TooManyLogins),
	maybe(finding.Likely, appOnly, AppMailboxAccessMissing),
	maybe(finding.Likely, delegate, FullAccessMissing),
	maybe(finding.Likely, notOwn, TokenOfAnotherAccount),
	maybe(finding.Likely, nobody, FullAccessMissing),
	maybe(finding.Possible, both(nobody, not(opened)), TokenOfAnotherAccount),
	maybe(finding.Likely, unsaid, TokenOfAnotherAccount),
	maybe(finding.Likely, both(both(owner, not(nobody)), both(not(stranger), not(imapProven))), IMAPDisabled),
	maybe(finding.Possible, both(not(appOnly), not(imapProven)), IMAPDisabled),
	maybe(finding.Possible, nil, MailboxMissing),
	maybe(finding.Possible, both(notOwn, not(appOnly)), FullAccessMissing),
)

// imapCauses ranks what a refused login over IMAP can mean; popCauses the same
// for POP3, whose one sentence also stands for a mailbox that does not open.
var (
	imapCauses = slices.Concat(
		maybe(finding.Likely, outlived, TokenDamaged),
		maybe(finding.Likely, both(nobody, tokenUnknown), TokenWrongAudience),
		maybe(finding.Likely, notOwn, TokenOfAnotherAccount),
		maybe(finding.Likely, delegate, MailLoginRefused),
		maybe(finding.Possible, both(nobody, scopeUnknown), TokenScopeMissing),
		maybe(finding.Possible, anyGrant, ServicePrincipalWrong),
		maybe(finding.Possible, both(nobody, scopeUnknown), MailLoginRefused),
		maybe(finding.Likely, both(owner, not(imapProven)), IMAPDisabled),
		maybe(finding.Possible, owner, MailLoginRefused),
		maybe(finding.Possible, nil, MailboxMissing),
		maybe(finding.Possible, not(imapProven), IMAPDisabled),
		maybe(finding.Possible, tokenUnknown, TokenWrongAudience, TokenScopeMissing, TokenDamaged),
		maybe(finding.Possible, scopeUnknown, TokenScopeMissing),
	)
	popCauses = slices.Concat(
		maybe(finding.Likely, outlived, TokenDamaged),
		maybe(finding.Likely, both(nobody, tokenUnknown), TokenWrongAudience),
		maybe(finding.Likely, both(not(imapProven), delegate), FullAccessMissing),
		maybe(finding.Likely, both(not(imapProven), notOwn), TokenOfAnotherAccount),
		maybe(finding.Possible, both(nobody, scopeUnknown), POP3AuthOneLine, MailLoginRefused),
		maybe(finding.Likely, nil, POP3Disabled),
		maybe(finding.Possible, both(owner, not(imapProven)), MailLoginRefused),
		maybe(finding.Possible, nil, MailboxMissing),
		maybe(finding.Possible, tokenUnknown, TokenWrongAudience, TokenScopeMissing, TokenDamaged),
		maybe(finding.Possible, scopeUnknown, TokenScopeMissing, POP3AuthOneLine),
	)
)

var readRules = []Rule{
	{Protocol: probe.IMAP, Text: []string{"throttled", "Suggested Backoff Time"}, Means: certain(MailboxThrottled)},
	{Text: []string{"Request is throttled"}, Means: certain(MailboxThrottled)},
	{Text: []string{"AccessTokenExpired"}, Means: certain(SessionExpired)},
	{Protocol: probe.IMAP, Text: []string{"Server Unavailable"}, Means: certain(ExchangeUnavailable)},
	{Protocol: probe.IMAP, Text: []string{"LOGIN failed"}, Means: certain(PasswordLoginOff)},
	{Text: []string{"authenticated but not connected", "but not connected"}, Means: connectedCauses},
	{Protocol: probe.IMAP, Text: []string{"AUTHENTICATE failed"}, Means: imapCauses},
	{Protocol: probe.IMAP, Stage: probe.Authenticate, Reply: "NO", Means: imapCauses},
	{Protocol: probe.IMAP, Text: []string{"Connection closed. 1", "Connection is closed. 1"}, Means: connectedCauses},

	// What a line is answered with that the server cannot take for a command:
	// one with the token on it is too long (RFC 2449 section 4).
	{Protocol: probe.POP3, Stage: probe.Authenticate, Text: []string{"Protocol error"}, Means: likely(POP3AuthOneLine, PortOfOtherProtocol)},
	{Protocol: probe.POP3, Text: []string{"Logon failure"}, Means: certain(PasswordLoginOff)},
	{Protocol: probe.POP3, Text: []string{"Authentication failure: unknown user"}, Means: popCauses},
	{Protocol: probe.POP3, Stage: probe.Authenticate, Reply: "-ERR", Means: popCauses},
}
