package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	evidenceOfOther = &finding.Definition{
		Code: "evidence_of_other_account", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The script has read {{.read}}, and {{.sign_in_account}} is to sign in",
		Consequence: "Nothing is known about the account that signs in.",
		Cause:       "The sign-in account was changed after the script was made.",
		Remedy:      "Copy the script anew, run it, and paste its block.",
		Params:      []string{"read", "sign_in_account"},
	}
	evidencePartly = &finding.Definition{
		Code: "evidence_partly_read", Severity: finding.Note, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The script could not read {{.parts}}",
		Consequence: "These parts were not judged. The verification will show whether mail works.",
		Cause:       "A module or a right was missing. The reasons are in the evidence.",
		Remedy:      "Go on, or run the script with the module and the right it names.",
		Params:      []string{"parts"},
	}
	signInBlocked = &finding.Definition{
		Code: "sign_in_blocked", Severity: finding.Blocker, Actor: finding.EntraAdmin, Ours: true,
		Title:       "{{.sign_in_account}} is blocked from signing in",
		Consequence: "Nobody can make a token with this account.",
		Cause:       "Sign-in is blocked for the account, as it should be for a shared mailbox.",
		Remedy:      "Unblock it if it is a service account. For a shared mailbox choose the method shared account.",
		Params:      []string{"sign_in_account"},
	}
	licenceKiosk = &finding.Definition{
		Code: "licence_kiosk", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.sign_in_account}} has a plan for frontline workers only ({{.plan}})",
		Consequence: "IMAP is off there by default, and the vendor asks for {{.floor}} or better.",
		Cause:       "The plan is Exchange Online Kiosk, as in Microsoft 365 F3.",
		Remedy:      "Assign {{.floor}}, or Exchange Online Plan 1 at least.",
		Params:      []string{"sign_in_account", "plan", "floor"},
	}
	licenceBelowFloor = &finding.Definition{
		Code: "licence_below_vendor_floor", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.sign_in_account}} has {{.plan}}, and the vendor asks for {{.floor}} or better",
		Consequence: "Microsoft's own rule is met and mail works. The vendor may refuse support.",
		Cause:       "The plan holds Exchange Online Plan 1.",
		Remedy:      "Ask the vendor, or assign {{.floor}}.",
		Params:      []string{"sign_in_account", "plan", "floor"},
	}
	modernAuthOff = &finding.Definition{
		Code: "modern_authentication_off", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "Modern authentication is switched off for Outlook in this organisation",
		Consequence: "OAuth2 may be refused, as in tenants from before 2017.",
		Cause:       "OAuth2ClientProfileEnabled is off.",
		Remedy:      "Switch it on. Old Outlook programs then ask for a new sign-in.",
		Command:     "Set-OrganizationConfig -OAuth2ClientProfileEnabled $true",
	}
	mailboxIsShared = &finding.Definition{
		Code: "mailbox_is_shared", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.mailbox}} is a shared mailbox, and nobody may sign in as one",
		Consequence: "Its own account is blocked from signing in, by Microsoft's rule.",
		Cause:       "The method mailbox account was chosen.",
		Remedy:      "Choose the method shared account, with a licensed account that has Full Access and Send As.",
		Params:      []string{"mailbox"},
	}
	mailboxTypeOdd = &finding.Definition{
		Code: "mailbox_type_unusual", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.mailbox}} is a {{.type}}",
		Consequence: "Mail protocols may not open it.",
		Cause:       "It is neither a user mailbox nor a shared mailbox.",
		Remedy:      "Enter the address of a user mailbox or a shared mailbox.",
		Params:      []string{"mailbox", "type"},
	}
	mailboxNeedsLicence = &finding.Definition{
		Code: "shared_mailbox_over_50_gb", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "The shared mailbox {{.mailbox}} holds {{.gigabytes}} GB",
		Consequence: "Above 50 GB a shared mailbox without a licence of its own stops receiving.",
		Cause:       "It has grown beyond what Microsoft allows without a licence.",
		Remedy:      "Assign Exchange Online Plan 2 to it, or move old mail away.",
		Params:      []string{"mailbox", "gigabytes"},
	}
	mailboxHasReaders = &finding.Definition{
		Code: "mailbox_has_other_readers", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Others can open {{.mailbox}} too: {{.readers}}",
		Consequence: "A mail application takes what it fetches. What others read, move or delete may be missing, or done twice.",
		Cause:       "They have Full Access.",
		Remedy:      "Agree that only the mail application works in this mailbox, or remove the others.",
		Params:      []string{"mailbox", "readers"},
	}
	mailboxForwards = &finding.Definition{
		Code: "mailbox_forwards", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.mailbox}} forwards its mail",
		Consequence: "Mail may never reach the mail application, or reach somebody else as well.",
		Cause:       "A forwarding address is set on the mailbox.",
		Remedy:      "Remove the forwarding, unless it is meant to be.",
		Command:     "Set-Mailbox {{.mailbox}} -ForwardingAddress $null -ForwardingSmtpAddress $null",
		Params:      []string{"mailbox"},
	}
	mailboxBacklog = &finding.Definition{
		Code: "mailbox_backlog", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.count}} messages wait in the inbox of {{.mailbox}}",
		Consequence: "The mail application fetches all of them when it is switched on, and may answer old mail.",
		Cause:       "The mailbox was in use before.",
		Remedy:      "Move old mail to another folder before the mail application starts.",
		Params:      []string{"mailbox", "count"},
	}
	rightsSpreading = &finding.Definition{
		Code: "rights_just_granted", Severity: finding.Note, Actor: finding.Microsoft, Ours: true,
		Title:       "The rights on {{.mailbox}} may have been granted at {{.granted}}",
		Consequence: "Until {{.until}} the mailbox may still be refused.",
		Cause:       "A new right takes up to 60 minutes to reach all servers of Microsoft.",
		Remedy:      "If the verification is refused, wait until {{.until}} and check again.",
		Wait:        rightsSpread,
		Params:      []string{"mailbox", "granted", "until"},
	}
)

