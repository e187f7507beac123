package bench

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"latchkey/internal/need"
)

// DovecotOptions are what tests vary.
type DovecotOptions struct {
	OP          *OP                 // judges the tokens, by introspection
	Users       []string            // mailboxes, default A, B and C
	Delegations map[string][]string // mailbox to the accounts with full access to it
}

// Dovecot is a Dovecot 2.3 that resembles Exchange Online in these points:
// XOAUTH2 is the only mechanism, each protocol demands its own scope, a token
// opens another mailbox over IMAP and POP3 only by delegation, and SMTP takes
// only the address the token was issued to. It differs in this: a refusal
// begins with a JSON challenge (RFC 7628 §3.2.3), which Exchange leaves out.
type Dovecot struct {
	CA                                   string // path of the PEM file clients must trust
	IMAP, IMAPS, POP3, POP3S, Submission int    // ports on Host and Afar
	sasl                                 int    // port for Postfix

	dir         string
	users       []string
	delegations map[string][]string
	owner       owner
	sink        *sink
}

// StartDovecot starts the server and waits until it answers on every port.
func StartDovecot(t testing.TB, o DovecotOptions) *Dovecot {
	t.Helper()
	d := &Dovecot{
		dir: tempDir(t, "dovecot"), users: o.Users, owner: mailOwner(t),
		delegations: map[string][]string{},
	}
	if d.users == nil {
		d.users = []string{A, B, C}
	}
	for mailbox, delegates := range o.Delegations {
		d.delegations[mailbox] = slices.Clone(delegates)
	}
	d.CA = d.path("ca.pem")
	writeCertificates(t, d.dir)
	d.writeAccess(t)
	d.makeMailboxes(t)
	d.sink = startSink(t, d)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of dovecot:\n%s", redact(d.Log(t)))
		}
	})
	for range 3 { // somebody may take a port between choice and use
		if d.start(t, o.OP) {
			return d
		}
	}
	t.Fatalf("bench: dovecot does not start:\n%s", redact(d.Log(t)))
	return nil
}

// Log returns Dovecot's log so far; its lines name the reasons of refusals.
func (d *Dovecot) Log(t testing.TB) string {
	t.Helper()
	return readLog(t, d.path("dovecot.log"))
}

// Delegate gives an account full access to a mailbox, Undelegate takes it
// away; both are in force when they return.
func (d *Dovecot) Delegate(t testing.TB, mailbox, account string) {
	t.Helper()
	d.delegations[mailbox] = append(d.delegations[mailbox], account)
	d.writeAccess(t)
	d.waitForNextSecond()
}

// Undelegate is the opposite of Delegate.
func (d *Dovecot) Undelegate(t testing.TB, mailbox, account string) {
	t.Helper()
	d.delegations[mailbox] = slices.DeleteFunc(d.delegations[mailbox], func(a string) bool { return a == account })
	d.writeAccess(t)
	d.waitForNextSecond()
}

// waitForNextSecond is needed because Dovecot looks at the file at most once a
// second.
func (d *Dovecot) waitForNextSecond() {
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second + 20*time.Millisecond)))
}

// writeAccess writes who may open what: lines of "SASL user|token's user".
// No password is asked for, because the token was the proof.
func (d *Dovecot) writeAccess(t testing.TB) {
	t.Helper()
	var self, full strings.Builder
	for _, u := range d.users {
		fmt.Fprintf(&self, "%s|%s:::::::nopassword=y\n", u, u)
	}
	full.WriteString(self.String())
	for mailbox, delegates := range d.delegations {
		for _, a := range delegates {
			fmt.Fprintf(&full, "%s|%s:::::::nopassword=y\n", mailbox, a)
		}
	}
	writeFile(t, d.path("send-as-self"), self.String(), 0o644)
	// Replaced in one step: a login may come at any moment.
	writeFile(t, d.path("full-access.new"), full.String(), 0o644)
	if err := os.Rename(d.path("full-access.new"), d.path("full-access")); err != nil {
		t.Fatalf("bench: %v", err)
	}
}

func (d *Dovecot) path(name string) string { return filepath.Join(d.dir, name) }

// start tries once, and reports whether the server is ready.
func (d *Dovecot) start(t testing.TB, op *OP) bool {
	t.Helper()
	ports := FreePorts(t, 6)
	d.IMAP, d.IMAPS, d.POP3, d.POP3S, d.Submission, d.sasl = ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]
	d.writeConfiguration(t, op)
	p := start(t, command{bin: need.Program(t, "dovecot"), args: []string{"-F", "-c", d.path("dovecot.conf")}})
	ready := func() bool { return greets(d.IMAP) && greets(d.POP3) && greets(d.Submission) }
	if poll(20*time.Second, func() bool { return p.Exited() || ready() }) && !p.Exited() {
		return true
	}
	p.Stop()
	return false
}

func (d *Dovecot) writeConfiguration(t testing.TB, op *OP) {
	t.Helper()
	var conf strings.Builder
	if err := dovecotConf.Execute(&conf, map[string]any{
		"Dir": d.dir, "Owner": d.owner, "SASL": d.sasl, "Sink": d.sink.port, "Host": Host, "Afar": Afar,
		"IMAP": d.IMAP, "IMAPS": d.IMAPS, "POP3": d.POP3, "POP3S": d.POP3S, "Submission": d.Submission,
		"Protocols": map[string]string{
			"imap": "full-access", "pop3": "full-access", "submission": "send-as-self", "smtp": "send-as-self",
		},
	}); err != nil {
		t.Fatalf("bench: %v", err)
	}
	writeFile(t, d.path("dovecot.conf"), conf.String(), 0o644)
	for protocol, scope := range map[string]string{
		"imap": ScopeIMAP, "pop3": ScopePOP, "submission": ScopeSMTP, "smtp": ScopeSMTP,
	} {
		introspection := strings.Replace(op.Issuer, "://", "://"+op.mailserver.ID+":"+op.mailserver.Secret+"@", 1) + "/token/introspection"
		name := d.path("oauth2-" + protocol + ".conf")
		writeFile(t, name, fmt.Sprintf(oauth2Conf, introspection, scope), 0o600)
		d.owner.give(t, name, d.owner.Server)
	}
	if err := os.RemoveAll(d.path("run")); err != nil { // an old penalty socket costs seconds per login
		t.Fatalf("bench: %v", err)
	}
}

// owner names the users of a server that was started as root, and the caller
// for everything otherwise.
type owner struct {
	Server, Login, Mail, MailGroup string
	Root                           bool
}

func mailOwner(t testing.TB) owner {
	t.Helper()
	if os.Getuid() == 0 {
		return owner{"dovecot", "dovenull", "nobody", "nogroup", true}
	}
	u, err := user.Current()
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	return owner{u.Username, u.Username, u.Username, g.Name, false}
}

// give hands a file to a user, where there is more than one.
func (o owner) give(t testing.TB, path, name string) {
	t.Helper()
	if !o.Root {
		return
	}
	if err := chown(path, name); err != nil {
		t.Fatalf("bench: %v", err)
	}
}

var dovecotConf = template.Must(template.New("").Parse(dovecotText))
