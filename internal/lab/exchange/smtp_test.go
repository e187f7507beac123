package exchange_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/lab/world"
)

func TestSMTPGreetingAndExtensions(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.SMTP)
	greeting := k.read()
	if !regexp.MustCompile(`^220 FR0P281CA\d{4}\.outlook\.office365\.com Microsoft ESMTP MAIL Service ready at Sat, 21 Nov 2026 \d\d:\d\d:\d\d [+-]\d{4}$`).MatchString(greeting) {
		t.Errorf("greeting %q", greeting)
	}
	k.send("EHLO client.example")
	before := k.until("250 ")
	if !slices.Contains(before, "250-STARTTLS") || strings.Contains(strings.Join(before, "\n"), "AUTH") || !strings.Contains(before[0], "Hello [127.0.0.1]") {
		t.Errorf("before TLS: %q", before)
	}
	after := b.smtpReady()
	after.send("EHLO client.example")
	lines := after.until("250 ")
	if !slices.Contains(lines, "250-AUTH LOGIN XOAUTH2") || slices.Contains(lines, "250-STARTTLS") || len(lines) != len(before) {
		t.Errorf("under TLS: %q", lines)
	}
	// AUTH is offered whatever the tenant has switched off.
	b.state(func(s *world.State) { s.Tenants[0].SMTPAuthDisabled = true })
	after.send("EHLO client.example")
	if lines := after.until("250 "); !slices.Contains(lines, "250-AUTH LOGIN XOAUTH2") {
		t.Errorf("tenant off: %q", lines)
	}
}

func TestSMTPSequence(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.SMTP)
	k.read()
	for _, tt := range []struct{ command, want string }{
		{"NOOP", "250 "}, {"HELO x", "250 "}, {"AUTH XOAUTH2 x", "504 5.7.4 "}, {"MAIL FROM:<a@b>", "451 5.7.3 "}, {"RCPT TO:<a@b>", "503 "},
		{"DATA", "503 "}, {"BDAT 0 LAST", "503 "}, {"BDAT x", "501 "}, {"RSET", "250 "}, {"*", "500 5.3.3 Unrecognized command"},
	} {
		if got := k.ask(tt.command); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s in the clear: %q, want %q", tt.command, got, tt.want)
		}
	}
	k = b.smtpReady()
	for _, tt := range []struct{ command, want string }{
		{"STARTTLS", "503 "}, {"MAIL FROM:<a@b>", "530 5.7.57 Client not authenticated to send mail. ["}, {"AUTH PLAIN x", "504 5.7.4 Unrecognized authentication type"},
		{"AUTH XOAUTH2 *", "501 "},
	} {
		if got := k.ask(tt.command); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s before login: %q, want %q", tt.command, got, tt.want)
		}
	}
	k = b.smtpLogin(world.Support)
	for _, tt := range []struct{ command, want string }{
		{"AUTH XOAUTH2 x", "503 "}, {"MAIL support@lab.example", "501 "}, {"MAIL TO:<a@b>", "501 "}, {"MAIL FROM:support@lab.example>", "501 "}, {"MAIL FROM:<support@lab.example> SIZE=999999999", "552 5.3.4 "},
		{"MAIL FROM:<support@lab.example> SIZE=100 BODY=8BITMIME", "250 2.1.0 Sender OK"}, {"MAIL FROM:<support@lab.example>", "503 "},
		{"RCPT TO:<nobody>", "501 "}, {"RCPT TO:nobody@x", "501 "}, {"DATA", "503 5.5.2 "}, {"RCPT TO:<a@b.example>", "250 2.1.5 "},
		{"RSET", "250 "}, {"RCPT TO:<a@b.example>", "503 "}, {"QUIT", "221 "},
	} {
		if got := k.ask(tt.command); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.command, got, tt.want)
		}
	}
	k.gone()
}

