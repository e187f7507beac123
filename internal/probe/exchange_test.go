package probe_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/probe"
)

// The greetings and capability lists of Exchange Online as recorded in public
// transcripts (jstedfast/MailKit issues 1494 and 1770, kisli/vmime issue 267).
const (
	imapHello = `S * OK The Microsoft Exchange IMAP4 service is ready. [RgBSADAAUAAyADgAMQBDAEEAMAAxADUANwAuAEQARQBVAFAAMgA4ADEALgBQAFIATwBEAC4ATwBVAFQATABPAE8ASwAuAEMATwBNAA==]
		C T1 CAPABILITY
		S * CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+
		S T1 OK CAPABILITY completed.
		`
	imapLogin = imapHello + `C T2 AUTHENTICATE XOAUTH2 *
		`
	imapAccepted = imapLogin + `S T2 OK AUTHENTICATE completed.
		C T3 CAPABILITY
		S * CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+
		S T3 OK CAPABILITY completed.
		`
	pop3Hello = `S +OK The Microsoft Exchange POP3 service is ready. [UwBDADEAUABSADgAMABDAEEAMAAxADAANQAuAEIAUgBBAFoASQBMAC4AUABSAE8ARAAuAE8AVQBUAEwATwBPAEsALgBDAE8ATQA=]
		C CAPA
		S +OK
		S TOP
		S UIDL
		S SASL PLAIN XOAUTH2
		S USER
		S .
		`
	pop3Login = pop3Hello + `C AUTH XOAUTH2
		S + 
		C dXNlcj*
		`
	smtpHello = `S 220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready at Thu, 11 Jul 2024 11:46:42 +0000
		C EHLO [127.0.0.1]
		S 250-AM0PR02CA0134.outlook.office365.com Hello [212.52.200.46]
		S 250-SIZE 157286400
		S 250-ENHANCEDSTATUSCODES
		S 250-STARTTLS
		S 250 SMTPUTF8
		C STARTTLS
		S 220 2.0.0 SMTP server ready
		TLS
		C EHLO [127.0.0.1]
		S 250-AM0PR02CA0134.outlook.office365.com Hello [212.52.200.46]
		S 250-SIZE 157286400
		S 250-ENHANCEDSTATUSCODES
		S 250-AUTH LOGIN XOAUTH2
		S 250 SMTPUTF8
		`
	smtpLogin = smtpHello + `C AUTH XOAUTH2
		S 334 
		C dXNlcj*
		`
	smtpAccepted = smtpLogin + `S 235 2.7.0 Authentication successful
		`
)

// mode says how a script's TLS begins.
func mode(p probe.Protocol) probe.Security {
	if p == probe.SMTP {
		return probe.STARTTLS
	}
	return probe.TLS
}

func run(t *testing.T, p probe.Protocol, script string) *far {
	t.Helper()
	return listen(t, goodTLS(), mode(p) == probe.TLS, play(script))
}

// try runs the whole conversation of a protocol: mailbox, or login and send.
func try(p *probe.Prober, target probe.Target, l probe.Login, send bool) (probe.Report, error) {
	ctx := context.Background()
	switch {
	case send:
		return p.Send(ctx, target, l, probe.Message{
			From: "sales@contoso.example", To: "sales@contoso.example", MessageID: "<1@contoso.example>",
			Raw: []byte("Message-ID: <1@contoso.example>\r\n\r\nprivate words\r\n"),
		})
	case target.Protocol == probe.SMTP:
		return p.SMTPLogin(ctx, target, l)
	default:
		report, err := p.Mailbox(ctx, target, l)
		return report.Report, err
	}
}

