package explain_test

import "testing"

// The tables hold what administrators meet, by the place where it shows, in the
// form in which programs of all kinds write it.

func TestPastesOfTheSignIn(t *testing.T) {
	check(t, []one{
		{"page, copied whole", "Sign in\nSorry, but we’re having trouble signing you in.\n\nAADSTS700016: Application with identifier '11111111-2222-3333-4444-555555555555' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant.", "client_unknown", true},
		{"page in Spanish", "Iniciar sesión\nLo sentimos, pero tenemos problemas para iniciar tu sesión.\n\nAADSTS50011: El URI de redirección 'https://app.contoso.example/cb' especificado en la solicitud no coincide", "redirect_uri_mismatch", false},
		{"log-in loop of Keycloak", "We are sorry...\nInvalid parameter: redirect_uri", "redirect_uri_refused", false},
		{"callback in an nginx log", `203.0.113.7 - - [22/Nov/2026:01:10:00 +0000] "GET /oauth/callback?error=consent_required&error_description=AADSTS65001%3A+The+user+or+administrator+has+not+consented+to+use+the+application HTTP/1.1" 500 1024`, "consent_missing", true},
		{"callback after cancel", "https://app.contoso.example/cb?error=access_denied&error_description=AADSTS65004%3a+User+declined+to+consent+to+access+the+app.", "consent_declined", false},
		{"device rule", "You can't get there from here\nThis application contains sensitive information and can only be accessed from: Devices or client applications that meet Contoso management compliance policy.", "device_required", true},
		{"Conditional Access page", "You cannot access this right now\nYour sign-in was successful but does not meet the criteria to access this resource.\nError Code: 53003", "policy_blocks_sign_in", false},
		{"sign-in log, JSON", `{"status":{"errorCode":50076,"failureReason":"Due to a configuration change made by your administrator, you must use multi-factor authentication"}}`, "mfa_required", false},
		{"sign-in log, CSV", `2026-11-21T10:00:00Z,req,svc@contoso.example,Mail connector,Failure,50055,"The password is expired."`, "password_expired", false},
		{"wrong tenant page", "Selected user account does not exist in tenant 'Contoso' and cannot access the application '11111111-2222-3333-4444-555555555555' in that tenant.", "account_of_another_tenant", true},
		{"personal account", "You can't sign in here with a personal account. Use your work or school account instead.", "personal_account_used", true},
		{"the username", "This username may be incorrect. Make sure you typed it correctly.", "account_unknown", true},
		{"Django callback", "oauthlib.oauth2.rfc6749.errors.MismatchingStateError: (mismatching_state) CSRF Warning! State not equal in request and response.", "state_mismatch", true},
		{"requests-oauthlib, http", "oauthlib.oauth2.rfc6749.errors.InsecureTransportError: (insecure_transport) OAuth 2 MUST utilize https.", "redirect_uri_http", true},
		{"callback behind nginx", "502 Bad Gateway\nnginx/1.24.0", "application_error", true},
		{"callback that nobody serves", "Not Found\nThe requested URL /oauth2/callback was not found on this server.\nApache/2.4.58 (Debian) Server at app.contoso.example Port 443", "application_error", true},
		{"scope changed", `Warning: Scope has changed from "https://outlook.office.com/IMAP.AccessAsUser.All offline_access" to "https://outlook.office.com/IMAP.AccessAsUser.All".`, "unexplained", true},
	})
}

