package lab_test

import (
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab"
	"latchkey/internal/lab/world"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/secret"
)

func recordings(t *testing.T) corpus.Corpus {
	t.Helper()
	c, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ours is the product's own client in front of a lab that replays.
type ours struct {
	t      *testing.T
	lab    *lab.Lab
	info   lab.Info
	client *oauth.Client
	prober *probe.Prober
	meta   oauth.Metadata
	secret secret.Text
	access secret.Text
	closed int // a port on which nobody listens
}

func newOurs(t *testing.T) *ours {
	t.Helper()
	l := start(t, lab.Options{})
	s := newStranger(t, l)
	o := &ours{
		t: t, lab: l, info: l.Info(), secret: secret.New(s.secret), access: secret.New(s.token(world.Support).AccessToken),
		client: &oauth.Client{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}},
	}
	var err error
	if o.meta, err = o.discover(); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.closed = free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	o.prober = &probe.Prober{
		RootCAs: s.pool, Deadline: 5 * time.Second,
		Allow: probe.Policy{Provider: []string{o.info.IMAP, o.info.POP3, o.info.SMTP, fmt.Sprintf("127.0.0.1:%d", o.closed)}},
	}
	return o
}

func (o *ours) discover() (oauth.Metadata, error) {
	return o.client.Discover(o.t.Context(), o.info.Authority+"/"+o.info.TenantID+"/v2.0/.well-known/openid-configuration", func(string) bool { return true })
}

func (o *ours) pending() oauth.Pending {
	o.t.Helper()
	p, err := o.client.NewPending(o.meta, o.info.ClientID, redirectURI, strings.Fields(mailScopes))
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// grants are those a token answer is tried with: its own, or each.
func grants(r corpus.Reply) []string {
	switch {
	case r.Where != corpus.Token:
		return []string{""}
	case r.Grant != "":
		return []string{r.Grant}
	}
	return []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials}
}

// meet lets the lab give a reply and returns what our client makes of it. For
// a page, which no client sees, the error is nil and the page comes back.
func (o *ours) meet(r corpus.Reply, grant string) (page string, err error) {
	o.t.Helper()
	o.lab.Replay(r)
	defer o.lab.EndReplay()
	switch {
	case r.Where == corpus.Token:
		return "", o.askToken(grant)
	case r.Where == corpus.Discovery:
		_, err := o.discover()
		return "", err
	case r.Where == corpus.Network:
		return "", o.network(r)
	case r.Where.Mail():
		return "", o.mail(r)
	}
	p := o.pending()
	address := p.AuthorizeURL(oauth.Hints{LoginHint: world.Support})
	if r.Where == corpus.AdminConsent {
		address = o.info.Authority + "/" + o.info.TenantID + "/v2.0/adminconsent?" + url.Values{
			"client_id": {o.info.ClientID}, "scope": {mailScopes}, "redirect_uri": {redirectURI}, "state": {p.State.Reveal()},
		}.Encode()
	}
	seen := newVisitor(o.t, o.info.Authority).do(http.MethodGet, address, nil)
	if seen.left == nil {
		return seen.body, nil
	}
	answer, err := oauth.ParseCallback(seen.left.Query())
	switch {
	case err != nil:
		return "", err
	case answer.Err == nil:
		return "", nil
	}
	return "", answer.Err
}

func (o *ours) askToken(grant string) error {
	ctx, p := o.t.Context(), o.pending()
	app := oauth.App{TokenEndpoint: o.meta.TokenEndpoint, ClientID: o.info.ClientID, Secret: o.secret}
	var err error
	switch grant {
	case oauth.GrantAuthorizationCode:
		_, _, err = o.client.Redeem(ctx, p, oauth.Callback{State: p.State, Code: secret.New("a code that came back")}, o.secret)
	case oauth.GrantRefreshToken:
		_, err = o.client.Refresh(ctx, app, secret.New("a token that was kept"), p.Scopes)
	default:
		_, err = o.client.ClientCredentials(ctx, app, []string{"https://graph.microsoft.com/.default"})
	}
	return err
}

func (o *ours) target(p probe.Protocol) probe.Target {
	address := map[probe.Protocol]string{probe.IMAP: o.info.IMAP, probe.POP3: o.info.POP3, probe.SMTP: o.info.SMTP}[p]
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		o.t.Fatal(err)
	}
	t := probe.Target{Protocol: p, Host: host, Security: probe.TLS}
	if p == probe.SMTP {
		t.Security = probe.STARTTLS
	}
	if t.Port, err = strconv.Atoi(port); err != nil {
		o.t.Fatal(err)
	}
	return t
}

func (o *ours) login() probe.Login { return probe.Login{User: world.Support, Token: o.access} }

