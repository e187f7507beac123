package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	tokenOpaque = &finding.Definition{
		Code: "token_opaque", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The access token cannot be read",
		Consequence: "Audience and permissions are taken from what the sign-in service said it granted.",
		Cause:       "The sign-in service issues tokens that only it can read.",
		Remedy:      "Nothing to do. The mail servers will show whether they accept it.",
	}
	tokenAudienceOdd = &finding.Definition{
		Code: "token_audience_unknown", Severity: finding.Note, Actor: finding.ProductAdmin, Unconfirmed: true, Ours: true,
		Title:       "The token is for {{.audience}}, which is not a known name of the mail servers",
		Consequence: "If the mail servers refuse the token, this is the likely reason.",
		Cause:       "The list of names was collected from public recordings and may lack one.",
		Remedy:      "Go on. The mail servers decide.",
		Params:      []string{"audience"},
	}
	tokenOfOtherPerson = &finding.Definition{
		Code: "token_of_other_person", Severity: finding.Blocker, Actor: finding.MailboxUser, Ours: true,
		Title:       "The access token belongs to another account than the ID token",
		Consequence: "The token is not used.",
		Cause:       "The sign-in service gave two tokens for two accounts.",
		Remedy:      "Sign in again.",
	}
)

var tokenTooWide = &finding.Definition{
	Code: "token_scope_too_wide", Severity: finding.Warning, Actor: finding.AppAdmin, Ours: true,
	Title:       "The token permits more than was asked for: {{.scopes}}",
	Consequence: "Whoever gets hold of the token can do that too.",
	Cause:       "The app registration has more permissions with consent than the chosen protocols need. It may serve other programs too.",
	Remedy:      "Use an app registration of its own for mail. Remove the permissions that are not needed, withdraw their consent, and sign in again.",
	Params:      []string{"scopes"},
}

// TokenClaims reads what the access token says before a mail server sees it.
// Exchange has one refusal for every fault; what can be decided here is ruled
// out first. The claims are read for diagnosis only and never trusted.
var TokenClaims = &Check{
	ID:      idTokenClaims,
	Reads:   []setup.Field{setup.FieldGrant, setup.FieldProtocols, setup.ConfigProvider},
	Needs:   []setup.Field{setup.FieldGrant},
	Targets: signsInHere,
	After:   []*Check{SignedIn},
	Finds: with(with(renewing(), spreading...),
		tokenOpaque, tokenAudienceOdd, tokenOfOtherPerson, tokenTooWide,
		provider.TokenWrongAudience, provider.TokenScopeMissing,
	),
	Grade: Automatic, Timeout: 40 * time.Second, MaxAge: 24 * time.Hour, Token: true,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		token, err := e.Token(ctx)
		if err != nil {
			return e.explain(err, t)
		}
		claims, readable := oauth.DecodeClaims(token.Access)
		granted := token.Scope
		out := Passed(Fact{"scopes", strings.Join(granted, " ")})
		if readable {
			if len(claims.Scopes) > 0 {
				granted = claims.Scopes
			}
			out = e.judgeClaims(claims)
		} else {
			out.Findings = append(out.Findings, finding.New(tokenOpaque))
		}
		out.Findings = append(out.Findings, e.missingScopes(granted)...)
		if extra := e.extraScopes(granted); len(extra) > 0 {
			out.Findings = append(out.Findings, finding.New(tokenTooWide, "scopes", strings.Join(extra, ", ")))
		}
		return out
	},
}

var tokenLifetimeUnusual = &finding.Definition{
	Code: "token_lifetime_unusual", Severity: finding.Note, Actor: finding.EntraAdmin, Ours: true,
	Title:       "An access token lives {{.minutes}} minutes, and Microsoft's default is 60 to 90",
	Consequence: "Shorter ones are renewed more often, longer ones are revoked later. Both work.",
	Cause:       "A policy sets the lifetime. The 60 minutes in the vendor's list mean this lifetime, not the refresh token's.",
	Remedy:      "Leave Microsoft's default. The lifetime of refresh tokens cannot be set at all.",
	Params:      []string{"minutes"},
}

// TokenLifetime measures what the vendor's list muddles: an access token lives
// 60 to 90 minutes by default, and the lifetime of a refresh token cannot be
// configured (learn.microsoft.com, configurable token lifetimes, read
// 2026-11-21).
var TokenLifetime = &Check{
	ID:    "token_lifetime",
	Reads: []setup.Field{setup.FieldGrant, setup.ConfigProvider},
	Needs: []setup.Field{setup.FieldGrant},
	Targets: func(e *Env) []Target {
		if e.Provider.Kind != provider.KindEntra {
			return nil
		}
		return signsInHere(e)
	},
	After: []*Check{SignedIn},
	Finds: with(with(renewing(), spreading...), tokenLifetimeUnusual),
	Grade: Automatic, Timeout: 40 * time.Second, MaxAge: 24 * time.Hour, Token: true,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		token, err := e.Token(ctx)
		if err != nil {
			return e.explain(err, t)
		}
		lives := token.ExpiresAt.Sub(token.ReceivedAt)
		if claims, ok := oauth.DecodeClaims(token.Access); ok && !claims.Issued.IsZero() && !claims.Expires.IsZero() {
			lives = claims.Expires.Sub(claims.Issued)
		}
		minutes := fmt.Sprint(int(lives.Minutes()))
		out := Passed(Fact{"lifetime_minutes", minutes})
		// Microsoft adds some minutes at both ends; expires_in comes a bit short.
		if lives < 55*time.Minute || lives > 100*time.Minute {
			out.Findings = append(out.Findings, finding.New(tokenLifetimeUnusual, "minutes", minutes))
		}
		return out
	},
}

