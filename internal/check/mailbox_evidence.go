package check

import (
	"context"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	licenceMissing = &finding.Definition{
		Code: "licence_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "{{.sign_in_account}} has no licence for Exchange Online",
		Consequence: "The account cannot open any mailbox.",
		Cause:       "No licence with Exchange Online is assigned.",
		Remedy:      "Assign a licence in the Microsoft 365 admin center.",
		Params:      []string{"sign_in_account"},
	}
	mailboxUnstated = &finding.Definition{
		Code: "mailbox_not_stated", Severity: finding.Note, Actor: finding.ExchangeAdmin, Ours: true, Asks: "decision",
		Title:       "Nobody has stated everything about the mailbox",
		Consequence: "The verification will show whether mail works.",
		Cause:       "The Microsoft 365 administrator did not know, or was not asked.",
		Remedy:      "Go on. Or ask the Microsoft 365 administrator, and fill in the rest.",
	}
	mailboxUnchecked = &finding.Definition{
		Code: "mailbox_not_checked", Severity: finding.Note, Actor: finding.ExchangeAdmin, Ours: true,
		Title:       "Not checked, left to step 7 by {{.name}}",
		Consequence: "The verification will show whether mail works.",
		Cause:       "It was chosen to go on without this check.",
		Remedy:      "Go on. Or paste the result of the script, or answer the questions.",
		Params:      []string{"name"},
	}
)

// MailboxEvidence records what the Microsoft 365 administrator states, or that
// the verification shall decide. A stated "no" stops here, before somebody
// signs in for nothing.
var MailboxEvidence = &Check{
	ID: "mailbox_evidence",
	Reads: []setup.Field{
		setup.FieldEvidence, setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount, setup.FieldProtocols,
	},
	Needs:    []setup.Field{setup.FieldEvidence},
	NeededBy: setup.StepVerification,
	Finds: []*finding.Definition{
		licenceMissing, mailboxUnstated, mailboxUnchecked, provider.IMAPDisabled, provider.POP3Disabled,
		provider.SMTPAuthDisabledMailbox, provider.FullAccessMissing, provider.SendAsDenied,
	},
	Grade: Human,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		switch m := e.Setup.Mailbox; m.Decision {
		case setup.ByVerification:
			return Found(finding.New(mailboxUnchecked, "name", m.By))
		case setup.ByScript:
			return Passed() // what it has read is judged by itself
		}
		var out Outcome
		unknown := false
		for _, subject := range Subjects(e.Setup.Application) {
			switch e.Setup.Mailbox.Statement[subject] {
			case setup.StandingYes:
			case setup.StandingNo:
				out.Findings = append(out.Findings, e.stated(subject)...)
			default:
				unknown = true
			}
		}
		if unknown {
			out.Findings = append(out.Findings, finding.New(mailboxUnstated))
		}
		return out
	},
}

// Subjects lists what the administrator is asked: only the protocols in use,
// and rights on other mailboxes only with a shared account.
func Subjects(a setup.Application) []setup.Subject {
	var list []setup.Subject
	for protocol, subject := range map[setup.Protocol]setup.Subject{
		setup.IMAP: setup.SubjectIMAP, setup.POP3: setup.SubjectPOP3, setup.SMTP: setup.SubjectSMTPAuth,
	} {
		if a.Has(protocol) {
			list = append(list, subject)
		}
	}
	list = append(list, setup.SubjectLicence)
	if a.Method == setup.SharedAccount {
		list = append(list, setup.SubjectFullAccess)
		if a.Has(setup.SMTP) {
			list = append(list, setup.SubjectSendAs)
		}
	}
	return inOrder(list)
}

func inOrder(list []setup.Subject) []setup.Subject {
	var sorted []setup.Subject
	for _, s := range []setup.Subject{
		setup.SubjectIMAP, setup.SubjectPOP3, setup.SubjectSMTPAuth,
		setup.SubjectLicence, setup.SubjectFullAccess, setup.SubjectSendAs,
	} {
		for _, have := range list {
			if have == s {
				sorted = append(sorted, s)
			}
		}
	}
	return sorted
}

// stated is what a "no" means. Rights are set mailbox by mailbox, so each has a
// finding with a command of its own.
func (e *Env) stated(subject setup.Subject) []finding.Finding {
	account := e.signedInAs()
	by := func(f finding.Finding) []finding.Finding {
		return []finding.Finding{f.With("statement", string(subject)+": no", e.Setup.Mailbox.By)}
	}
	each := func(f func(mailbox string) finding.Finding) (list []finding.Finding) {
		for _, m := range e.Setup.Application.Mailboxes {
			list = append(list, by(f(string(m)))...)
		}
		return list
	}
	switch subject {
	case setup.SubjectIMAP:
		return by(finding.New(provider.IMAPDisabled, "signed_in_as", account))
	case setup.SubjectPOP3:
		return by(finding.New(provider.POP3Disabled, "signed_in_as", account))
	case setup.SubjectSMTPAuth:
		return by(finding.New(provider.SMTPAuthDisabledMailbox, "host", e.Provider.Hosts[setup.SMTP].Host, "sasl_user", account))
	case setup.SubjectFullAccess:
		return each(func(mailbox string) finding.Finding {
			return finding.New(provider.FullAccessMissing, "mailbox", mailbox, "signed_in_as", account)
		})
	case setup.SubjectSendAs:
		return each(func(mailbox string) finding.Finding {
			return finding.New(provider.SendAsDenied, "signed_in_as", account, "from", mailbox)
		})
	default:
		return by(finding.New(licenceMissing, "sign_in_account", account))
	}
}