const (
	// rightsSpread is how long Full Access and Send As take to work
	// (learn.microsoft.com, give-mailbox-permissions, read 2026-11-21).
	rightsSpread = time.Hour
	// freeShared is how large a shared mailbox may be without a licence
	// (learn.microsoft.com, about-shared-mailboxes, read 2026-11-21).
	freeShared = 50 << 30
	// backlog is how many messages in an inbox are worth a warning.
	backlog = 100
)

// byScript: only where the step rests on what a script has read.
func byScript(e *Env) bool {
	return e.Setup.Mailbox.Decision == setup.ByScript && e.Setup.Mailbox.Exchange != nil
}

// AccountEvidence judges what a script has read about the tenant and the
// account that signs in. The switches of that account decide, not those of the
// mailboxes.
var AccountEvidence = &Check{
	ID: "account_evidence",
	Reads: []setup.Field{
		setup.FieldEvidence, setup.FieldProduct, setup.FieldSignInAccount, setup.FieldProtocols, setup.ConfigProvider, setup.FieldCloud,
	},
	Needs: []setup.Field{setup.FieldEvidence},
	Targets: func(e *Env) []Target {
		if !byScript(e) {
			return nil
		}
		return []Target{{}}
	},
	NeededBy: setup.StepVerification,
	Finds: []*finding.Definition{
		evidenceOfOther, evidencePartly, signInBlocked, licenceMissing, licenceKiosk, licenceBelowFloor, modernAuthOff,
		provider.IMAPDisabled, provider.POP3Disabled, provider.SMTPAuthDisabledTenant, provider.SMTPAuthDisabledMailbox,
	},
	Grade: Pasted, Rejudges: true,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		x := e.Setup.Mailbox.Exchange
		a, account := x.Account, string(e.Setup.Application.SignInAccount)
		if !e.speaksOfAccount(x) {
			return Found(finding.New(evidenceOfOther, "read", a.UserName, "sign_in_account", account))
		}
		out := Passed(Fact{"read_at", x.At.UTC().Format(time.RFC3339)}, Fact{"account_type", a.Type})
		add := func(f finding.Finding) { out.Findings = append(out.Findings, f) }
		if a.SignIn == setup.SwitchOff {
			add(finding.New(signInBlocked, "sign_in_account", account))
		}
		if e.Setup.Application.Has(setup.IMAP) && a.IMAP == setup.SwitchOff {
			add(finding.New(provider.IMAPDisabled, "signed_in_as", account))
		}
		if e.Setup.Application.Has(setup.POP3) && a.POP3 == setup.SwitchOff {
			add(finding.New(provider.POP3Disabled, "signed_in_as", account))
		}
		if d := smtpAuth(x); d != nil && e.Setup.Application.Has(setup.SMTP) {
			add(finding.New(d, "host", e.Provider.Hosts[setup.SMTP].Host, "sasl_user", account).
				With("tenant", string(x.TenantSMTPAuth), "").With("account", string(a.SMTPAuth), ""))
		}
		out.Findings = append(out.Findings, e.judgeLicences(a.Licences)...)
		if x.ModernAuth == setup.SwitchOff {
			add(finding.New(modernAuthOff))
		}
		if len(x.Unread) > 0 {
			var parts []string
			for _, one := range x.Unread {
				name, _, _ := strings.Cut(one, ":")
				parts = append(parts, name)
			}
			add(finding.New(evidencePartly, "parts", strings.Join(parts, ", ")).With("script", strings.Join(x.Unread, "\n"), ""))
		}
		return out
	},
}