func TestSMTPRefusesPasswords(t *testing.T) {
	b := newBench(t)
	k := b.smtpReady()
	const want = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. ["
	if got := k.ask("AUTH LOGIN"); got != "334 VXNlcm5hbWU6" {
		t.Error(got)
	}
	k.ask("dXNlcg==")
	if got := k.ask("cGFzcw=="); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
	if got := k.ask("AUTH LOGIN dXNlcg=="); got != "334 UGFzc3dvcmQ6" {
		t.Error(got)
	}
	if got := k.ask("cGFzcw=="); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
	if b.world.Counters().Refusals[world.SMTP] != 2 {
		t.Error("refused passwords are not counted")
	}
}

func TestSMTPTrace(t *testing.T) {
	b := newBench(t)
	k := b.smtpReady()
	got := k.ask("AUTH XOAUTH2 x")
	if !regexp.MustCompile(`^535 5\.7\.3 Authentication unsuccessful \[FR0P281CA\d{4}\.DEUP281\.PROD\.OUTLOOK\.COM 2026-11-21T10:00:00\.000Z 08D[0-9A-F]{13}\]$`).MatchString(got) {
		t.Errorf("%q", got)
	}
}

// What somebody put in front of the TLS handshake must not be read as if it
// had come through it.
func TestSMTPForgetsWhatCameBeforeTLS(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.SMTP)
	k.read()
	k.send("EHLO client.example")
	k.until("250 ")
	k.send("STARTTLS\r\nNOOP")
	k.want("220 2.0.0 SMTP server ready")
	k.tls(b.pool)
	if got := k.ask("AUTH XOAUTH2 x"); !strings.HasPrefix(got, "503 ") {
		t.Errorf("AUTH without a new EHLO: %q, want no answer to NOOP and no memory of EHLO", got)
	}
}

const letter = "From: <%s>\r\nTo: <%s>\r\nSubject: test\r\nMessage-ID: <m1@client.example>\r\n\r\n.dot\r\nend\r\n"

// submit sends a message and returns the last answer.
func (k *talk) submit(envelope, from, to string) string {
	k.t.Helper()
	if got := k.ask("MAIL FROM:<" + envelope + ">"); !strings.HasPrefix(got, "250 ") {
		return got
	}
	k.ask("RCPT TO:<" + to + ">")
	if got := k.ask("DATA"); !strings.HasPrefix(got, "354 ") {
		return got
	}
	return k.ask(strings.ReplaceAll(fmt.Sprintf(letter, from, to), "\r\n.", "\r\n..") + ".")
}

func TestSMTPDelivery(t *testing.T) {
	b := newBench(t)
	k := b.smtpLogin(world.Support)
	if got := k.submit(world.Support, world.Support, world.Sales); !regexp.MustCompile(`^250 2\.0\.0 OK <.+> \[Hostname=FR0P281CA`).MatchString(got) {
		t.Fatal(got)
	}
	b.state(func(s *world.State) {
		inbox, sent := s.Seen(s.Mailbox(world.Sales).Inbox), s.Seen(s.Mailbox(world.Support).Sent)
		if len(inbox) != 4 || len(sent) != 1 {
			t.Fatalf("%d in the inbox, %d sent; want 4 and 1", len(inbox), len(sent))
		}
		want := fmt.Sprintf(letter, world.Support, world.Sales)
		if got := string(sent[0].Raw); got != want {
			t.Errorf("sent copy:\n%q\nwant\n%q", got, want)
		}
		if got := string(inbox[3].Raw); !strings.HasPrefix(got, "Received: from [127.0.0.1:") || !strings.HasSuffix(got, want) {
			t.Errorf("delivered:\n%q", got)
		}
	})
	if got := k.submit(world.Support, world.Support, "somebody@contoso.example"); !strings.HasPrefix(got, "250 2.0.0 OK") {
		t.Errorf("elsewhere: %q", got)
	}
	if c := b.world.Counters(); c.Submitted != 2 || c.Delivered != 1 || c.Vanished != 1 {
		t.Errorf("counted %+v", c)
	}
}

