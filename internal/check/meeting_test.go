package check_test

import (
	"context"
	"crypto/rand"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/corpus"
	"latchkey/internal/lab"
	"latchkey/internal/lab/world"
	"latchkey/internal/oauth"
	"latchkey/internal/paste"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// meeting is a lab that gives one answer after the other, and checks that meet
// them with the product's own clients.
type meeting struct {
	t    *testing.T
	lab  *lab.Lab
	env  *check.Env
	meta oauth.Metadata
	ago  time.Duration // by which the clock of the checks was moved
	// opened: the mailbox was opened before, as the test message can say.
	opened bool
	// patience is how long a check may take, 0 for its own time.
	patience time.Duration
}

func newMeeting(t *testing.T) *meeting {
	t.Helper()
	s := given()
	s.Application.Protocols = setup.Protocols
	s.Handover.Key = setup.KeepWatchman
	m := &meeting{t: t}
	m.env, m.lab = labEnv(t, s)
	m.lab.World().Do(func(s *world.State) {
		if err := s.AddRedirectURI(s.Apps[0], m.env.Config.CallbackURL, world.Web); err != nil {
			t.Fatal(err)
		}
	})
	m.env.Setup.Registration.Tenant, m.env.Setup.Registration.ClientID = m.lab.Info().TenantID, m.lab.Info().ClientID
	m.env.Setup.Mailbox = setup.Evidence{}
	m.env.OAuth.Rand = rand.Reader
	m.env.ClientSecret = func(context.Context) (secret.Text, error) { return secret.New("a secret that was saved"), nil }
	m.env.Now = func() time.Time { return time.Now().Add(m.ago) }
	m.env.Pause = func(ctx context.Context, d time.Duration) error { m.ago += d; return ctx.Err() }
	m.env.Refresh = m.renew
	var err error
	if m.meta, err = m.discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *meeting) discover(ctx context.Context) (oauth.Metadata, error) {
	tenant := m.lab.Info().TenantID
	return m.env.OAuth.Discover(ctx, m.env.Provider.DiscoveryURL(tenant), func(issuer string) bool { return m.env.Provider.IssuerOK(tenant, issuer) })
}

// renew does what the keeper of tokens does: it discovers, and refreshes.
func (m *meeting) renew(ctx context.Context) (oauth.Token, error) {
	meta, err := m.discover(ctx)
	if err != nil {
		return oauth.Token{}, err
	}
	app := oauth.App{TokenEndpoint: meta.TokenEndpoint, ClientID: m.lab.Info().ClientID, Secret: secret.New("a secret")}
	return m.env.OAuth.Refresh(ctx, app, secret.New("a token that was kept"), m.env.Provider.AskFor(setup.Protocols))
}

// names are the recordings' accounts in the lab.
var names = strings.NewReplacer(
	"support@contoso.example", world.Support, "sales@contoso.example", world.Sales, "svc-mail@contoso.example", world.SignInAccount,
	"admin@contoso.example", world.Administrator, "info@contoso.example", world.Information,
)

// know brings the setup into the state an item was recorded in: who signed in
// for which mailbox, and what the token says of itself.
func (m *meeting) know(known map[string]string) {
	a := &m.env.Setup.Application
	a.Method, a.Mailboxes, a.SignInAccount = setup.SharedAccount, []setup.Address{world.Sales}, world.SignInAccount
	m.opened, m.env.Proven = known["mailbox_opened"] != "", nil
	if m.opened {
		m.env.Proven = func(string, setup.Address) time.Time { return m.env.Now() }
	}
	signedIn, audience := world.SignInAccount, "https://outlook.office.com"
	if v := known["method"]; v != "" {
		a.Method = setup.Method(v)
		a.Mailboxes = []setup.Address{setup.Address(names.Replace(known["mailbox"]))}
		a.SignInAccount = setup.Address(names.Replace(known["sign_in_account"]))
		signedIn = names.Replace(known["signed_in_as"])
	}
	if v := known["audience"]; v != "" {
		audience = v
	}
	m.env.Setup.SignIn.Pinned = &setup.Identity{UserName: signedIn}
	m.env.Setup.Verification.TestMessage = a.Mailboxes
	m.env.Token = m.tokenOf(signedIn, audience, "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send")
}

// tokenOf signs a token.
func (m *meeting) tokenOf(user, audience, scopes string) func(context.Context) (oauth.Token, error) {
	return func(context.Context) (oauth.Token, error) {
		var out oauth.Token
		m.lab.World().Do(func(s *world.State) {
			at := s.Now()
			out = oauth.Token{ReceivedAt: at, ExpiresAt: at.Add(time.Hour), Access: secret.New(s.SignAccess(world.Claims{
				"aud": audience, "scp": scopes, "oid": s.UserByName(user).ID, "iat": at.Unix(), "exp": at.Add(time.Hour).Unix(),
			}))}
		})
		return out, nil
	}
}

// judge runs a check on its first target of a protocol, or its first.
func (m *meeting) judge(c *check.Check, protocol setup.Protocol) check.Outcome {
	m.t.Helper()
	for _, target := range c.TargetsOf(m.env) {
		if protocol == "" || target.Protocol == protocol {
			one := *c
			if m.patience > 0 {
				one.Timeout = m.patience
			}
			return judge(m.t, &one, m.env, target)
		}
	}
	m.t.Fatalf("%s has no target for %q", c.ID, protocol)
	return check.Outcome{}
}

// renewed are the checks that may have to renew the token first.
var renewed = []*check.Check{
	check.TokenRefresh, check.TokenClaims, check.TokenLifetime, check.IMAP, check.POP3, check.SMTPLogin, check.TestMessage, check.ProductFetches,
}

// meet lets the lab give an answer and returns what the checks whose business
// it is make of it.
func (m *meeting) meet(r corpus.Reply, grant string) []check.Outcome {
	m.t.Helper()
	m.lab.Replay(r)
	defer m.lab.EndReplay()
	switch r.Where {
	case corpus.Discovery:
		return append(m.renewing(), m.judge(check.Tenant, ""), m.judge(check.Client, ""))
	case corpus.Token:
		switch grant {
		case oauth.GrantClientCredentials:
			return []check.Outcome{m.judge(check.Client, "")}
		case oauth.GrantRefreshToken:
			return m.renewing()
		}
		return []check.Outcome{m.signedIn(m.redeem())}
	case corpus.AuthorizePage, corpus.AuthorizeRedirect:
		var list []check.Outcome
		for _, err := range m.authorize() {
			list = append(list, m.signedIn(err))
		}
		return list
	}
	return m.mail(r)
}

// renewing runs each check whose token has to be renewed first.
func (m *meeting) renewing() []check.Outcome {
	m.t.Helper()
	kept := m.env.Token
	defer func() { m.env.Token = kept }()
	m.env.Token = m.renew
	var list []check.Outcome
	for _, c := range renewed {
		list = append(list, m.judge(c, ""))
	}
	return list
}

// signedIn judges a sign-in that ended in an error.
func (m *meeting) signedIn(err error) check.Outcome {
	m.t.Helper()
	m.env.SignIn = check.SignIn{Finished: true, Failure: &check.Failure{Err: err}}
	return m.judge(check.SignedIn, "")
}

func (m *meeting) pending() oauth.Pending {
	m.t.Helper()
	p, err := m.env.OAuth.NewPending(m.meta, m.lab.Info().ClientID, m.env.Config.CallbackURL, m.env.Provider.AskFor(setup.Protocols))
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

func (m *meeting) redeem() error {
	m.t.Helper()
	p := m.pending()
	_, _, err := m.env.OAuth.Redeem(m.t.Context(), p, oauth.Callback{State: p.State, Code: secret.New("a code that came back")}, secret.New("a secret"))
	return err
}

// authorize opens the sign-in page and returns what becomes of its answer: the
// error that comes back, or the page as a person pastes it, read and as source.
func (m *meeting) authorize() []error {
	m.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	home := m.lab.Info().Authority + "/"
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), home) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	answer, err := browser.Get(m.pending().AuthorizeURL(oauth.Hints{LoginHint: world.Support}))
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	if back, err := answer.Location(); err == nil {
		return []error{m.returned(back.Query())}
	}
	var list []error
	for _, text := range []string{visible(string(page)), string(page)} {
		shown, err := paste.ErrorText(text)
		if err != nil {
			m.t.Fatal(err)
		}
		list = append(list, shown)
	}
	return list
}