// speaksOfAccount: the script may name the account by its user principal name
// or by its primary address.
func (e *Env) speaksOfAccount(x *setup.Exchange) bool {
	account := e.Setup.Application.SignInAccount
	return account.Equal(setup.Address(x.Account.UserName)) || account.Equal(setup.Address(x.Account.Primary))
}

// smtpAuth applies the three-valued switch: what the account says wins, and
// what it leaves empty is the tenant's. nil: allowed, or not known.
func smtpAuth(x *setup.Exchange) *finding.Definition {
	switch {
	case x.Account.SMTPAuth == setup.SwitchOff:
		return provider.SMTPAuthDisabledMailbox
	case x.Account.SMTPAuth == setup.SwitchInherit && x.TenantSMTPAuth == setup.SwitchOff:
		return provider.SMTPAuthDisabledTenant
	}
	return nil
}

// judgeLicences looks at the account that signs in. The vendor's floor is a
// warning: Microsoft's own rule is any plan with Exchange Online.
func (e *Env) judgeLicences(list []setup.Licence) []finding.Finding {
	if list == nil {
		return nil
	}
	account, floor := string(e.Setup.Application.SignInAccount), e.Product.Floor
	rank, best := 0, setup.Licence{}
	for _, l := range list {
		r := 0
		switch {
		case strings.HasPrefix(l.Exchange, "EXCHANGE_S_ENTERPRISE"):
			r = 3
		case strings.HasPrefix(l.Exchange, "EXCHANGE_S_DESKLESS"):
			r = 1
		case strings.HasPrefix(l.Exchange, "EXCHANGE_S_FOUNDATION"), l.Exchange == "":
			// Belongs to plans without a mailbox.
		default:
			r = 2
		}
		if r > rank {
			rank, best = r, l
		}
	}
	plan := best.SKU
	switch {
	case rank == 0:
		return []finding.Finding{finding.New(licenceMissing, "sign_in_account", account)}
	case rank == 1:
		if floor == "" {
			floor = "Exchange Online Plan 1"
		}
		return []finding.Finding{finding.New(licenceKiosk, "sign_in_account", account, "plan", plan, "floor", floor)}
	case rank == 2 && floor != "":
		return []finding.Finding{finding.New(licenceBelowFloor, "sign_in_account", account, "plan", plan, "floor", floor)}
	}
	return nil
}