func TestEachAnswerOfExchangeIsKept(t *testing.T) {
	const trace = " [AM0PR02CA0134.eurprd02.prod.outlook.com 2024-07-11T11:46:49.042Z 08DCA18218166FB4]"
	smtp := func(code int, enhanced, text string) probe.Reply {
		line := strings.TrimSpace(strings.Join([]string{map[int]string{535: "535", 550: "550", 554: "554", 504: "504", 501: "501", 530: "530", 432: "432", 421: "421", 451: "451"}[code], enhanced, text}, " "))
		return probe.Reply{Line: line, Code: code, Enhanced: enhanced, Text: text}
	}
	no := func(status, text string) probe.Reply {
		return probe.Reply{Line: status + " " + text, Status: status, Text: text}
	}
	withBye := func(r probe.Reply, bye string) probe.Reply { r.Bye = bye; return r }

	tests := []struct {
		protocol probe.Protocol
		script   string
		send     bool
		stage    probe.Stage
		want     probe.Reply
	}{
		{probe.IMAP, imapLogin + "S T2 NO AUTHENTICATE failed.", false, probe.Authenticate, no("NO", "AUTHENTICATE failed.")},
		{probe.IMAP, imapAccepted + "C T4 EXAMINE INBOX\nS T4 BAD User is authenticated but not connected.\nS * BYE Connection closed. 14\nCLOSE", false, probe.Open,
			no("BAD", "User is authenticated but not connected.")},
		{probe.IMAP, imapAccepted + "C T4 EXAMINE INBOX\nS T4 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds", false, probe.Open,
			no("NO", "Request is throttled. Suggested Backoff Time: 299961 milliseconds")},
		{probe.IMAP, imapLogin + "S * BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds\nS * BYE Connection is closed. 14\nCLOSE", false, probe.Authenticate,
			withBye(no("BAD", "Request is throttled. Suggested Backoff Time: 299961 milliseconds"), "Connection is closed. 14")},
		{probe.IMAP, imapLogin + "S T2 NO Server Unavailable. 15", false, probe.Authenticate, no("NO", "Server Unavailable. 15")},
		{probe.IMAP, imapAccepted + "C T4 EXAMINE INBOX\nS * BYE Session invalidated - AccessTokenExpired\nCLOSE", false, probe.Open,
			withBye(no("BYE", "Session invalidated - AccessTokenExpired"), "Session invalidated - AccessTokenExpired")},
		{probe.IMAP, imapLogin + "S * BAD Command Error. 12\nS * BYE Connection closed. 14\nCLOSE", false, probe.Authenticate,
			withBye(no("BAD", "Command Error. 12"), "Connection closed. 14")},
		{probe.IMAP, imapLogin + "S T2 NO [AUTHENTICATIONFAILED] Authentication failed.", false, probe.Authenticate,
			probe.Reply{Line: "NO [AUTHENTICATIONFAILED] Authentication failed.", Status: "NO", RespCode: "AUTHENTICATIONFAILED", Text: "Authentication failed."}},

		{probe.POP3, pop3Login + "S -ERR Authentication failure: unknown user name or bad password.", false, probe.Authenticate,
			no("-ERR", "Authentication failure: unknown user name or bad password.")},
		{probe.POP3, pop3Hello + "C AUTH XOAUTH2\nS -ERR [SYS/TEMP] Server busy.", false, probe.Authenticate,
			probe.Reply{Line: "-ERR [SYS/TEMP] Server busy.", Status: "-ERR", RespCode: "SYS/TEMP", Text: "Server busy."}},
		{probe.POP3, pop3Login + "S +OK User successfully authenticated.\nC STAT\nS -ERR Mailbox is locked.", false, probe.Open, no("-ERR", "Mailbox is locked.")},

		{probe.SMTP, smtpLogin + "S 535 5.7.3 Authentication unsuccessful" + trace, false, probe.Authenticate, smtp(535, "5.7.3", "Authentication unsuccessful"+trace)},
		{probe.SMTP, smtpLogin + "S 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information." + trace, false, probe.Authenticate,
			smtp(535, "5.7.139", "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."+trace)},
		{probe.SMTP, smtpLogin + "S 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.", false, probe.Authenticate,
			smtp(535, "5.7.139", "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.")},
		{probe.SMTP, smtpLogin + "S 535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.", false, probe.Authenticate,
			smtp(535, "5.7.139", "Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.")},
		{probe.SMTP, smtpLogin + "S 535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.", false, probe.Authenticate,
			smtp(535, "5.7.139", "Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.")},
		{probe.SMTP, smtpHello + "C AUTH XOAUTH2\nS 504 5.7.4 Unrecognized authentication type", false, probe.Authenticate, smtp(504, "5.7.4", "Unrecognized authentication type")},
		{probe.SMTP, smtpLogin + "S 501 5.5.124 Invalid XOAUTH2 auth data", false, probe.Authenticate, smtp(501, "5.5.124", "Invalid XOAUTH2 auth data")},
		{probe.SMTP, smtpLogin + "S 550 5.7.30 Basic authentication is not supported for Client Submission.", false, probe.Authenticate,
			smtp(550, "5.7.30", "Basic authentication is not supported for Client Submission.")},
		{probe.SMTP, smtpLogin + "S 421 4.4.2 Connection dropped\nCLOSE", false, probe.Authenticate, smtp(421, "4.4.2", "Connection dropped")},

		{probe.SMTP, smtpAccepted + "C MAIL FROM:<sales@contoso.example>\nS 530 5.7.57 Client not authenticated to send mail.", true, probe.SendStage,
			smtp(530, "5.7.57", "Client not authenticated to send mail.")},
		{probe.SMTP, smtpAccepted + "C MAIL*\nS 451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)", true, probe.SendStage,
			smtp(451, "4.7.500", "Server busy. Please try again later from [192.0.2.1]. (S77719)")},
		{probe.SMTP, smtpAccepted + "C MAIL*\nS 250 2.1.0 Sender OK\nC RCPT TO:<sales@contoso.example>\nS 550 5.1.8 Access denied, bad outbound sender", true, probe.SendStage,
			smtp(550, "5.1.8", "Access denied, bad outbound sender")},
		{probe.SMTP, smtpAccepted + "C MAIL*\nS 250 2.1.0 Sender OK\nC RCPT*\nS 250 2.1.5 Recipient OK\nC DATA\nS 432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", true, probe.SendStage,
			smtp(432, "4.3.2", "STOREDRV.ClientSubmit; sender thread limit exceeded")},
		{probe.SMTP, smtpAccepted + "C MAIL*\nS 250 2.1.0 Sender OK\nC RCPT*\nS 250 2.1.5 Recipient OK\nC DATA\nS 354 Start mail input; end with <CRLF>.<CRLF>\nC Message-ID*\nC \nC private words\nC .\n" +
			"S 554-5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied;\nS 554 5.2.0 Failed to process message", true, probe.SendStage,
			smtp(554, "5.2.0", "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message")},
	}
	for _, tt := range tests {
		t.Run(tt.want.Line[:min(40, len(tt.want.Line))], func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			start := time.Now()
			_, err := try(prober(t, f), f.target(tt.protocol, mode(tt.protocol)), login, tt.send)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("the refusal took %v: something was waited for after it", took)
			}
			e := must(t, err)
			if e.Kind != probe.RefusedByServer || e.Stage != tt.stage {
				t.Errorf("%s at %s, want %s at %s", e.Kind, e.Stage, probe.RefusedByServer, tt.stage)
			}
			if tt.want.Bye == "" {
				e.Reply.Bye = "" // it follows the refusal, read or not
			}
			if diff := cmp.Diff(tt.want, e.Reply); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
			if !strings.Contains(e.Error(), tt.want.Line) {
				t.Errorf("the error %q does not say %q", e, tt.want.Line)
			}
			// What another prober has written down says the same.
			again := tt.want
			again.Bye = ""
			if diff := cmp.Diff(again, probe.ParseReply(tt.protocol, tt.want.Line)); diff != "" {
				t.Errorf("reply of the line (-want +got):\n%s", diff)
			}
			assertSecretFree(t, f, e, e.Transcript)
		})
	}
}

