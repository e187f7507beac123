package explain_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/internal/explain"
	"latchkey/internal/finding"
)

// one is a text as somebody pastes it without another word, and the cause that
// must come first. unsure: the words do not prove it.
type one struct {
	name, text, want string
	unsure           bool
}

func check(t *testing.T, list []one) {
	t.Helper()
	for _, tt := range list {
		t.Run(tt.name, func(t *testing.T) {
			r := mustExplain(t, tt.text)
			all := r.Causes()
			if all[0].Code != tt.want {
				t.Errorf("%v, want %s first", codes(r), tt.want)
			}
			if tt.unsure && all[0].Likelihood == finding.Certain {
				t.Errorf("%s is certain", all[0].Code)
			}
		})
	}
}

// A way out through a proxy fails at the proxy, whatever runtime tells of it.
func TestProxies(t *testing.T) {
	check(t, []one{
		{"Python, login", "OSError: Tunnel connection failed: 407 Proxy Authentication Required", "proxy_wants_login", false},
		{"Python, chain", "requests.exceptions.ProxyError: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url: /x/oauth2/v2.0/token (Caused by ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 407 Proxy Authentication Required')))", "proxy_wants_login", false},
		{"Python, no proxy", "urllib3.exceptions.ProxyError: ('Cannot connect to proxy.', NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))", "proxy_unreachable", false},
		{"node, no proxy", "Error: tunneling socket could not be established, cause=connect ECONNREFUSED 10.1.1.1:8080", "proxy_unreachable", false},
		{"node, login", "Error: tunneling socket could not be established, statusCode=407", "proxy_wants_login", false},
		{"node, forbidden", "Error: tunneling socket could not be established, statusCode=403", "proxy_refused", false},
		{"curl", "curl: (56) CONNECT tunnel failed, response 403", "proxy_refused", false},
		{"old curl", "curl: (56) Received HTTP code 407 from proxy after CONNECT", "proxy_wants_login", false},
		{"Java, forbidden", `java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.0 403 Forbidden"`, "proxy_refused", false},
		{"Java, login", `java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 Proxy Authentication Required"`, "proxy_wants_login", false},
		{"Java, gateway", `Unable to tunnel through proxy. Proxy returns "HTTP/1.1 503 Service Unavailable"`, "proxy_unreachable", false},
		{".NET", "System.Net.WebException: The remote server returned an error: (407) Proxy Authentication Required.", "proxy_wants_login", false},
		{".NET in German", "Der Remoteserver hat einen Fehler zurückgegeben: (407) Proxyauthentifizierung erforderlich.", "proxy_wants_login", false},
		{".NET tunnel", "The proxy tunnel request to proxy 'http://proxy.contoso.example:8080/' failed with status code '403'.", "proxy_refused", false},
		{"Go", `Post "https://login.microsoftonline.com/x/oauth2/v2.0/token": proxyconnect tcp: dial tcp 10.1.1.1:8080: connect: connection refused`, "proxy_unreachable", false},
		{"Go, name", `Post "https://login.microsoftonline.com/x/oauth2/v2.0/token": proxyconnect tcp: dial tcp: lookup proxy.contoso.example: no such host`, "proxy_unreachable", false},
		{"browser", "This site can't be reached\nERR_TUNNEL_CONNECTION_FAILED", "proxy_refused", false},
		{"a port is no status", "connect to proxy 10.1.1.1 port 443: connection timed out", "proxy_unreachable", false},
		{"a program called proxy", "Email OAuth 2.0 Proxy: connection refused by outlook.office365.com:993", "connection_refused", false},
	})
	f := mustExplain(t, `Post "https://login.microsoftonline.com/x/oauth2/v2.0/token": proxyconnect tcp: dial tcp 10.1.1.1:8080: connect: connection refused`).Findings[0]
	if f.Params["host"] != "login.microsoftonline.com" || f.Params["port"] != "443" {
		t.Errorf("the server behind the proxy: %v", f.Params)
	}
}