// mail holds a conversation that goes as far as the stage of the reply.
func (o *ours) mail(r corpus.Reply) error {
	ctx, target := o.t.Context(), o.target(probe.Protocol(r.Where))
	var err error
	switch r.Stage {
	case corpus.MidSession:
		_, err = o.prober.Find(ctx, target, o.login(), "<1@contoso.example>")
	case corpus.MailFrom, corpus.Rcpt, corpus.Data, corpus.EndOfData:
		_, err = o.prober.Send(ctx, target, o.login(), probe.Message{
			From: world.Support, To: world.Support, MessageID: "<1@contoso.example>", Raw: []byte("Message-ID: <1@contoso.example>\r\n\r\nhello\r\n"),
		})
	default:
		if r.Where == corpus.SMTP {
			_, err = o.prober.SMTPLogin(ctx, target, o.login())
			break
		}
		_, err = o.prober.Mailbox(ctx, target, o.login())
	}
	return err
}

func (o *ours) network(r corpus.Reply) error {
	target, prober := o.target(probe.IMAP), *o.prober
	switch r.Event {
	case corpus.ConnectionRefused:
		target.Port = o.closed
	case corpus.Silent:
		prober.Deadline = 300 * time.Millisecond
	}
	_, err := prober.Mailbox(o.t.Context(), target, o.login())
	return err
}

// wording is a pattern for a text with its variables; line breaks and blanks
// are one.
func wording(text string) string {
	text = regexp.QuoteMeta(strings.Join(strings.Fields(text), " "))
	return regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(text, `.*?`)
}

func says(t *testing.T, got, text string) {
	t.Helper()
	got = strings.Join(strings.Fields(got), " ")
	if !regexp.MustCompile("^" + wording(text) + "$").MatchString(got) {
		t.Errorf("said   %q\nlisted %q", got, text)
	}
}

// Every recorded answer, in every form, arrives in our client as it is listed.
func TestRecordedAnswersAreReplayed(t *testing.T) {
	o := newOurs(t)
	for _, item := range recordings(t).Items {
		if item.Code == "" {
			continue // by state, see TestStateLeadsToRecordedAnswers
		}
		t.Run(item.ID, func(t *testing.T) {
			for _, r := range item.Replies() {
				for _, grant := range grants(r) {
					t.Run(strings.TrimPrefix(r.Name(), item.ID+"@")+grant, func(t *testing.T) {
						o.t = t
						page, err := o.meet(r, grant)
						compare(t, r, page, err)
					})
				}
			}
		})
	}
}

func compare(t *testing.T, r corpus.Reply, page string, err error) {
	t.Helper()
	var oe *oauth.Error
	var pe *probe.Error
	switch {
	case r.Where == corpus.AuthorizePage:
		comparePage(t, r, page)
	case errors.As(err, &oe):
		compareOAuth(t, r, oe)
	case errors.As(err, &pe) && r.Where.Mail():
		compareMail(t, r, pe)
	case errors.As(err, &pe):
		if pe.Kind == probe.RefusedByServer {
			t.Errorf("a connection that fails was taken for a refusal: %v", err)
		}
	default:
		t.Errorf("met %v", err)
	}
}

// comparePage reads the page as a person and as a program.
func comparePage(t *testing.T, r corpus.Reply, page string) {
	t.Helper()
	shown := regexp.MustCompile(`id="exceptionMessage"[^>]*>([^<]*)<`).FindStringSubmatch(page)
	if shown == nil {
		t.Fatalf("no message on the page:\n%s", page)
	}
	says(t, html.UnescapeString(shown[1]), r.Description)
	if len(r.Codes) > 0 && !strings.Contains(page, fmt.Sprintf(`"iErrorCode":%d`, r.Codes[len(r.Codes)-1])) {
		t.Error("the number is not in $Config")
	}
}

func compareOAuth(t *testing.T, r corpus.Reply, e *oauth.Error) {
	t.Helper()
	if r.Body != "" {
		if e.HTTPStatus != r.Status || e.Body == "" || !strings.HasPrefix(r.ContentType, e.ContentType) || e.RetryAfter != time.Duration(r.RetryAfter)*time.Second {
			t.Errorf("met %+v", *e)
		}
		return
	}
	if e.Code != r.Error || e.Suberror != r.Suberror || e.Subcode != r.Subcode || (r.Where == corpus.Token && !slices.Equal(e.Numbers, r.Codes)) {
		t.Errorf("met %q %q %q %v, listed %q %q %q %v", e.Code, e.Suberror, e.Subcode, e.Numbers, r.Error, r.Suberror, r.Subcode, r.Codes)
	}
	if r.Where == corpus.Token && r.Status != 0 && e.HTTPStatus != r.Status {
		t.Errorf("status %d, listed %d", e.HTTPStatus, r.Status)
	}
	if r.Claims != "" && !regexp.MustCompile("^"+wording(r.Claims)+"$").MatchString(e.Claims) {
		t.Errorf("claims %q", e.Claims)
	}
	if hasURI := e.URI != ""; r.Where != corpus.AdminConsent && hasURI != (len(r.Codes) > 0 && !r.NoErrorURI) {
		t.Errorf("error_uri %q", e.URI)
	}
	text := r.Description
	if len(r.Codes) > 0 {
		text += corpus.Incident
	}
	// Our client takes every long run of letters and digits for a token.
	says(t, e.Description, regexp.MustCompile(`[A-Za-z0-9_~+%=-]{32,}`).ReplaceAllString(text, secret.Redacted))
}

