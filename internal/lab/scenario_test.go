package lab_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab"
	"latchkey/internal/lab/world"
)

const (
	redirectURI = "http://localhost:4711/callback"
	mailScopes  = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send " +
		"offline_access openid profile email"
)

// journey does what an administrator does with a lab, from the portal to the
// mailbox, as a plain HTTP and mail client, and notes what it meets. It goes
// on after a failure as far as it can.
type journey struct {
	t    *testing.T
	info lab.Info
	pool *x509.CertPool

	registered string // the redirect URIs as the portal shows them
	secret     string // as copied from the portal
}

func newJourney(t *testing.T, l *lab.Lab) *journey {
	t.Helper()
	j := &journey{t: t, info: l.Info(), pool: x509.NewCertPool()}
	pem, err := os.ReadFile(j.info.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	j.pool.AppendCertsFromPEM(pem)
	return j
}

// patience is how long a server may keep silent before that is its answer.
const patience = 5 * time.Second

// symptoms are what the journey met, by station; "" means all is well.
type symptoms struct{ Portal, Secret, Token, SignIn, Person, Audience, IMAP, POP3, SMTP string }

// register is the part at the portal.
func (j *journey) register() {
	v := newVisitor(j.t, j.info.Authority)
	app := "/portal/apps/" + j.info.ClientID
	uris := func() []string { return v.get(app + "/authentication").all(`class="redirect-uri">([^<]*)<`) }
	if !slices.Contains(uris(), redirectURI) {
		v.post(app+"/authentication", url.Values{"uri": {redirectURI}})
	}
	j.registered = strings.Join(uris(), " ")
	values := v.post(app+"/secrets", url.Values{"description": {"wizard"}}).all(`class="secret-value">([^<]*)<`)
	j.secret = values[len(values)-1]
}

func (j *journey) password(upn string) string {
	for _, a := range j.info.Accounts {
		if a.User == upn {
			return a.Password
		}
	}
	j.t.Fatalf("no account %s", upn)
	return ""
}

// token posts to the token endpoint and returns the answer, and the number or
// the status of a refusal.
func (j *journey) token(form url.Values) (answer map[string]any, problem string) {
	form.Set("client_id", j.info.ClientID)
	form.Set("client_secret", j.secret)
	r, err := http.PostForm(j.info.Authority+"/"+j.info.TenantID+"/oauth2/v2.0/token", form)
	if err != nil {
		j.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		j.t.Fatal(err)
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil, r.Status
	}
	if codes, ok := answer["error_codes"].([]any); ok {
		return nil, fmt.Sprintf("AADSTS%.0f", codes[0])
	}
	return answer, ""
}

// travel makes the whole journey for a mailbox and the account that signs in.
func (j *journey) travel(account, mailbox string) (s symptoms) {
	j.register()
	if j.registered != redirectURI {
		s.Portal = j.registered
	}
	if len(j.secret) == 36 {
		s.Secret = "a GUID"
	}
	_, s.Token = j.token(url.Values{"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}})
	var code string
	if code, s.SignIn = j.signIn(account); code == "" {
		return s
	}
	answer, problem := j.token(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}})
	if problem != "" {
		s.Token = problem
		return s
	}
	if got := claim(j.t, answer["id_token"], "preferred_username"); got != account {
		s.Person = got
	}
	access := fmt.Sprint(answer["access_token"])
	if got := claim(j.t, access, "aud"); got != "https://outlook.office.com" {
		s.Audience = got
	}
	s.IMAP, s.POP3, s.SMTP = j.imap(mailbox, access), j.pop(mailbox, access), j.smtp(account, access)
	return s
}

// signIn opens the authorization endpoint as a wizard would, and answers each
// page that comes.
func (j *journey) signIn(account string) (code, problem string) {
	q := url.Values{
		"client_id": {j.info.ClientID}, "response_type": {"code"}, "redirect_uri": {redirectURI}, "scope": {mailScopes},
		"prompt": {"login"}, "login_hint": {account}, "state": {"s"},
	}
	p := newVisitor(j.t, j.info.Authority).get("/" + j.info.TenantID + "/oauth2/v2.0/authorize?" + q.Encode())
	for p.left == nil {
		switch {
		case strings.Contains(p.body, `name="passwd"`):
			p = p.answer(url.Values{"login": {account}, "passwd": {j.password(account)}})
		case p.heading() == "Permissions requested":
			p = p.answer(url.Values{"decision": {"accept"}})
		case p.heading() == "Need admin approval":
			back, err := url.Parse(first(p.all(`<a href="([^"]*)">Return to the application`)))
			if err != nil {
				j.t.Fatal(err)
			}
			p.left = back
		default:
			return "", first(p.all(`(AADSTS\d+)`))
		}
	}
	answer := p.left.Query()
	return answer.Get("code"), strings.TrimSpace(answer.Get("error") + " " + answer.Get("error_subcode"))
}

func claim(t *testing.T, token any, name string) string {
	t.Helper()
	parts := strings.Split(fmt.Sprint(token), ".")
	if len(parts) != 3 {
		t.Fatal("not a JWT")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(claims[name])
}

func xoauth2(user, access string) string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + access + "\x01\x01"))
}