func TestWhatBrokeBelowTheProtocols(t *testing.T) {
	const telnet = "Connecting To outlook.office365.com...Could not open connection to the host, on port 993: Connect failed"
	const tested = `WARNING: TCP connect to (52.97.1.1 : 993) failed

ComputerName     : outlook.office365.com
RemoteAddress    : 52.97.1.1
RemotePort       : 993
InterfaceAlias   : Ethernet0
SourceAddress    : 10.1.2.3
PingSucceeded    : False
TcpTestSucceeded : False`
	check(t, []one{
		{"telnet does not tell", telnet, "port_blocked", true},
		{"Test-NetConnection", tested, "port_blocked", true},
		{"curl does not tell", "curl: (7) Failed to connect to smtp.office365.com port 587 after 21045 ms: Couldn't connect to server", "port_blocked", true},
		{"German, refused", "System.Net.Sockets.SocketException (10061): Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung verweigerte.", "connection_refused", false},
		{"German, silence", "Socketfehler 10060: Ein Verbindungsversuch ist fehlgeschlagen, da die Gegenstelle nach einer bestimmten Zeitspanne nicht richtig reagiert hat", "port_blocked", false},
		{"German, reset", "[WinError 10054] Eine vorhandene Verbindung wurde vom Remotehost geschlossen", "connection_lost", false},
		{"German, name", "Fehler-Nr. 11001: Der angegebene Host ist unbekannt.", "host_not_found", true},
		{"Japanese, refused", "対象のコンピューターによって拒否されたため、接続できませんでした。 (10061)", "connection_refused", false},
		{"Italian, silence", "Impossibile stabilire la connessione. Errore 10060", "port_blocked", false},
		{"browser, refused", "This site can’t be reached\nlocalhost refused to connect.\nERR_CONNECTION_REFUSED", "connection_refused", false},
		{"browser, certificate", "Your connection is not private\nNET::ERR_CERT_AUTHORITY_INVALID", "tls_not_trusted", true},
		{"browser, name", "DNS_PROBE_FINISHED_NXDOMAIN", "host_not_found", true},
		{"browser, date", "NET::ERR_CERT_DATE_INVALID", "tls_expired", false},
		{"browser, silence", "login.microsoftonline.com took too long to respond.\nERR_CONNECTION_TIMED_OUT", "port_blocked", false},
		{"isync without XOAUTH2", "IMAP error: selected SASL mechanism(s) not available;\n   selected: XOAUTH2\n   available: PLAIN LOGIN", "client_misreads_server", true},
		{"silence after the connection", "[Error: Timed out while authenticating with server]", "server_silent", true},
		{"plain text where TLS was begun", "smtp: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "tls_before_starttls", true},
		{"a time of a token", "jwt.exceptions.ImmatureSignatureError: The token is not yet valid (nbf)", "token_not_valid_yet", true},
		{"a time of a token, .NET", "IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom: '11/22/2026 01:09:00', Current time: '11/22/2026 01:02:11'", "token_not_valid_yet", true},
		{"a time of a certificate", "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2019-01-01T00:00:12Z is before 2026-03-01T00:00:00Z", "tls_expired", false},
	})
	for _, text := range []string{telnet, tested} {
		if f := mustExplain(t, text).Findings[0]; f.Params["host"] != "outlook.office365.com" || f.Params["port"] != "993" {
			t.Errorf("%v", f.Params)
		}
	}
}

// The server of a certificate for another name is the one that was asked for.
func TestTheNameThatWasAskedFor(t *testing.T) {
	for _, text := range []string{
		"dial tcp: outlook.office365.com:993: tls: failed to verify certificate: x509: certificate is valid for mailgw.muster.local, not outlook.office365.com",
		"imap: x509: certificate is valid for mailgw.muster.local, www.muster.local, not outlook.office365.com",
		"ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'outlook.office365.com'. (_ssl.c:997)",
		"Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: outlook.office365.com. is not in the cert's altnames: DNS:mailgw.muster.local",
		"javax.net.ssl.SSLPeerUnverifiedException: Certificate for <outlook.office365.com> doesn't match any of the subject alternative names: [mailgw.muster.local]",
		"java.security.cert.CertificateException: No subject alternative DNS name matching outlook.office365.com found.",
		"curl: (60) SSL: no alternative certificate subject name matches target host name 'outlook.office365.com'",
	} {
		f := mustExplain(t, text).Findings[0]
		if f.Code() != "tls_wrong_name" || f.Params["host"] != "outlook.office365.com" {
			t.Errorf("%q: %s %q", text, f.Code(), f.Params["host"])
		}
	}
}

// A property of a program is no server.
func TestPropertiesAreNoHosts(t *testing.T) {
	for _, text := range []string{
		"mail.smtp.ssl.enable=true\nmail.smtp.host=smtp.office365.com\njavax.mail.MessagingException: Could not connect to SMTP host: smtp.office365.com, port: 465; nested exception is: java.net.ConnectException: Connection refused",
		"DEBUG: setting mail.smtp.starttls.enable: true\nDEBUG SMTP: trying to connect to host \"smtp.office365.com\", port 587, isSSL false\njava.net.ConnectException: Connection refused",
		"spring.mail.properties.mail.smtp.auth=true\nspring.mail.host=smtp.office365.com\nConnection refused",
	} {
		if f := mustExplain(t, text).Findings[0]; f.Params["host"] != "smtp.office365.com" {
			t.Errorf("%q: host %q", text, f.Params["host"])
		}
	}
}

func TestWhatMailServersSay(t *testing.T) {
	check(t, []one{
		{"the farewell outweighs the broken socket", "Socket error: secure read from outlook.office365.com (52.97.1.1:993): unexpected eof while reading\nIMAP error: unexpected BYE response: Session invalidated - AccessTokenExpired", "session_expired", false},
		{"another protocol's greeting", "imap: unexpected greeting: +OK The Microsoft Exchange POP3 service is ready.", "port_of_other_protocol", true},
		{"before the login", "A3 BAD Command received in Invalid state.", "imap_command_refused", true},
		{"an argument", "a1 BAD Command Argument Error. 11", "imap_command_refused", true},
		{"the login's argument", "A2 AUTHENTICATE XOAUTH2 dXNl\nA2 BAD Command Argument Error. 12", "sasl_data_malformed", true},
		{"IMAP with a password", "A1 AUTHENTICATE PLAIN AHVzZXIAcGFzcw==\nA1 NO AUTHENTICATE failed.", "password_login_off", true},
		{"SMTP with a password", "C: AUTH PLAIN AHVzZXIAcGFzcw==\nS: 535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com]", "password_login_off", true},
		{"SMTP, LOGIN", "CLIENT -> SERVER: AUTH LOGIN\nSERVER -> CLIENT: 334 VXNlcm5hbWU6\nCLIENT -> SERVER: [credentials hidden]\nSERVER -> CLIENT: 334 UGFzc3dvcmQ6\nCLIENT -> SERVER: [credentials hidden]\nSERVER -> CLIENT: 535 5.7.3 Authentication unsuccessful", "password_login_off", true},
		{"a program's words", "smtp: AUTH LOGIN failed: 535 5.7.3 Authentication unsuccessful", "password_login_off", true},
		{"POP3 with a password", "USER svc@contoso.example\n+OK\nPASS ****\n-ERR Authentication failure: unknown user name or bad password.", "password_login_off", true},
		{"what the server offers is no password", "S: 250 AUTH LOGIN XOAUTH2\nC: AUTH XOAUTH2\nS: 535 5.7.3 Authentication unsuccessful", "smtp_login_refused", true},
		{"a switch outweighs the password", "C: AUTH LOGIN\nS: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "smtp_auth_disabled_tenant", false},
		{"nothing but the sentence", "535 5.7.3 Authentication unsuccessful", "smtp_login_refused", true},
		{"Gmail", "534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor a640c23a62f3a-ab6f7 - gsmtp", "other_mail_service", true},
		{"Gmail, IMAP", "a2 NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)", "other_mail_service", true},
	})
}

func TestWhatTheSignInShows(t *testing.T) {
	check(t, []one{
		{"the wall names IMAP", "Need admin approval\nMail connector\nRead and write access to your mailboxes via IMAP.", "admin_consent_needed", true},
		{"typographic", "Mail connector\nThis app requires your admin’s approval to:\nRead your mail via POP", "admin_consent_needed", true},
		{"in German", "Administratorgenehmigung erforderlich\nMail connector benötigt Berechtigungen zum Zugriff auf Ressourcen in Ihrer Organisation, die nur ein Administrator erteilen kann.", "admin_consent_needed", true},
		{"in Japanese", "管理者の承認が必要\nMail connector には、管理者のみが付与できる、組織内のリソースへのアクセス許可が必要です。", "admin_consent_needed", true},
		{"in Portuguese", "É necessária a aprovação do administrador\nMail connector precisa de permissão para acessar recursos que somente um administrador pode conceder.", "admin_consent_needed", true},
		{"in Italian", "È necessaria l’approvazione dell’amministratore", "admin_consent_needed", true},
		{"in Chinese", "需要管理员批准\nMail connector 需要只有管理员才能授予的权限", "admin_consent_needed", true},
		{"an older sentence", "invalid_request: The provided value for the input parameter 'redirect_uri' is not valid. The expected value is a URI which matches a redirect URI registered for this client application.", "redirect_uri_mismatch", false},
		{"a German log", "Anmeldefehlercode: 50105", "user_not_assigned", false},
		{"a Japanese log", "サインイン エラー コード 53003", "policy_blocks_sign_in", false},
		{"a bare number", "7000222", "client_secret_expired", false},
		{"MSAL", "ValueError: You cannot use any scope value that is reserved.\nYour input: ['offline_access', 'https://outlook.office.com/IMAP.AccessAsUser.All']\nThe reserved list: ['openid', 'profile', 'offline_access']", "scope_reserved", false},
		{"the product's own page", "HTTP Status 500 – Internal Server Error\nType Exception Report\nMessage OAuth token generation failed\nDescription The server encountered an unexpected condition that prevented it from fulfilling the request.\nApache Tomcat/9.0.82", "application_error", true},
		{"a page for JSON", "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON\n    at fetchToken (oauth2.js:12)", "proxy_answered", true},
		{"Spring forgets", "[authorization_request_not_found] ", "state_mismatch", true},
		{"a broken callback address", "https://app.contoso.example/callback?code=0.AXoAabcdefghijklmnopqrstuv\nwxyz0123456789ABCDEF&state=abcdef123456", "text_is_callback_address", false},
		{"a broken error address", "https://app.contoso.example/callback?error=access_denied&error_sub\ncode=cancel&state=abcdef123456", "admin_consent_needed", true},
	})
	// A heading that nobody has seen on the page says so.
	for text, want := range map[string]bool{"Need admin approval": false, "Administratorgenehmigung erforderlich": true} {
		if got := mustExplain(t, text).Findings[0].Causes[0].Unconfirmed; got != want {
			t.Errorf("%s: unconfirmed %v", text, got)
		}
	}
	if got := codes(mustExplain(t, "Need admin approval\nRead and write access to your mailboxes via IMAP.", explain.Entry{Key: "phase", Value: "authorize"})); got[0] != "admin_consent_needed" {
		t.Errorf("with the phase: %v", got)
	}
	for _, e := range mustExplain(t, "https://app.contoso.example/callback?code=0.AXoAabcdefghijklmnopqrstuv\nwxyz0123456789ABCDEF&state=abcdef123456").Evidence() {
		if strings.Contains(e.Text, "wxyz") {
			t.Errorf("the second half of the code is shown: %s", e.Text)
		}
	}
}

// Best first means: the surest first, over all that a text tells.
func TestCausesAreInTheOrderOfTheirLikelihood(t *testing.T) {
	rank := []finding.Likelihood{finding.Certain, finding.Likely, finding.Possible}
	for _, text := range []string{
		"A2 NO AUTHENTICATE failed.\n535 5.7.3 Authentication unsuccessful\nconnection reset by peer",
		"smtp.office365.com:587: connection refused\nA4 BAD User is authenticated but not connected.\nAADSTS65001: nobody has consented",
	} {
		r := mustExplain(t, text)
		all := r.Causes()
		if len(r.Findings) < 3 || all[0].Code != r.Findings[0].Code() {
			t.Errorf("%q: %v", text, codes(r))
		}
		for i := 1; i < len(all); i++ {
			if slices.Index(rank, all[i].Likelihood) < slices.Index(rank, all[i-1].Likelihood) {
				t.Errorf("%q: %s (%s) stands behind %s (%s)", text, all[i].Code, all[i].Likelihood, all[i-1].Code, all[i-1].Likelihood)
			}
		}
	}
}

// What looks like one of these things and is another.
func TestLookalikes(t *testing.T) {
	for text, without := range map[string]string{
		"smtp: sent 12 messages (407) bytes":                          "proxy_wants_login",
		"GET /x response: 407 bytes":                                  "proxy_wants_login",
		"Email OAuth 2.0 Proxy: connected through proxy after 450 ms": "proxy_refused",
		"node: can't find config: ./mail.json":                        "host_not_found",
		"Refused to connect to 'https://login.microsoftonline.com/' because it violates the following Content Security Policy directive": "connection_refused",
		"https://app.contoso.example/cb?error=access_denied\nforbidden":                                                                  "unexplained",
		"order 70000": "grant_revoked",
		"550-5.7.26 This mail is unauthenticated, see\n550 5.7.26 https://support.google.com/mail/answer/81126 - gsmtp": "other_mail_service",
		"S: 250-AUTH LOGIN PLAIN XOAUTH2\nS: 535 5.7.3 Authentication unsuccessful":                                     "password_login_off",
		"C: AUTH XOAUTH2\nS: 535 5.7.3 Authentication unsuccessful\nC: AUTH LOGIN":                                      "password_login_off",
		"imap: job 10061 failed to refresh":                                                                             "connection_refused",
	} {
		if got := codes(mustExplain(t, text)); slices.Contains(got, without) {
			t.Errorf("%q: %v", text, got)
		}
	}
}
