package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	productWhoNotShown = &finding.Definition{
		Code: "product_signer_not_shown", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true, Asks: "sign_in_log",
		Title:       "Nobody has shown who signed in for {{.product}}",
		Consequence: "If it was the person at the keyboard, nothing is fetched, and no error says so.",
		Cause:       "Latchkey cannot see the token of {{.product}}. The sign-in log of the directory can.",
		Remedy:      "Under Sign-in logs, filter by the application, and paste the newest line in the step Hand-over.",
		Params:      []string{"product"},
	}
	productWrongPerson = &finding.Definition{
		Code: "product_signed_in_as_other", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.signed_in_as}} signed in for {{.product}}, not {{.expected}}",
		Consequence: "{{.product}} holds a token that opens another mailbox.",
		Cause:       "The sign-in page took the session of the workstation, or the wrong account was chosen.",
		Remedy:      "Open a new private window, press Generate again, and sign in as {{.expected}}.",
		Params:      []string{"signed_in_as", "product", "expected"},
	}
	productOtherAppLogged = &finding.Definition{
		Code: "sign_in_log_of_other_application", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The line of the sign-in log belongs to the application {{.application}}",
		Consequence: "It does not say who signed in for {{.product}}.",
		Cause:       "The log shows all applications when it is not filtered.",
		Remedy:      "Filter by the client ID of the registration, and paste that line.",
		Params:      []string{"application", "product"},
	}
	productAppNotLogged = &finding.Definition{
		Code: "sign_in_log_without_client_id", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The line of the sign-in log does not hold the client ID {{.client_id}}",
		Consequence: "It may belong to another application, and then it does not say who signed in for {{.product}}.",
		Cause:       "The column Application ID was not copied, or the line is of another application.",
		Remedy:      "In the sign-in log add the column Application ID, filter by {{.client_id}}, and paste that line.",
		Params:      []string{"client_id", "product"},
	}
	productSignInFailed = &finding.Definition{
		Code: "sign_in_log_of_failure", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The line of the sign-in log is of a sign-in that Microsoft refused ({{.code}})",
		Consequence: "It does not say who made the token.",
		Cause:       "Several tries stand in the log.",
		Remedy:      "Paste the line of the successful sign-in. What {{.code}} means stands under Explain an error.",
		Params:      []string{"code"},
	}
	productSignInUnclear = &finding.Definition{
		Code: "sign_in_log_without_status", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The line of the sign-in log does not say whether {{.account}} succeeded",
		Consequence: "A refused sign-in makes no token, so the line does not say who made it.",
		Cause:       "The columns Status and Sign-in error code were not copied, or stand in a language that is not known here.",
		Remedy:      "Open the entry in the sign-in log, copy all of its basic info, and paste that.",
		Params:      []string{"account"},
	}
	productSignInOld = &finding.Definition{
		Code: "sign_in_log_too_old", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
		Title:       "The line of the sign-in log is of {{.time}}, before this setup began",
		Consequence: "It does not say who made the present token.",
		Cause:       "An older sign-in was copied.",
		Remedy:      "Paste the newest line. It can take some minutes to appear.",
		Params:      []string{"time"},
	}
	fetchingNotYet = &finding.Definition{
		Code: "renewal_by_product_outstanding", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Whether {{.product}} renews its token shows after {{.until}}",
		Consequence: "Its first token still works until then.",
		Cause:       "The application server made the first token; the services server renews it, about 90 minutes later.",
		Remedy:      "Look after {{.until}} whether mail is still fetched, and say so in the step Hand-over.",
		Wait:        firstTokenOver,
		Params:      []string{"product", "until"},
	}
	fetchingNoBegin = &finding.Definition{
		Code: "renewal_by_product_not_begun", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "Whether {{.product}} renews its token cannot be judged yet",
		Consequence: "Its first token may work. Whether it is renewed, nobody will know.",
		Cause:       "Nobody has stated that {{.product}} made its own token, so the 95 minutes have not begun.",
		Remedy:      "Press Generate in {{.product}}, tick the box in the step Hand-over, and look again after 95 minutes.",
		Params:      []string{"product"},
	}
	fetchingUnstated = &finding.Definition{
		Code: "still_fetching_not_stated", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true, Asks: "still_fetching",
		Title:       "Nobody has stated that {{.product}} still fetches mail",
		Consequence: "If its services server cannot renew the token, mail has stopped by now.",
		Cause:       "95 minutes have passed since the token was generated; no first token lives longer.",
		Remedy:      "Send a message to the mailbox, look for it in {{.product}}, and say so in the step Hand-over.",
		Params:      []string{"product"},
	}
	fetchingStopped = &finding.Definition{
		Code: "product_stopped_fetching", Severity: finding.Blocker, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.product}} worked at first and fetches no mail any more",
		Consequence: "No mail arrives.",
		Cause:       "Most likely the services server cannot reach the sign-in service on port 443, so it cannot renew the token.",
		Remedy:      "Check port 443 from the services server in the step Network. Then switch the alias on again.",
		Params:      []string{"product"},
	}
)

