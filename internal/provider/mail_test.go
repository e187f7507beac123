package provider_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

func codes(f finding.Finding) []string {
	var list []string
	for _, c := range f.Causes {
		list = append(list, c.Code)
	}
	return list
}

// said makes a symptom of a line alone, as somebody pastes it who knows no more
// than the protocol.
func said(p probe.Protocol, line string) provider.Symptom {
	return provider.Symptom{Protocol: p, Text: line, Evidence: []finding.Evidence{{Source: "paste", Text: line}}}
}

func TestEveryMailAnswerLeadsToItsCode(t *testing.T) {
	const trace = " [AM0PR02CA0134.eurprd02.prod.outlook.com 2024-07-11T11:46:49.042Z 08DCA18218166FB4]"
	for _, tt := range []struct {
		protocol   probe.Protocol
		line, want string
	}{
		{probe.IMAP, "A2 NO AUTHENTICATE failed.", "token_wrong_audience"},
		{probe.IMAP, "A4 BAD User is authenticated but not connected.", "full_access_missing"},
		{"", "imaplib.error: SELECT command error: BAD [b'User is authenticated but not connected.']", "full_access_missing"},
		{probe.IMAP, "* BYE Connection closed. 14", "full_access_missing"},
		{probe.IMAP, "A3 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds", "mailbox_throttled"},
		{probe.IMAP, "A3 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", "mailbox_throttled"},
		{probe.IMAP, "* BYE Session invalidated - AccessTokenExpired", "session_expired"},
		{probe.IMAP, "A1 NO LOGIN failed.", "password_login_off"},
		{probe.IMAP, "A1 NO Server Unavailable. 15", "exchange_unavailable"},
		{probe.POP3, "-ERR Logon failure: unknown user name or bad password.", "password_login_off"},
		{probe.POP3, "-ERR Authentication failure: unknown user name or bad password.", "token_wrong_audience"},
		{probe.SMTP, "535 5.7.3 Authentication unsuccessful" + trace, "smtp_login_refused"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information." + trace, "smtp_auth_disabled_tenant"},
		{"", "535, b'5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.'", "smtp_auth_disabled_mailbox"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect." + trace, "password_login_off"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled." + trace, "password_login_off"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator." + trace, "legacy_sign_in_blocked"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy." + trace, "security_defaults_block"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful, account locked." + trace, "account_locked"},
		{probe.SMTP, "535 5.7.139 Authentication unsuccessful" + trace, "smtp_auth_disabled_mailbox"},
		{probe.SMTP, "550 5.7.30 Basic authentication is not supported for Client Submission." + trace, "password_login_off"},
		{probe.SMTP, "504 5.7.4 Unrecognized authentication type" + trace, "mechanism_refused"},
		{probe.SMTP, "501 5.5.124 Invalid XOAUTH2 auth data", "sasl_data_malformed"},
		{probe.SMTP, "501 5.5.127 Token expires too soon", "token_nearly_over"},
		{probe.SMTP, "530 5.7.57 Client not authenticated to send mail." + trace, "smtp_not_authenticated"},
		{probe.SMTP, "451 5.7.3 STARTTLS is required to send mail" + trace, "starttls_not_used"},
		{probe.SMTP, "550 5.7.60 SMTP; Client does not have permissions to send as this sender" + trace, "send_as_denied"},
		{probe.SMTP, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message", "send_as_denied"},
		{probe.SMTP, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "recipient_limit_reached"},
		{probe.SMTP, "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException", "mailbox_full"},
		{probe.SMTP, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending", "too_many_connections"},
		{probe.SMTP, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "too_many_connections"},
		{probe.SMTP, "430 4.2.0 STOREDRV; something", "exchange_unavailable"},
		{probe.SMTP, "421 4.4.2 Connection dropped due to SocketError", "connection_lost"},
		{probe.SMTP, "451 4.7.500 Server busy. Please try again later from [203.0.113.5]. (S77719)", "server_address_throttled"},
		{probe.SMTP, "451 4.7.650 The mail server has been temporarily rate limited (AS650)", "server_address_throttled"},
		{probe.SMTP, "550 5.1.8 Access denied, bad outbound sender", "sender_blocked"},
		{probe.SMTP, "550 5.7.705 Access denied, tenant has exceeded threshold", "tenant_may_not_send"},
		{probe.SMTP, "550 5.7.708 Access denied, traffic not accepted from this IP", "tenant_may_not_send"},
		{probe.SMTP, "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domain", "sender_domain_unregistered"},
		{probe.SMTP, "550 5.7.501 Access denied, spam abuse detected", "sender_banned"},
		{probe.SMTP, "550 5.7.511 Access denied, banned sender", "sender_banned"},
		{probe.SMTP, "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade", "tls_too_old"},

		// Other servers.
		{probe.IMAP, "a NO [AUTHENTICATIONFAILED] Authentication failed.", "token_refused"},
		{probe.IMAP, "a NO [UNAVAILABLE] Temporary authentication failure.", "mail_server_busy"},
		{probe.IMAP, "a NO [AUTHORIZATIONFAILED] not yours", "delegation_missing"},
		{probe.IMAP, "a NO [ALERT] Too many simultaneous connections. (Failure)", "connections_limited"},
		{probe.IMAP, "a NO [NONEXISTENT] Unknown Mailbox", "mailbox_refused"},
		{probe.POP3, "-ERR [AUTH] Authentication failed.", "token_refused"},
		{probe.POP3, "-ERR [SYS/TEMP] Temporary authentication failure.", "mail_server_busy"},
		{probe.POP3, "-ERR [IN-USE] Mailbox is locked", "mailbox_in_use"},
		{probe.SMTP, "535 5.7.8 Error: authentication failed: ", "token_refused"},
		{probe.SMTP, "535-5.7.8 Username and Password not accepted. Learn more at https://support.example", "token_refused"},
		{probe.SMTP, `334 eyJ9 {"status":"401","schemes":"bearer","scope":"https://mail.example/"}`, "token_refused"},
		{probe.SMTP, `{"status":"insufficient_scope","scope":"mail"}`, "token_permits_too_little"},
		{probe.SMTP, "454 4.7.0 Temporary authentication failure: Connection lost to authentication server", "mail_server_busy"},
		{probe.SMTP, "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user c", "sender_not_allowed"},
		{probe.SMTP, "530 5.7.0 Must issue a STARTTLS command first", "starttls_not_used"},
	} {
		f := provider.Entra.Explain(said(tt.protocol, tt.line), provider.Context{})
		if f.Code() != tt.want {
			t.Errorf("%s %q: %v, want %s", tt.protocol, tt.line, codes(f), tt.want)
		}
		if len(f.Evidence) != 1 || f.Evidence[0].Text != tt.line {
			t.Errorf("%q: evidence %v", tt.line, f.Evidence)
		}
	}
}

// The same words mean different things: who signed in, what the token is for,
// what works besides and what was just changed decide which comes first.
func TestTheContextDecides(t *testing.T) {
	own := provider.Context{Method: setup.MailboxAccount, Mailbox: "support@contoso.example", SignedInAs: "support@contoso.example", TokenFine: true}
	shared := provider.Context{Method: setup.SharedAccount, Mailbox: "sales@contoso.example", SignedInAs: "svc@contoso.example", TokenFine: true}
	with := func(c provider.Context, change func(*provider.Context)) provider.Context { change(&c); return c }
	no := said(probe.IMAP, "A2 NO AUTHENTICATE failed.")
	bad := said(probe.IMAP, "A4 BAD User is authenticated but not connected.")
	err := said(probe.POP3, "-ERR Authentication failure: unknown user name or bad password.")
	smtp := said(probe.SMTP, "535 5.7.3 Authentication unsuccessful [X]")
	sendAs := said(probe.SMTP, "550 5.7.60 SMTP; Client does not have permissions to send as this sender")
	oldCode := provider.Symptom{Text: "AADSTS70008: The provided authorization code or refresh token has expired"}

	for _, tt := range []struct {
		name    string
		symptom provider.Symptom
		context provider.Context
		want    string
	}{
		{"IMAP, the owner", no, own, "imap_disabled"},
		{"IMAP, a delegate", no, shared, "mail_login_refused"},
		{"IMAP, token for Graph", no, with(own, func(c *provider.Context) { c.TokenFine, c.Audience = false, "https://graph.microsoft.com" }), "token_wrong_audience"},
		{"IMAP, scope without address", no, provider.Context{Scopes: []string{"IMAP.AccessAsUser.All", "offline_access"}}, "token_wrong_audience"},
		{"IMAP, scope of Graph", no, provider.Context{Scopes: []string{"https://graph.microsoft.com/IMAP.AccessAsUser.All"}}, "token_wrong_audience"},
		{"IMAP, token of SMTP only", no, provider.Context{Scopes: []string{"https://outlook.office.com/SMTP.Send"}}, "token_scope_missing"},
		{"IMAP, right scope, nobody known", no, provider.Context{Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All"}}, "imap_disabled"},
		{"IMAP, an old token", no, provider.Context{Method: setup.MailboxAccount, GrantAge: 3 * time.Hour}, "token_outdated_or_damaged"},
		{"IMAP, an administrator's token", no, with(own, func(c *provider.Context) { c.SignedInAs = "admin@contoso.example" }), "token_of_another_account"},
		{"IMAP, no person", no, provider.Context{Grant: oauth.GrantClientCredentials}, "service_principal_wrong"},
		{"IMAP, no person, no role", no, provider.Context{Grant: oauth.GrantClientCredentials, Roles: []string{"Mail.Read"}}, "app_role_missing"},
		{"IMAP, SMTP works", no, with(own, func(c *provider.Context) { c.SMTPWorks = true }), "imap_disabled"},

		{"not connected, the owner", bad, own, "imap_disabled"},
		{"not connected, a delegate", bad, shared, "full_access_missing"},
		{"not connected, an administrator", bad, with(own, func(c *provider.Context) { c.SignedInAs = "admin@contoso.example" }), "token_of_another_account"},
		{"not connected, no person", bad, provider.Context{Grant: oauth.GrantClientCredentials, Mailbox: "a@contoso.example"}, "app_mailbox_access_missing"},
		{"not connected, opened before", bad, with(own, func(c *provider.Context) { c.MailboxOpened = true }), "too_many_logins"},
		{"not connected, just granted", bad, with(shared, func(c *provider.Context) { c.Changed, c.ChangedAgo = provider.ChangeFullAccess, 10*time.Minute }), "access_change_spreading"},
		{"not connected, granted long ago", bad, with(shared, func(c *provider.Context) { c.Changed, c.ChangedAgo = provider.ChangeFullAccess, 2*time.Hour }), "full_access_missing"},
		{"not connected, IMAP just switched on", bad, with(own, func(c *provider.Context) { c.Changed, c.ChangedAgo = provider.ChangeSwitch, time.Minute }), "switch_change_spreading"},
		{"not connected, the secret just changed", bad, with(own, func(c *provider.Context) { c.Changed, c.ChangedAgo = provider.ChangeSecret, time.Minute }), "imap_disabled"},
		{"not connected, a new mailbox", bad, with(own, func(c *provider.Context) { c.Changed, c.ChangedAgo = provider.ChangeMailbox, 5*time.Minute }), "mailbox_change_spreading"},

		{"POP3, the owner", err, own, "pop3_disabled"},
		{"POP3, a delegate", err, shared, "full_access_missing"},
		{"POP3, a delegate, IMAP works", err, with(shared, func(c *provider.Context) { c.IMAPWorks = true }), "pop3_disabled"},

		{"SMTP, login as the shared mailbox", smtp, with(shared, func(c *provider.Context) { c.SASLUser = "sales@contoso.example" }), "smtp_login_refused"},
		{"SMTP, the same, nothing known of the token", smtp, provider.Context{SignedInAs: "svc@contoso.example", SASLUser: "sales@contoso.example"}, "smtp_login_refused"},
		{"SMTP, login as oneself, IMAP works, token unread", smtp,
			with(shared, func(c *provider.Context) { c.SASLUser, c.IMAPWorks, c.TokenFine = "svc@contoso.example", true, false }), "token_scope_missing"},
		{"SMTP, token of IMAP only", smtp, provider.Context{Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All"}}, "token_scope_missing"},
		{"SMTP, switched on just now", said(probe.SMTP, "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant."),
			provider.Context{Changed: provider.ChangeSwitch, ChangedAgo: 20 * time.Minute}, "switch_change_spreading"},
		{"send as, a person", sendAs, shared, "send_as_denied"},
		{"send as, no person", sendAs, provider.Context{Grant: oauth.GrantClientCredentials}, "app_send_as_missing"},
		{"send as, just granted", sendAs, with(shared, func(c *provider.Context) { c.Changed, c.ChangedAgo = provider.ChangeSendAs, 59*time.Minute }), "access_change_spreading"},

		{"70008, renewing", oldCode, provider.Context{Phase: provider.PhaseRefresh}, "grant_expired"},
		{"70008, redeeming", oldCode, provider.Context{Phase: provider.PhaseToken}, "code_expired"},
		{"70008, signed in ten minutes ago", oldCode, provider.Context{GrantAge: 10 * time.Minute}, "code_expired"},
		{"70008, signed in in summer", oldCode, provider.Context{GrantAge: 2400 * time.Hour}, "grant_expired"},
		{"50057, the shared mailbox itself", provider.Symptom{Numbers: []int{50057}}, with(shared, func(c *provider.Context) { c.SignedInAs = c.Mailbox }), "shared_mailbox_signed_in"},
		{"50057, a person", provider.Symptom{Numbers: []int{50057}}, own, "account_disabled"},
		{"7000222, a new secret", provider.Symptom{Numbers: []int{7000222}}, provider.Context{Changed: provider.ChangeSecret, ChangedAgo: time.Minute}, "secret_change_spreading"},
		{"50011, just registered", provider.Symptom{Numbers: []int{50011}}, provider.Context{Changed: provider.ChangeRegistration, ChangedAgo: 2 * time.Minute}, "registration_change_spreading"},
		{"90094, just consented", provider.Symptom{Numbers: []int{90094}}, provider.Context{Changed: provider.ChangeConsent, ChangedAgo: 2 * time.Minute}, "consent_change_spreading"},
		{"50011, plain http", provider.Symptom{Text: "AADSTS50011: The redirect URI 'http://mail.contoso.example/cb' specified in the request does not match"}, provider.Context{}, "redirect_uri_http"},
		{"50011, localhost", provider.Symptom{Text: "AADSTS50011: The redirect URI 'http://localhost:8080/cb' specified in the request does not match"}, provider.Context{}, "redirect_uri_mismatch"},
		{"50011 of the second leg", provider.Symptom{Text: "AADSTS50011: The reply address 'https://a/' does not match the reply address 'https://a' provided when requesting Authorization code."}, provider.Context{}, "redirect_uri_changed"},
		{"53003, a person", provider.Symptom{Numbers: []int{53003}}, provider.Context{}, "policy_blocks_sign_in"},
		{"53003, the application", provider.Symptom{Numbers: []int{53003}}, provider.Context{Phase: provider.PhaseAppOnly}, "policy_blocks_application"},
		{"500011, Exchange", provider.Symptom{Text: "AADSTS500011: The resource principal named https://outlook.office365.com was not found"}, provider.Context{}, "exchange_missing"},
		{"70011, commas", provider.Symptom{Numbers: []int{70011}}, provider.Context{Scopes: []string{"IMAP.AccessAsUser.All,offline_access"}}, "scope_separator"},
		{"70011, .default", provider.Symptom{Text: "AADSTS70011: .default scope can't be combined with resource-specific scopes."}, provider.Context{}, "scope_default_mixed"},
		{"50012 of a secret", provider.Symptom{Text: "AADSTS70002: Error validating credentials. AADSTS50012: Invalid client secret is provided."}, provider.Context{}, "client_secret_invalid"},
		{"65005 of a permission", provider.Symptom{Text: "AADSTS65005: the client has not specified this resource in its requiredResourceAccess list"}, provider.Context{}, "permission_not_listed"},
		{"70000 of scopes", provider.Symptom{Text: "AADSTS70000: denied because one or more scopes requested are unauthorized or expired"}, provider.Context{Phase: provider.PhaseRefresh}, "consent_missing"},
		{"70000 of the redirect URI", provider.Symptom{Text: "AADSTS70000: The provided value for the input parameter 'redirect_uri' is not valid."}, provider.Context{}, "redirect_uri_changed"},
		{"900144 of the refresh token", provider.Symptom{Text: "AADSTS900144: The request body must contain the following parameter: 'refresh_token'."}, provider.Context{}, "refresh_token_damaged"},
		{"7000218, a server", provider.Symptom{Numbers: []int{7000218}}, provider.Context{Phase: provider.PhaseToken}, "client_secret_missing"},
		{"7000218, a program without browser", provider.Symptom{Numbers: []int{7000218}}, provider.Context{Grant: "device_code"}, "public_client_not_allowed"},
		{"50011, not of the external URL", provider.Symptom{Text: "AADSTS50011: The redirect URI 'https://node1.internal/cb' specified"}, provider.Context{ExternalURL: "https://mail.contoso.example/"}, "redirect_uri_not_of_external_url"},
		{"50011, of the external URL", provider.Symptom{Text: "AADSTS50011: The redirect URI 'https://mail.contoso.example/cb' specified"}, provider.Context{ExternalURL: "https://mail.contoso.example/"}, "redirect_uri_mismatch"},
		{"a tuple of Python", said(probe.SMTP, "SMTPAuthenticationError: (535, b'5.7.3 Authentication unsuccessful [X]')"), own, "smtp_login_refused"},
		{"a program's words are no refusal", provider.Symptom{Protocol: probe.IMAP, Stage: probe.Open, Kind: probe.RefusedByServer, Text: "an error occurred"}, own, "unexplained"},
		{"9002313, renewing", provider.Symptom{Numbers: []int{9002313}}, provider.Context{Phase: provider.PhaseRefresh}, "refresh_token_damaged"},
		{"9002313, redeeming", provider.Symptom{Numbers: []int{9002313}}, provider.Context{Phase: provider.PhaseToken}, "code_damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if f := provider.Entra.Explain(tt.symptom, tt.context); f.Code() != tt.want {
				t.Errorf("got %v, want %s first", codes(f), tt.want)
			}
		})
	}
}

// What was checked is not suspected again.
func TestPassedChecksRuleCausesOut(t *testing.T) {
	for _, s := range []provider.Symptom{
		said(probe.IMAP, "NO AUTHENTICATE failed."), said(probe.POP3, "-ERR Authentication failure: unknown user name or bad password."), said(probe.SMTP, "535 5.7.3 Authentication unsuccessful"),
	} {
		unknown := codes(provider.Entra.Explain(s, provider.Context{}))
		fine := codes(provider.Entra.Explain(s, provider.Context{TokenFine: true}))
		for _, code := range []string{"token_wrong_audience", "token_scope_missing"} {
			if !slices.Contains(unknown, code) || slices.Contains(fine, code) {
				t.Errorf("%s: %s, unknown %v, checked %v", s.Protocol, code, unknown, fine)
			}
		}
	}
	proven := provider.Context{IMAPWorks: true, TokenFine: true, Protocol: setup.SMTP}
	if got := codes(provider.Entra.Explain(said(probe.SMTP, "535 5.7.3 Authentication unsuccessful"), proven)); slices.Contains(got, "mailbox_missing") {
		t.Errorf("the mailbox that IMAP opens is said to be missing: %v", got)
	}
}

func TestValuesComeFromTheAnswerAndTheProvider(t *testing.T) {
	f := provider.Entra.Explain(provider.Symptom{
		Text: "AADSTS50011: The redirect URI 'https://mail.contoso.example/cb' specified in the request does not match",
	}, provider.Context{ClientID: "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"})
	if got := f.Params["redirect_uri"]; got != "https://mail.contoso.example/cb" {
		t.Errorf("redirect URI %q", got)
	}
	if got := f.Params["link_authentication"]; !strings.HasSuffix(got, "/appId/6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f") {
		t.Errorf("link %q", got)
	}
	f = provider.Entra.Explain(said(probe.SMTP, "535 5.7.3 Authentication unsuccessful"), provider.Context{Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All"}})
	if f.Params["protocol"] != "SMTP" || f.Params["scope"] != "https://outlook.office.com/SMTP.Send" {
		t.Errorf("params %v", f.Params)
	}
	other := finding.Evidence{Source: "ticket", Text: "4711"}
	f = provider.Entra.Explain(said(probe.IMAP, "NO AUTHENTICATE failed."), provider.Context{Other: []finding.Evidence{other}})
	if !slices.Contains(f.Evidence, other) {
		t.Errorf("evidence %v", f.Evidence)
	}
}
