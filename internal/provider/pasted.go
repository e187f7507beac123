package provider

import (
	"slices"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// What only a pasted text can tell: our own requests and conversations do not
// do these things, and know where they go.
var (
	CommandRefused = &finding.Definition{
		Code: "imap_command_refused", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The mail server did not take a command of the mail program",
		Consequence: "The program stops, or goes on without what it asked for.",
		Cause:       "The command came at the wrong moment or in the wrong form. Often the login before it had failed, and the program went on.",
		Remedy:      "Read the program's log before this line: how the login ended decides. If it succeeded, update the program.",
	}
	ApplicationFault = &finding.Definition{
		Code: "application_error", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The mail application itself failed",
		Consequence: "Nothing is known yet about the sign-in service or the mailbox.",
		Cause:       "The page comes from the application's own web server. The reason stands in the application's log.",
		Remedy:      "Find the time of this page in the application's log. Paste the lines below it, above all those with Caused by.",
	}
	OtherMailService = &finding.Definition{
		Code: "other_mail_service", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "This answer comes from another mail service than Microsoft's",
		Consequence: "A token of Microsoft opens no mailbox there.",
		Cause:       "The mail program is set to the servers of another service, or the account is not one of Microsoft 365.",
		Remedy:      "If the mailbox is in Microsoft 365, enter Microsoft's mail servers. Otherwise follow the help of the service that answered.",
	}
	ScopeReserved = &finding.Definition{
		Code: "scope_reserved", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The program's library does not take openid, profile or offline_access in the list of scopes",
		Consequence: "The program stops before it asks Microsoft.",
		Cause:       "The MSAL library adds these three by itself, and refuses them in the list.",
		Remedy:      "Leave only the permissions for mail in the list of scopes. The library asks for a refresh token all the same.",
	}
	StateMismatch = &finding.Definition{
		Code: "state_mismatch", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The application does not recognise the answer as one to its own sign-in",
		Consequence: "The sign-in at Microsoft succeeded, and the application throws its answer away.",
		Cause:       "The sign-in began in another browser, under another address of the application, or its session ended meanwhile.",
		Remedy:      "Open the application under exactly its external URL, and sign in from the start in one window. If it repeats, see whether a proxy drops its cookie.",
	}
	TokenNotYetValid = &finding.Definition{
		Code: "token_not_valid_yet", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "A token was refused because its time has not begun",
		Consequence: "The sign-in or the mail program stops with a good token.",
		Cause:       "The clock of the computer that checked the token runs behind.",
		Remedy:      "Set the clock of that computer by a time service. Then try again.",
		Command:     "w32tm /query /status",
	}
)

func pasted(k Case) bool { return k.Pasted }
func noPort(k Case) bool { return k.Port == "" }

// notWeb: the failure may be one of a mail server.
func notWeb(k Case) bool { return k.Symptom.Protocol != probe.HTTPS }

// wantsLogin: a proxy answered with the status that asks for a login.
func wantsLogin(k Case) bool { return k.Pasted && k.Reply == "407" }

// passwordUsed: the login was one with a password, so no token was refused.
func passwordUsed(k Case) bool {
	return slices.Contains([]string{"PLAIN", "LOGIN", "USER", "CRAM-MD5", "DIGEST-MD5", "NTLM"}, k.Mechanism)
}

// tokenRefused: a program says that a login with a token failed, and not over
// which protocol.
func tokenRefused(k Case) bool {
	return k.Pasted && k.Stage == "" && k.Reply == "" && (k.Mechanism == "XOAUTH2" || k.Mechanism == "OAUTHBEARER")
}

// noStatus: a program says only that a page came, and not with which status.
func noStatus(k Case) bool { return k.Pasted && k.Status == 0 }

// anyGrant: nothing says whether a person signed in.
func anyGrant(k Case) bool { return k.Pasted && k.Context.Grant == "" && k.blank() && tokenUnknown(k) }

// unsaidPrompt: the sign-in address is not known, nor whether consent exists.
func unsaidPrompt(k Case) bool { return k.Pasted && k.Prompt == "" && !k.Consented }

// pastedRules come before those for servers' words.
var pastedRules = []Rule{
	{Stage: probe.ProxyStage, Kind: []probe.Kind{probe.ProxyRefused}, When: wantsLogin, Means: certain(ProxyWantsLogin)},
	{Stage: probe.ProxyStage, Kind: []probe.Kind{probe.ProxyRefused}, When: pasted, Means: certain(ProxyRefused)},
	{Stage: probe.ProxyStage, When: pasted, Means: certain(ProxyUnreachable)},
	{Stage: probe.Authenticate, Kind: []probe.Kind{probe.RefusedByServer}, Text: foreignMail, When: pasted, Means: likely(OtherMailService)},
	{Text: appServers, When: pasted, Means: likely(ApplicationFault)},
	{Endpoint: oauth.Authorize, Text: webServers, When: pasted, Means: likely(ApplicationFault)},
	{Text: []string{"no mailbox associated"}, When: pasted, Means: likely(MailboxMissing)},
	// Of a refused token no more is known; which protocol it was nobody says.
	{Kind: []probe.Kind{probe.RefusedByServer}, When: tokenRefused, Means: likely(TokenWrongAudience, TokenDamaged)},
	// Exchange offers a login on port 587 only after STARTTLS, and none on port 25.
	{Kind: []probe.Kind{probe.NoMechanism}, Protocol: probe.SMTP, Text: noLogin, When: program, Means: likely(STARTTLSNotUsed, LoginNotTaken, ProgramMisreads)},
	{Text: []string{"scope value that is reserved", "reserved scope"}, When: pasted, Means: certain(ScopeReserved)},
	{HTML: true, Endpoint: oauth.TokenEnd, When: noStatus, Means: likely(ProxyAnswered, ProviderUnavailable)},
	{Text: otherState, When: pasted, Means: likely(StateMismatch)},
	{Text: []string{"insecure_transport", "MUST utilize https"}, When: pasted, Means: likely(RedirectURIHTTP)},
	{Text: []string{"MsalUiRequiredException", "InteractionRequiredAuthError", "no_tokens_found", "No account or login hint was passed"}, When: pasted, Means: likely(InteractionNeeded)},
	{Text: tooEarly, When: pasted, Means: likely(TokenNotYetValid)},
	{Kind: []probe.Kind{probe.NoConnection}, Stage: probe.Dial, Means: likely(PortBlocked, ConnectionRefused)},
	// A program that gets something else than TLS has begun with it too early, or
	// meets something in between; without the port nobody can tell.
	{Kind: []probe.Kind{probe.NotTLS}, When: both(program, both(noPort, notWeb)), Means: likely(TLSAtOnce, TLSFailed)},
	{Kind: []probe.Kind{probe.TLSOther}, Text: []string{"does not support SSL", "does not support TLS"}, When: both(program, noPort), Means: likely(TLSAtOnce, TLSNotTrusted, TLSFailed)},
	// Who speaks another protocol than the port waits for a greeting for ever.
	{Kind: []probe.Kind{probe.Timeout}, Stage: probe.Greeting, When: both(program, both(noPort, notWeb)), Means: likely(ServerSilent, PortOfOtherProtocol)},
}

// commandRules come behind what Exchange means by its words: BAD alone says
// that the command was wrong, not the mailbox (RFC 9051 §7.1.3).
var commandRules = []Rule{
	{Protocol: probe.IMAP, Stage: probe.Authenticate, Reply: "BAD", When: pasted, Means: likely(SASLMalformed, TokenDamaged)},
	{Protocol: probe.IMAP, Reply: "BAD", Text: []string{"argument"}, When: pasted, Means: likely(CommandRefused, SASLMalformed)},
	{Protocol: probe.IMAP, Reply: "BAD", When: pasted, Means: likely(CommandRefused)},
}

var (
	// foreignMail are marks in the answers of other mail services for everybody.
	foreignMail = []string{"gsmtp", "support.google.com", "Application-specific password", "Web login required", "help.yahoo.com", "support.apple.com"}
	// appServers are the headings of the pages that web servers of applications
	// make of an error; the sign-in service has none of them.
	appServers = []string{"Apache Tomcat", "HTTP Status 500", "HTTP Status 404", "Exception Report", "Whitelabel Error Page", "Server Error in '/"}
	// webServers sign their own pages; such a page is no page of the sign-in service.
	webServers = []string{"nginx/", "Apache/2", "IIS Web Core", "Microsoft-IIS", "HTTP Error 404", "HTTP Error 500", "HTTP Error 502", "HTTP Error 503"}
	noLogin    = []string{"AUTH extension not supported", "support AUTH", "not advertise auth"}
	otherState = []string{"mismatching_state", "state mismatch", "state_mismatch", "state not equal", "state does not match", "invalid state parameter", "invalid oauth state", "authorization_request_not_found"}
	tooEarly   = []string{"token is not yet valid", "token not yet valid", "token is not valid yet", "token used too early", "token used before", "ImmatureSignature", "IDX10222"}
)
