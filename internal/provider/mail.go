package provider

import (
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
)

// What any mail server with XOAUTH2 can say: response codes of RFC 5530 and
// RFC 3206, enhanced status codes of RFC 4954 §6, the error challenge of
// RFC 7628 §3.2.2. Servers that were seen to speak so: Dovecot, Postfix, Gmail.
var (
	TokenRefused = &finding.Definition{
		Code: "token_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server refuses the token for {{.sasl_user}} over {{.protocol}}",
		Consequence: "Mail programs are refused in the same way.",
		Cause:       "The mail server does not accept tokens of this sign-in service, or not with these permissions.",
		Remedy:      "Read the mail server's log at this time: it names the reason.",
		Params:      []string{"sasl_user", "protocol"},
	}
	TokenPermitsTooLittle = &finding.Definition{
		Code: "token_permits_too_little", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "The mail server asks for a permission that the token does not have",
		Consequence: "Mail programs are refused in the same way.",
		Cause:       "The sign-in did not ask for the permission, or nobody consented to it.",
		Remedy:      "Ask for the permission that the answer in the evidence names. Then sign in again.",
	}
	DelegationMissing = &finding.Definition{
		Code: "delegation_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.signed_in_as}} may not open {{.mailbox}}",
		Consequence: "The mail application cannot use {{.mailbox}}.",
		Cause:       "The mail server has no delegation from {{.mailbox}} to {{.signed_in_as}}.",
		Remedy:      "Let the administrator of the mail server add the delegation. Then check again.",
		Params:      []string{"signed_in_as", "mailbox"},
	}
	SenderNotAllowed = &finding.Definition{
		Code: "sender_not_allowed", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server does not let {{.sasl_user}} send as {{.from}}",
		Consequence: "Answers from {{.from}} are refused.",
		Cause:       "The sender address is not assigned to the login name.",
		Remedy:      "Let the administrator of the mail server allow {{.sasl_user}} to send as {{.from}}.",
		Params:      []string{"sasl_user", "from"},
	}
	MailboxRefused = &finding.Definition{
		Code: "mailbox_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server accepts the login but does not open {{.mailbox}}",
		Consequence: "The mail application cannot use {{.mailbox}}.",
		Cause:       "The mailbox does not exist, is locked, or may not be read by this login.",
		Remedy:      "Read the mail server's log at this time: it names the reason.",
		Params:      []string{"mailbox"},
	}
	MailServerBusy = &finding.Definition{
		Code: "mail_server_busy", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.host}} asks to come back later",
		Consequence: "Nothing is known about the setup. The check could not be made.",
		Cause:       "The server is overloaded, is being repaired, or cannot ask the sign-in service about the token.",
		Remedy:      "Wait a few minutes, and check again. If it repeats, read the mail server's log.",
		Wait:        5 * time.Minute,
		Params:      []string{"host"},
	}
	ConnectionsLimited = &finding.Definition{
		Code: "connections_limited", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.sasl_user}} has too many connections to {{.host}} at once",
		Consequence: "Some connections are refused.",
		Cause:       "Several programs or several servers use the same mailbox at the same time.",
		Remedy:      "Let fewer programs use the mailbox at once. Then check again.",
		Wait:        5 * time.Minute,
		Params:      []string{"sasl_user", "host"},
	}
	MailboxInUse = &finding.Definition{
		Code: "mailbox_in_use", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Another program has {{.mailbox}} open over POP3",
		Consequence: "POP3 lets one program at a time read a mailbox.",
		Cause:       "Another program is fetching, or one ended without signing off.",
		Remedy:      "Stop the other program, or wait some minutes. Then check again.",
		Wait:        5 * time.Minute,
		Params:      []string{"mailbox"},
	}
	MessageRefused = &finding.Definition{
		Code: "message_refused", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The mail server does not take the message from {{.from}}",
		Consequence: "It was not sent.",
		Cause:       "The reason is in the evidence, word for word.",
		Remedy:      "Search for the words and the number of the answer. Read the mail server's log at this time.",
		Params:      []string{"from"},
	}
)