func TestAnErrorChallengeEndsInAnError(t *testing.T) {
	const words = `{"status":"401","schemes":"bearer","scope":"mail"}`
	challenge := base64.StdEncoding.EncodeToString([]byte(words))
	tests := map[string]struct {
		protocol probe.Protocol
		script   string
		kind     probe.Kind
		line     string
	}{
		"imap": {probe.IMAP, imapLogin + "S + " + challenge + "\nC AQ==\nS T2 NO [AUTHENTICATIONFAILED] no", probe.RefusedByServer, "NO [AUTHENTICATIONFAILED] no"},
		"pop3": {probe.POP3, pop3Login + "S + " + challenge + "\nC AQ==\nS -ERR [AUTH] no", probe.RefusedByServer, "-ERR [AUTH] no"},
		"smtp": {probe.SMTP, smtpLogin + "S 334 " + challenge + "\nC AQ==\nS 535 5.7.8 no", probe.RefusedByServer, "535 5.7.8 no"},

		"imap, then success": {probe.IMAP, imapLogin + "S + " + challenge + "\nC AQ==\nS T2 OK welcome", probe.ProtocolError, "OK welcome"},
		"pop3, then success": {probe.POP3, pop3Login + "S + " + challenge + "\nC AQ==\nS +OK welcome", probe.ProtocolError, "+OK welcome"},
		"smtp, then success": {probe.SMTP, smtpLogin + "S 334 " + challenge + "\nC AQ==\nS 235 2.7.0 welcome", probe.ProtocolError, "235 2.7.0 welcome"},

		// The refusal comes in one packet with the challenge: go-imap would wait
		// for ever.
		"imap, all at once": {probe.IMAP, imapLogin + "S& + " + challenge + " && T2 NO no", probe.RefusedByServer, "NO no"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			_, err := try(prober(t, f), f.target(tt.protocol, mode(tt.protocol)), login, false)
			e := must(t, err)
			if e.Kind != tt.kind || e.Reply.Line != tt.line || e.Stage != probe.Authenticate {
				t.Errorf("%s at %s: %q, want %s: %q", e.Kind, e.Stage, e.Reply.Line, tt.kind, tt.line)
			}
			if e.Reply.Challenge != words {
				t.Errorf("challenge %q, want %q", e.Reply.Challenge, words)
			}
		})
	}
}

