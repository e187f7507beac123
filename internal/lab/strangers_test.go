package lab_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey/internal/lab"
	"latchkey/internal/lab/world"
	"latchkey/internal/need"
)

// stranger is an application written against golang.org/x/oauth2 and go-oidc.
type stranger struct {
	*journey
	config   *oauth2.Config
	provider *oidc.Provider
	ctx      context.Context
}

func newStranger(t *testing.T, l *lab.Lab) *stranger {
	t.Helper()
	j := newJourney(t, l)
	j.register()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s := &stranger{journey: j, ctx: oidc.ClientContext(t.Context(), client)}
	var err error
	if s.provider, err = oidc.NewProvider(s.ctx, j.info.Authority+"/"+j.info.TenantID+"/v2.0"); err != nil {
		t.Fatal(err)
	}
	s.config = &oauth2.Config{
		ClientID: j.info.ClientID, ClientSecret: j.secret, Endpoint: s.provider.Endpoint(), RedirectURL: redirectURI, Scopes: strings.Fields(mailScopes),
	}
	s.config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	return s
}

// token signs a person in and redeems the code.
func (s *stranger) token(account string) *oauth2.Token {
	s.t.Helper()
	verifier := oauth2.GenerateVerifier()
	address := s.config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("n1"), oauth2.SetAuthURLParam("prompt", "login"))
	p := newVisitor(s.t, s.info.Authority).do(http.MethodGet, address, nil).answer(url.Values{"login": {account}, "passwd": {s.password(account)}})
	if p.left == nil {
		p = p.answer(url.Values{"decision": {"accept"}})
	}
	token, err := s.config.Exchange(s.ctx, p.left.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func TestForeignOAuthClient(t *testing.T) {
	s := newStranger(t, start(t, lab.Options{}))
	token := s.token(world.Support)
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		t.Fatal("no ID token")
	}
	id, err := s.provider.Verifier(&oidc.Config{ClientID: s.info.ClientID}).Verify(s.ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Name string `json:"preferred_username"`
		TID  string `json:"tid"`
	}
	if err := id.Claims(&claims); err != nil || claims.Name != world.Support || claims.TID != s.info.TenantID || id.Nonce != "n1" {
		t.Errorf("claims %+v, nonce %q, %v", claims, id.Nonce, err)
	}
	if _, err := s.provider.Verifier(&oidc.Config{ClientID: "another"}).Verify(s.ctx, raw); err == nil {
		t.Error("an ID token for somebody else was accepted")
	}
	// An access token for Exchange is not for clients to verify.
	if _, err := s.provider.Verifier(&oidc.Config{SkipClientIDCheck: true, SkipIssuerCheck: true}).Verify(s.ctx, token.AccessToken); err == nil {
		t.Error("the client could verify the access token")
	}

	token.Expiry = time.Now().Add(-time.Minute)
	fresh, err := s.config.TokenSource(s.ctx, token).Token()
	if err != nil || fresh.AccessToken == token.AccessToken || fresh.RefreshToken == token.RefreshToken {
		t.Errorf("refresh: %v", err)
	}
	app := clientcredentials.Config{
		ClientID: s.info.ClientID, ClientSecret: "wrong", TokenURL: s.config.Endpoint.TokenURL, AuthStyle: oauth2.AuthStyleInParams,
		Scopes: []string{"https://graph.microsoft.com/.default"},
	}
	var refused *oauth2.RetrieveError
	if _, err := app.Token(s.ctx); !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" || !strings.HasPrefix(refused.ErrorDescription, "AADSTS7000215: ") {
		t.Errorf("wrong secret: %v", err)
	}
	app.ClientSecret = s.secret
	if _, err := app.Token(s.ctx); err != nil {
		t.Errorf("client credentials: %v", err)
	}
	app.AuthStyle = oauth2.AuthStyleInHeader
	if _, err := app.Token(s.ctx); err != nil {
		t.Errorf("client credentials in the header: %v", err)
	}
}

