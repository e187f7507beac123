package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
)

// site is the shipped program between servers that nobody here has written: an
// OpenID provider, Dovecot and Postfix.
type site struct {
	op      *bench.OP
	dovecot *bench.Dovecot
	postfix *bench.Postfix
	browser *bench.Browser
	desk    *bench.Page // the administrator's window
	url     string
}

// change is how a site differs from one where all is well.
type change struct {
	senders map[string][]string // who may send as whom
	pop3    string              // the scope that Latchkey asks for
	otherOP bool                // the mail servers ask another provider than the one that signs in
}

func startSite(t *testing.T, c change) *site {
	t.Helper()
	port := bench.FreePorts(t, 1)[0]
	s := &site{url: fmt.Sprintf("http://localhost:%d", port)}
	s.op = bench.StartOP(t, bench.OPOptions{RedirectURIs: []string{s.url + "/callback"}})
	judge := s.op
	if c.otherOP {
		judge = bench.StartOP(t, bench.OPOptions{})
	}
	s.dovecot = bench.StartDovecot(t, bench.DovecotOptions{OP: judge, Delegations: map[string][]string{bench.B: {bench.A}, bench.C: {bench.A}}})
	s.postfix = bench.StartPostfix(t, bench.PostfixOptions{Dovecot: s.dovecot, SenderLogins: c.senders})
	if c.pop3 == "" {
		c.pop3 = bench.ScopePOP
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "latchkey.toml")
	text := fmt.Sprintf(`listen = "localhost:%d"
data = %q
node = "NODE1"
ca_file = %q
allow_networks = ["127.0.0.0/8"]

[[provider]]
id = "campus"
name = "Campus"
kind = "openid"
authority = %q
scopes = { imap = %q, pop3 = %q, smtp = %q }
[provider.hosts]
imap = { host = %q, port = %d, security = "starttls" }
pop3 = { host = %q, port = %d, security = "tls" }
smtp = { host = %q, port = %d, security = "starttls" }
`, port, filepath.Join(dir, "data"), s.dovecot.CA, s.op.Issuer, bench.ScopeIMAP, c.pop3, bench.ScopeSMTP,
		bench.Afar, s.dovecot.IMAP, bench.Afar, s.dovecot.POP3S, bench.Afar, s.postfix.Submission)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bench.Start(t, bench.Binary(t), []string{"serve", "--config", file}, nil)
	awaken(t, s.url)
	out, err := exec.CommandContext(t.Context(), bench.Binary(t), "init", "--config", file).Output()
	if err != nil {
		t.Fatalf("latchkey init: %v", err)
	}
	s.browser = bench.StartBrowser(t)
	s.desk = s.browser.Context(t)
	claim(t, noLook, s.desk, s.url+regexp.MustCompile(`/claim/[a-z0-9]+`).FindString(string(out)))
	return s
}

func awaken(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if response, err := http.Get(url + "/healthz"); err == nil {
			_ = response.Body.Close()
			return
		}
	}
	t.Fatalf("%s does not answer", url)
}

// upToSignIn answers the first five steps.
func (s *site) upToSignIn(t *testing.T, method, mailboxes string) {
	t.Helper()
	desk := s.desk
	desk.Follow("Add a mailbox")
	desk.Press("Start the setup")
	desk.Choose("Another mail application")
	desk.Choose(method)
	desk.Fill("Mailboxes", mailboxes)
	desk.Fill("Sign-in account", bench.A)
	for _, protocol := range []string{"IMAP", "POP3", "SMTP"} {
		desk.Check(protocol)
	}
	desk.Press("Save and check")
	desk.Follow("Continue to step 2: Addresses")
	desk.Follow("Continue to step 3: Entra application")
	desk.WaitText("Step 3 of 8")
	desk.Fill("Application (client) ID", s.op.ClientID)
	desk.Fill("Client secret value", s.op.ClientSecret.Reveal())
	desk.Press("Save and check")
	desk.Follow("Continue to step 4: Network")
	desk.Follow("Continue to step 5: Mailbox")
	desk.Choose("Step 7 will show it")
	desk.Press("Save and check")
	desk.Follow("Continue to step 6: Sign-in")
}