// script sends lines and returns the answer to the last one, "" if it begins
// with ok; silence is an answer too.
func script(nc net.Conn, ok string, lines ...string) string {
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		return err.Error()
	}
	r := bufio.NewReader(nc)
	var got string
	for _, line := range append([]string{""}, lines...) {
		if line != "" {
			if _, err := io.WriteString(nc, line+"\r\n"); err != nil {
				return "silence"
			}
		}
		for {
			var err error
			if got, err = r.ReadString('\n'); err != nil {
				return "silence"
			}
			// Untagged lines and continued answers have more to come, except
			// the greeting.
			if !strings.HasPrefix(got, "250-") && (line == "" || !strings.HasPrefix(got, "* ")) {
				break
			}
		}
	}
	if strings.HasPrefix(got, ok) {
		return ""
	}
	return strings.TrimSpace(got)
}

func (j *journey) tls(nc net.Conn) (net.Conn, error) {
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	c := tls.Client(nc, &tls.Config{RootCAs: j.pool, ServerName: "127.0.0.1"})
	return c, c.Handshake()
}

func (j *journey) dial(address string, secure bool) (net.Conn, bool) {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() { nc.Close() })
	if !secure {
		return nc, true
	}
	c, err := j.tls(nc)
	return c, err == nil
}

func (j *journey) imap(mailbox, access string) string {
	c, ok := j.dial(j.info.IMAP, true)
	if !ok {
		return "silence"
	}
	return script(c, "B OK", "A AUTHENTICATE XOAUTH2 "+xoauth2(mailbox, access), "B EXAMINE INBOX")
}

func (j *journey) pop(mailbox, access string) string {
	c, ok := j.dial(j.info.POP3, true)
	if !ok {
		return "silence"
	}
	return script(c, "+OK", "AUTH XOAUTH2", xoauth2(mailbox, access))
}

func (j *journey) smtp(account, access string) string {
	c, _ := j.dial(j.info.SMTP, false)
	if got := script(c, "220 2.0.0", "EHLO x", "STARTTLS"); got != "" {
		return got
	}
	secure, err := j.tls(c)
	if err != nil {
		return err.Error()
	}
	// There is no second greeting under TLS; the EHLO stands in its place.
	if _, err := io.WriteString(secure, "EHLO x\r\n"); err != nil {
		return err.Error()
	}
	return script(secure, "235", "AUTH XOAUTH2 "+xoauth2(account, access))
}