func TestAHealthyMailboxIsReported(t *testing.T) {
	tests := map[string]struct {
		protocol   probe.Protocol
		script     string
		serverName string
		mechanisms []string
		messages   int
	}{
		"imap": {probe.IMAP, imapAccepted + "C T4 EXAMINE INBOX\nS * 17 EXISTS\nS * OK [UIDVALIDITY 14] ok\nS T4 OK [READ-ONLY] EXAMINE completed.\nC T5 LOGOUT\nS * BYE bye\nS T5 OK LOGOUT completed.",
			"FR0P281CA0157.DEUP281.PROD.OUTLOOK.COM", []string{"PLAIN", "XOAUTH2"}, 17},
		"pop3": {probe.POP3, pop3Login + "S +OK User successfully authenticated.\nC STAT\nS +OK 17 4711\nC QUIT\nS +OK bye",
			"SC1PR80CA0105.BRAZIL.PROD.OUTLOOK.COM", []string{"PLAIN", "XOAUTH2"}, 17},
		"smtp": {probe.SMTP, smtpAccepted + "C QUIT\nS 221 2.0.0 bye", "AM0PR02CA0134.outlook.office365.com", []string{"LOGIN", "XOAUTH2"}, 0},
		"smtp, sent": {probe.SMTP, smtpAccepted + "C MAIL FROM:<sales@contoso.example>\nS 250 2.1.0 Sender OK\nC RCPT TO:<sales@contoso.example>\nS 250 2.1.5 Recipient OK\nC DATA\nS 354 go\n" +
			"C Message-ID: <1@contoso.example>\nC \nC private words\nC .\nS 250 2.0.0 OK\nC QUIT\nS 221 2.0.0 bye", "AM0PR02CA0134.outlook.office365.com", []string{"LOGIN", "XOAUTH2"}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			p, target := prober(t, f), f.target(tt.protocol, mode(tt.protocol))
			report, err := try(p, target, login, name == "smtp, sent")
			if err != nil {
				t.Fatal(err)
			}
			if report.ServerName != tt.serverName {
				t.Errorf("server name %q, want %q", report.ServerName, tt.serverName)
			}
			if diff := cmp.Diff(tt.mechanisms, report.Mechanisms); diff != "" {
				t.Errorf("mechanisms (-want +got):\n%s", diff)
			}
			if report.Remote.Port() != uint16(f.port) || len(report.Addresses) != 1 || report.TLS == nil || report.TLS.Version != "TLS 1.3" {
				t.Errorf("remote %v, addresses %v, TLS %+v", report.Remote, report.Addresses, report.TLS)
			}
			for _, stage := range []probe.Stage{probe.Resolve, probe.Dial, probe.TLSStage, probe.Greeting, probe.Capability, probe.Authenticate, probe.Logout} {
				if _, ok := report.Times[stage]; !ok {
					t.Errorf("no time for stage %s", stage)
				}
			}
			assertSecretFree(t, f, nil, report.Transcript)
			for _, l := range report.Transcript {
				if strings.Contains(l.Text, "private words") {
					t.Errorf("the transcript shows the message: %q", l.Text)
				}
			}
		})
	}
}