func TestSMTPAddsAMissingMessageID(t *testing.T) {
	b := newBench(t)
	k := b.smtpLogin(world.Support)
	k.ask("MAIL FROM:<" + world.Support + ">")
	k.ask("RCPT TO:<" + world.Support + ">")
	k.ask("DATA")
	k.ask("Subject: bare\r\n\r\ntext\r\n.")
	b.state(func(s *world.State) {
		if got := string(s.Mailbox(world.Support).Sent.Messages[0].Raw); !strings.HasPrefix(got, "Message-ID: <") {
			t.Errorf("%q", got)
		}
	})
}

// Who may send with which address: the right counts for the envelope and for
// the From that readers see.
func TestSMTPSendAs(t *testing.T) {
	const late = "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied"
	tests := map[string]struct {
		state          func(*world.State)
		envelope, from string
		want           string
	}{
		"own address":          {nil, world.SignInAccount, world.SignInAccount, "250 2.0.0 OK"},
		"shared, with right":   {nil, world.Sales, world.Sales, "250 2.0.0 OK"},
		"right taken away":     {func(s *world.State) { s.Mailbox(world.Sales).SendAs = nil }, world.Sales, world.Sales, late},
		"only From is foreign": {nil, world.SignInAccount, world.Support, late},
		"only the envelope is": {nil, world.Support, world.SignInAccount, late},
		"address elsewhere":    {nil, "x@contoso.example", "x@contoso.example", late},
		"null sender":          {nil, "", world.SignInAccount, late},
		"refused early": {func(s *world.State) { s.Exchange.SendAsEarly = true }, world.Support, world.Support,
			"550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if tt.state != nil {
				b.state(tt.state)
			}
			if got := b.smtpLogin(world.SignInAccount).submit(tt.envelope, tt.from, world.Support); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if sent := b.world.Counters().Submitted == 1; sent != strings.HasPrefix(tt.want, "250") {
				t.Errorf("submitted = %v", sent)
			}
		})
	}
}

func TestSMTPChunks(t *testing.T) {
	b := newBench(t)
	k := b.smtpLogin(world.Support)
	k.ask("MAIL FROM:<" + world.Support + ">")
	k.ask("RCPT TO:<" + world.Support + ">")
	text := fmt.Sprintf(letter, world.Support, world.Support)
	half := len(text) / 2
	fmt.Fprintf(k.nc, "BDAT %d\r\n%s", half, text[:half])
	k.wantPrefix("250 ")
	fmt.Fprintf(k.nc, "BDAT %d LAST\r\n%s", len(text)-half, text[half:])
	k.wantPrefix("250 2.0.0 OK")
	b.state(func(s *world.State) {
		if got := string(s.Mailbox(world.Support).Sent.Messages[0].Raw); got != text {
			t.Errorf("%q", got)
		}
	})
	// A chunk that is refused is still read to its end.
	fmt.Fprintf(k.nc, "BDAT 6 LAST\r\nNOOP\r\n")
	k.wantPrefix("503 ")
	if got := k.ask("QUIT"); !strings.HasPrefix(got, "221 ") {
		t.Error(got)
	}
}

func TestSMTPMessageSize(t *testing.T) {
	b := newBench(t)
	k := b.smtpLogin(world.Support)
	k.ask("MAIL FROM:<" + world.Support + ">")
	k.ask("RCPT TO:<" + world.Support + ">")
	k.ask("DATA")
	line := strings.Repeat("x", 998) + "\r\n"
	for range 36 << 10 {
		if _, err := k.nc.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if got := k.ask("."); !strings.HasPrefix(got, "552 5.3.4 ") {
		t.Errorf("36 MiB: %q", got)
	}
	if got := k.submit(world.Support, world.Support, world.Support); !strings.HasPrefix(got, "250 2.0.0 OK") {
		t.Errorf("afterwards: %q", got)
	}
	if b.world.Counters().Submitted != 1 {
		t.Error("the large message was taken")
	}
}
