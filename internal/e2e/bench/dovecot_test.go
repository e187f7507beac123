package bench_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
	"latchkey/internal/need"
	"latchkey/internal/secret"
)

// curl's exit statuses, from its manual page.
const (
	curlOK          = 0
	curlCertificate = 60
	curlLogin       = 67 // the server refused the login
)

func TestDovecotOpensMailboxesAsExchangeDoes(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op})
	for _, u := range []string{bench.A, bench.B, bench.C} {
		d.Deliver(t, u, "From: x@lab.test\r\nSubject: for "+u+"\r\n\r\nhello\r\n")
	}
	all := op.SignIn(t, bench.A, bench.ScopeIMAP, bench.ScopePOP, bench.ScopeSMTP).Access
	pop := op.SignIn(t, bench.A, bench.ScopePOP).Access
	c := op.SignIn(t, bench.C, bench.ScopeIMAP, bench.ScopePOP).Access
	imaps := fmt.Sprintf("imaps://%s:%d/INBOX;MAILINDEX=1", bench.Host, d.IMAPS)
	imap := fmt.Sprintf("imap://%s:%d/INBOX;MAILINDEX=1", bench.Afar, d.IMAP)
	pop3s := fmt.Sprintf("pop3s://localhost:%d/1", d.POP3S)
	pop3 := fmt.Sprintf("pop3://%s:%d/1", bench.Afar, d.POP3)

	opens := func(url, user string, token secret.Text) {
		t.Helper()
		res := curl(t, d.CA, url, user, token, "--ssl-reqd")
		if res.Code != curlOK || !strings.Contains(res.Stdout, "Subject: for "+user) {
			t.Errorf("%s as %s: curl ends with %d, want the mailbox's message", url, user, res.Code)
		}
	}
	refuses := func(url, user string, token secret.Text, reason string) {
		t.Helper()
		before := len(d.Log(t))
		if res := curl(t, d.CA, url, user, token, "--ssl-reqd"); res.Code != curlLogin {
			t.Errorf("%s as %s: curl ends with %d, want a refused login", url, user, res.Code)
		}
		if !eventually(func() bool { return strings.Contains(d.Log(t)[before:], reason) }) {
			t.Errorf("%s as %s: the reason in Dovecot's log is not %q", url, user, reason)
		}
	}

	for _, url := range []string{imaps, imap, pop3s, pop3} {
		opens(url, bench.A, all)
		refuses(url, bench.A, secret.New("unknown"), "Provided token is not valid")
		refuses(url, bench.B, all, "passwd-file(b@lab.test")
	}
	refuses(imaps, bench.A, pop, "Token is not valid for scope 'IMAP.AccessAsUser.All'")
	opens(pop3s, bench.A, pop)

	d.Delegate(t, bench.B, bench.A)
	for _, url := range []string{imaps, imap, pop3s, pop3} {
		opens(url, bench.B, all)
		refuses(url, bench.B, c, "passwd-file(b@lab.test")
	}
	refuses(pop3s, bench.A, c, "passwd-file(a@lab.test") // delegation has a direction
	d.Undelegate(t, bench.B, bench.A)
	refuses(imaps, bench.B, all, "passwd-file(b@lab.test")

	op.Revoke(t, all)
	refuses(imaps, bench.A, all, "Provided token is not valid")

	if strings.Contains(d.Log(t), all.Reveal()) {
		t.Error("a token stands in Dovecot's log")
	}
}

func TestDovecotRefusesAnExpiredToken(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{AccessTTL: 3 * time.Second})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op})
	url := fmt.Sprintf("imaps://%s:%d/INBOX", bench.Host, d.IMAPS)
	token := op.SignIn(t, bench.A, bench.ScopeIMAP).Access
	if res := curl(t, d.CA, url, bench.A, token); res.Code != curlOK {
		t.Errorf("fresh token: curl ends with %d", res.Code)
	}
	time.Sleep(4 * time.Second)
	if res := curl(t, d.CA, url, bench.A, token); res.Code != curlLogin {
		t.Errorf("expired token: curl ends with %d, want a refused login", res.Code)
	}
}

func TestDovecotRefusesWithoutTLSFromAfar(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op})
	for port, ask := range map[int]string{d.IMAP: "a CAPABILITY\r\nb LOGOUT\r\n", d.POP3: "CAPA\r\nQUIT\r\n", d.Submission: "EHLO x\r\nQUIT\r\n"} {
		if said := conversation(t, bench.Afar, port, ask); strings.Contains(said, "XOAUTH2") || !strings.Contains(said, "STARTTLS") && !strings.Contains(said, "STLS") {
			t.Errorf("port %d: %q, want STARTTLS and no XOAUTH2", port, said)
		}
	}
	res := curl(t, "/etc/ssl/certs/ca-certificates.crt", fmt.Sprintf("imaps://%s:%d/", bench.Host, d.IMAPS), bench.A, secret.New("x"))
	if res.Code != curlCertificate {
		t.Errorf("curl without the test CA ends with %d, want %d", res.Code, curlCertificate)
	}
}