// The metadata of several tenants has a template for its issuer, which a plain
// client must not accept.
func TestForeignOIDCClientOnASharedAuthority(t *testing.T) {
	s := newStranger(t, start(t, lab.Options{}))
	if _, err := oidc.NewProvider(s.ctx, s.info.Authority+"/organizations/v2.0"); err == nil {
		t.Error("the template issuer was accepted as it stands")
	}
	ctx := oidc.InsecureIssuerURLContext(s.ctx, s.info.Authority+"/{tenantid}/v2.0")
	p, err := oidc.NewProvider(ctx, s.info.Authority+"/organizations/v2.0")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := s.token(world.Support).Extra("id_token").(string)
	if _, err := p.Verifier(&oidc.Config{ClientID: s.info.ClientID, SkipIssuerCheck: true}).Verify(ctx, raw); err != nil {
		t.Error(err)
	}
}

// xoauth is the mechanism as a foreign library wants it: with the message at
// the start, or after the server's invitation.
type xoauth struct {
	message []byte
	late    bool
}

// Start implements sasl.Client.
func (x xoauth) Start() (string, []byte, error) {
	if x.late {
		return "XOAUTH2", nil, nil
	}
	return "XOAUTH2", x.message, nil
}

// Next implements sasl.Client.
func (x xoauth) Next([]byte) ([]byte, error) {
	if x.late {
		return x.message, nil
	}
	return []byte{1}, nil
}

func message(user, access string) []byte {
	return []byte("user=" + user + "\x01auth=Bearer " + access + "\x01\x01")
}

func (s *stranger) tlsConfig() *tls.Config {
	return &tls.Config{RootCAs: s.pool, ServerName: "127.0.0.1"}
}