// firstTokenOver is longer than any first access token lives: the default is
// 60 to 90 minutes (learn.microsoft.com, configurable token lifetimes, read
// 2026-11-21).
const firstTokenOver = 95 * time.Minute

// FetchingShows is when mail that is still fetched proves that the product has
// renewed its token.
func FetchingShows(s setup.Setup) time.Time { return s.Handover.GeneratedAt.Add(firstTokenOver) }

// ProductSignedIn judges who made the product's own token, by a line of the
// directory's sign-in log.
var ProductSignedIn = &Check{
	ID:      "product_signed_in",
	Reads:   []setup.Field{setup.FieldProduct, setup.FieldSignInLog, setup.FieldSignInAccount, setup.FieldClientID},
	Targets: ofChecklist,
	Needs:   []setup.Field{setup.FieldHandover},
	Enough:  setup.FieldSignInLog,
	Finds: []*finding.Definition{
		productWhoNotShown, productWrongPerson, productOtherAppLogged, productAppNotLogged, productSignInFailed, productSignInUnclear,
		productSignInOld,
	},
	Grade: Pasted, Rejudges: true,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		in, name := e.Setup.Handover.ProductSignedIn, e.Product.Name
		if in == nil {
			return Found(finding.New(productWhoNotShown, "product", name))
		}
		expected := e.signedInAs()
		switch client := e.Setup.Registration.ClientID; {
		case in.AppID != "" && client != "" && !strings.EqualFold(in.AppID, client):
			return Found(finding.New(productOtherAppLogged, "application", in.AppID, "product", name))
		case in.Failure != "" && strings.Trim(in.Failure, "0") != "":
			return Found(finding.New(productSignInFailed, "code", in.Failure))
		case in.Unclear:
			return Found(finding.New(productSignInUnclear, "account", string(in.User)))
		case !in.User.Equal(setup.Address(expected)) && !in.User.Equal(e.Setup.Application.SignInAccount):
			return Found(finding.New(productWrongPerson, "signed_in_as", string(in.User), "product", name, "expected", expected))
		case !in.Time.IsZero() && in.Time.Before(e.Setup.CreatedAt.Add(-time.Hour)):
			return Found(finding.New(productSignInOld, "time", in.Time.UTC().Format("2006-01-02 15:04 UTC")))
		}
		if client := e.Setup.Registration.ClientID; in.AppID == "" && client != "" {
			return Found(finding.New(productAppNotLogged, "client_id", client, "product", name))
		}
		facts := []Fact{{"signed_in_as", string(in.User)}}
		if !in.Time.IsZero() {
			facts = append(facts, Fact{"signed_in_at", in.Time.UTC().Format(time.RFC3339)})
		}
		return Passed(facts...)
	},
}