func TestDovecotSubmissionDelivers(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op, Delegations: map[string][]string{bench.B: {bench.A}}})
	token := op.SignIn(t, bench.A, bench.ScopeIMAP, bench.ScopeSMTP).Access
	url := fmt.Sprintf("smtp://%s:%d/client.lab.test", bench.Afar, d.Submission)

	if res := submit(t, d.CA, url, bench.A, token, bench.A, bench.A); res.Code != curlOK {
		t.Fatalf("curl ends with %d: %s", res.Code, res.Stderr)
	}
	mails := d.Mails(t, bench.A)
	if len(mails) != 1 || !strings.HasPrefix(mails[0].Raw, "Return-Path: <"+bench.A+">\n") || !strings.Contains(mails[0].Raw, "\nSubject: sent by curl\n") {
		t.Errorf("the mailbox holds %d messages: %+v", len(mails), mails)
	}
	// The message is found again over IMAP.
	res := curl(t, d.CA, fmt.Sprintf("imaps://%s:%d/INBOX?HEADER%%20SUBJECT%%20curl", bench.Host, d.IMAPS), bench.A, token)
	if strings.TrimSpace(res.Stdout) != "* SEARCH 1" {
		t.Errorf("search: %q, want message 1", res.Stdout)
	}

	// Full access is no right to log in to SMTP as the shared mailbox.
	if res := submit(t, d.CA, url, bench.B, token, bench.B, bench.A); res.Code != curlLogin {
		t.Errorf("user=b with a's token: curl ends with %d, want %d", res.Code, curlLogin)
	}
	if res := submit(t, d.CA, url, bench.A, op.SignIn(t, bench.A, bench.ScopeIMAP).Access, bench.A, bench.A); res.Code != curlLogin {
		t.Errorf("token without SMTP.Send: curl ends with %d, want %d", res.Code, curlLogin)
	}
	if n := len(d.Mails(t, bench.A)) + len(d.Mails(t, bench.B)); n != 1 {
		t.Errorf("%d messages were delivered, want 1", n)
	}
}

func TestMailsShowWhetherAClientOnlyLooked(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op})
	token := op.SignIn(t, bench.A, bench.ScopeIMAP).Access
	d.Deliver(t, bench.A, "Subject: one\r\n\r\nx\r\n")
	url := fmt.Sprintf("imaps://%s:%d/", bench.Host, d.IMAPS)

	if res := curl(t, d.CA, url, bench.A, token, "-X", "EXAMINE INBOX"); !strings.Contains(res.Stdout, "1 EXISTS") {
		t.Fatalf("EXAMINE: %q", res.Stdout)
	}
	if got := d.Mails(t, bench.A)[0]; !got.New || got.Flags != "" {
		t.Errorf("after EXAMINE: %+v, want a new message without flags", got)
	}
	// Reading the body without PEEK sets the flag, and the bench shows it.
	if res := curl(t, d.CA, url+"INBOX;MAILINDEX=1", bench.A, token); res.Code != curlOK {
		t.Fatalf("curl ends with %d", res.Code)
	}
	if got := d.Mails(t, bench.A)[0]; got.New || got.Flags != "S" {
		t.Errorf("after reading: %+v, want a seen message", got)
	}
}

// curl logs in with XOAUTH2. The token stands in a file, not on the command
// line.
func curl(t *testing.T, ca, url, user string, token secret.Text, args ...string) bench.Result {
	t.Helper()
	need.Program(t, "curl")
	conf := filepath.Join(t.TempDir(), "curlrc")
	text := fmt.Sprintf("user = %q\noauth2-bearer = %q\nlogin-options = \"AUTH=XOAUTH2\"\n", user, token.Reveal())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat([]string{"-q", "--silent", "--show-error", "--max-time", "30", "--config", conf, "--cacert", ca, "--url", url}, args)
	return bench.Run(t.Context(), t, "curl", all, []string{"no_proxy=*"})
}

// eventually is for what a server does just after it has answered, such as
// writing its log.
func eventually(yes func() bool) bool {
	for range 250 {
		if yes() {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// submit sends a message; Stderr of the result is the server's side of the
// conversation.
func submit(t *testing.T, ca, url, user string, token secret.Text, from, to string) bench.Result {
	t.Helper()
	mail := filepath.Join(t.TempDir(), "mail")
	if err := os.WriteFile(mail, []byte("From: "+from+"\r\nTo: "+to+"\r\nSubject: sent by curl\r\n\r\nhello\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	res := curl(t, ca, url, user, token, "--verbose", "--ssl-reqd", "--mail-from", from, "--mail-rcpt", to, "--upload-file", mail)
	// What the server said; curl's own lines hold the token.
	said := slices.DeleteFunc(strings.SplitAfter(res.Stderr, "\n"), func(l string) bool { return !strings.HasPrefix(l, "< ") })
	res.Stderr = strings.Join(said, "")
	return res
}

// conversation says something to a server, ending with a farewell, and returns
// all it answers.
func conversation(t *testing.T, host string, port int, lines string) string {
	t.Helper()
	conn, err := net.Dial("tcp4", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, lines); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