func TestPastesOfTheTokenEndpoint(t *testing.T) {
	check(t, []one{
		{"curl, secret ID", `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '11111111-2222-3333-4444-555555555555'.","error_codes":[7000215]}`, "client_secret_invalid", true},
		{"MSAL Python dict", "{'error': 'invalid_grant', 'error_description': 'AADSTS70008: The provided authorization code or refresh token has expired due to inactivity.', 'error_codes': [70008], 'grant_type': 'authorization_code'}", "code_expired", false},
		{"MSAL.NET", "Microsoft.Identity.Client.MsalUiRequiredException: AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.", "grant_revoked", false},
		{"MSAL.NET, without a number", "MSAL.NetCore.4.61.0.0.MsalUiRequiredException:\n\tErrorCode: user_null\nMicrosoft.Identity.Client.MsalUiRequiredException: No account or login hint was passed to the AcquireTokenSilent call.", "interaction_needed", true},
		{"Spring", "[invalid_token_response] An error occurred while attempting to retrieve the OAuth 2.0 Access Token Response: 401 Unauthorized: [{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The provided client secret keys for app '11111111-2222-3333-4444-555555555555' are expired.\"}]", "client_secret_expired", false},
		{"throttled", "POST https://login.microsoftonline.com/organizations/oauth2/v2.0/token -> HTTP 429 Too Many Requests", "token_endpoint_throttled", false},
		{"gateway", "token request failed: 503 Service Unavailable from https://login.microsoftonline.com/contoso/oauth2/v2.0/token", "provider_unavailable", false},
		{"filter's page", "POST https://login.microsoftonline.com/x/oauth2/v2.0/token\nHTTP/1.1 403 Forbidden\nContent-Type: text/html\n\n<html><head><title>FortiGuard Intrusion Prevention - Access Blocked</title></head><body>Web Page Blocked</body></html>", "proxy_answered", false},
		{"no JSON", "simplejson.errors.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\nurl: https://login.microsoftonline.com/x/oauth2/v2.0/token\n<html><body>Zscaler</body></html>", "proxy_answered", true},
		{"Java trust", "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target\n\tat TokenClient.refresh(https://login.microsoftonline.com/x/oauth2/v2.0/token)", "tls_not_trusted", true},
		{"verifier", `{"error":"invalid_grant","error_description":"AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request."}`, "code_of_another_sign_in", false},
		{"90 days", "Refresh failed: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-07-01T08:00:00.0000000Z and was inactive for 90.00:00:00.", "grant_expired", false},
		{"sign-in frequency", "AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.", "sign_in_frequency", false},
		{"google library", "google.auth.exceptions.RefreshError: ('invalid_grant: Bad Request', {'error': 'invalid_grant', 'error_description': 'Bad Request'})", "interaction_needed", true},
		{"no number at all", `{"error":"unauthorized_client"}`, "client_refused", true},
		{"Graph answers", `{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired or is not yet valid."}}`, "token_outdated_or_damaged", true},
		{"resource", `{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal named https://outlook.office365.com was not found in the tenant named Contoso."}`, "exchange_missing", true},
	})
}

