package provider

import (
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
)

// What Exchange Online says to a login over SMTP.
var (
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
		Remedy:      "Use the account that signed in as SMTP login name, and the mailbox as sender address. If another account than intended signed in, sign in again as {{.sasl_user}}.",
		Params:      []string{"sasl_user"},
	}
	LegacySignInBlocked = &finding.Definition{
		Code: "legacy_sign_in_blocked", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The tenant's rules do not let {{.sasl_user}} log in this way",
		Consequence: "The mail application cannot send.",
		Cause:       "A Conditional Access policy or the security defaults block logins with a password. SMTP AUTH that is off was seen with the same words.",
		Remedy:      "Set the mail program to OAuth2 (XOAUTH2). If it uses that, find the policy in the sign-in log.",
		Link:        on(PageSignInLogs),
		Params:      []string{"sasl_user"},
	}
	MechanismRefused = &finding.Definition{
		Code: "mechanism_refused", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The mail program asked for a way to log in that Exchange does not know",
		Consequence: "The mail application cannot send.",
		Cause:       "Exchange Online accepts XOAUTH2 for tokens; the program asked for another mechanism.",
		Remedy:      "Set the mail program to OAuth2 (XOAUTH2).",
	}
	SASLMalformed = &finding.Definition{
		Code: "sasl_data_malformed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The mail program sent the token in the wrong form",
		Consequence: "Exchange cannot read it.",
		Cause:       "The XOAUTH2 line must be user=, the address, auth=Bearer and the token, parted by the byte 1, in base64.",
		Remedy:      "Update the mail program, or let its maker compare its XOAUTH2 line with Microsoft's page.",
		Link:        "https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
	}
	TokenNearlyOver = &finding.Definition{
		Code: "token_nearly_over", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The access token was too close to its end",
		Consequence: "The mail server does not begin a session with it.",
		Cause:       "The program uses a stored access token until its last minute.",
		Remedy:      "Let the program fetch a new access token when fewer than ten minutes are left.",
	}
	NotAuthenticated = &finding.Definition{
		Code: "smtp_not_authenticated", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The mail program wanted to send without logging in",
		Consequence: "The mail application cannot send.",
		Cause:       "Authentication is switched off in the mail program, or its login failed and it went on.",
		Remedy:      "Switch authentication on in the mail program, with OAuth2 (XOAUTH2), and read its log before this line.",
	}
	STARTTLSNotUsed = &finding.Definition{
		Code: "starttls_not_used", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The mail program wanted to send without encryption",
		Consequence: "The mail server refuses.",
		Cause:       "Port 587 begins in plain text and must be switched to encryption by STARTTLS.",
		Remedy:      "Set the connection security of the mail program to STARTTLS, port 587.",
	}
)

// readWorks: reading works for the same mailbox, so the mailbox and the token
// are there.
func readWorks(k Case) bool { return k.IMAPWorks || k.POP3Works }

// loggedInAsOther: the login name is known, and is not the account of the token.
func loggedInAsOther(k Case) bool {
	return k.SASLUser != "" && k.SignedInAs != "" && !strings.EqualFold(k.SASLUser, k.SignedInAs)
}

// loggedInAsSelf: the login name is the account of the token.
func loggedInAsSelf(k Case) bool {
	return k.SASLUser != "" && strings.EqualFold(k.SASLUser, k.SignedInAs)
}

// bare: the answer has no enhanced status code. Exchange sends one with each.
func bare(k Case) bool { return k.Enhanced == "" }

// smtpCauses ranks what a refused login over SMTP can mean. A login name that
// is not the account of the token is refused with any right on the mailbox
// (threads, and one measurement of September 2026).
var smtpCauses = slices.Concat(
	maybe(finding.Likely, loggedInAsOther, SMTPLoginRefused),
	maybe(finding.Likely, outlived, TokenDamaged),
	maybe(finding.Likely, both(loggedInAsSelf, both(readWorks, scopeUnknown)), TokenScopeMissing),
	maybe(finding.Likely, nil, SMTPLoginRefused),
	maybe(finding.Possible, both(nobody, tokenUnknown), TokenWrongAudience, TokenScopeMissing),
	maybe(finding.Possible, not(readWorks), MailboxMissing),
	maybe(finding.Possible, readWorks, SMTPAuthDisabledMailbox),
	maybe(finding.Possible, tokenUnknown, TokenWrongAudience, TokenScopeMissing, TokenDamaged),
	maybe(finding.Possible, scopeUnknown, TokenScopeMissing),
)

var smtpRules = []Rule{
	{Text: []string{"disabled for the Tenant"}, Means: certain(SMTPAuthDisabledTenant)},
	{Text: []string{"disabled for the Mailbox"}, Means: certain(SMTPAuthDisabledMailbox)},
	{Text: []string{"basic authentication is disabled", "Basic authentication is not supported"}, Means: certain(PasswordLoginOff)},
	{Enhanced: []string{"5.7.139"}, Text: []string{"user credentials were incorrect"}, Means: certain(PasswordLoginOff)},
	{Enhanced: []string{"5.7.139"}, Text: []string{"security defaults"}, Means: certain(SecurityDefaultsBlock)},
	{Enhanced: []string{"5.7.139"}, Text: []string{"account locked", "account is locked"}, Means: certain(AccountLocked)},
	{Enhanced: []string{"5.7.139"}, Text: []string{"did not meet the criteria"}, Means: likely(LegacySignInBlocked, SMTPAuthDisabledMailbox)},
	{Enhanced: []string{"5.7.139"}, Means: likely(SMTPAuthDisabledMailbox, SMTPLoginRefused)},
	{Enhanced: []string{"5.7.30"}, Means: certain(PasswordLoginOff)},
	{Text: []string{"STARTTLS is required", "Must issue a STARTTLS command"}, Means: certain(STARTTLSNotUsed)},
	{Enhanced: []string{"5.7.57"}, Means: likely(NotAuthenticated, LegacySignInBlocked)},
	{Enhanced: []string{"5.7.4"}, When: port25, Means: likely(LoginNotTaken, MechanismRefused)},
	{Enhanced: []string{"5.7.4"}, When: both(pasted, noPort), Means: likely(MechanismRefused, LoginNotTaken)},
	{Enhanced: []string{"5.7.4"}, Means: certain(MechanismRefused)},
	{Text: []string{"Invalid XOAUTH2 auth data"}, Means: certain(SASLMalformed)},
	{Enhanced: []string{"5.5.124"}, Means: certain(SASLMalformed)},
	{Enhanced: []string{"5.5.127"}, Means: certain(TokenNearlyOver)},
	{Protocol: probe.SMTP, Enhanced: []string{"5.7.3"}, Means: smtpCauses},
	// Programs pass on the code, or only that the login failed.
	{Protocol: probe.SMTP, Stage: probe.Authenticate, Reply: "535", When: both(bare, passwordUsed), Means: likely(PasswordLoginOff)},
	{Protocol: probe.SMTP, Stage: probe.Authenticate, Reply: "535", When: bare, Means: smtpCauses},
	{Enhanced: []string{"4.7.66"}, Means: certain(TLSTooOld)},
}