// StillFetching waits until the product must have renewed its token once, and
// then asks a person.
var StillFetching = &Check{
	ID:      "still_fetching",
	Reads:   []setup.Field{setup.FieldProduct, setup.FieldHandover, setup.ItemStillFetching.Field()},
	Needs:   []setup.Field{setup.FieldHandover},
	Targets: ofChecklist,
	Finds:   []*finding.Definition{fetchingNoBegin, fetchingNotYet, fetchingUnstated, fetchingStopped},
	Grade:   Human, Rejudges: true, MaxAge: 5 * time.Minute,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		stated, name := e.Setup.Checklist[setup.ItemStillFetching], e.Product.Name
		until := FetchingShows(e.Setup)
		switch {
		case stated.Standing == setup.StandingNo:
			return Found(finding.New(fetchingStopped, "product", name).With("statement", "no", stated.By))
		case e.Setup.Handover.GeneratedAt.IsZero():
			return Found(finding.New(fetchingNoBegin, "product", name))
		case e.Now().Before(until):
			return Found(finding.New(fetchingNotYet, "product", name, "until", until.UTC().Format("15:04 UTC")))
		case stated.Standing == setup.StandingYes && !stated.At.Before(until):
			return Passed(statedFacts(stated)...)
		}
		// A word from before proves nothing: the first token still worked.
		return Found(finding.New(fetchingUnstated, "product", name))
	},
}

var (
	fetchingNotObserved = &finding.Definition{
		Code: "fetching_not_observed", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "A message has been in the inbox of {{.mailbox}} for {{.waited}}",
		Consequence: "{{.product}} may not fetch: by default it looks every 30 seconds. This is a sign and no proof.",
		Cause:       "The alias is inactive, the token was lost, or the message was left there on purpose.",
		Remedy:      "See that the alias is active and its retriever runs. Then look at the exception queue.",
		Params:      []string{"mailbox", "waited", "product"},
	}
	inboxEmptyOnly = &finding.Definition{
		Code: "fetching_inbox_empty", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The inbox of {{.mailbox}} is empty, as it is when {{.product}} fetches",
		Consequence: "An empty inbox is a sign and no proof.",
		Cause:       "Nothing has arrived, or everything was taken.",
		Remedy:      "Send a message to the mailbox, and look for it in {{.product}}.",
		Params:      []string{"mailbox", "product"},
	}
)

// fetchedWithin is how long a message may wait: the product looks every 30
// seconds, and every ten minutes after a failure of the network.
const fetchedWithin = 15 * time.Minute

// ProductFetches looks with the kept test key how old the oldest message of the
// inbox is: read-only, and only the dates of one header are looked at.
var ProductFetches = &Check{
	ID:    "product_fetches",
	Reads: []setup.Field{setup.FieldHandover, setup.FieldGrant, setup.FieldProduct, setup.ConfigProvider},
	Targets: func(e *Env) []Target {
		if e.Product.Key != product.OwnKey || e.Setup.Handover.Key != setup.KeepWatchman || e.Setup.Handover.GeneratedAt.IsZero() {
			return nil
		}
		return mailboxTargets(setup.IMAP)(e)
	},
	After: []*Check{KeyDecision},
	Finds: with(renewing(provider.AtIMAP), fetchingNotObserved, inboxEmptyOnly, provider.SwitchSpreads, provider.AccessSpreads),
	Grade: Automatic, Timeout: 60 * time.Second, MaxAge: 10 * time.Minute, Token: true,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		token, err := e.Token(ctx)
		if err != nil {
			return e.explain(err, t)
		}
		target := e.Provider.Hosts[setup.IMAP].Target(setup.IMAP)
		report, err := e.Probe.Oldest(ctx, target, probe.Login{User: string(t.Mailbox), Token: token.Access})
		if err != nil {
			c := tokenContext(e.context(t), token)
			c.SASLUser = string(t.Mailbox)
			return e.explainIn(err, c)
		}
		facts := []Fact{{"messages", fmt.Sprint(report.Messages)}}
		if report.Messages == 0 {
			return Outcome{Facts: facts, Findings: []finding.Finding{
				finding.New(inboxEmptyOnly, "mailbox", string(t.Mailbox), "product", e.Product.Name)}}
		}
		if report.Received.IsZero() {
			return Passed(facts...) // its header tells no time
		}
		waited := e.Now().Sub(report.Received)
		facts = append(facts, Fact{"oldest_message", report.Received.UTC().Format(time.RFC3339)})
		if waited > fetchedWithin {
			return Outcome{Facts: facts, Findings: []finding.Finding{finding.New(fetchingNotObserved,
				"mailbox", string(t.Mailbox), "waited", roughly(waited), "product", e.Product.Name)}}
		}
		return Passed(facts...)
	},
}

// roughly is a time in the unit in which people would say it.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
