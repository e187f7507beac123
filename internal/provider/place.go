package provider

import (
	"slices"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// Place is where a check of ours meets answers. A pasted answer has no place:
// it can be about anything.
type Place string

// The places. AtSMTP ends with the login; AtSending goes on to the end of the
// message. AtReach is a connection with nobody logged in.
const (
	AtDiscovery Place = "discovery"
	AtAuthorize Place = "authorize"
	AtCode      Place = "authorization_code"
	AtRefresh   Place = "refresh_token"
	AtAppOnly   Place = "client_credentials"
	AtIMAP      Place = "imap"
	AtPOP3      Place = "pop3"
	AtSMTP      Place = "smtp"
	AtSending   Place = "smtp_send"
	AtReach     Place = "reach"
)

// spot is a place in the words of rules: who speaks there, of what.
type spot struct {
	Symptom
	entra []Rule // what Microsoft says there
	plain []Rule // what any other service says there
	never []*finding.Definition
}

var mailPlain = slices.Concat(mailWords, mailRules)

// What a request of ours without a browser is never told: of the sign-in
// address, of the page and of the code.
var (
	ofAddress = []*finding.Definition{
		RedirectURINotSent, ResponseUnsupported, ResponseModeUnsupported, ResourceParameter, ClientIDMalformed, ClientInaccessible,
		PermissionUnusable, ChallengeMalformed,
	}
	ofPage = []*finding.Definition{
		ConsentDeclined, ConsentRequested, PartnerConsentMissing, SignInPageExpired, SignInInterrupted, SignInAgentFailed, WorkstationSSO,
		PasswordNotSet, PersonalAccount, GuestPending,
	}
	ofCode = []*finding.Definition{
		CodeUsed, CodeExpired, CodeDamaged, CodeOfAnother, CodeForOtherTenant, CodeNotReturned, RedirectURIChanged, BrowserRedeemsCode,
	}
	// ofKept are about a refresh token.
	ofKept = []*finding.Definition{GrantDamaged, GrantRevoked, SignInFrequency}
	// ofApp are about the application's own request.
	ofApp = []*finding.Definition{ScopeDefaultNeeded, ClientAssertionOutdated}
	// ofPerson are the classes of errors that only a person's grant has.
	ofPerson = []*finding.Definition{
		InteractionNeeded, SessionConfused, SignInRefused, ConsentMissing, DeviceCodePending, DeviceCodeRefused, GrantDamaged, PlatformIsSPA,
		ScopeDefaultMixed, ScopeSeparator, TenantRestricted, CrossTenantPolicy,
	}
)

// tenantSaid is all that the discovery document can be refused with, beside the
// faults of the way there.
var tenantSaid = []Rule{{Means: []Meaning{
	{Definition: TenantNotFound}, {Definition: WrongCloud}, {Definition: TenantMalformed}, {Definition: TLSTooOld},
	{Definition: ProviderUnavailable}, {Definition: TokenEndpointThrottled}, {Definition: RequestMalformed},
}}}

// spots leave out what a place cannot hear: no person is known to discovery or
// to a request of the application itself, and nobody pastes a page there.
var spots = map[Place]spot{
	AtDiscovery: {Symptom{Endpoint: oauth.Discovery}, tenantSaid, tenantSaid, nil},
	AtAuthorize: {Symptom{Endpoint: oauth.Authorize}, entraRules, slices.Concat(openIDWords, classRules), slices.Concat(ofKept, ofApp)},
	AtCode: {Symptom{Endpoint: oauth.TokenEnd, Grant: oauth.GrantAuthorizationCode}, slices.Concat(
		tenantRules, clientRules, redirectRules, scopeRules, consentRules, codeRules, personRules, policyRules, requestRules, classRules,
	), slices.Concat(openIDWords, classRules), slices.Concat(ofKept, ofApp)},
	AtRefresh: {Symptom{Endpoint: oauth.TokenEnd, Grant: oauth.GrantRefreshToken}, slices.Concat(
		tenantRules, clientRules, scopeRules, consentRules, codeRules, personRules, policyRules, requestRules, classRules,
	), classRules, slices.Concat(ofAddress, ofPage, ofCode, ofApp)},
	AtAppOnly: {Symptom{Endpoint: oauth.TokenEnd, Grant: oauth.GrantClientCredentials}, slices.Concat(
		tenantRules, clientRules, scopeRules, []Rule{{Means: certain(PolicyBlocksApplication)}}, requestRules, classRules,
	), classRules, slices.Concat(ofAddress, ofPage, ofCode, ofPerson)},
	AtIMAP:    {Symptom{Protocol: probe.IMAP}, slices.Concat(mailWords, tokenRules(), readRules, mailRules), mailPlain, ofIMAP},
	AtPOP3:    {Symptom{Protocol: probe.POP3}, slices.Concat(mailWords, tokenRules(), readRules, mailRules), mailPlain, ofPOP3},
	AtSMTP:    {Symptom{Protocol: probe.SMTP}, slices.Concat(mailWords, tokenRules(), smtpRules, mailRules, []Rule{{Means: certain(AddressThrottled)}}), mailPlain, ofSending},
	AtSending: {Symptom{Protocol: probe.SMTP, Stage: probe.SendStage}, slices.Concat(mailWords, smtpRules, sendRules, mailRules), mailPlain, nil},
	AtReach:   {},
}

// What a login is not told: what belongs to a message, to a mailbox that was
// opened before, or to another protocol.
var (
	ofIMAP    = []*finding.Definition{NotAuthenticated, SessionExpired, TooManyLogins}
	ofPOP3    = append([]*finding.Definition{IMAPDisabled, MailboxThrottled}, ofIMAP...)
	ofSending = []*finding.Definition{NotAuthenticated, STARTTLSNotUsed, SenderNotAllowed, MailboxInUse, MailboxRefused}
)

// notOurs are findings about what we never do: our tokens have a person, our
// sign-in address demands no consent, and we log in on ports that take a login.
var notOurs = []*finding.Definition{
	AppRoleMissing, ServicePrincipalWrong, AppMailboxAccessMissing, AppSendAsMissing,
	ConsentPromptForced, LoginNotTaken,
}

// onlyMail are the failures that no request of the web has. A login goes to
// the provider's own servers alone, wherever they are.
var (
	onlyMail = []probe.Kind{probe.NoMechanism, probe.NoSTARTTLS, probe.Limit, probe.ForbiddenPort}
	notMail  = []probe.Kind{probe.ForbiddenAddress, probe.ForbiddenPort}
	notReach = []probe.Kind{probe.ForbiddenPort}
)

// DefinitionsAt lists what a check can report of the answers it meets at these
// places, each once. Waiting for a change to spread is left out: it depends on
// what the check knows, see Context.Changed.
func (p Provider) DefinitionsAt(places ...Place) []*finding.Definition {
	list := []*finding.Definition{Unexplained}
	for _, place := range places {
		at := spots[place]
		add := func(d *finding.Definition) {
			if !slices.Contains(list, d) && !slices.Contains(notOurs, d) && !slices.Contains(at.never, d) {
				list = append(list, d)
			}
		}
		rules := at.plain
		if p.Kind == KindEntra {
			rules = at.entra
		}
		for _, r := range slices.Concat(rules, transport) {
			if !at.hears(r, place) {
				continue
			}
			for _, m := range r.Means {
				add(m.Definition)
			}
		}
		if at.Endpoint == "" { // whoever answers, and in whatever protocol
			add(TLSTooOld)
			add(PortOfOtherProtocol)
		}
	}
	return list
}

// hears reports whether nothing of a rule speaks against the place.
func (s spot) hears(r Rule, place Place) bool {
	web := s.Endpoint != ""
	has := func(kinds []probe.Kind) bool {
		return slices.ContainsFunc(r.Kind, func(k probe.Kind) bool { return slices.Contains(kinds, k) })
	}
	switch {
	case r.Endpoint != "" && r.Endpoint != s.Endpoint,
		r.Grant != "" && r.Grant != s.Grant,
		r.Protocol != "" && r.Protocol != s.Protocol,
		r.Stage == probe.SendStage && place != AtSending,
		!web && (len(r.HTTP) > 0 || r.HTML),
		web && has(onlyMail), s.Protocol != "" && has(notMail), place == AtReach && has(notReach),
		place == AtAuthorize && (len(r.Kind) > 0 || len(r.HTTP) > 0 || r.Stage == probe.ProxyStage):
		return false
	}
	return true
}