// signIn walks a sign-in in a browser context of its own, and accepts it.
func (s *site) signIn(t *testing.T) {
	t.Helper()
	s.desk.Press("Make the link")
	s.desk.WaitText("Right-click the link")
	link := regexp.MustCompile(`http://localhost:\d+/w/[a-z0-9]+`).FindString(s.desk.Text())
	private := s.browser.Context(t)
	private.Goto(link)
	private.Press("Continue")
	private.Follow("Sign in at Campus")
	private.WaitText("Sign in")
	private.Fill("Password", s.op.Password(bench.A).Reveal())
	private.Press("Sign in")
	private.WaitText("Permissions requested")
	private.Press("Allow")
	private.WaitText(bench.A)
	s.desk.WaitText("Accept")
	s.desk.Press("Accept")
}

// TestMailFlowsBetweenStrangers proves the whole way against servers of others:
// an OpenID provider that judges the sign-in, Dovecot that asks it about each
// token and knows delegation, Postfix that restricts senders. Then two rights
// are missing, one after the other.
func TestMailFlowsBetweenStrangers(t *testing.T) {
	s := startSite(t, change{senders: map[string][]string{bench.B: {bench.A}}})
	s.upToSignIn(t, "Shared account", bench.B+"\n"+bench.C)
	s.signIn(t)
	s.desk.Follow("Continue to step 7: Verification")
	s.desk.Check(bench.B)
	s.desk.Press("Save and verify")
	s.desk.Follow("Continue to step 8: Hand-over")
	s.desk.Choose("Keep it and renew it")
	s.desk.Press("Save and finish")
	s.desk.Follow("Back to the overview")
	s.desk.WaitText("Mail flows. Nobody has to act.")
	if got := strings.Count(s.desk.Text(), "Done"); got != 8 {
		t.Errorf("%d of 8 steps are done", got)
	}
	mails := s.dovecot.Mails(t, bench.B)
	if len(mails) != 1 || strings.Contains(mails[0].Flags, "S") {
		t.Errorf("the shared mailbox holds %+v, want one message that nobody has read", mails)
	}

	s.dovecot.Undelegate(t, bench.B, bench.A)
	s.desk.Follow("Step 7: Verification A test message was sent and found Done")
	s.desk.Press("Check again")
	s.desk.WaitText(bench.A + " may not open " + bench.B)
	s.worst(t, "delegation_missing")

	s.dovecot.Delegate(t, bench.B, bench.A)
	s.desk.Check(bench.C)
	s.desk.Press("Save and verify")
	s.desk.WaitText("The mail server does not let " + bench.A + " send as " + bench.C)
	s.worst(t, "sender_not_allowed")
	clean(t, s.desk, "a refused sender")
	shoot(t, s.desk, "40-sender-not-allowed")
}

// worst fails if another finding than this one stands first on the page.
func (s *site) worst(t *testing.T, code string) {
	t.Helper()
	s.desk.WaitText("checks finished:")
	text := s.desk.Text()
	first := regexp.MustCompile(`(?s)Problem .*?([a-z0-9]+_[a-z0-9_]+) ·`).FindStringSubmatch(text)
	if first == nil || first[1] != code {
		t.Errorf("the first finding is %v, want %s: %s", first, code, text)
	}
}

// TestPermissionNotGranted: the provider leaves out a permission that it does
// not know, and says so in its answer.
func TestPermissionNotGranted(t *testing.T) {
	s := startSite(t, change{pop3: "POP.Misspelt"})
	s.upToSignIn(t, "Mailbox account", bench.A)
	s.signIn(t)
	s.desk.Follow("Continue to step 7: Verification")
	s.desk.WaitText("The token does not permit POP3")
	s.worst(t, "token_scope_missing")
}

// TestTokenOfAnotherProvider: the mail servers ask another provider than the
// one that has signed the person in, and it does not know the token.
func TestTokenOfAnotherProvider(t *testing.T) {
	s := startSite(t, change{otherOP: true})
	s.upToSignIn(t, "Mailbox account", bench.A)
	s.signIn(t)
	s.desk.Follow("Continue to step 7: Verification")
	s.desk.WaitText("The mail server refuses the token")
	s.worst(t, "token_refused")
}