func (m *meeting) returned(query url.Values) error {
	m.t.Helper()
	back, err := oauth.ParseCallback(query)
	if err != nil || back.Err == nil {
		m.t.Fatalf("no error came back: %v", err)
	}
	return back.Err
}

// visible is what a person copies from a page: its words without markup.
func visible(page string) string {
	page = regexp.MustCompile(`(?s)<(script|style|title)[^>]*>.*?</(script|style|title)>`).ReplaceAllString(page, "")
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " "))
}

// mail runs the checks that get as far as the stage of the answer.
func (m *meeting) mail(r corpus.Reply) []check.Outcome {
	m.t.Helper()
	protocol := setup.Protocol(r.Where)
	early := []*check.Check{check.Network}
	switch r.Stage {
	case corpus.MidSession, corpus.MailFrom, corpus.Rcpt, corpus.Data, corpus.EndOfData:
		return []check.Outcome{m.judge(check.TestMessage, "")}
	case corpus.Authenticate, corpus.Open:
		early = nil
		if m.opened {
			return []check.Outcome{m.judge(check.TestMessage, "")}
		}
	}
	late := map[setup.Protocol][]*check.Check{
		setup.IMAP: {check.IMAP, check.ProductFetches}, setup.POP3: {check.POP3}, setup.SMTP: {check.SMTPLogin, check.TestMessage},
	}[protocol]
	var list []check.Outcome
	for _, c := range append(early, late...) {
		list = append(list, m.judge(c, protocol))
	}
	return list
}

// grantsOf are those with which a token answer is met: its own, or those that
// its kind allows. Nobody signs in with the application's own request.
func grantsOf(item corpus.Item, r corpus.Reply) []string {
	switch {
	case r.Where != corpus.Token:
		return []string{""}
	case r.Grant != "":
		return []string{r.Grant}
	case item.File == "authorize" || item.File == "token" || item.File == "scope" || item.File == "throttling" || item.File == "tls":
		return []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials}
	}
	return []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
}
