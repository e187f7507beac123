package provider

import (
	"slices"
	"time"

	"latchkey/internal/finding"
)

// Change is something that somebody changed at Microsoft a short while ago.
type Change string

// The changes that take time to spread.
const (
	ChangeRegistration     Change = "registration" // redirect URI or platform
	ChangeSecret           Change = "secret"
	ChangeConsent          Change = "consent" // permission, consent or assignment
	ChangeSwitch           Change = "switch"  // IMAP, POP3 or SMTP AUTH
	ChangeFullAccess       Change = "full_access"
	ChangeSendAs           Change = "send_as"
	ChangeServicePrincipal Change = "service_principal"
	ChangeMailbox          Change = "mailbox" // made new, or given a licence
)

// What a fresh change explains. No answer of a server says so: the refusal is
// the same as before the change.
var (
	RegistrationSpreads = &finding.Definition{
		Code: "registration_change_spreading", Severity: finding.Blocker, Actor: finding.Microsoft, Ours: true,
		Title:       "The registration was changed {{.ago}} minutes ago",
		Consequence: "Microsoft may still answer by the old registration.",
		Cause:       "A changed redirect URI takes three to five minutes until all servers know it.",
		Remedy:      "Wait. Then check again, in a new private window.",
		Wait:        registrationSpread, Params: []string{"ago"},
	}
	SecretSpreads = &finding.Definition{
		Code: "secret_change_spreading", Severity: finding.Blocker, Actor: finding.Microsoft, Ours: true,
		Title:       "The client secret was made {{.ago}} minutes ago",
		Consequence: "Microsoft may still refuse it.",
		Cause:       "For some minutes a new secret was seen refused as wrong or expired.",
		Remedy:      "Wait. Then check again.",
		Wait:        registrationSpread, Params: []string{"ago"},
	}
	ConsentSpreads = &finding.Definition{
		Code: "consent_change_spreading", Severity: finding.Blocker, Actor: finding.Microsoft, Ours: true,
		Title:       "Permissions or consent were changed {{.ago}} minutes ago",
		Consequence: "Microsoft may still answer by the old consent.",
		Cause:       "A consent takes five to thirty minutes until all servers know it.",
		Remedy:      "Wait. Then sign in again, in a new private window.",
		Wait:        consentSpread, Params: []string{"ago"},
	}
	SwitchSpreads = &finding.Definition{
		Code: "switch_change_spreading", Severity: finding.Blocker, Actor: finding.Microsoft, Ours: true,
		Title:       "A protocol was switched on {{.ago}} minutes ago",
		Consequence: "Exchange may still refuse it.",
		Cause:       "A switch of IMAP, POP3 or SMTP AUTH takes up to an hour until all servers know it.",
		Remedy:      "Wait. Then check again.",
		Wait:        spread, Params: []string{"ago"},
	}
	AccessSpreads = &finding.Definition{
		Code: "access_change_spreading", Severity: finding.Blocker, Actor: finding.Microsoft, Ours: true,
		Title:       "A right on the mailbox was granted {{.ago}} minutes ago",
		Consequence: "Exchange may still refuse it.",
		Cause:       "Full Access, Send As and a service principal take up to an hour until all servers know them.",
		Remedy:      "Wait. Then check again.",
		Wait:        spread, Params: []string{"ago"},
	}
	MailboxSpreads = &finding.Definition{
		Code: "mailbox_change_spreading", Severity: finding.Blocker, Actor: finding.Microsoft, Ours: true,
		Title:       "The mailbox or its licence is {{.ago}} minutes old",
		Consequence: "Exchange may not have made the mailbox yet.",
		Cause:       "A new mailbox is there within half an hour as a rule, in rare cases after a day.",
		Remedy:      "Wait. Then check again.",
		Wait:        30 * time.Minute, Params: []string{"ago"},
	}
)

// changes says what each change explains, while it spreads.
var changes = map[Change]struct {
	waiting *finding.Definition
	repairs []*finding.Definition
}{
	ChangeRegistration: {RegistrationSpreads, []*finding.Definition{
		RedirectURIMismatch, RedirectURINone, ClientIsPublic, PublicClientOff, PlatformIsSPA, BrowserRedeemsCode, ClientSecretMissing,
		ClientUnknown, ResponseUnsupported,
	}},
	ChangeSecret: {SecretSpreads, []*finding.Definition{ClientSecretInvalid, ClientSecretExpired, ClientCertificateInvalid}},
	ChangeConsent: {ConsentSpreads, []*finding.Definition{
		AdminConsentNeeded, ConsentRequested, ConsentMissing, PartnerConsentMissing, PermissionNotListed, PermissionUserRead, NotAssigned,
		ClientNotInTenant, ClientDisabled, ExchangeDisabled, TokenScopeMissing, AppRoleMissing,
	}},
	ChangeSwitch: {SwitchSpreads, []*finding.Definition{IMAPDisabled, POP3Disabled, SMTPAuthDisabledTenant, SMTPAuthDisabledMailbox}},
	ChangeFullAccess: {AccessSpreads, []*finding.Definition{
		FullAccessMissing, MailLoginRefused, AppMailboxAccessMissing, DelegationMissing,
	}},
	ChangeSendAs:           {AccessSpreads, []*finding.Definition{SendAsDenied, AppSendAsMissing, SenderNotAllowed}},
	ChangeServicePrincipal: {AccessSpreads, []*finding.Definition{ServicePrincipalWrong, AppMailboxAccessMissing, AppSendAsMissing}},
	ChangeMailbox: {MailboxSpreads, []*finding.Definition{
		MailboxMissing, ExchangeMissing, AccountUnknown, IMAPDisabled, FullAccessMissing, MailLoginRefused,
	}},
}

// Changes lists all changes, in alphabetical order.
func Changes() []Change {
	var list []Change
	for c := range changes {
		list = append(list, c)
	}
	slices.Sort(list)
	return list
}

// spreading puts "wait" first where what was refused has just been repaired.
func spreading(causes []finding.Cause, c Context) []finding.Cause {
	change, ok := changes[c.Changed]
	if !ok || c.ChangedAgo < 0 || c.ChangedAgo >= change.waiting.Wait {
		return causes
	}
	for _, cause := range causes {
		if slices.Contains(change.repairs, cause.Definition) {
			return append([]finding.Cause{{Definition: change.waiting, Likelihood: finding.Likely}}, causes...)
		}
	}
	return causes
}