// mailWords are answers whose words say all, whichever server speaks.
var mailWords = []Rule{
	{Text: []string{`"insufficient_scope"`, "[AUTHORIZATION-SCOPE]"}, Means: certain(TokenPermitsTooLittle)},
	{Text: []string{"[INUSE]", "[IN-USE]"}, Means: certain(MailboxInUse)},
	{Text: []string{"simultaneous connections", "too many connections", "[LIMIT]", "Maximum number of connections"}, Means: certain(ConnectionsLimited)},
	{Text: []string{"[UNAVAILABLE]", "[SYS/TEMP]", "[SERVERBUG]", "Temporary authentication failure"}, Means: certain(MailServerBusy)},
	{Protocol: probe.SMTP, Text: []string{"not owned by user"}, Means: certain(SenderNotAllowed)},
	{Text: refusalWords, When: delegate, Means: likely(DelegationMissing, TokenRefused)},
	{Text: refusalWords, Means: likely(TokenRefused, DelegationMissing)},
	{Text: []string{"[AUTHORIZATIONFAILED]"}, Means: likely(DelegationMissing, TokenRefused)},
	{Text: []string{"[NONEXISTENT]", "[NOPERM]"}, Means: certain(MailboxRefused)},
}

// refusalWords: a refused token in the words of RFC 5530, RFC 3206 and of the
// error challenge, which some servers send with an HTTP status in it.
var refusalWords = []string{
	"[AUTHENTICATIONFAILED]", "-ERR [AUTH]", `"invalid_token"`, `"status":"400"`, `"status":"401"`, `"status": "400"`, `"status": "401"`,
}

// answered: the server's status is known. Words of another program, which may
// be about anything, are no refusal of a mailbox.
func answered(k Case) bool { return k.Reply != "" }

// mailRules are what is left where nobody knows the words: the reply code, and
// the place at which the server refused.
var mailRules = []Rule{
	{Reply: "454", Enhanced: []string{"4.7.0"}, Means: certain(MailServerBusy)},
	{Reply: "421", Enhanced: []string{"4.4.2"}, Means: certain(ConnectionLost)},
	{Reply: "421", Text: []string{"timeout", "timed out", "dropped"}, Means: certain(ConnectionLost)},
	{Reply: "421", Means: certain(MailServerBusy)},
	{Text: []string{"Relay access denied", "Unable to relay", "relaying denied"}, Means: likely(NotAuthenticated)},
	{Protocol: probe.SMTP, Text: []string{"Sender address rejected"}, Means: certain(SenderNotAllowed)},
	{Protocol: probe.SMTP, Stage: probe.SendStage, Reply: "553", Means: certain(SenderNotAllowed)},
	{Protocol: probe.SMTP, Stage: probe.SendStage, Enhanced: []string{"5.7.1"}, Means: certain(SenderNotAllowed)},
	{Stage: probe.Authenticate, Reply: "4", Means: certain(MailServerBusy)},
	{Enhanced: []string{"5.7.8", "5.7.9"}, When: delegate, Means: likely(DelegationMissing, TokenRefused)},
	{Enhanced: []string{"5.7.8", "5.7.9"}, Means: likely(TokenRefused, DelegationMissing)},
	{Reply: "535", When: delegate, Means: likely(DelegationMissing, TokenRefused)},
	{Reply: "535", Means: likely(TokenRefused, DelegationMissing)},
	{Stage: probe.Authenticate, Kind: []probe.Kind{probe.RefusedByServer}, When: delegate, Means: likely(DelegationMissing, TokenRefused)},
	{Stage: probe.Authenticate, Kind: []probe.Kind{probe.RefusedByServer}, Means: likely(TokenRefused, DelegationMissing)},
	{Stage: probe.Open, Kind: []probe.Kind{probe.RefusedByServer}, When: both(answered, delegate), Means: likely(DelegationMissing, MailboxRefused)},
	{Stage: probe.Open, Kind: []probe.Kind{probe.RefusedByServer}, When: answered, Means: certain(MailboxRefused)},
	{Protocol: probe.SMTP, Reply: "4", Means: certain(MailServerBusy)},
	{Stage: probe.SendStage, Reply: "5", Means: certain(MessageRefused)},
}
