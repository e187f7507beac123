package provider

import (
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// What Exchange Online says, and what it means by it. Texts of the answers:
// recorded dialogues in public issue threads and Microsoft's protocol page,
// collected 2026-11-21.
var (
	TokenWrongAudience = &finding.Definition{
		Code: "token_wrong_audience", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The token is for {{.audience}}, not for the mail servers",
		Consequence: "Exchange refuses it on every protocol, without saying why.",
		Cause:       "The permissions were asked for without the address of Exchange in front.",
		Remedy:      "Ask for the scopes with their full address, as the provider lists them. Then sign in again.",
		Params:      []string{"audience"},
	}
	TokenScopeMissing = &finding.Definition{
		Code: "token_scope_missing", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The token does not permit {{.protocol}}",
		Consequence: "{{.protocol}} is refused for every mailbox.",
		Cause:       "The delegated permission for {{.protocol}} is not in the app registration, or nobody consented to it.",
		Remedy:      "Add the permission {{.scope}}, grant consent, and sign in again.",
		Params:      []string{"protocol", "scope"},
	}
	IMAPDisabled = &finding.Definition{
		Code: "imap_disabled", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "IMAP is switched off for {{.signed_in_as}}",
		Consequence: "No mailbox can be read over IMAP with this account.",
		Cause:       "The protocol switch of the account that signs in is off. The switch of the mailbox does not count.",
		Remedy:      "Switch IMAP on for {{.signed_in_as}}. It can take up to an hour.",
		Command:     "Set-CASMailbox {{.signed_in_as}} -ImapEnabled $true",
		Wait:        spread,
		Params:      []string{"signed_in_as"},
	}
	POP3Disabled = &finding.Definition{
		Code: "pop3_disabled", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "POP3 is switched off for {{.signed_in_as}}",
		Consequence: "No mailbox can be read over POP3 with this account.",
		Cause:       "The protocol switch of the account that signs in is off. The switch of the mailbox does not count.",
		Remedy:      "Switch POP3 on for {{.signed_in_as}}. It can take up to an hour.",
		Command:     "Set-CASMailbox {{.signed_in_as}} -PopEnabled $true",
		Wait:        spread,
		Params:      []string{"signed_in_as"},
	}
	FullAccessMissing = &finding.Definition{
		Code: "full_access_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "{{.signed_in_as}} may not open {{.mailbox}}",
		Consequence: "The mail application cannot fetch mail from {{.mailbox}}.",
		Cause:       "{{.signed_in_as}} has no Full Access to the mailbox, or it was granted less than an hour ago.",
		Remedy:      "Grant Full Access (Read and manage). It can take up to an hour.",
		Command:     "Add-MailboxPermission {{.mailbox}} -User {{.signed_in_as}} -AccessRights FullAccess -AutoMapping $false",
		Wait:        spread,
		Params:      []string{"mailbox", "signed_in_as"},
	}
	MailboxMissing = &finding.Definition{
		Code: "mailbox_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "{{.mailbox}} is not a mailbox that can be opened",
		Consequence: "The mail application cannot fetch mail from it.",
		Cause:       "The address is an alias, a group or a contact, or the account has no licence for Exchange Online.",
		Remedy:      "Enter the primary address of a mailbox, and see that the account that signs in has a licence.",
		Command:     "Get-EXOMailbox {{.mailbox}} | Format-List RecipientTypeDetails,UserPrincipalName,PrimarySmtpAddress",
		Params:      []string{"mailbox"},
	}
	MailLoginRefused = &finding.Definition{
		Code: "mail_login_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "Exchange refuses the login as {{.sasl_user}} over {{.protocol}}",
		Consequence: "Mail programs are refused in the same way.",
		Cause:       "The token belongs to another account than {{.sasl_user}}, and has no right to it.",
		Remedy:      "Compare the account that signed in with the mailbox. Grant Full Access where they differ.",
		Params:      []string{"sasl_user", "protocol"},
	}
	SMTPAuthDisabledTenant = &finding.Definition{
		Code: "smtp_auth_disabled_tenant", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "SMTP AUTH is switched off for the organisation",
		Consequence: "Nothing can be sent through {{.host}}, with any token.",
		Cause:       "It is off by default, and {{.sasl_user}} has no exception.",
		Remedy:      "Allow SMTP AUTH for {{.sasl_user}} alone. The switch of the organisation can stay off.",
		Command:     "Set-CASMailbox {{.sasl_user}} -SmtpClientAuthenticationDisabled $false",
		Link:        "https://aka.ms/smtp_auth_disabled",
		Wait:        spread,
		Params:      []string{"host", "sasl_user"},
	}
	SMTPAuthDisabledMailbox = &finding.Definition{
		Code: "smtp_auth_disabled_mailbox", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "SMTP AUTH is switched off for {{.sasl_user}}",
		Consequence: "This account cannot send through {{.host}}, with any token.",
		Cause:       "The account's own switch is off.",
		Remedy:      "Allow SMTP AUTH for {{.sasl_user}}.",
		Command:     "Set-CASMailbox {{.sasl_user}} -SmtpClientAuthenticationDisabled $false",
		Link:        "https://aka.ms/smtp_auth_disabled",
		Wait:        spread,
		Params:      []string{"host", "sasl_user"},
	}
	SMTPLoginRefused = &finding.Definition{
		Code: "smtp_login_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "Exchange refuses to send as {{.sasl_user}}",
		Consequence: "The mail application cannot send.",
		Cause:       "The token belongs to another account than the login name.",
		Remedy:      "Use the account that signed in as SMTP login name, and the mailbox as sender address.",
		Params:      []string{"sasl_user"},
	}
	SendAsDenied = &finding.Definition{
		Code: "send_as_denied", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "{{.signed_in_as}} may not send as {{.from}}",
		Consequence: "Answers from {{.from}} are refused.",
		Cause:       "Full Access does not include Send As. It is a right of its own.",
		Remedy:      "Grant Send As. It can take up to an hour.",
		Command:     "Add-RecipientPermission {{.from}} -AccessRights SendAs -Trustee {{.signed_in_as}}",
		Wait:        spread,
		Params:      []string{"signed_in_as", "from"},
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
	TooManyConnections = &finding.Definition{
		Code: "too_many_connections", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "{{.sasl_user}} has too many connections to Exchange",
		Consequence: "Some messages are sent late.",
		Cause:       "Exchange allows three sending connections per mailbox at a time.",
		Remedy:      "Let fewer programs send with this account at once. Then check again.",
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
		Wait:        5 * time.Minute,
	}
	PasswordLoginOff = &finding.Definition{
		Code: "password_login_off", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "A password was used in place of a token",
		Consequence: "Exchange refuses it.",
		Cause:       "Exchange Online does not accept passwords for mail programs any more.",
		Remedy:      "Set the mail program to OAuth2 (XOAUTH2).",
	}
	SenderBlocked = &finding.Definition{
		Code: "sender_blocked", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "Exchange does not let {{.from}} send at all",
		Consequence: "Nothing sent from {{.from}} arrives.",
		Cause:       "The account is restricted because of suspicious mail, or the tenant is over its limit.",
		Remedy:      "Look under Restricted entities in the Microsoft Defender portal.",
		Params:      []string{"from"},
	}
)

func delegate(c Context) bool { return c.Delegate() }
func owner(c Context) bool    { return !c.Delegate() }
func imapProven(c Context) bool {
	return c.Protocol == setup.IMAP && c.OtherMailboxWorks
}

// connectedCauses ranks what "authenticated but not connected" can mean. Which
// comes first is decided by who signed in: the owner of the mailbox cannot
// lack Full Access, and an account whose IMAP works elsewhere has it on.
var connectedCauses = []Meaning{
	{Definition: FullAccessMissing, Likelihood: finding.Likely, When: delegate},
	{Definition: IMAPDisabled, Likelihood: finding.Likely, When: func(c Context) bool { return owner(c) && !imapProven(c) }},
	{Definition: IMAPDisabled, Likelihood: finding.Possible, When: func(c Context) bool { return delegate(c) && !imapProven(c) }},
	{Definition: MailboxMissing, Likelihood: finding.Possible},
	{Definition: FullAccessMissing, Likelihood: finding.Possible, When: func(c Context) bool {
		return owner(c) && c.SignedInAs != "" && !strings.EqualFold(c.SignedInAs, c.Mailbox)
	}},
}

var exchangeRules = []Rule{
	{Protocol: probe.IMAP, Text: "throttled", Means: certain(MailboxThrottled)},
	{Protocol: probe.IMAP, Text: "AccessTokenExpired", Means: certain(SessionExpired)},
	{Protocol: probe.IMAP, Text: "Server Unavailable", Means: certain(ExchangeUnavailable)},
	{Protocol: probe.IMAP, Text: "LOGIN failed", Means: certain(PasswordLoginOff)},
	{Protocol: probe.IMAP, Text: "authenticated but not connected", Means: connectedCauses},
	{Protocol: probe.IMAP, Stage: probe.Authenticate, Reply: "NO", When: delegate,
		Means: likely(MailLoginRefused, MailboxMissing, IMAPDisabled)},
	{Protocol: probe.IMAP, Stage: probe.Authenticate, Reply: "NO", Means: likely(IMAPDisabled, MailLoginRefused, MailboxMissing)},

	{Protocol: probe.POP3, Text: "Logon failure", Means: certain(PasswordLoginOff)},
	{Protocol: probe.POP3, Stage: probe.Authenticate, Reply: "-ERR", When: delegate,
		Means: likely(FullAccessMissing, POP3Disabled, MailboxMissing)},
	{Protocol: probe.POP3, Stage: probe.Authenticate, Reply: "-ERR", Means: likely(POP3Disabled, MailLoginRefused, MailboxMissing)},

	{Protocol: probe.SMTP, Enhanced: "5.7.139", Text: "disabled for the Tenant", Means: certain(SMTPAuthDisabledTenant)},
	{Protocol: probe.SMTP, Enhanced: "5.7.139", Text: "disabled for the Mailbox", Means: certain(SMTPAuthDisabledMailbox)},
	{Protocol: probe.SMTP, Enhanced: "5.7.139", Text: "basic authentication is disabled", Means: certain(PasswordLoginOff)},
	{Protocol: probe.SMTP, Enhanced: "5.7.139", Text: "user credentials were incorrect", Means: certain(PasswordLoginOff)},
	{Protocol: probe.SMTP, Enhanced: "5.7.139", Means: likely(SMTPAuthDisabledMailbox, SMTPLoginRefused)},
	{Protocol: probe.SMTP, Enhanced: "5.7.30", Means: certain(PasswordLoginOff)},
	{Protocol: probe.SMTP, Stage: probe.Authenticate, Enhanced: "5.7.3", Means: likely(SMTPLoginRefused, MailboxMissing)},
	{Protocol: probe.SMTP, Enhanced: "5.7.60", Means: certain(SendAsDenied)},
	{Protocol: probe.SMTP, Text: "SendAsDenied", Means: certain(SendAsDenied)},
	{Protocol: probe.SMTP, Text: "Concurrent connections limit", Means: certain(TooManyConnections)},
	{Protocol: probe.SMTP, Text: "sender thread limit", Means: certain(TooManyConnections)},
	{Protocol: probe.SMTP, Enhanced: "5.1.8", Means: certain(SenderBlocked)},
	{Protocol: probe.SMTP, Enhanced: "5.7.705", Means: certain(SenderBlocked)},
	{Protocol: probe.SMTP, Enhanced: "5.7.708", Means: certain(SenderBlocked)},
	{Protocol: probe.SMTP, Enhanced: "4.7.500", Means: certain(ExchangeUnavailable)},
}
