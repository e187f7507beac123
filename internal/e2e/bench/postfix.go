package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"latchkey/internal/need"
)

// PostfixOptions are what tests vary.
type PostfixOptions struct {
	Dovecot      *Dovecot            // judges the logins and holds the mailboxes
	SenderLogins map[string][]string // sender to the accounts that may send as it, beside its own
}

// Postfix is a submission server: STARTTLS first, then XOAUTH2, then a sender
// that the account may use; otherwise "553 5.7.1". It delivers into Dovecot's
// mailboxes and nowhere else.
type Postfix struct {
	CA         string // path of the PEM file clients must trust
	Submission int    // port on Host and Afar

	dir string
}

// StartPostfix starts the server and waits until it answers. Postfix cannot be
// started without root.
func StartPostfix(t testing.TB, o PostfixOptions) *Postfix {
	t.Helper()
	need.Program(t, "postfix")
	need.Root(t, "Postfix refuses to start otherwise")
	p := &Postfix{CA: o.Dovecot.CA, dir: tempDir(t, "postfix")}
	for _, name := range []string{"queue", "data", "conf"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o755); err != nil {
			t.Fatalf("bench: %v", err)
		}
	}
	if err := chown(filepath.Join(p.dir, "data"), "postfix"); err != nil {
		t.Fatalf("bench: %v", err)
	}
	p.writeMaps(t, o)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of postfix:\n%s", redact(p.Log(t)))
		}
	})
	for range 3 { // somebody may take the port between choice and use
		if p.start(t, o.Dovecot) {
			return p
		}
	}
	t.Fatalf("bench: postfix does not start:\n%s", redact(p.Log(t)))
	return nil
}

// Log returns Postfix's log so far.
func (p *Postfix) Log(t testing.TB) string {
	t.Helper()
	return readLog(t, filepath.Join(p.dir, "log"))
}

func (p *Postfix) writeMaps(t testing.TB, o PostfixOptions) {
	t.Helper()
	var senders, mailboxes strings.Builder
	for _, u := range o.Dovecot.users {
		fmt.Fprintf(&senders, "%s %s\n", u, strings.Join(append([]string{u}, o.SenderLogins[u]...), ","))
		fmt.Fprintf(&mailboxes, "%s ok\n", u)
	}
	writeFile(t, filepath.Join(p.dir, "senders"), senders.String(), 0o644)
	writeFile(t, filepath.Join(p.dir, "mailboxes"), mailboxes.String(), 0o644)
}

// start tries once, and reports whether the server is ready.
func (p *Postfix) start(t testing.TB, d *Dovecot) bool {
	t.Helper()
	p.Submission = FreePorts(t, 1)[0]
	values := map[string]any{
		"Dir": p.dir, "Cert": d.path("cert.pem"), "Key": d.path("key.pem"), "Host": Host, "Afar": Afar,
		"SASL": d.sasl, "Sink": d.sink.port, "Submission": p.Submission,
	}
	for name, text := range map[string]string{"main.cf": mainText, "master.cf": masterText} {
		var b strings.Builder
		if err := template.Must(template.New(name).Parse(text)).Execute(&b, values); err != nil {
			t.Fatalf("bench: %v", err)
		}
		writeFile(t, filepath.Join(p.dir, "conf", name), b.String(), 0o644)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conf := filepath.Join(p.dir, "conf")
	if res := Run(ctx, t, need.Program(t, "postfix"), []string{"-c", conf, "check"}, nil); res.Code != 0 { // it makes the queue's folders
		t.Fatalf("bench: postfix check: %s%s", res.Stdout, res.Stderr)
	}
	// Not "postfix start-fg": it waits for the master process in a shell and
	// ends without it.
	proc := start(t, command{bin: filepath.Join(daemonDir(ctx, t), "master"), args: []string{"-s"}, env: []string{"MAIL_CONFIG=" + conf}})
	if poll(20*time.Second, func() bool { return proc.Exited() || greets(p.Submission) }) && !proc.Exited() {
		return true
	}
	proc.Stop()
	return false
}

// daemonDir is where Postfix was built to keep its programs.
func daemonDir(ctx context.Context, t testing.TB) string {
	t.Helper()
	return strings.TrimSpace(Run(ctx, t, need.Program(t, "postconf"), []string{"-d", "-h", "daemon_directory"}, nil).Stdout)
}

// mainText demands STARTTLS, a login, and a sender that belongs to the login.
const mainText = `compatibility_level = 3.6
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
maillog_file = {{.Dir}}/log
maillog_file_prefixes = {{.Dir}}
inet_interfaces = {{.Host}}
inet_protocols = ipv4
myhostname = mail.lab.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = lab.test
virtual_mailbox_maps = texthash:{{.Dir}}/mailboxes
virtual_transport = smtp:[{{.Host}}]:{{.Sink}}
default_transport = error:5.4.1 nothing leaves this machine
smtp_tls_security_level = none
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {{.Cert}}
smtpd_tls_key_file = {{.Key}}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{{.Host}}:{{.SASL}}
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sender_login_maps = texthash:{{.Dir}}/senders
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_error_sleep_time = 0
`

// masterText lists what a message needs on its way; nothing runs chrooted.
const masterText = `{{.Host}}:{{.Submission}} inet n - n - - smtpd
{{.Afar}}:{{.Submission}} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`