func TestForeignMailLibraries(t *testing.T) {
	l := start(t, lab.Options{})
	s := newStranger(t, l)
	token := s.token(world.SignInAccount)

	nc, err := net.Dial("tcp", s.info.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(nc, s.tlsConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Auth(xoauth{message: message(world.Sales, token.AccessToken), late: true})
	var refused *smtp.SMTPError
	if !errors.As(err, &refused) || refused.Code != 535 || refused.EnhancedCode != (smtp.EnhancedCode{5, 7, 3}) {
		t.Errorf("shared mailbox as the user: %v", err)
	}
	for _, form := range []bool{true, false} {
		nc, err := net.Dial("tcp", s.info.SMTP)
		if err != nil {
			t.Fatal(err)
		}
		c, err := smtp.NewClientStartTLS(nc, s.tlsConfig())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Auth(xoauth{message: message(world.SignInAccount, token.AccessToken), late: form}); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("From: <%s>\r\nSubject: hello\r\nMessage-ID: <%v@test.example>\r\n\r\n.text\r\n", world.Sales, form)
		if err := c.SendMail(world.Sales, []string{world.Sales}, strings.NewReader(text)); err != nil {
			t.Error(err)
		}
		if err := c.Quit(); err != nil {
			t.Error(err)
		}
	}

	in, err := imapclient.DialTLS(s.info.IMAP, &imapclient.Options{TLSConfig: s.tlsConfig()})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.Authenticate(xoauth{message: message(world.Sales, "x"+token.AccessToken)}); err == nil {
		t.Error("a mangled token was accepted")
	}
	// The library cannot go on after a refusal; a new connection can.
	in.Close()
	if in, err = imapclient.DialTLS(s.info.IMAP, &imapclient.Options{TLSConfig: s.tlsConfig()}); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.Authenticate(xoauth{message: message(world.Sales, token.AccessToken)}); err != nil {
		t.Fatal(err)
	}
	box, err := in.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || box.NumMessages != 5 {
		t.Fatalf("EXAMINE: %+v, %v", box, err)
	}
	found, err := in.UIDSearch(&imap.SearchCriteria{
		Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<true@test.example>"}}, Since: time.Now().AddDate(0, 0, -1),
	}, nil).Wait()
	if err != nil || len(found.AllUIDs()) != 1 {
		t.Fatalf("SEARCH: %v, %v", found, err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	messages, err := in.Fetch(imap.UIDSetNum(found.AllUIDs()[0]), &imap.FetchOptions{
		Envelope: true, UID: true, Flags: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section},
	}).Collect()
	if err != nil || len(messages) != 1 {
		t.Fatalf("FETCH: %v, %v", messages, err)
	}
	m := messages[0]
	if m.Envelope.Subject != "hello" || m.Envelope.From[0].Addr() != world.Sales || len(m.Flags) != 0 || !bytes.HasSuffix(m.FindBodySection(section), []byte("\r\n\r\n.text\r\n")) {
		t.Errorf("%+v\n%q", m.Envelope, m.FindBodySection(section))
	}
	folders, err := in.List("", "*", nil).Collect()
	if err != nil || len(folders) != 2 {
		t.Errorf("LIST: %v, %v", folders, err)
	}
	if status, err := in.Status("INBOX", &imap.StatusOptions{NumMessages: true, UIDNext: true}).Wait(); err != nil || *status.NumMessages != 5 {
		t.Errorf("STATUS: %v", err)
	}
	if err := in.Logout().Wait(); err != nil {
		t.Error(err)
	}
	if counted := l.World().Counters(); counted.FlagsChanged+counted.Deleted+counted.Selected != 0 {
		t.Errorf("a client that only reads was counted as changing something: %+v", counted)
	}
}

// A refusal that comes late, as a foreign IMAP library reports it.
func TestForeignIMAPLibraryNotConnected(t *testing.T) {
	s := newStranger(t, start(t, lab.Options{Scenario: "no_full_access"}))
	in, err := imapclient.DialTLS(s.info.IMAP, &imapclient.Options{TLSConfig: s.tlsConfig()})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.Authenticate(xoauth{message: message(world.Sales, s.token(world.SignInAccount).AccessToken)}); err != nil {
		t.Fatal(err)
	}
	_, err = in.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	var refused *imap.Error
	if !errors.As(err, &refused) || refused.Type != imap.StatusResponseTypeBad || refused.Text != "User is authenticated but not connected." {
		t.Errorf("%v", err)
	}
}

// curl runs curl with the token in its standard input, not on its command
// line.
func (s *stranger) curl(access, user string, args ...string) (string, error) {
	s.t.Helper()
	config := fmt.Sprintf("oauth2-bearer = %q\nuser = %q\n", access, user+":")
	cmd := exec.Command(need.Program(s.t, "curl"), append([]string{
		"--config", "-", "--silent", "--show-error", "--max-time", "20", "--cacert", s.info.CAFile, "--login-options", "AUTH=XOAUTH2",
	}, args...)...)
	cmd.Stdin = strings.NewReader(config)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestCurl(t *testing.T) {
	l := start(t, lab.Options{})
	need.Program(t, "curl")
	s := newStranger(t, l)
	access := s.token(world.SignInAccount).AccessToken
	letter := filepath.Join(t.TempDir(), "letter")
	if err := os.WriteFile(letter, []byte("From: <sales@lab.example>\r\nSubject: by curl\r\n\r\nhello from curl\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, inline := range [][]string{nil, {"--sasl-ir"}} {
		out, err := s.curl(access, world.SignInAccount, append(inline, "--ssl-reqd", "--url", "smtp://"+s.info.SMTP, "--mail-from", world.Sales,
			"--mail-rcpt", world.Sales, "--upload-file", letter)...)
		if err != nil {
			t.Errorf("SMTP: %v\n%s", err, out)
		}
		out, err = s.curl(access, world.Sales, append(inline, "--url", "imaps://"+s.info.IMAP+"/INBOX;MAILINDEX=4")...)
		if err != nil || !strings.Contains(out, "hello from curl") {
			t.Errorf("IMAP: %v\n%s", err, out)
		}
	}
	if out, err := s.curl(access, world.Sales, "--url", "imaps://"+s.info.IMAP+"/", "--request", "STATUS INBOX (MESSAGES)"); err != nil || !strings.Contains(out, "MESSAGES 5") {
		t.Errorf("STATUS: %v\n%s", err, out)
	}
	if out, err := s.curl(access, world.Sales, "--url", "pop3s://"+s.info.POP3+"/4"); err != nil || !strings.Contains(out, "hello from curl") {
		t.Errorf("POP3: %v\n%s", err, out)
	}
	if out, err := s.curl(access, world.Sales, "--ssl-reqd", "--url", "smtp://"+s.info.SMTP, "--mail-from", world.Sales, "--mail-rcpt", world.Sales,
		"--upload-file", letter); err == nil {
		t.Errorf("SMTP with the shared mailbox as the user: %s", out)
	}
	if out, err := s.curl("x"+access, world.Sales, "--url", "imaps://"+s.info.IMAP+"/INBOX"); err == nil {
		t.Errorf("IMAP with a mangled token: %s", out)
	}
	if counted := l.World().Counters(); counted.FlagsChanged == 0 || counted.Selected == 0 || counted.Submitted != 2 {
		t.Errorf("curl opens folders for writing and reads without PEEK; counted %+v", counted)
	}
}

// script is a mail program written with the standard library of Python.
const pythonScript = `
import imaplib, json, os, poplib, smtplib, ssl, sys
i = json.load(sys.stdin)
ctx = ssl.create_default_context(cafile=i["ca"])
def port(a): return int(a.rsplit(":", 1)[1])
def blob(user): return ("user=%s\x01auth=Bearer %s\x01\x01" % (user, i["token"])).encode()
out = {}

m = smtplib.SMTP("127.0.0.1", port(i["smtp"]), timeout=20)
m.starttls(context=ctx)
m.ehlo()
m.auth("XOAUTH2", lambda challenge=None: blob(i["user"]).decode(), initial_response_ok=i["inline"])
m.sendmail(i["shared"], [i["shared"]], "From: <%s>\r\nSubject: by python\r\nMessage-ID: <p1@test.example>\r\n\r\nhello\r\n.dot\r\n" % i["shared"])
m.quit()

c = imaplib.IMAP4_SSL("127.0.0.1", port(i["imap"]), ssl_context=ctx, timeout=20)
c.authenticate("XOAUTH2", lambda challenge: blob(i["shared"]))
out["count"] = c.select("INBOX", readonly=True)[1][0].decode()
out["found"] = c.uid("SEARCH", "HEADER", "Message-ID", "<p1@test.example>")[1][0].decode()
out["header"] = c.uid("FETCH", out["found"], "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0][1].decode()
out["folders"] = len(c.list()[1])
c.logout()

p = poplib.POP3_SSL("127.0.0.1", port(i["pop3"]), context=ctx, timeout=20)
out["capa"] = sorted(p.capa())
import base64
p._shortcmd("AUTH XOAUTH2")
p._shortcmd(base64.b64encode(blob(i["shared"])).decode())
out["stat"] = p.stat()[0]
out["top"] = [l.decode() for l in p.top(out["stat"], 9)[1]]
p.quit()

try:
    c = imaplib.IMAP4_SSL("127.0.0.1", port(i["imap"]), ssl_context=ctx, timeout=20)
    c.login(i["user"], "x")
except imaplib.IMAP4.error as e:
    out["password"] = str(e)
json.dump(out, sys.stdout)
`

func TestPython(t *testing.T) {
	l := start(t, lab.Options{})
	python := need.Program(t, "python3")
	s := newStranger(t, l)
	input := fmt.Sprintf(`{"ca":%q,"imap":%q,"pop3":%q,"smtp":%q,"token":%q,"user":%q,"shared":%q,"inline":%v}`,
		s.info.CAFile, s.info.IMAP, s.info.POP3, s.info.SMTP, s.token(world.SignInAccount).AccessToken, world.SignInAccount, world.Sales, true)
	cmd := exec.Command(python, "-c", pythonScript)
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	const want = `{"count": "4", "found": "4", "header": "Subject: by python\r\n\r\n", "folders": 2, "capa": ["SASL", "TOP", "UIDL", "USER"], "stat": 4, "top": [`
	if got := string(out); !strings.HasPrefix(got, want) || !strings.Contains(got, `"hello", ".dot"`) || !strings.Contains(got, `LOGIN failed.`) {
		t.Errorf("%s", got)
	}
	if counted := l.World().Counters(); counted.FlagsChanged+counted.Deleted+counted.Selected != 0 {
		t.Errorf("counted %+v", counted)
	}
}
