package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// mailboxTargets is each mailbox with one protocol, if it is in use.
func mailboxTargets(protocol setup.Protocol) func(*Env) []Target {
	return func(e *Env) []Target {
		if !e.Setup.Application.Has(protocol) || e.Setup.Application.ChecklistOnly {
			return nil
		}
		host := e.Provider.Hosts[protocol]
		var list []Target
		for _, m := range e.Setup.Application.Mailboxes {
			list = append(list, Target{Mailbox: m, Protocol: protocol, Host: host.Host, Port: host.Port})
		}
		return list
	}
}

func mailboxCheck(id string, protocol setup.Protocol, place provider.Place) *Check {
	return &Check{
		ID:      id,
		Reads:   []setup.Field{setup.FieldGrant, setup.FieldMethod, setup.ConfigProvider},
		Needs:   []setup.Field{setup.FieldGrant},
		After:   []*Check{TokenClaims},
		Targets: mailboxTargets(protocol),
		Finds:   with(renewing(place), provider.SwitchSpreads, provider.AccessSpreads),
		Grade:   Automatic, Timeout: 60 * time.Second, MaxAge: 24 * time.Hour, Token: true,
		Run: openMailbox,
	}
}

// IMAP and POP3 log in and open the mailbox, read-only. An accepted login
// proves nothing: Exchange accepts it and fails at the first command.
var (
	IMAP = mailboxCheck(idIMAP, setup.IMAP, provider.AtIMAP)
	POP3 = mailboxCheck(idPOP3, setup.POP3, provider.AtPOP3)
)

func openMailbox(ctx context.Context, e *Env, t Target) Outcome {
	token, err := e.Token(ctx)
	if err != nil {
		return e.explain(err, t)
	}
	target := e.Provider.Hosts[t.Protocol].Target(t.Protocol)
	report, err := e.Probe.Mailbox(ctx, target, probe.Login{User: string(t.Mailbox), Token: token.Access})
	if err != nil {
		c := tokenContext(e.context(t), token)
		c.SASLUser = string(t.Mailbox)
		return e.explainIn(err, c)
	}
	return Passed(
		Fact{"messages", fmt.Sprint(report.Messages)},
		Fact{"login", string(t.Mailbox)},
		Fact{"server_name", report.ServerName},
	)
}

// SMTPLogin logs in for sending. With a shared account the login name that
// works is the account that signs in; both are tried, and what became of each is
// a fact, because a mail application may use the other one. (Threads and one
// measurement of September 2026; Microsoft's page says the shared address should
// work.)
var SMTPLogin = &Check{
	ID:      idSMTPLogin,
	Reads:   []setup.Field{setup.FieldGrant, setup.FieldMethod, setup.ConfigProvider},
	Needs:   []setup.Field{setup.FieldGrant},
	After:   []*Check{TokenClaims},
	Targets: mailboxTargets(setup.SMTP),
	Finds:   with(renewing(provider.AtSMTP), sendAsNotSeen, provider.SwitchSpreads),
	Grade:   Automatic, Timeout: 60 * time.Second, MaxAge: 24 * time.Hour, Token: true,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		login, out := e.smtpIdentity(ctx, t)
		if login == "" {
			return out
		}
		out.Facts = append(out.Facts, e.otherSMTPName(ctx, t, login)...)
		if !t.Mailbox.Equal(setup.Address(login)) {
			out.Findings = append(out.Findings, finding.New(sendAsNotSeen, "account", login, "mailbox", string(t.Mailbox)))
		}
		return out
	},
}

// sendAsNotSeen keeps a green row honest: the login is the same for every
// mailbox of a shared account, whatever rights it has there (threat T45).
var sendAsNotSeen = &finding.Definition{
	Code: "send_as_not_seen", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true, Asks: "test_message",
	Title:       "Whether {{.account}} may send as {{.mailbox}} was not seen",
	Consequence: "SMTP accepts the login of {{.account}}. A missing right shows with the first message only.",
	Cause:       "SMTP logs an account in, not a mailbox. Exchange looks at the right for each message.",
	Remedy:      "In the step Verification, ask for a test message to {{.mailbox}}. It proves the right of {{.account}}.",
	Params:      []string{"account", "mailbox"},
}

// otherSMTPName tries the name of the mailbox too, where another one has been
// accepted first. No answer to that is no finding: mail can be sent.
func (e *Env) otherSMTPName(ctx context.Context, t Target, login string) []Fact {
	names := smtpNames(e, t.Mailbox)
	last := names[len(names)-1]
	token, err := e.Token(ctx)
	if err != nil || last == login {
		return nil
	}
	_, err = e.Probe.SMTPLogin(ctx, e.Provider.Hosts[setup.SMTP].Target(setup.SMTP), probe.Login{User: last, Token: token.Access})
	switch {
	case err == nil:
		return []Fact{{smtpAccepts, last}}
	case refusesName(err):
		return []Fact{{smtpRefuses, last}}
	}
	return nil
}

// The facts about a login name.
const (
	smtpAccepts = "smtp_login"
	smtpRefuses = "smtp_login_refused"
)

// refusesName: only such a refusal is a reason to try another name.
func refusesName(err error) bool {
	var pe *probe.Error
	return errors.As(err, &pe) && pe.Stage == probe.Authenticate && pe.Kind == probe.RefusedByServer
}