// MailboxState judges what a script has read about each mailbox.
var MailboxState = &Check{
	ID: "mailbox_state",
	Reads: []setup.Field{
		setup.FieldEvidence, setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount, setup.FieldProtocols,
	},
	Needs: []setup.Field{setup.FieldEvidence},
	Targets: func(e *Env) []Target {
		var list []Target
		for _, m := range e.Setup.Application.Mailboxes {
			if byScript(e) {
				list = append(list, Target{Mailbox: m})
			}
		}
		return list
	},
	NeededBy: setup.StepVerification,
	Finds: []*finding.Definition{
		mailboxNotRead, provider.MailboxMissing, mailboxIsShared, mailboxTypeOdd, provider.FullAccessMissing, provider.SendAsDenied,
		mailboxNeedsLicence, mailboxHasReaders, mailboxForwards, mailboxBacklog, rightsSpreading,
	},
	Grade: Pasted, Rejudges: true, MaxAge: 5 * time.Minute, // a waiting time runs out
	Run: func(_ context.Context, e *Env, t Target) Outcome {
		x := e.Setup.Mailbox.Exchange
		if !e.speaksOfAccount(x) {
			return Passed() // AccountEvidence says so, once
		}
		i := slices.IndexFunc(x.Mailboxes, func(m setup.Mailbox) bool { return m.Address.Equal(t.Mailbox) })
		if i < 0 {
			return Found(finding.New(mailboxNotRead, "mailbox", string(t.Mailbox)))
		}
		m := x.Mailboxes[i]
		if m.Missing {
			return Found(finding.New(provider.MailboxMissing, "mailbox", string(t.Mailbox)))
		}
		out := Passed(Fact{"mailbox_type", m.Type})
		out.Findings = append(out.Findings, e.judgeRights(m, x)...)
		out.Findings = append(out.Findings, judgeUse(m)...)
		return out
	},
}

var mailboxNotRead = &finding.Definition{
	Code: "mailbox_not_read", Severity: finding.Warning, Actor: finding.ExchangeAdmin, Ours: true,
	Title:       "The script has not looked at {{.mailbox}}",
	Consequence: "Nothing is known about it before the verification.",
	Cause:       "The mailbox was added after the script was made.",
	Remedy:      "Copy the script anew, run it, and paste its block.",
	Params:      []string{"mailbox"},
}

func (e *Env) judgeRights(m setup.Mailbox, x *setup.Exchange) []finding.Finding {
	var list []finding.Finding
	account, address := string(e.Setup.Application.SignInAccount), string(m.Address)
	shared := e.Setup.Application.Method == setup.SharedAccount
	switch {
	case m.Type == "SharedMailbox" && !shared:
		list = append(list, finding.New(mailboxIsShared, "mailbox", address))
	case m.Type != "" && m.Type != "UserMailbox" && m.Type != "SharedMailbox":
		list = append(list, finding.New(mailboxTypeOdd, "mailbox", address, "type", m.Type))
	}
	if !shared {
		return list
	}
	if m.FullAccess == setup.SwitchOff {
		list = append(list, finding.New(provider.FullAccessMissing, "mailbox", address, "signed_in_as", account))
	}
	if m.SendAs == setup.SwitchOff && e.Setup.Application.Has(setup.SMTP) {
		list = append(list, finding.New(provider.SendAsDenied, "signed_in_as", account, "from", address))
	}
	if until := x.At.Add(rightsSpread); x.Repaired && e.Now().Before(until) && len(list) == 0 {
		clock := func(t time.Time) string { return t.UTC().Format("15:04 UTC") }
		list = append(list, finding.New(rightsSpreading, "mailbox", address, "granted", clock(x.At), "until", clock(until)))
	}
	return list
}

// judgeUse warns of what happens when a mail application starts to work in a
// mailbox that others use.
func judgeUse(m setup.Mailbox) []finding.Finding {
	var list []finding.Finding
	address := string(m.Address)
	if m.Type == "SharedMailbox" && m.Bytes > freeShared {
		list = append(list, finding.New(mailboxNeedsLicence, "mailbox", address, "gigabytes", fmt.Sprint(m.Bytes>>30)))
	}
	if len(m.Readers) > 0 {
		readers := m.Readers
		if len(readers) > 5 {
			readers = append(slices.Clone(readers[:5]), fmt.Sprintf("and %d more", len(m.Readers)-5))
		}
		list = append(list, finding.New(mailboxHasReaders, "mailbox", address, "readers", strings.Join(readers, ", ")))
	}
	if m.Forwards == setup.SwitchOn {
		list = append(list, finding.New(mailboxForwards, "mailbox", address))
	}
	if m.InboxRead && m.Inbox > backlog {
		list = append(list, finding.New(mailboxBacklog, "mailbox", address, "count", fmt.Sprint(m.Inbox)))
	}
	return list
}
