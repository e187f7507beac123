package probe_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"latchkey/internal/probe"
	"latchkey/internal/secret"
)

// Servers that repeat what they were sent: as it came, decoded, cut, in
// capitals, in a challenge, in a line of another kind.
func TestWhatAServerEchoesIsMasked(t *testing.T) {
	b := blob()
	challenge := base64.StdEncoding.EncodeToString([]byte(`{"status":"bad token ` + planted + `"}`))
	tests := map[string]struct {
		protocol probe.Protocol
		script   string
	}{
		"imap, blob in NO":       {probe.IMAP, imapLogin + "S T2 NO cannot use " + b},
		"imap, token in NO":      {probe.IMAP, imapLogin + "S T2 NO cannot use " + planted},
		"imap, code":             {probe.IMAP, imapLogin + "S T2 NO [" + planted + "] no"},
		"imap, untagged":         {probe.IMAP, imapLogin + "S * BAD what is " + strings.ToUpper(b) + "\nS * BYE bye " + planted + "\nCLOSE"},
		"imap, unknown tag":      {probe.IMAP, imapLogin + "S " + planted + " OK"},
		"imap, unknown response": {probe.IMAP, imapLogin + "S * " + planted + "\nS T2 NO no"},
		"imap, cut line":         {probe.IMAP, imapLogin + "S> * BAD " + b[:100] + "\nCLOSE"},
		"imap, challenge":        {probe.IMAP, imapLogin + "S + " + challenge + "\nC AQ==\nS T2 NO no"},
		"imap, long line":        {probe.IMAP, imapLogin + "S * BAD " + strings.Repeat("x", 5000) + b},
		"imap, later stage":      {probe.IMAP, imapAccepted + "C T4 EXAMINE INBOX\nS T4 NO not for " + planted},
		"pop3, blob":             {probe.POP3, pop3Login + "S -ERR unknown command " + b},
		"pop3, no answer":        {probe.POP3, pop3Login + "S " + b},
		"pop3, challenge":        {probe.POP3, pop3Login + "S + " + challenge + "\nC AQ==\nS -ERR no"},
		"pop3, not base64":       {probe.POP3, pop3Login + "S + *" + planted},
		"smtp, blob":             {probe.SMTP, smtpLogin + "S 500 5.5.1 unrecognized " + b[:100]},
		"smtp, many lines":       {probe.SMTP, smtpLogin + "S 535-" + planted + "\nS 535 " + b},
		"smtp, no answer":        {probe.SMTP, smtpLogin + "S " + b},
		"smtp, not base64":       {probe.SMTP, smtpLogin + "S 334 *" + planted},
		"smtp, challenge":        {probe.SMTP, smtpLogin + "S 334 " + challenge + "\nC AQ==\nS 535 no"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			report, err := try(prober(t, f), f.target(tt.protocol, mode(tt.protocol)), login, false)
			e := must(t, err)
			assertSecretFree(t, f, e, report.Transcript)

			var log strings.Builder
			slog.New(slog.NewJSONHandler(&log, nil)).Error("m", "err", err, "reply", e.Reply, "report", report)
			whole, _ := json.Marshal(struct {
				E *probe.Error
				R probe.Report
			}{&probe.Error{Reply: e.Reply, Transcript: e.Transcript}, report})
			for _, out := range []string{log.String(), string(whole), fmt.Sprintf("%+v %+v", e.Reply, report)} {
				if piece := leak(out); piece != "" {
					t.Errorf("%q of the token is visible in %s", piece, out)
				}
			}
		})
	}
}

func TestTranscriptsShowTheExchangeWithoutItsContents(t *testing.T) {
	for protocol, tt := range map[probe.Protocol]struct {
		script string
		want   []string
	}{
		probe.IMAP: {imapLogin + "S T2 NO no", []string{"C T2 AUTHENTICATE XOAUTH2 [redacted]", "S T2 NO no"}},
		probe.POP3: {pop3Login + "S -ERR no", []string{"C AUTH XOAUTH2", "S + ", "C [redacted]", "S -ERR no"}},
		probe.SMTP: {smtpLogin + "S 535 5.7.3 no", []string{"C AUTH XOAUTH2", "S 334 ", "C [redacted]", "S 535 5.7.3 no"}},
	} {
		t.Run(string(protocol), func(t *testing.T) {
			f := run(t, protocol, tt.script)
			report, err := try(prober(t, f), f.target(protocol, mode(protocol)), login, false)
			must(t, err)
			var got []string
			for _, l := range report.Transcript {
				got = append(got, l.From+" "+l.Text)
			}
			text := strings.Join(got, "\n")
			if want := strings.Join(tt.want, "\n"); !strings.Contains(text, want) {
				t.Errorf("transcript\n%s\ndoes not contain\n%s", text, want)
			}
			if last := report.Transcript[len(report.Transcript)-1]; last.From != "-" {
				t.Errorf("the last line %v is no remark on the failure", last)
			}
		})
	}
}