// smtpIdentity returns the login name that SMTP accepts for a mailbox with what
// became of the names before it, or the findings of the refusal.
func (e *Env) smtpIdentity(ctx context.Context, t Target) (string, Outcome) {
	token, err := e.Token(ctx)
	if err != nil {
		return "", e.explain(err, t)
	}
	target := e.Provider.Hosts[setup.SMTP].Target(setup.SMTP)
	var first Outcome
	var tried []Fact
	for i, name := range smtpNames(e, t.Mailbox) {
		_, err := e.Probe.SMTPLogin(ctx, target, probe.Login{User: name, Token: token.Access})
		if err == nil {
			return name, Passed(append(tried, Fact{smtpAccepts, name})...)
		}
		if i == 0 {
			c := tokenContext(e.context(t), token)
			c.SASLUser = name
			first = e.explainIn(err, c)
		}
		if !refusesName(err) {
			break
		}
		tried = append(tried, Fact{smtpRefuses, name})
	}
	return "", first
}

// smtpNames lists the login names worth trying: who signed in first, because
// that is the one that works with a shared account.
func smtpNames(e *Env, mailbox setup.Address) []string {
	names := []string{e.signedInAs()}
	if !slices.Contains(names, string(mailbox)) {
		names = append(names, string(mailbox))
	}
	return names
}

var (
	messageNotFound = &finding.Definition{
		Code: "test_message_not_found", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The test message to {{.mailbox}} was sent and not found again",
		Consequence: "Sending works. Whether it arrives was not seen.",
		Cause:       "Delivery takes longer than {{.seconds}} seconds, or a rule moved the message.",
		Remedy:      "Look for it in the mailbox. Check again in a few minutes.",
		Params:      []string{"mailbox", "seconds"},
	}
	messageTaken = &finding.Definition{
		Code: "test_message_taken", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Another program reads {{.mailbox}} and may have taken the test message",
		Consequence: "Sending works. Whether it arrives was not seen.",
		Cause:       "The number of messages went down while Latchkey was looking.",
		Remedy:      "Ask whether the mail application is running already. If so, look for the message there.",
		Params:      []string{"mailbox"},
	}
)

// findFor is how long the test message is looked for.
const findFor = 45 * time.Second

// TestMessage sends one message to the mailbox itself, where the owner asked
// for it, and finds it again by its Message-ID. It is never deleted and never
// flagged.
var TestMessage = &Check{
	ID:    "test_message",
	Reads: []setup.Field{setup.FieldGrant, setup.FieldMethod, setup.ConfigProvider},
	Needs: []setup.Field{setup.FieldGrant},
	After: []*Check{SMTPLogin, IMAP, POP3},
	Targets: func(e *Env) []Target {
		var list []Target
		for _, t := range mailboxTargets(setup.SMTP)(e) {
			if slices.Contains(e.Setup.Verification.TestMessage, t.Mailbox) {
				list = append(list, t)
			}
		}
		return list
	},
	Finds: with(renewing(provider.AtSMTP, provider.AtSending, provider.AtIMAP, provider.AtPOP3),
		messageNotFound, messageTaken, provider.SessionExpired, provider.TooManyLogins, provider.SwitchSpreads, provider.AccessSpreads),
	// The message was taken from this sender, whether or not it was found again.
	Settles: []*finding.Definition{sendAsNotSeen},
	Grade:   Human, Timeout: 110 * time.Second, Token: true,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		login, out := e.smtpIdentity(ctx, t)
		if login == "" {
			return out
		}
		token, err := e.Token(ctx)
		if err != nil {
			return e.explain(err, t)
		}
		m := e.Message(t.Mailbox, t.Mailbox)
		sent := e.Now()
		target := e.Provider.Hosts[setup.SMTP].Target(setup.SMTP)
		if _, err := e.Probe.Send(ctx, target, probe.Login{User: login, Token: token.Access}, m); err != nil {
			c := tokenContext(e.context(t), token)
			c.SASLUser, c.From = login, string(t.Mailbox)
			return e.explainIn(err, c)
		}
		return e.findMessage(ctx, t, m.MessageID, sent)
	},
}

func (e *Env) findMessage(ctx context.Context, t Target, id string, sent time.Time) Outcome {
	reader := setup.IMAP
	if !e.Setup.Application.Has(reader) {
		reader = setup.POP3
	}
	if !e.Setup.Application.Has(reader) {
		return Passed(Fact{"message_id", id}) // nothing to look with
	}
	target := e.Provider.Hosts[reader].Target(reader)
	most := 0
	for e.Now().Sub(sent) < findFor {
		token, err := e.Token(ctx)
		if err != nil {
			return e.explain(err, t)
		}
		found, err := e.Probe.Find(ctx, target, probe.Login{User: string(t.Mailbox), Token: token.Access}, id)
		if err != nil {
			c := tokenContext(e.context(t), token)
			c.Protocol, c.SASLUser = reader, string(t.Mailbox)
			c.MailboxOpened = e.proven(map[setup.Protocol]string{setup.IMAP: idIMAP, setup.POP3: idPOP3}[reader], t.Mailbox)
			return e.explainIn(err, c)
		}
		switch {
		case found.Present:
			seconds := fmt.Sprintf("%.1f", e.Now().Sub(sent).Seconds())
			return Passed(Fact{"message_id", id}, Fact{"seconds", seconds})
		case found.Messages < most:
			return Found(finding.New(messageTaken, "mailbox", string(t.Mailbox)))
		}
		most = max(most, found.Messages)
		if err := e.Pause(ctx, time.Second); err != nil {
			break
		}
	}
	return Found(finding.New(messageNotFound, "mailbox", string(t.Mailbox), "seconds", fmt.Sprint(int(findFor.Seconds()))))
}
