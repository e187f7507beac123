package provider

import (
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
)

// What Exchange Online says to a message that is handed to it. Numbers and
// limits: Microsoft's lists of non-delivery codes and the page on SMTP
// submission improvements, collected 2026-11-21.
var (
	SendAsDenied = &finding.Definition{
		Code: "send_as_denied", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "{{.signed_in_as}} may not send as {{.from}}",
		Consequence: "Answers from {{.from}} are refused.",
		Cause:       "Full Access does not include Send As. It is a right of its own.",
		Remedy:      "Grant Send As.",
		Command:     "Add-RecipientPermission {{.from}} -AccessRights SendAs -Trustee {{.signed_in_as}}",
		Link:        on(PageMailboxes),
		Wait:        spread,
		Params:      []string{"signed_in_as", "from"},
	}
	TooManyConnections = &finding.Definition{
		Code: "too_many_connections", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "{{.sasl_user}} has too many connections to Exchange",
		Consequence: "Some messages are sent late.",
		Cause:       "Exchange allows three sending connections per mailbox at a time.",
		Remedy:      "Let fewer programs send with this account at once. Then check again.",
		Link:        "https://aka.ms/concurrent_sending",
		Wait:        5 * time.Minute,
		Params:      []string{"sasl_user"},
	}
	RecipientLimit = &finding.Definition{
		Code: "recipient_limit_reached", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "{{.from}} has sent to too many recipients today",
		Consequence: "Nothing is sent until the limit of a day lies behind.",
		Cause:       "Exchange Online allows 10,000 recipients a day for each mailbox.",
		Remedy:      "Spread the messages over several days or mailboxes. Sending works again within 24 hours.",
		Wait:        24 * time.Hour,
		Params:      []string{"from"},
	}
	MailboxFull = &finding.Definition{
		Code: "mailbox_full", Severity: finding.Blocker, Actor: finding.MailboxUser,
		Title:       "{{.mailbox}} is full",
		Consequence: "Nothing is sent or received.",
		Cause:       "Its storage is used up. Sent Items and the recoverable items count too.",
		Remedy:      "Delete or archive messages, Sent Items first.",
		Command:     "Get-EXOMailboxStatistics {{.mailbox}} | Format-List TotalItemSize,ItemCount",
		Params:      []string{"mailbox"},
	}
	SenderBlocked = &finding.Definition{
		Code: "sender_blocked", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "Exchange does not let {{.from}} send at all",
		Consequence: "Nothing sent from {{.from}} arrives.",
		Cause:       "The account is restricted because of suspicious mail, or the tenant is over its limit.",
		Remedy:      "Look under Restricted entities in the Microsoft Defender portal.",
		Link:        on(PageRestrictedEntities),
		Params:      []string{"from"},
	}
	TenantMayNotSend = &finding.Definition{
		Code: "tenant_may_not_send", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "Exchange does not let this tenant send to the outside",
		Consequence: "Nothing sent from any mailbox of the tenant arrives outside.",
		Cause:       "The tenant is new or on trial, or too much suspicious mail left it.",
		Remedy:      "Find out whether an account was misused. Then ask Microsoft's support to lift the limit.",
		Link:        on(PageServiceHealth),
	}
	SenderDomainUnknown = &finding.Definition{
		Code: "sender_domain_unregistered", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "The domain of {{.from}} is not one of the tenant",
		Consequence: "Nothing sent from {{.from}} arrives.",
		Cause:       "Too much mail left the tenant from a domain that is not registered in it.",
		Remedy:      "Add the domain under Settings > Domains in the Microsoft 365 admin center, or send from a registered one.",
		Command:     "Get-AcceptedDomain",
		Params:      []string{"from"},
	}
	SenderBanned = &finding.Definition{
		Code: "sender_banned", Severity: finding.Blocker, Actor: finding.Microsoft,
		Title:       "Microsoft has banned {{.from}} because of suspicious mail",
		Consequence: "Nothing sent from {{.from}} arrives.",
		Cause:       "Spam was seen from this address or from this server's address.",
		Remedy:      "Find and stop the cause. Then ask Microsoft's support to lift the ban.",
		Params:      []string{"from"},
	}
	AddressThrottled = &finding.Definition{
		Code: "server_address_throttled", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
		Title:       "Exchange slows down the internet address of {{.server}}",
		Consequence: "Messages are sent late.",
		Cause:       "The address is new to Microsoft, or suspicious mail came from it.",
		Remedy:      "Wait, and let programs try again by themselves. Find out what else sends from this address.",
		Wait:        time.Hour,
		Params:      []string{"server"},
	}
	TransientStore = &finding.Definition{
		Code: "store_fault", Severity: finding.Note, Actor: finding.Microsoft, Unconfirmed: true,
		Title:       "The store of the mailbox may have been busy for a moment",
		Consequence: "The message was not taken.",
		Cause:       "The answer begins as answers of a busy store do. Nobody has described this one.",
		Remedy:      "Send it again in a few minutes.",
		Wait:        5 * time.Minute,
	}
)

var sendAsCauses = slices.Concat(
	// Also without a person the login names a mailbox, which needs the right
	// itself where the message is from another one (thread of February 2026).
	maybe(finding.Likely, both(appOnly, otherSender), SendAsDenied),
	maybe(finding.Likely, appOnly, AppSendAsMissing),
	maybe(finding.Possible, appOnly, SendAsDenied),
	maybe(finding.Certain, not(appOnly), SendAsDenied),
)

// otherSender: the login name is known, and the message is from another address.
func otherSender(k Case) bool {
	return k.SASLUser != "" && k.From != "" && !strings.EqualFold(k.SASLUser, k.From)
}

var sendRules = []Rule{
	{Enhanced: []string{"5.7.60"}, Means: sendAsCauses},
	{Text: []string{"SendAsDenied"}, Means: sendAsCauses},
	{Text: []string{"SubmissionQuotaExceeded"}, Means: certain(RecipientLimit)},
	{Protocol: probe.SMTP, Text: []string{"mailbox full"}, Means: certain(MailboxFull)},
	{Protocol: probe.SMTP, Enhanced: []string{"5.2.2"}, Means: certain(MailboxFull)},
	{Text: []string{"Concurrent connections limit", "sender thread limit"}, Means: certain(TooManyConnections)},
	{Enhanced: []string{"4.3.2"}, Reply: "432", Means: certain(TooManyConnections)},
	{Enhanced: []string{"5.1.8"}, Means: certain(SenderBlocked)},
	{Enhanced: []string{"5.7.705", "5.7.708"}, Means: certain(TenantMayNotSend)},
	{Enhanced: []string{"5.7.750"}, Means: certain(SenderDomainUnknown)},
	{Enhanced: []string{"5.7.501", "5.7.502", "5.7.503", "5.7.511"}, Means: certain(SenderBanned)},
	{Enhanced: []string{"4.7.5xx", "4.7.6xx"}, Means: certain(AddressThrottled)},
	{Reply: "430", Enhanced: []string{"4.2.0"}, Means: likely(ExchangeUnavailable, TransientStore)},
}

var exchangeRules = slices.Concat(tokenRules(), readRules, smtpRules, sendRules)
