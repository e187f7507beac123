package bench

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"os"
	"testing"
	"time"

	"latchkey/internal/need"
	"latchkey/internal/secret"
)

// Scopes that the provider knows beside openid, profile, email and
// offline_access; Dovecot demands the one of the protocol.
const (
	ScopeIMAP = "IMAP.AccessAsUser.All"
	ScopePOP  = "POP.AccessAsUser.All"
	ScopeSMTP = "SMTP.Send"
)

// The accounts. B is a shared mailbox: its own sign-in is blocked, as it is in
// Exchange Online.
const (
	A = "a@lab.test"
	B = "b@lab.test"
	C = "c@lab.test"
)

// OPOptions are what tests vary; the zero value is fine.
type OPOptions struct {
	RedirectURIs []string      // of the application, beside the one SignIn uses
	AccessTTL    time.Duration // whole seconds, default an hour
	RefreshTTL   time.Duration // whole seconds, default a day
	Tenant       string        // the claim tid of the ID token, default none
}

// OP is npm's oidc-provider: certified, and nobody here wrote it. Its
// endpoints are those of its discovery document.
type OP struct {
	Issuer       string
	ClientID     string
	ClientSecret secret.Text

	proc       *Process
	accounts   []account
	mailserver client
}

type account struct {
	OID      string `json:"oid"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Password string `json:"password,omitempty"`
	Shared   bool   `json:"shared,omitempty"`
}

type client struct {
	ID           string   `json:"id"`
	Secret       string   `json:"secret"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
}

// settings is the line provider.mjs reads.
type settings struct {
	Accounts   []account      `json:"accounts"`
	Client     client         `json:"client"`
	Mailserver client         `json:"mailserver"`
	Scopes     []string       `json:"scopes"`
	TTL        map[string]int `json:"ttl"`
	Tenant     string         `json:"tenant"`
}

// StartOP starts an OpenID provider on a free port, with new keys, passwords
// and secrets.
func StartOP(t testing.TB, o OPOptions) *OP {
	t.Helper()
	node := need.Program(t, "node")
	need.Package(t, npmDir(), "oidc-provider")
	s := settings{
		Accounts: []account{
			{OID: "0a000000-0000-4000-8000-00000000000a", Email: A, Name: "Account A", Password: rand.Text()},
			{OID: "0b000000-0000-4000-8000-00000000000b", Email: B, Name: "Shared mailbox B", Shared: true},
			{OID: "0c000000-0000-4000-8000-00000000000c", Email: C, Name: "Account C", Password: rand.Text()},
		},
		Client:     client{"latchkey", rand.Text(), append([]string{ownRedirectURI}, o.RedirectURIs...)},
		Mailserver: client{"mailsrv", rand.Text(), nil},
		Scopes:     []string{ScopeIMAP, ScopePOP, ScopeSMTP},
		TTL: map[string]int{
			"access":  int(cmp.Or(o.AccessTTL, time.Hour) / time.Second),
			"refresh": int(cmp.Or(o.RefreshTTL, 24*time.Hour) / time.Second),
			"code":    60,
		},
		Tenant: o.Tenant,
	}
	op := &OP{
		ClientID: s.Client.ID, ClientSecret: secret.New(s.Client.Secret),
		accounts: s.Accounts, mailserver: s.Mailserver,
	}
	op.proc = startWithInput(t, command{bin: node, args: []string{"provider.mjs"}, dir: npmDir()}, s)
	op.Issuer = op.proc.WaitFor(`(?m)^(http://127\.0\.0\.1:\d+)$`, 30*time.Second)[1]
	return op
}

// Password returns the password of an account; a shared mailbox has none.
func (op *OP) Password(email string) secret.Text {
	for _, a := range op.accounts {
		if a.Email == email {
			return secret.New(a.Password)
		}
	}
	return secret.Text{}
}

// OID returns the account's object identifier, the claims sub and oid.
func (op *OP) OID(email string) string {
	for _, a := range op.accounts {
		if a.Email == email {
			return a.OID
		}
	}
	return ""
}

// Log returns the provider's log: methods, paths, statuses, refusals with
// their reasons; no parameter.
func (op *OP) Log() string { return op.proc.Output() }

// startWithInput gives the program one line of JSON on its standard input and
// keeps the pipe open for as long as the program shall run. Settings with
// secrets do not stand on the command line, where every user can read them.
func startWithInput(t testing.TB, c command, line any) *Process {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	defer r.Close()
	t.Cleanup(func() { w.Close() })
	c.stdin = r
	p := start(t, c)
	if err := json.NewEncoder(w).Encode(line); err != nil {
		t.Fatalf("bench: %s does not read its settings: %v", c.bin, err)
	}
	return p
}