func TestAServerThatDoesNotSayGoodbyeSpoilsNothing(t *testing.T) {
	for protocol, script := range map[probe.Protocol]string{
		probe.IMAP: imapAccepted + "C T4 EXAMINE INBOX\nS T4 OK done\nC T5 LOGOUT",
		probe.POP3: pop3Login + "S +OK in\nC STAT\nS +OK 1 1\nC QUIT",
		probe.SMTP: smtpAccepted + "C QUIT\nCLOSE",
	} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			f := run(t, protocol, script)
			start := time.Now()
			report, err := try(prober(t, f), f.target(protocol, mode(protocol)), login, false)
			if err != nil || time.Since(start) > 4*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			last := report.Transcript[len(report.Transcript)-1]
			if last.From != "-" || !strings.HasPrefix(last.Text, "no orderly end: ") {
				t.Errorf("the transcript ends with %+v", last)
			}
		})
	}
}

func TestWhatTheMailboxShows(t *testing.T) {
	f := run(t, probe.IMAP, imapAccepted+"C T4 EXAMINE INBOX\nS * 17 EXISTS\nS T4 OK [READ-ONLY] EXAMINE completed.\nC T5 LOGOUT\nS * BYE bye\nS T5 OK LOGOUT completed.")
	box, err := prober(t, f).Mailbox(context.Background(), f.target(probe.IMAP, probe.TLS), login)
	if err != nil || box.Messages != 17 {
		t.Errorf("%d messages, %v; want 17", box.Messages, err)
	}
	// The words that only the machine behind the front end sends.
	if !slices.Contains(box.After, "BACKENDAUTHENTICATE") || slices.Contains(box.Capabilities, "BACKENDAUTHENTICATE") {
		t.Errorf("capabilities %v, after the login %v", box.Capabilities, box.After)
	}

	f = run(t, probe.POP3, pop3Login+"S +OK User successfully authenticated.\nC STAT\nS +OK 17 4711\nC QUIT\nS +OK bye")
	box, err = prober(t, f).Mailbox(context.Background(), f.target(probe.POP3, probe.TLS), login)
	if err != nil || box.Messages != 17 || box.Bytes != 4711 {
		t.Errorf("%d messages, %d bytes, %v", box.Messages, box.Bytes, err)
	}
}

// assertSecretFree looks for the planted token, whole or in part, in all that
// leaves the package; and makes sure that the far end has really seen it.
func assertSecretFree(t *testing.T, f *far, err error, transcript []probe.Line) {
	t.Helper()
	if strings.Contains(f.received(), "AUTH") && strings.Contains(f.received(), "dXNlcj") != strings.Contains(f.received(), blob()) {
		t.Error("the server has not received the token: this test proves nothing")
	}
	shown := []string{fmt.Sprintf("%v %+v %#v", err, err, err)}
	for ; err != nil; err = errors.Unwrap(err) {
		shown = append(shown, err.Error())
	}
	for _, l := range transcript {
		shown = append(shown, l.Text)
	}
	for _, text := range shown {
		if piece := leak(text); piece != "" {
			t.Errorf("%q of the token is visible in %q", piece, text)
		}
	}
}

func blob() string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + login.User + "\x01auth=Bearer " + planted + "\x01\x01"))
}

// leak returns a piece of the token or of its response that text shows.
func leak(text string) string {
	token, response := planted, blob()[56:] // behind "user=…auth=Bearer"
	for i := 0; i+12 <= len(token); i++ {
		if strings.Contains(strings.ToLower(text), strings.ToLower(token[i:i+12])) {
			return token[i : i+12]
		}
	}
	for i := 0; i+12 <= len(response)-4; i++ {
		if strings.Contains(strings.ToLower(text), strings.ToLower(response[i:i+12])) {
			return response[i : i+12]
		}
	}
	return ""
}
