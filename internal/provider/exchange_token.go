package provider

import (
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// What can be wrong with the token a mail server refuses. Exchange never says
// so: it has one sentence for all, and what is known around it decides.
var (
	TokenWrongAudience = &finding.Definition{
		Code: "token_wrong_audience", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The token is for {{.audience}}, not for the mail servers",
		Consequence: "Exchange refuses it on every protocol, without saying why.",
		Cause:       "The permissions were asked for without the address of Exchange in front.",
		Remedy: "Correct the scopes where they are configured: each begins with the address of the mail service. " +
			"Latchkey asks for them by itself; only scopes of a provider in its configuration file change that. Then sign in again.",
		Params: []string{"audience"},
	}
	TokenScopeMissing = &finding.Definition{
		Code: "token_scope_missing", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "The token does not permit {{.protocol}}",
		Consequence: "{{.protocol}} is refused for every mailbox.",
		Cause:       "The delegated permission for {{.protocol}} is not in the app registration, or nobody consented to it.",
		Remedy:      "Add the permission {{.scope}}, grant consent, and sign in again.",
		Link:        on(PagePermissions),
		Params:      []string{"protocol", "scope"},
	}
	TokenDamaged = &finding.Definition{
		Code: "token_outdated_or_damaged", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The access token has run out, or did not arrive whole",
		Consequence: "Mail servers refuse it.",
		Cause:       "An access token lives 60 to 90 minutes. A program that cuts it or encodes it twice gets the same refusal.",
		Remedy:      "Fetch a new access token and try at once. Compare the length of what was sent with the token.",
	}
	AppRoleMissing = &finding.Definition{
		Code: "app_role_missing", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "The token of the application permits no {{.protocol}}",
		Consequence: "{{.protocol}} is refused for every mailbox.",
		Cause:       "The application permission of Office 365 Exchange Online is missing, or no administrator has consented to it. A token is issued all the same.",
		Remedy:      "Under API permissions > APIs my organization uses > Office 365 Exchange Online, add the application permission for {{.protocol}}, and grant admin consent.",
		Link:        on(PagePermissions),
		Wait:        consentSpread,
		Params:      []string{"protocol"},
	}
	ServicePrincipalWrong = &finding.Definition{
		Code: "service_principal_wrong", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "Exchange does not know the application {{.client_id}}",
		Consequence: "Its tokens are refused for every mailbox.",
		Cause:       "It was not registered in Exchange, or with the object ID of the app registration in place of that of the enterprise application.",
		Remedy:      "Compare the object ID in Exchange with that under Enterprise apps, and register the application anew.",
		Command:     "New-ServicePrincipal -AppId {{.client_id}} -ObjectId (Get-MgServicePrincipalByAppId -AppId {{.client_id}}).Id",
		Link:        on(PageEnterpriseApps),
		Wait:        spread,
		Params:      []string{"client_id"},
	}
	AppMailboxAccessMissing = &finding.Definition{
		Code: "app_mailbox_access_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "The application {{.client_id}} may not open {{.mailbox}}",
		Consequence: "The mail application cannot use {{.mailbox}}.",
		Cause:       "The application's service principal has no permission on the mailbox.",
		Remedy:      "Grant Full Access on the mailbox to the service principal.",
		Command:     "Add-MailboxPermission -Identity {{.mailbox}} -User (Get-MgServicePrincipalByAppId -AppId {{.client_id}}).Id -AccessRights FullAccess",
		Wait:        spread,
		Params:      []string{"client_id", "mailbox"},
	}
	AppSendAsMissing = &finding.Definition{
		Code: "app_send_as_missing", Severity: finding.Blocker, Actor: finding.ExchangeAdmin,
		Title:       "The application {{.client_id}} may not send as {{.from}}",
		Consequence: "Answers from {{.from}} are refused.",
		Cause:       "The application's service principal has no right Send As on the mailbox.",
		Remedy:      "Grant Send As to the service principal.",
		Command:     "Add-RecipientPermission -Identity {{.from}} -Trustee (Get-MgServicePrincipalByAppId -AppId {{.client_id}}).Id -AccessRights SendAs",
		Wait:        spread,
		Params:      []string{"client_id", "from"},
	}
)

// spread is how long Microsoft's permission caches take at most, as reported
// (learn.microsoft.com, Add-MailboxPermission; administrators report up to an hour).
const spread = time.Hour

// appRoles are the application permissions of the protocols. They are the same
// in every cloud, as the delegated ones are.
var appRoles = map[setup.Protocol]string{
	setup.IMAP: "IMAP.AccessAsApp", setup.POP3: "POP.AccessAsApp", setup.SMTP: "SMTP.SendAsApp",
}

// graphScopes: the mail permissions among the scopes lead to a token for
// Microsoft Graph, because they begin with its address or with none.
func graphScopes(c Context) bool {
	var forGraph, forMail bool
	for _, scope := range append(strings.Fields(c.Scope), c.Scopes...) {
		address, short := "", scope
		if i := strings.LastIndexByte(scope, '/'); i >= 0 {
			address, short = scope[:i], scope[i+1:]
		}
		if permits(short, setup.Protocols...) {
			none := address == "" || slices.Contains(graph, address)
			forGraph, forMail = forGraph || none, forMail || !none
		}
	}
	return forGraph && !forMail
}

// permits: the last part of a scope is a permission for one of the protocols.
func permits(short string, protocols ...setup.Protocol) bool {
	return slices.ContainsFunc(protocols, func(p setup.Protocol) bool {
		return strings.EqualFold(short, delegated[p].Name) || strings.EqualFold(short, appRoles[p])
	})
}

// graphToken: the token was read and is for Microsoft Graph.
func graphToken(k Case) bool { return !k.TokenFine && ForGraph(strings.Fields(k.Audience)) }

// graphAsked: the token was not read, and what was asked for is of Graph. A
// token's own list has short names too, hence only where its audience is not
// known.
func graphAsked(k Case) bool { return !k.TokenFine && k.Audience == "" && graphScopes(k.Context) }

// scopeLacks: the permissions are known, and the protocol's is not among them.
func scopeLacks(k Case) bool {
	protocol := k.Protocol()
	if k.TokenFine || protocol == "" {
		return false
	}
	has := func(scope string) bool {
		short := ShortScope(scope)
		return short == ".default" || permits(short, protocol)
	}
	return len(k.Scopes) > 0 && !slices.ContainsFunc(k.Scopes, has)
}

func appOnly(k Case) bool { return k.AppOnly() }

// roleLacks: the token without a person is known to permit nothing here.
func roleLacks(k Case) bool {
	protocol := k.Protocol()
	return appOnly(k) && protocol != "" && len(k.Roles) > 0 && !slices.ContainsFunc(k.Roles, func(r string) bool {
		return r == delegated[protocol].Name || r == appRoles[protocol]
	})
}

// tokenUnknown: nothing has shown yet that the token is one for mail.
func tokenUnknown(k Case) bool {
	return !k.TokenFine && !k.IMAPWorks && !k.POP3Works && !k.SMTPWorks && !k.MailboxOpened && !k.OtherMailboxWorks &&
		k.Audience == "" && len(k.Scopes) == 0
}

// scopeUnknown: the token is one for mail, but perhaps not for this protocol.
func scopeUnknown(k Case) bool {
	return !k.TokenFine && len(k.Scopes) == 0 && !k.OtherMailboxWorks && !k.MailboxOpened
}

// outlived: the token was made so long ago that it has run out.
func outlived(k Case) bool {
	return !k.TokenFine && k.GrantAge > 90*time.Minute && len(k.Scopes) == 0 && !k.IMAPWorks && !k.POP3Works && !k.SMTPWorks
}

// loginRefused are the answers by which Exchange turns a token away; each
// becomes rules for the causes that hold for every protocol.
var loginRefused = []Rule{
	{Protocol: probe.IMAP, Text: []string{"AUTHENTICATE failed"}},
	{Protocol: probe.IMAP, Stage: probe.Authenticate, Reply: "NO"},
	{Protocol: probe.POP3, Text: []string{"Authentication failure: unknown user"}},
	{Protocol: probe.POP3, Stage: probe.Authenticate, Reply: "-ERR"},
	{Protocol: probe.SMTP, Enhanced: []string{"5.7.3"}},
}

// tokenRules come before the protocols' own: what is known about the token
// outweighs what the one sentence usually means.
func tokenRules() []Rule {
	var rules []Rule
	for _, answer := range loginRefused {
		with := func(when func(Case) bool, means []Meaning) {
			r := answer
			r.When, r.Means = when, means
			rules = append(rules, r)
		}
		with(passwordUsed, likely(PasswordLoginOff))
		with(graphToken, certain(TokenWrongAudience))
		with(graphAsked, likely(TokenWrongAudience))
		with(roleLacks, likely(AppRoleMissing))
		with(appOnly, likely(ServicePrincipalWrong, AppRoleMissing, AppMailboxAccessMissing, MailboxMissing))
		with(scopeLacks, likely(TokenScopeMissing))
	}
	return rules
}

// exchangeChallenge is the error challenge of RFC 7628 §3.2.2 with a scope of
// Exchange in it: what is known of other servers' refusals is not about it.
var exchangeChallenge = []Rule{
	{Text: refusalWords, When: namesExchange, Means: likely(TokenWrongAudience, TokenScopeMissing, TokenDamaged)},
}

func namesExchange(k Case) bool {
	return contains(k.Text, `"scope"`) && (contains(k.Text, "://outlook.office.com/") || contains(k.Text, "://outlook.office365.com/"))
}