func (e *Env) judgeClaims(claims oauth.AccessClaims) Outcome {
	audience := strings.Join(claims.Audience, " ")
	out := Passed(
		Fact{"audience", audience},
		Fact{"scopes", strings.Join(claims.Scopes, " ")},
	)
	if !claims.Issued.IsZero() && !claims.Expires.IsZero() {
		out.Facts = append(out.Facts, Fact{"lifetime_minutes", fmt.Sprint(int(claims.Expires.Sub(claims.Issued).Minutes()))})
	}
	known := func(a string) bool { return slices.Contains(e.Provider.Audiences, strings.TrimSuffix(a, "/")) }
	switch {
	case e.Provider.Audiences == nil || slices.ContainsFunc(claims.Audience, known):
	case provider.ForGraph(claims.Audience):
		out.Findings = append(out.Findings, finding.New(provider.TokenWrongAudience, "audience", audience))
	default:
		out.Findings = append(out.Findings, finding.New(tokenAudienceOdd, "audience", audience))
	}
	p := e.Setup.SignIn.Pinned
	subject := claims.Values[e.Provider.Claims.Subject]
	if p != nil && subject != "" && subject != p.ObjectID {
		out.Findings = append(out.Findings, finding.New(tokenOfOtherPerson))
	}
	return out
}

// tokenContext adds what the token says of itself, so that a mail server's one
// sentence for all faults is not blamed on what can be seen to be right.
func tokenContext(c provider.Context, token oauth.Token) provider.Context {
	c.Scopes = token.Scope
	claims, ok := oauth.DecodeClaims(token.Access)
	c.TokenFine = c.TokenFine && ok // an opaque token was not judged
	if ok {
		c.Audience = strings.Join(claims.Audience, " ")
		if len(claims.Scopes) > 0 {
			c.Scopes = claims.Scopes
		}
	}
	return c
}

// missingScopes compares by the last part of a scope: it is asked for with the
// address of the resource in front and granted without.
func (e *Env) missingScopes(granted []string) []finding.Finding {
	if len(granted) == 0 {
		return nil // RFC 6749 §5.1: nothing said means granted as asked
	}
	var missing []finding.Finding
	for _, protocol := range e.Setup.Application.Protocols {
		want := e.Provider.Scopes[protocol]
		if want != "" && !hasScope(granted, want) {
			missing = append(missing, finding.New(provider.TokenScopeMissing,
				"protocol", strings.ToUpper(string(protocol)), "scope", provider.ShortScope(want)).
				With("granted", strings.Join(granted, " "), ""))
		}
	}
	return missing
}

func hasScope(list []string, want string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(provider.ShortScope(s), provider.ShortScope(want)) })
}

// extraScopes are the permissions beyond what the chosen protocols need
// (threat T18).
func (e *Env) extraScopes(granted []string) []string {
	asked := e.Provider.AskFor(e.Setup.Application.Protocols)
	var extra []string
	for _, g := range granted {
		if name := provider.ShortScope(g); name != "" && !hasScope(asked, g) && !slices.Contains(extra, name) {
			extra = append(extra, name)
		}
	}
	return extra
}

// TokenRefresh renews the token once: a token that cannot be renewed works
// today and is dead in an hour. The rotated refresh token is stored before the
// new access token is used.
var TokenRefresh = &Check{
	ID:      "token_refresh",
	Reads:   []setup.Field{setup.FieldGrant, setup.FieldClientSecret, setup.ConfigProvider},
	Needs:   []setup.Field{setup.FieldGrant},
	Targets: signsInHere,
	After:   []*Check{SignedIn},
	Finds:   with(renewing(), spreading...),
	Grade:   Automatic, Timeout: 40 * time.Second, MaxAge: 24 * time.Hour, Token: true,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		before := e.Now()
		token, err := e.Refresh(ctx)
		if err != nil {
			return e.explain(err, t)
		}
		return Passed(
			Fact{"renewed_at", before.UTC().Format(time.RFC3339)},
			Fact{"lifetime_minutes", fmt.Sprint(int(token.ExpiresAt.Sub(token.ReceivedAt).Minutes()))},
		)
	},
}