func TestPastesOfMailPrograms(t *testing.T) {
	check(t, []one{
		{"fetchmail", "fetchmail: IMAP< A0002 NO AUTHENTICATE failed.\nfetchmail: Authorization failure on svc@contoso.example@outlook.office365.com", "token_wrong_audience", true},
		{"fetchmail, POP3", "fetchmail: POP3> AUTH XOAUTH2\nfetchmail: POP3< +\nfetchmail: POP3> dXNlcj1h\nfetchmail: POP3< -ERR Authentication failure: unknown user name or bad password.\nfetchmail: Authorization failure on svc@contoso.example@outlook.office365.com", "token_wrong_audience", true},
		{"offlineimap", "ERROR: While attempting to sync account 'work'\n  ('SELECT', b'User is authenticated but not connected.')", "full_access_missing", true},
		{"imapsync", "Err 1/1: Host1 failure: Error login on [outlook.office365.com] with user [sales@contoso.example] auth [XOAUTH2]: 2 NO AUTHENTICATE failed.", "token_wrong_audience", true},
		{"Thunderbird", "Unable to log in at server. Probably wrong configuration, username or password.", "unexplained", true},
		{"Dovecot proxy", "imap-login: Error: proxy: Remote returned invalid banner: 220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready", "port_of_other_protocol", true},
		{"Postfix, tenant switch", "Nov 21 10:00:00 mx postfix/smtp[123]: ABC123: to=<b@fabrikam.example>, relay=smtp.office365.com[52.97.1.1]:587, status=deferred (SASL authentication failed; server smtp.office365.com[52.97.1.1] said: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.)", "smtp_auth_disabled_tenant", false},
		{"Postfix, Send As", "postfix/smtp[99]: DEF456: to=<b@fabrikam.example>, relay=smtp.office365.com[52.97.1.1]:587, dsn=5.2.252, status=bounced (host smtp.office365.com said: 554 5.2.252 SendAsDenied; svc@contoso.example not allowed to send as sales@contoso.example (in reply to end of DATA command))", "send_as_denied", false},
		{"Exim", "2026-11-21 10:00:00 1abc-000 == b@fabrikam.example R=smarthost T=remote_smtp H=smtp.office365.com [52.97.1.1] : SMTP error from remote mail server after MAIL FROM:<a@contoso.example>: 530 5.7.57 Client not authenticated to send mail.", "smtp_not_authenticated", true},
		{"msmtp", "msmtp: authentication failed (method XOAUTH2)\nmsmtp: server message: 535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com]\nmsmtp: could not send mail (account default from /etc/msmtprc)", "smtp_login_refused", true},
		{"msmtp with a password", "msmtp: authentication failed (method LOGIN)\nmsmtp: server message: 535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com]", "password_login_off", true},
		{"nodemailer with a password", "Error: Invalid login: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled. code: 'EAUTH', command: 'AUTH LOGIN'", "password_login_off", false},
		{"nodemailer, 5.7.3 with LOGIN", "Error: Invalid login: 535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com]\n  code: 'EAUTH',\n  response: '535 5.7.3 Authentication unsuccessful',\n  responseCode: 535,\n  command: 'AUTH LOGIN'", "password_login_off", true},
		{"imapflow", "{ response: '3 NO AUTHENTICATE failed.', responseStatus: 'NO', responseText: 'AUTHENTICATE failed.', authenticationFailed: true }", "token_wrong_audience", true},
		{"throttled", "* BYE Request is throttled. Suggested Backoff Time: 299961 milliseconds", "mailbox_throttled", false},
		{"too many connections", "NO [ALERT] Too many simultaneous connections. (Failure)", "connections_limited", false},
		{"quota", "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded", "mailbox_full", false},
		{"concurrent", "smtplib.SMTPDataError: (432, b'4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.')", "too_many_connections", false},
		{"Jakarta Mail, no mechanism", "jakarta.mail.AuthenticationFailedException: No authentication mechanisms supported by both server and client", "client_misreads_server", true},
		{"Jakarta Mail, POP3 one line", "DEBUG POP3: AUTH XOAUTH2 command trace suppressed\n-ERR Protocol error. Connection is closed. 10", "pop3_auth_one_line", true},
		{"MailKit", "MailKit.Security.AuthenticationException: AuthenticationInvalidCredentials: Authentication failed.\n   at MailKit.Net.Imap.ImapClient.AuthenticateAsync", "token_wrong_audience", true},
		{"MailKit, SMTP", "MailKit.Security.AuthenticationException: 535: 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-21T10:00:00.000Z 08DCA18218166FB4]\n   at MailKit.Net.Smtp.SmtpClient.AuthenticateAsync", "smtp_login_refused", true},
		{"Python, SMTP AUTH extension", "smtplib.SMTPNotSupportedError: SMTP AUTH extension not supported by server.", "starttls_not_used", true},
		{"Go, no AUTH", "smtp: server doesn't support AUTH", "starttls_not_used", true},
		{"neomutt", "Authenticating (XOAUTH2)...\nXOAUTH2 authentication failed.", "token_wrong_audience", true},
		{"Exchange Web Services", "The SMTP address has no mailbox associated with it.", "mailbox_missing", true},
		{".NET in German, name", "System.Net.WebException: Der Remotename konnte nicht aufgelöst werden: 'login.microsoftonline.com'", "host_not_found", true},
		{"openssl, broken off", "CONNECTED(00000003)\nwrite:errno=104\n---\nno peer certificate available", "connection_lost", false},
		{"PHPMailer", "SMTP ERROR: Password command failed: 535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", "password_login_off", false},
		{"PHP imap", "Can't connect to outlook.office365.com,993: Connection timed out", "port_blocked", false},
		{"PHP, TLS", "fsockopen(): SSL operation failed with code 1. OpenSSL Error messages: error:0A00010B:SSL routines::wrong version number smtp.office365.com:587", "tls_before_starttls", true},
		{"IPv6", "connect to smtp.office365.com[2603:1026:c03:3804::2]:587: Network is unreachable", "ipv6_unreachable", true},
		{"openssl", "depth=1 O=Contoso, CN=Contoso Web Gateway\nverify error:num=19:self-signed certificate in certificate chain", "tls_not_trusted", true},
		{"nslookup", "*** dns1.contoso.example can't find outlook.office365.com: Non-existent domain", "host_not_found", true},
		{"nslookup, silence", "DNS request timed out.\n    timeout was 2 seconds.\n*** Request to dns1.contoso.example timed-out", "dns_failed", false},
		{"ECE log", "javax.mail.AuthenticationFailedException: AUTHENTICATE failed.\n\tat com.sun.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:708)\n\tat com.egain.platform.module.mail.retriever.RxMailSession.connect(RxMailSession.java:88)", "token_wrong_audience", true},
		{"banned", "550 5.1.8 Access denied, bad outbound sender AS(42003)", "sender_blocked", false},
		{"old TLS", "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2.", "tls_too_old", false},
		{"Go, deadline", "dial tcp 52.97.1.1:993: i/o timeout", "port_blocked", false},
		{"Go, EOF", "imap: connection closed: read tcp 10.1.2.3:50000->52.97.1.1:993: read: connection reset by peer", "connection_lost", false},
		{"Linux journal", "systemd[1]: fetchmail.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED\nfetchmail[12]: Connection errors for this poll:\nfetchmail[12]: name 0: connection to outlook.office365.com:993 [52.97.1.1/993] failed: Connection refused.", "connection_refused", false},
		{"a wrong banner", "Unexpected response from server: HTTP/1.1 400 Bad Request while connecting to imap outlook.office365.com:993", "answer_not_understood", false},
	})
}
