package lab

import (
	"slices"

	"latchkey/internal/lab/world"
)

// Divergences lists in what the lab is not like the real services, and which
// behaviours are assumed because nobody has recorded them.
func Divergences() []world.Divergence { return slices.Clone(divergences) }

var divergences = []world.Divergence{
	{Subject: "Transport", Text: "Entra and the portal speak plain HTTP, on one address; the session cookies have no Secure attribute."},
	{Subject: "Sign-in page", Text: "Email and password are asked for on one page. There is no second factor: a policy that demands one ends on an error page."},
	{Subject: "Sign-in page", Text: "Passwords may be tried without limit; there is no lock-out (AADSTS50053) by state."},
	{Subject: "Platforms", Text: "Only response_mode=query is served. Device code, implicit and hybrid flows, certificates and federated credentials do not exist."},
	{Subject: "Registrations", Text: "A registration and its enterprise application are one thing, in one tenant; guests do not exist."},
	{Subject: "Portal", Text: "It needs no sign-in and changes act at once; the real ones need minutes (redirect URI, secret) up to an hour (rights)."},
	{Subject: "Discovery", Text: "The document names no userinfo, device or Kerberos endpoint and no China, Gov or DoD hosts."},
	{Subject: "Other endpoints", Text: "There is no user realm, credential type, Graph or sign-in log, and admin consent only in its second version."},
	{Subject: "Keys", Text: "One signing key, without a certificate (x5c, x5t)."},
	{Subject: "Mail hosts", Text: "One address with three ports and one certificate, from a private authority."},
	{Subject: "IMAP", Text: "Two folders, no APPEND, COPY, MOVE or BODYSTRUCTURE; a message counts as having one part."},
	{Subject: "SMTP", Text: "Nothing leaves the simulator: recipients elsewhere are accepted and counted. No rate limit per minute or day, no quota."},
	{Subject: "App-only access", Text: "Client credentials give a token without roles; mailboxes cannot be opened with it."},
	{Subject: "Throttling", Text: "It is switched on and off, not provoked by load, except for the limits of parallel connections."},

	{Subject: "OAuth error of some numbers", Assumed: true, Text: "500112, 501481, 70000, 700005, 28000, 650053, 50105, 50147, 501491, 90094, 7000216, 1002012, 9002326 and 9002327 " +
		"have a published text, but the value of error that comes with them was not recorded."},
	{Subject: "Order of checks", Assumed: true, Text: "Recorded: form of the client ID before, redirect URI after the sign-in; form of a code before the secret. " +
		"Unknown client before the sign-in, scope after the redirect URI, policy after assignment are assumed."},
	{Subject: "Place of some refusals", Assumed: true, Text: "A request whose form is wrong (70005, 70007, 90100, 50147, 501491) returns to a registered redirect URI, " +
		"as RFC 6749 has it; Microsoft's page lists them as pages."},
	{Subject: "Recorded answers", Text: "What no state of the simulator leads to (lock-out, device policies, quotas, sender blocks) can only be shown as a recorded answer, by a program."},
	{Subject: "prompt=none", Assumed: true, Text: "An unregistered redirect URI meets the page of AADSTS50011 at once."},
	{Subject: "Blocked account", Assumed: true, Text: "AADSTS50057 is shown before the password is looked at, and stays on the sign-in page."},
	{Subject: "Abandoned page", Assumed: true, Text: "A sign-in page ends after one hour (AADSTS50089)."},
	{Subject: "Consent", Assumed: true, Text: "Consent to a mail permission under Microsoft Graph counts for Exchange's prefix too; sign-in permissions and offline_access need none of their own."},
	{Subject: "Admin consent", Assumed: true, Text: "A person who is no administrator meets the page \"Need admin approval\" there too."},
	{Subject: "Redemption", Assumed: true, Text: "A refused redemption (wrong verifier, wrong redirect URI) does not use the code up."},
	{Subject: "Scope echo", Assumed: true, Text: "Tokens carry what was asked for, not everything ever granted; the echo for Exchange names no sign-in scopes."},
	{Subject: "Access token", Assumed: true, Text: "The signature covers the hash of the header's nonce, so clients cannot verify it."},
	{Subject: "Company sign-in", Assumed: true, Text: "A silent sign-in at the workstation counts as authentication at that moment (auth_time)."},
	{Subject: "IMAP off", Assumed: true, Text: "Refused at the first mailbox command, or at AUTHENTICATE: reports disagree, both can be chosen."},
	{Subject: "Authenticated but not connected", Assumed: true, Text: "The connection ends with the second refused command; recorded is \"after one or two\"."},
	{Subject: "SMTP", Assumed: true, Text: "Token and user are judged before the SMTP AUTH switch; the switch is that of the person who signs in."},
	{Subject: "Texts", Assumed: true, Text: "IMAP's LOGOUT, ID, argument and invalid-state lines, POP3's lines outside authentication, SMTP's 451, 500, 501, 503 and 552 lines, " +
		"and most of the published AADSTS texts were not recorded word by word."},
	{Subject: "Expired token in POP3 and SMTP", Assumed: true, Text: "A session that is open stays open; only IMAP ends it."},
}