var codes = regexp.MustCompile(`^(\{tag\} |\* |\d{3}[ -](\d\.\d+\.\d+ )?)`)

// compareMail looks for the words of each refusing line in what was kept.
func compareMail(t *testing.T, r corpus.Reply, e *probe.Error) {
	t.Helper()
	stages := map[corpus.Stage]probe.Stage{
		corpus.Authenticate: probe.Authenticate, corpus.Open: probe.Open, corpus.MidSession: probe.Search,
		corpus.MailFrom: probe.SendStage, corpus.Rcpt: probe.SendStage, corpus.Data: probe.SendStage, corpus.EndOfData: probe.SendStage,
	}
	if want := stages[r.Stage]; want != "" && e.Stage != want {
		t.Errorf("stage %s, want %s", e.Stage, want)
	}
	if e.Kind == probe.NoSTARTTLS {
		return
	}
	kept := e.Reply.Line + " " + e.Reply.Bye
	for i, line := range r.Lines {
		if i > 0 && strings.HasPrefix(line, "* BYE") {
			continue // it follows the refusal, read or not
		}
		if !regexp.MustCompile(wording(codes.ReplaceAllString(line, ""))).MatchString(kept) {
			t.Errorf("kept   %q\nlisted %q", kept, line)
		}
	}
}

// The old form has real line breaks on the wire, which our client then makes
// into blanks.
func TestOldLineBreaksAreOnTheWire(t *testing.T) {
	o := newOurs(t)
	item, ok := recordings(t).Find("aadsts54005")
	if !ok {
		t.Fatal("the item is gone")
	}
	for _, r := range item.Replies() {
		o.lab.Replay(r)
		answer, err := http.PostForm(o.meta.TokenEndpoint, url.Values{"grant_type": {oauth.GrantAuthorizationCode}})
		if err != nil {
			t.Fatal(err)
		}
		body := read(t, answer)
		if strings.Contains(body, `\r\nTrace ID: `) != r.OldBreaks || strings.Contains(body, "error_uri") == r.NoErrorURI {
			t.Errorf("%s: %s", r.Name(), body)
		}
	}
}

// A reply of one grant, place or stage leaves all others to the state.
func TestAReplayChangesNothingElse(t *testing.T) {
	o := newOurs(t)
	c := recordings(t)
	for id, works := range map[string]func() error{
		"aadsts54005":            func() error { return o.askToken(oauth.GrantClientCredentials) },
		"imap_not_connected_own": func() error { return o.mail(corpus.Reply{Where: corpus.POP3}) },
		"pop3_refused_own":       func() error { return o.mail(corpus.Reply{Where: corpus.SMTP}) },
		"smtp_send_as":           func() error { return o.mail(corpus.Reply{Where: corpus.SMTP}) },
	} {
		item, ok := c.Find(id)
		if !ok {
			t.Fatalf("%s is gone", id)
		}
		r := item.Replies()[0]
		o.lab.Replay(r)
		if err := works(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := o.meet(r, r.Grant); err == nil {
			t.Errorf("%s was not replayed", id)
		}
	}
	if err := o.mail(corpus.Reply{Where: corpus.IMAP}); err != nil {
		t.Errorf("after the end of the replay: %v", err)
	}
}

// An unregistered redirect URI gets no recorded error either.
func TestAReplayIsNoOpenRedirect(t *testing.T) {
	o := newOurs(t)
	item, _ := recordings(t).Find("cancel_without_number")
	o.lab.Replay(item.Replies()[0])
	p := newVisitor(t, o.info.Authority).get("/" + o.info.TenantID + "/oauth2/v2.0/authorize?" + url.Values{
		"client_id": {o.info.ClientID}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {"http://localhost:1/other"}, "state": {"s"},
	}.Encode())
	if p.left != nil || !strings.Contains(p.body, "AADSTS50011") {
		t.Errorf("left to %v", p.left)
	}
}
