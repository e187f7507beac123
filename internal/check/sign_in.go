package check

import (
	"context"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	otherAccount = &finding.Definition{
		Code: "other_account_signed_in", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "{{.signed_in_as}} signed in, not {{.expected}}",
		Consequence: "The token would open the mailbox of {{.signed_in_as}}. It is not used.",
		Cause:       "The password of {{.signed_in_as}} was entered, or the window was signed in as that account before.",
		Remedy:      "Sign in again in a new private window, or accept this account if it is the right one.",
		Params:      []string{"signed_in_as", "expected"},
	}
	pinnedAccountDiffers = &finding.Definition{
		Code: "account_changed", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "{{.signed_in_as}} signed in, but this mailbox belongs to {{.expected}}",
		Consequence: "The token was dropped. The token in use stays as it is.",
		Cause:       "Another account was used than the one accepted before.",
		Remedy:      "Sign in as {{.expected}}. To change the account for good, change it in the step Version and account.",
		Params:      []string{"signed_in_as", "expected"},
	}
	otherTenant = &finding.Definition{
		Code: "tenant_of_another", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "{{.signed_in_as}} belongs to another tenant",
		Consequence: "The token was dropped.",
		Cause:       "An account of another organisation was used.",
		Remedy:      "Sign in as {{.expected}}.",
		Params:      []string{"signed_in_as", "expected"},
	}
	sessionReused = &finding.Definition{
		Code: "private_session_reused", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "The private window was used before, and no password was entered now",
		Consequence: "Nobody can tell whose sign-in this was. The token was dropped.",
		Cause:       "A private window from an earlier sign-in was still open.",
		Remedy:      "Close all private windows. Then make a new link, and open it.",
	}
	signInNotFresh = &finding.Definition{
		Code: "sign_in_not_fresh", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "The password was entered before this sign-in began",
		Consequence: "Nobody can tell whose sign-in this was. The token was dropped.",
		Cause:       "The sign-in service took over an earlier sign-in of the same browser.",
		Remedy:      "Close all private windows. Then make a new link, and open it.",
	}
	idTokenRefused = &finding.Definition{
		Code: "id_token_refused", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The proof of who signed in does not belong to this sign-in",
		Consequence: "The token was dropped.",
		Cause:       "Issuer, audience, signature or nonce of the ID token is not the expected one.",
		Remedy:      "Make a new link, and sign in again. If it repeats, something answers in the provider's place.",
	}
	signInLost = &finding.Definition{
		Code: "sign_in_lost", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "The server was restarted at the very moment of the sign-in",
		Consequence: "The code was used up and the token was lost. Nothing else happened.",
		Cause:       "The process ended between the answer of the sign-in service and the storing of the token.",
		Remedy:      "Make a new link, and sign in once more.",
	}
	refreshTokenMissing = &finding.Definition{
		Code: "refresh_token_missing", Severity: finding.Blocker, Actor: finding.AppAdmin, Ours: true,
		Title:       "No refresh token came with the token",
		Consequence: "Mail would stop after about an hour.",
		Cause:       "The permission offline_access was not granted.",
		Remedy:      "Add offline_access to the permissions, grant consent, and sign in again.",
	}
	signInRefusedByOwner = &finding.Definition{
		Code: "sign_in_turned_down", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The sign-in of {{.signed_in_as}} was turned down",
		Consequence: "The token was dropped.",
		Cause:       "The owner of the setup refused it.",
		Remedy:      "Make a new link, and sign in as {{.expected}}.",
		Params:      []string{"signed_in_as", "expected"},
	}
	signInWaits = &finding.Definition{
		Code: "sign_in_not_accepted", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The sign-in of {{.signed_in_as}} waits to be accepted",
		Consequence: "The token is held for ten minutes and not used.",
		Cause:       "The sign-in came from a browser that nobody has recognised yet.",
		Remedy:      "Compare the account, and accept or refuse it in the step Sign-in.",
		Params:      []string{"signed_in_as"},
	}
	tokenForOther = &finding.Definition{
		Code: "token_of_other_registration", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "The token was made with other values than today's",
		Consequence: "It says nothing about the present registration or account.",
		Cause:       "Tenant, client ID, cloud or sign-in account was changed after the sign-in.",
		Remedy:      "Sign in again.",
	}
	freshnessUnproven = &finding.Definition{
		Code: "fresh_session_not_proven", Severity: finding.Note, Actor: finding.MailboxUser, Ours: true,
		Title:       "Right account; a separate session is not proven",
		Consequence: "Nothing stops: the account is the expected one.",
		Cause:       "The link was opened in another browser, or on another computer. The token does not tell when the password was entered.",
		Remedy:      "Nothing to do. Add the claim auth_time to the registration to have it next time.",
	}
)

