package paste_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/paste"
	"latchkey/internal/probe"
)

// told writes a sighting in one line, as the table below expects it.
func told(s paste.Sighting) string {
	var oe *oauth.Error
	var pe *probe.Error
	var parts []string
	switch {
	case errors.As(s.Err, &oe):
		parts = []string{string(s.Phase), string(oe.Endpoint), oe.Grant, oe.Code, oe.Suberror, oe.Subcode}
		for _, n := range oe.Numbers {
			parts = append(parts, fmt.Sprint(n))
		}
		if oe.HTTPStatus != 0 {
			parts = append(parts, fmt.Sprint("HTTP", oe.HTTPStatus))
		}
	case errors.As(s.Err, &pe) && pe.Kind == probe.RefusedByServer:
		code := ""
		if pe.Reply.Code != 0 {
			code = fmt.Sprint(pe.Reply.Code)
		}
		parts = []string{string(s.Phase), string(pe.Stage), pe.Reply.Status, code, pe.Reply.Enhanced, pe.Reply.Text}
		if pe.Reply.Bye != "" {
			parts = append(parts, "BYE", pe.Reply.Bye)
		}
	case errors.As(s.Err, &pe):
		parts = []string{string(s.Phase), string(pe.Target.Protocol), string(pe.Stage), string(pe.Kind), pe.Target.Host}
		if pe.Target.Port != 0 {
			parts = append(parts, fmt.Sprint(pe.Target.Port))
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

const (
	id1 = "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"
	id2 = "7a1d2c3b-2222-4222-8333-9a0b1c2d3e4f"
)

// whole is a text, and the first thing that is seen in it.
type whole struct{ name, text, want string }

func TestTakeApart(t *testing.T) {
	for _, tt := range slices.Concat(signInTexts, mailTexts, networkTexts) {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := paste.TakeApart(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if len(parts.Sightings) == 0 {
				t.Fatal("nothing was seen")
			}
			if diff := cmp.Diff(tt.want, told(parts.Sightings[0])); diff != "" {
				t.Error(diff)
				for _, s := range parts.Sightings {
					t.Logf("%s", told(s))
				}
			}
		})
	}
}

// signInTexts: The sign-in service, in every wrapping.
var signInTexts = []whole{
	{"page text", "Sorry, but we’re having trouble signing you in.\n\nAADSTS50011: The redirect URI 'https://x.example/cb' specified in the request does not match.\nRequest Id: " + id1 + "\nCorrelation Id: " + id2 + "\nTimestamp: 2026-11-21T10:00:00Z",
		"authorize authorize 50011"},
	{"page source", `<html><head><title>Sign in</title><script>//<![CDATA[` + "\n" + `$Config={"iErrorCode":50011,"strServiceExceptionMessage":"AADSTS50011: The redirect URI \u0027https://x.example/cb\u0027 does not match.","correlationId":"` + id1 + `"};//]]></script></head><body><div>x</div></body></html>`,
		"authorize authorize 50011"},
	{"JSON", `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure ... Trace ID: ` + id1 + ` Correlation ID: ` + id2 + ` Timestamp: 2026-11-21 10:00:00Z","error_codes":[7000215],"timestamp":"2026-11-21 10:00:00Z","trace_id":"` + id1 + `","correlation_id":"` + id2 + `"}`,
		"token token invalid_client 7000215"},
	{"JSON in a log string", `time="2026-11-21T10:00:00Z" level=error msg="oauth2: cannot fetch token: 400 Bad Request Response: {\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: The refresh token has expired due to inactivity.\\r\\nTrace ID: ` + id1 + `\",\"error_codes\":[700082]}"`,
		"token token invalid_grant 700082 HTTP400"},
	{"address bar", "https://app.example/cb?error=access_denied&error_subcode=cancel&state=abcdefgh12345",
		"authorize authorize access_denied cancel"},
	{"address bar with description", "https://app.example/cb?error=invalid_request&error_description=AADSTS9002325%3a+Proof+Key+for+Code+Exchange+is+required.%0d%0aTrace+ID%3a+" + id1 + "&state=abcdefgh12345#",
		"authorize authorize invalid_request 9002325"},
	{"python dict", `msal: {'error': 'invalid_grant', 'error_description': "AADSTS65001: The user or administrator has not consented.", 'error_codes': [65001], 'suberror': 'consent_required'} in acquire_token_silent`,
		"refresh token refresh_token invalid_grant consent_required 65001"},
	{"ruby", `OAuth2::Error: invalid_client: AADSTS7000222: The provided client secret keys for app are expired. {"error"=>"invalid_client", "error_codes"=>[7000222]}`,
		"token token invalid_client 7000222"},
	{"go", `oauth2: "invalid_grant" "AADSTS50173: The provided grant has expired due to it being revoked" "https://login.microsoftonline.com/error?code=50173"`,
		"token token invalid_grant 50173"},
	{"node msal", "ServerError: invalid_grant: 70008 - [2026-11-21 10:00:00Z]: AADSTS70008: The provided authorization code or refresh token has expired - Correlation ID: " + id1 + " - Trace ID: " + id2 + "\n    at RefreshTokenClient.acquireTokenByRefreshToken",
		"refresh token refresh_token invalid_grant 70008"},
	{"double code", `{"error":"invalid_grant","error_description":"AADSTS70002: Error validating credentials. AADSTS54005: OAuth2 Authorization code was already redeemed","error_codes":[70002,54005]}`,
		"token token invalid_grant 70002 54005"},
	{"sign-in log", "Sign-in error code: 53003\nFailure reason: Access has been blocked by Conditional Access policies.",
		"authorize authorize 53003"},
	{"a German row of the sign-in log", "22.11.2026, 00:55:10\tVertrieb\tsvc-mail@contoso.example\tConnector\tFehler\t50126", "authorize authorize 50126"},
	{"throttled without words", "POST https://login.microsoftonline.com/common/oauth2/v2.0/token\nHTTP/1.1 429 Too Many Requests\nRetry-After: 60",
		"token token HTTP429"},
	{"php", "[error] => invalid_client\n[error_description] => AADSTS7000218: The request body must contain the following parameter",
		"token token invalid_client 7000218"},
	{"unknown number", "AADSTS9999999: something new. Correlation ID: " + id1, "authorize authorize 9999999"},
	{"trace IDs hold no codes", "Trace ID: 50011aad-5001-1111-8333-9a0b1c2d3e4f invalid_grant", "token token invalid_grant"},
}

// mailTexts: Mail servers, in transcripts of any client.
var mailTexts = []whole{
	{"plain transcript", "* OK ready\nA1 CAPABILITY\nA1 OK done\nA2 AUTHENTICATE XOAUTH2 dXNlcj1hQGIuZXhhbXBsZQFhdXRoPUJlYXJlciB4\nA2 NO AUTHENTICATE failed.",
		"imap authenticate NO AUTHENTICATE failed."},
	{"late refusal", "S: A3 OK AUTHENTICATE completed.\nC: A4 SELECT INBOX\nS: A4 BAD User is authenticated but not connected.\nS: * BYE Connection closed. 14",
		"imap mailbox BAD User is authenticated but not connected. BYE Connection closed. 14"},
	{"fetchmail", "fetchmail: IMAP> A0002 AUTHENTICATE XOAUTH2 ...\nfetchmail: IMAP< A0002 NO AUTHENTICATE failed.\nfetchmail: Authorization failure on support@contoso.example@outlook.office365.com",
		"imap authenticate NO AUTHENTICATE failed."},
	{"mbsync", "IMAP command 'AUTHENTICATE XOAUTH2 <authdata>' returned an error: NO AUTHENTICATE failed.",
		"imap authenticate NO AUTHENTICATE failed."},
	{"mailkit", "MailKit.Net.Imap.ImapCommandException: The IMAP server replied to the 'EXAMINE' command with a 'BAD' response: User is authenticated but not connected.\n   at MailKit.Net.Imap.ImapFolder.Open()",
		"imap mailbox BAD User is authenticated but not connected."},
	{"imaplib", "Traceback (most recent call last):\n  File \"x.py\", line 5\nimaplib.IMAP4.error: AUTHENTICATE failed.", "imap authenticate NO AUTHENTICATE failed."},
	{"imapflow", "Error: Command failed\n  at IMAP\n  response: '3 NO AUTHENTICATE failed.',\n  responseStatus: 'NO',\n  executedCommand: '3 AUTHENTICATE XOAUTH2 ...'", "imap authenticate NO AUTHENTICATE failed."},
	{"ruby imap", "Net::IMAP::BadResponseError (User is authenticated but not connected.)", "imap mailbox BAD User is authenticated but not connected."},
	{"java imap", "DEBUG IMAP: AUTHENTICATE XOAUTH2 command result: A1 NO AUTHENTICATE failed.\njakarta.mail.AuthenticationFailedException: AUTHENTICATE failed.\n\tat org.eclipse.angus.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:732)",
		"imap authenticate NO AUTHENTICATE failed."},
	{"throttled", "2026-11-21 03:00:01 imap[311]: 12 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", "imap mailbox BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds"},
	{"session ended", "* BYE Session invalidated - AccessTokenExpired", "imap mailbox BYE Session invalidated - AccessTokenExpired"},
	{"pop3", "POP3: AUTH XOAUTH2\nS: +\nS: -ERR Authentication failure: unknown user name or bad password.", "pop3 authenticate -ERR Authentication failure: unknown user name or bad password."},
	{"poplib", "poplib.error_proto: b'-ERR Authentication failure: unknown user name or bad password.'", "pop3 authenticate -ERR Authentication failure: unknown user name or bad password."},
	{"smtplib", "smtplib.SMTPAuthenticationError: (535, b'5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [AM0PR02CA0134.eurprd02.prod.outlook.com]')",
		"smtp authenticate 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [AM0PR02CA0134.eurprd02.prod.outlook.com]"},
	{"nodemailer", "Error: Invalid login: 535 5.7.3 Authentication unsuccessful [AM0PR02CA0134]\n  code: 'EAUTH',\n  response: '535 5.7.3 Authentication unsuccessful [AM0PR02CA0134]',\n  responseCode: 535,\n  command: 'AUTH XOAUTH2'",
		"smtp authenticate 535 5.7.3 Authentication unsuccessful [AM0PR02CA0134]"},
	{"postfix", "Nov 21 10:00:00 mx postfix/smtp[4711]: 4F2A: to=<b@fabrikam.example>, relay=smtp.office365.com[52.97.1.1]:587, delay=3, dsn=5.7.60, status=bounced (host smtp.office365.com[52.97.1.1] said: 550 5.7.60 SMTP; Client does not have permissions to send as this sender (in reply to end of DATA command))",
		"smtp send 550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
	{"postfix sasl", "postfix/smtp[1]: warning: SASL authentication failed; server smtp.office365.com[52.97.1.1] said: 535 5.7.3 Authentication unsuccessful [X]",
		"smtp authenticate 535 5.7.3 Authentication unsuccessful [X]"},
	{"several lines of one reply", "S: 535-5.7.139 Authentication unsuccessful,\nS: 535 5.7.139 basic authentication is disabled.", "smtp authenticate 535 5.7.139 Authentication unsuccessful, basic authentication is disabled."},
	{"wrapped by a console", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the\nTenant. Visit https://aka.ms/smtp_auth_disabled", "smtp authenticate 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled"},
	{"phpmailer", "2026-11-21 10:00:00 SERVER -> CLIENT: 535 5.7.3 Authentication unsuccessful [X]\nSMTP ERROR: AUTH command failed", "smtp authenticate 535 5.7.3 Authentication unsuccessful [X]"},
	{"recipient", "C: MAIL FROM:<a@contoso.example>\nS: 250 2.1.0 Sender OK\nC: RCPT TO:<b@fabrikam.example>\nS: 550 5.1.8 Access denied, bad outbound sender AS(42004)", "smtp send 550 5.1.8 Access denied, bad outbound sender AS(42004)"},
	{"half-copied", "er is authenticated but not connected.", "er is authenticated but not connected."},

	{"look-up address", "see login.microsoftonline.com/error?code=7000222", "authorize authorize 7000222"},
	{"powershell", "The SMTP server requires a secure connection or the client was not authenticated. The server response was: 5.7.57 Client not authenticated to send mail. [X]", "smtp send 5.7.57 Client not authenticated to send mail. [X]"},
	{"exim", "2026-11-21 10:00:00 1abcDE-000 ** bob@fabrikam.example R=smarthost T=remote_smtp H=smtp.office365.com [52.97.1.1] X=TLS1.2 CV=yes: SMTP error from remote mail server after end of data: 554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed",
		"smtp send 554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed"},
	{"webklex", "production.ERROR: ImapBadRequestException: TAG4 BAD User is authenticated but not connected. in /var/www/vendor/Response.php:410", "imap mailbox BAD User is authenticated but not connected. in /var/www/vendor/Response.php:410"},
}

// networkTexts: Below the protocols, in the words of each runtime.
var networkTexts = []whole{
	{"java dns", "java.net.UnknownHostException: outlook.office365.com\n\tat java.base/java.net.AbstractPlainSocketImpl.connect(AbstractPlainSocketImpl.java:229)\n\tat com.sun.mail.imap.IMAPStore", "network imap resolve no_such_host outlook.office365.com"},
	{"java pkix", "jakarta.mail.MessagingException: PKIX path building failed: unable to find valid certification path;\n  nested exception is: javax.net.ssl.SSLHandshakeException\nimap host=outlook.office365.com, port=993", "network imap tls tls_unknown_authority outlook.office365.com 993"},
	{"java timeout", "com.sun.mail.util.MailConnectException: Couldn't connect to host, port: smtp.office365.com, 587; timeout 5000;\n  nested exception is:\n\tjava.net.SocketTimeoutException: connect timed out", "network smtp connect timeout smtp.office365.com 587"},
	{"node refused", "{ Error: connect ECONNREFUSED 10.0.0.5:993\n  errno: -111, code: 'ECONNREFUSED', source: 'socket' } imap", "network imap connect refused"},
	{"node dns", "Error: getaddrinfo ENOTFOUND login.microsoftonline.com\n    at GetAddrInfoReqWrap", "network https resolve no_such_host login.microsoftonline.com 443"},
	{"python", "urllib3.exceptions.NewConnectionError: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): [Errno -3] Temporary failure in name resolution", "network https resolve dns_failed login.microsoftonline.com 443"},
	{"go", `Post "https://login.microsoftonline.com/x/oauth2/v2.0/token": dial tcp 20.190.1.1:443: i/o timeout`, "network https connect timeout login.microsoftonline.com 443"},
	{"go x509", `imap: dial: tls: failed to verify certificate: x509: certificate signed by unknown authority outlook.office365.com:993`, "network imap tls tls_unknown_authority outlook.office365.com 993"},
	{"curl", "curl: (60) SSL certificate problem: unable to get local issuer certificate https://login.microsoftonline.com/", "network https tls tls_unknown_authority login.microsoftonline.com 443"},
	{"openssl", "smtp.office365.com:465 140:error:1408F10B:SSL routines:ssl3_get_record:wrong version number", "network smtp tls not_tls smtp.office365.com 465"},
	{"dotnet", "System.Net.Sockets.SocketException (10060): A connection attempt failed because the connected party did not properly respond outlook.office365.com:995", "network pop3 connect timeout outlook.office365.com 995"},
	{"a port is no reply", "read tcp 10.0.0.1:4444->52.97.1.1:587: i/o timeout", "network smtp connect timeout"},
	{"dotnet tls", "System.Security.Authentication.AuthenticationException: The remote certificate is invalid because of errors in the certificate chain: PartialChain\n at ImapClient", "network imap tls tls_unknown_authority"},
}

// Texts without a failure have no sighting that claims a server's answer.
func TestNothingFailed(t *testing.T) {
	for _, text := range []string{
		"* OK ready\nA1 CAPABILITY\n* CAPABILITY IMAP4 AUTH=PLAIN AUTH=XOAUTH2\nA1 OK CAPABILITY completed.\nA2 OK AUTHENTICATE completed.",
		"220 mx ESMTP\n250-SIZE 157286400\n250-AUTH LOGIN XOAUTH2\n334 \n235 2.7.0 Authentication successful\n250 2.1.0 Sender OK",
		"2026-11-21 10:00:01,535 INFO smtp queue run 550 messages left",
		"POP3 +OK User successfully authenticated.\nSTAT\n+OK 535 102400",
		"GET /index.html HTTP/1.1 200 535 \"Mozilla/5.0\"",
	} {
		parts, err := paste.TakeApart(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range parts.Sightings {
			if !s.Guess {
				t.Errorf("%q: %s", text, told(s))
			}
		}
	}
}