// Tokens of Entra's size, in the form each protocol has room for.
func TestLongTokensArriveWhole(t *testing.T) {
	token := strings.Repeat("aB3-_.xY", 450)
	l := probe.Login{User: "support@contoso.example", Token: secret.New(token)}
	whole := base64.StdEncoding.EncodeToString([]byte("user=" + l.User + "\x01auth=Bearer " + token + "\x01\x01"))
	noIR := strings.NewReplacer(" SASL-IR", "", "AUTHENTICATE XOAUTH2 *", "AUTHENTICATE XOAUTH2\n\t\tS + \n\t\tC dXNlcj*").Replace(imapLogin)
	for name, tt := range map[string]struct {
		protocol probe.Protocol
		script   string
		want     string
	}{
		"imap":            {probe.IMAP, imapLogin + "S T2 NO no", "T2 AUTHENTICATE XOAUTH2 " + whole + "\r\n"},
		"imap, two steps": {probe.IMAP, noIR + "S T2 NO no", "T2 AUTHENTICATE XOAUTH2\r\n" + whole + "\r\n"},
		"pop3":            {probe.POP3, pop3Login + "S -ERR no", "AUTH XOAUTH2\r\n" + whole + "\r\n"},
		"smtp":            {probe.SMTP, smtpLogin + "S 535 5.7.3 no", "AUTH XOAUTH2\r\n" + whole + "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			report, err := try(prober(t, f), f.target(tt.protocol, mode(tt.protocol)), l, false)
			if e := must(t, err); e.Kind != probe.RefusedByServer {
				t.Errorf("%v", e)
			}
			if !strings.Contains(f.received(), tt.want) {
				t.Error("the response did not arrive as it should")
			}
			for _, line := range report.Transcript {
				if strings.Contains(line.Text, "aB3-") || strings.Contains(line.Text, whole[60:80]) {
					t.Errorf("the transcript shows the token: %q", line.Text)
				}
			}
		})
	}
}

func TestServerTextIsFitForLogsAndPages(t *testing.T) {
	f := run(t, probe.SMTP, "S 554 5.0.0 \x1b[31mred\x07\x00 \u202eright-to-left\u2028 \xff <script>"+strings.Repeat("é", 1500)+"\nCLOSE")
	report, err := prober(t, f).Connect(context.Background(), f.target(probe.SMTP, probe.STARTTLS))
	e := must(t, err)
	want := `554 5.0.0 \x1b[31mred\x07\x00 \u202eright-to-left\u2028 \xff <script>éé`
	if !strings.HasPrefix(e.Reply.Line, want) || !strings.HasPrefix(report.Greeting, want) {
		t.Errorf("line %.80q, want %q", e.Reply.Line, want)
	}
	if n := len([]rune(e.Reply.Line)); n > 1001 {
		t.Errorf("the reply has %d characters", n)
	}
	for _, l := range report.Transcript {
		if n := len([]rune(l.Text)); n > 201 {
			t.Errorf("a transcript line has %d characters", n)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Error("m", "err", err)
	if strings.Count(log.String(), "\n") != 1 || strings.ContainsAny(log.String(), "\x1b\x07\x00\u202e\u2028") {
		t.Errorf("the log is not one clean line: %q", log.String())
	}
}

func TestTheTranscriptOfALongConversationKeepsBothEnds(t *testing.T) {
	f := run(t, probe.SMTP, "S 220-first"+strings.Repeat("\nS 220-x", 500)+"\nS 220 last\nC EHLO *\nS 554 no")
	report, err := prober(t, f).Connect(context.Background(), f.target(probe.SMTP, probe.STARTTLS))
	must(t, err)
	var text []string
	for _, l := range report.Transcript {
		text = append(text, l.Text)
	}
	all := strings.Join(text, "\n")
	if len(text) > 202 || !strings.Contains(all, "\n220-first\n") || !strings.Contains(all, " lines left out\n") || !strings.Contains(all, "\n554 no\n") {
		t.Errorf("%d lines: %.60q … %q", len(text), all, all[max(0, len(all)-80):])
	}
}