// Each scenario shows its own symptom and no other, and its repair takes the
// symptom away in the running lab.
func TestScenarios(t *testing.T) {
	const shared, support = world.Sales, world.Support
	tests := map[string]symptoms{
		lab.Happy:                     {},
		"redirect_uri_unregistered":   {Portal: "https://mail.contoso.example/oauth/callback", SignIn: "AADSTS50011"},
		"redirect_uri_trailing_slash": {Portal: redirectURI + "/", SignIn: "AADSTS50011"},
		"redirect_uri_as_single_page": {Token: "AADSTS700025", SignIn: "invalid_request"},
		"manifest_of_the_twin":        {},
		"permission_not_listed":       {},
		"secret_id_pasted":            {Secret: "a GUID", Token: "AADSTS7000215"},
		"secret_expired":              {Token: "AADSTS7000222"},
		"wrong_person": {Person: world.Operator, IMAP: "B BAD User is authenticated but not connected.",
			POP3: "-ERR Authentication failure: unknown user name or bad password.", SMTP: "535 5.7.3"},
		"imap_disabled":             {IMAP: "B BAD User is authenticated but not connected."},
		"smtp_auth_disabled_tenant": {SMTP: "535 5.7.139"},
		"no_full_access":            {IMAP: "B BAD User is authenticated but not connected.", POP3: "-ERR Authentication failure: unknown user name or bad password."},
		"wrong_resource": {Audience: "https://graph.microsoft.com", IMAP: "B BAD Command received in Invalid state.",
			POP3: "-ERR Authentication failure: unknown user name or bad password.", SMTP: "535 5.7.3"},
		"consent_needed":           {SignIn: "access_denied cancel"},
		"token_endpoint_throttled": {Token: "429 Too Many Requests"},
		"nine_months_old":          {}, // the clock of the walk breaks it
		"server_silent":            {IMAP: "silence"},
	}
	scenarios := lab.Scenarios()
	if len(scenarios) != len(tests) || scenarios[0].Name != lab.Happy {
		t.Fatalf("%d scenarios, %d expected; the first must be %q", len(scenarios), len(tests), lab.Happy)
	}
	for _, scenario := range scenarios {
		t.Run(scenario.Name, func(t *testing.T) {
			want, ok := tests[scenario.Name]
			if !ok {
				t.Fatal("no expectation")
			}
			if scenario.Breaks == "" || scenario.Step == "" || (scenario.Code == "") != (scenario.Name == lab.Happy || scenario.Age > 0) {
				t.Errorf("incomplete: %+v", scenario)
			}
			l := start(t, lab.Options{Scenario: scenario.Name})
			account, mailbox := support, support
			if scenario.SharedAccount {
				account, mailbox = world.SignInAccount, shared
			}
			j := newJourney(t, l)
			got := j.travel(account, mailbox)
			if strings.HasPrefix(got.SMTP, want.SMTP) && want.SMTP != "" {
				got.SMTP = want.SMTP // the rest names server and time
			}
			if got != want {
				t.Errorf("met %+v\nwant %+v", got, want)
			}
			scenario.Repair(l.World())
			if got := j.travel(account, mailbox); got != (symptoms{}) {
				t.Errorf("after the repair: %+v", got)
			}
		})
	}
}

// The shared mailbox works for its sign-in account, as well as the own mailbox
// for its owner.
func TestHappySharedMailbox(t *testing.T) {
	l := start(t, lab.Options{})
	if got := newJourney(t, l).travel(world.SignInAccount, world.Information); got != (symptoms{}) {
		t.Errorf("met %+v", got)
	}
}

// The button on the front page repairs a scenario for a person in a browser.
func TestRepairButton(t *testing.T) {
	l := start(t, lab.Options{Scenario: "token_endpoint_throttled"})
	v := newVisitor(t, l.Info().Authority)
	if p := v.get("/"); !strings.Contains(p.body, "429") {
		t.Fatalf("the front page does not say what is wrong: %s", p.body)
	}
	v.post("/repair", nil)
	if got := newJourney(t, l).travel(world.Support, world.Support); got != (symptoms{}) {
		t.Errorf("after the repair: %+v", got)
	}
	if p := newVisitor(t, start(t, lab.Options{}).Info().Authority).get("/"); strings.Contains(p.body, "/repair") {
		t.Error("a healthy lab offers a repair")
	}
}