// SignedIn judges the newest sign-in: right tenant, right person, fresh
// session, and accepted.
//
// Evidence against freshness stops; missing evidence only informs. On a third
// person's computer a missing cookie proves little.
var SignedIn = &Check{
	ID:      "sign_in",
	Reads:   []setup.Field{setup.FieldAttempt, setup.FieldGrant, setup.FieldTenant, setup.FieldClientID, setup.FieldSignInAccount, setup.FieldCloud},
	Needs:   []setup.Field{setup.FieldAttempt},
	Targets: signsInHere,
	Finds: with(answers(provider.AtAuthorize, provider.AtCode),
		otherAccount, pinnedAccountDiffers, otherTenant, sessionReused, signInNotFresh, idTokenRefused,
		signInLost, refreshTokenMissing, signInRefusedByOwner, signInWaits, tokenForOther, freshnessUnproven, provider.SecretSpreads, provider.ConsentSpreads,
	),
	Grade: Human, Timeout: 5 * time.Second,
	Run: func(_ context.Context, e *Env, t Target) Outcome {
		in := e.SignIn
		expected := string(e.Setup.Application.SignInAccount)
		if p := e.Setup.SignIn.Pinned; p != nil {
			expected = p.UserName
		}
		who := []string{"signed_in_as", in.Identity.UserName, "expected", expected}
		switch {
		case in.Failure != nil && in.Failure.Guard != "":
			return Found(guarded(in.Failure, who))
		case in.Failure != nil:
			return e.explain(in.Failure.Err, t)
		case in.Refused:
			return Found(finding.New(signInRefusedByOwner, who...))
		case !in.Accepted && in.RightOne == ProofNo:
			return Found(finding.New(otherAccount, who...))
		case !in.Accepted:
			return Found(finding.New(signInWaits, "signed_in_as", in.Identity.UserName))
		case in.Basis != BasisOf(e.Setup):
			return Found(finding.New(tokenForOther))
		}
		facts := []Fact{{"signed_in_as", in.Identity.UserName}}
		if in.Session() == SessionUnproven {
			return Outcome{Facts: facts, Findings: []finding.Finding{finding.New(freshnessUnproven)}}
		}
		return Passed(facts...)
	},
}

// ExplainSignIn says what a failure at the sign-in service means, as SignedIn
// does for one that has ended a sign-in.
func (e *Env) ExplainSignIn(failure *oauth.Error) finding.Finding {
	f, _ := e.Provider.ExplainError(failure, e.context(Target{}))
	return f
}

// signsInHere: nothing to judge where only the product signs in.
func signsInHere(e *Env) []Target {
	if e.Setup.Application.ChecklistOnly {
		return nil
	}
	return []Target{{}}
}

func guarded(failure *Failure, who []string) finding.Finding {
	var f finding.Finding
	switch failure.Guard {
	case GuardTenant:
		f = finding.New(otherTenant, who...)
	case GuardPerson:
		f = finding.New(pinnedAccountDiffers, who...)
	case GuardReused:
		f = finding.New(sessionReused)
	case GuardNotFresh:
		f = finding.New(signInNotFresh)
	case GuardLost:
		f = finding.New(signInLost)
	case GuardChanged:
		f = finding.New(tokenForOther)
	case GuardNoRefresh:
		f = finding.New(refreshTokenMissing)
	default:
		f = finding.New(idTokenRefused)
	}
	if failure.Err != nil {
		f = f.With("callback", failure.Err.Error(), "")
	}
	return f
}
