package check_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/lab"
	"latchkey/internal/lab/world"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// labEnv is the window of a check onto a running lab, with a token of the
// account that has Full Access to the shared mailbox.
func labEnv(t *testing.T, s setup.Setup) (*check.Env, *lab.Lab) {
	t.Helper()
	l, err := lab.Start(t.Context(), lab.Options{Delay: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	info := l.Info()
	pem, err := os.ReadFile(info.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	hosts := map[setup.Protocol]provider.Endpoint{}
	for protocol, one := range map[setup.Protocol]struct {
		address  string
		security probe.Security
	}{setup.IMAP: {info.IMAP, probe.TLS}, setup.POP3: {info.POP3, probe.TLS}, setup.SMTP: {info.SMTP, probe.STARTTLS}} {
		host, port, err := net.SplitHostPort(one.address)
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		hosts[protocol] = provider.Endpoint{Host: host, Port: number, Security: one.security}
	}
	env := envOf(s)
	env.Now = time.Now
	env.Provider = provider.Entra.At(info.Authority, hosts)
	env.Config.Provider = env.Provider
	env.Probe = &probe.Prober{RootCAs: pool, Allow: probe.Policy{
		Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Provider: env.Provider.MailAddresses(), Hosts: env.Provider.WebAddresses(),
	}}
	env.OAuth = &oauth.Client{HTTP: &http.Client{Transport: env.Probe.Transport()}, Now: time.Now, Rand: rand.Reader}
	env.Token = labToken(l, time.Hour)
	return env, l
}

func labToken(l *lab.Lab, life time.Duration) func(context.Context) (oauth.Token, error) {
	return func(context.Context) (oauth.Token, error) {
		var out oauth.Token
		l.World().Do(func(s *world.State) {
			at := s.Now()
			out = oauth.Token{ReceivedAt: at, ExpiresAt: at.Add(life), Access: secret.New(s.SignAccess(world.Claims{
				"aud": "https://outlook.office.com", "scp": "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send",
				"oid": s.UserByName(world.SignInAccount).ID, "iat": at.Unix(), "exp": at.Add(life).Unix(),
			}))}
		})
		return out, nil
	}
}

// The watch tells from the age of the oldest message whether the product
// fetches, and changes nothing.
func TestTheWatch(t *testing.T) {
	s := given()
	s.Handover.Key = setup.KeepWatchman
	s.Application.SignInAccount, s.Application.Mailboxes = world.SignInAccount, []setup.Address{world.Sales}
	env, l := labEnv(t, s)
	target := check.ProductFetches.TargetsOf(env)[0]
	fill := func(ages ...time.Duration) {
		l.World().Do(func(s *world.State) {
			inbox := s.Mailbox(world.Sales).Inbox
			inbox.Messages = nil
			for i, age := range ages {
				at := s.Now().Add(-age)
				raw := fmt.Sprintf("Received: from a by b; %s\r\nMessage-ID: <%d@x>\r\nSubject: private\r\n\r\nbody\r\n", at.Format(time.RFC1123Z), i)
				inbox.Messages = append(inbox.Messages, &world.Message{UID: uint32(i + 1), Raw: []byte(raw), Received: at, Visible: at})
			}
		})
	}
	fill()
	wantCodes(t, judge(t, check.ProductFetches, env, target), "fetching_inbox_empty")
	fill(5*time.Minute, time.Minute)
	out := judge(t, check.ProductFetches, env, target)
	wantCodes(t, out)
	wantFact(t, out, "messages", "2")
	fill(40*time.Minute, time.Minute)
	out = judge(t, check.ProductFetches, env, target)
	wantCodes(t, out, "fetching_not_observed")
	if got := out.Findings[0].Params["waited"]; got != "40 minutes" {
		t.Errorf("the oldest message is %s minutes old, want 40", got)
	}
	l.World().Do(func(s *world.State) {
		for _, m := range s.Mailbox(world.Sales).Inbox.Messages {
			if len(m.Flags) > 0 {
				t.Errorf("the watch left flags %q", m.Flags)
			}
		}
		s.Mailbox(world.Sales).FullAccess = nil
	})
	wantCodes(t, judge(t, check.ProductFetches, env, target), "full_access_missing")
}

func TestTokenLifetime(t *testing.T) {
	env, l := labEnv(t, given())
	for minutes, want := range map[int][]string{54: {"token_lifetime_unusual"}, 60: nil, 90: nil, 120: {"token_lifetime_unusual"}} {
		env.Token = labToken(l, time.Duration(minutes)*time.Minute)
		out := judge(t, check.TokenLifetime, env, check.Target{})
		wantCodes(t, out, want...)
		wantFact(t, out, "lifetime_minutes", strconv.Itoa(minutes))
	}
	env.Provider = provider.OpenID
	if got := check.TokenLifetime.TargetsOf(env); got != nil {
		t.Errorf("another service is held to Microsoft's default: %v", got)
	}
}

// A tenant that this cloud does not know is looked for in the others.
func TestTenantOfAnotherCloud(t *testing.T) {
	env, l := labEnv(t, given())
	there := check.Cloud{Provider: env.Provider, OAuth: env.OAuth}
	there.Provider.ID, there.Provider.Name = "there", "The cloud of the tenant"
	here, _ := labEnv(t, given())
	here.Provider.ID, here.Provider.Name = "here", "The cloud chosen"
	here.Setup.Registration.Tenant = l.Info().TenantID
	own := check.Cloud{Provider: here.Provider, OAuth: here.OAuth}
	here.Clouds = []check.Cloud{own}
	out := judge(t, check.Tenant, here, check.Target{})
	wantCodes(t, out, "tenant_not_found")
	here.Clouds = []check.Cloud{own, there}
	out = judge(t, check.Tenant, here, check.Target{})
	wantCodes(t, out, "tenant_in_other_cloud")
	wantParams(t, out, "tenant", l.Info().TenantID, "cloud", "The cloud chosen", "other", "The cloud of the tenant")
	last := out.Findings[0].Evidence[len(out.Findings[0].Evidence)-1]
	if last.Source != "cloud" || last.Text != "there" {
		t.Errorf("the change is offered to %+v", last)
	}
	here.Provider = provider.OpenID
	if got := check.Tenant.TargetsOf(here); got != nil {
		t.Errorf("a service without tenants is asked for one: %v", got)
	}
	here.Provider = own.Provider
	here.Setup.Registration.Tenant = "nobody.example"
	wantCodes(t, judge(t, check.Tenant, here, check.Target{}), "tenant_not_found")
}

// A domain and an ID, or two domains, may name one tenant; the sign-in service
// knows.
func TestProductClientComparesTenantsByID(t *testing.T) {
	s := shown()
	env, l := labEnv(t, s)
	var other string
	l.World().Do(func(s *world.State) { other = s.Tenant(world.OtherDomain).ID })
	s.Addresses.ProductSignIn.Authority = env.Provider.Authority
	for _, tt := range []struct {
		theirs, entered string
		want            []string
	}{
		{l.Info().TenantID, world.Domain, nil},
		{world.Domain, l.Info().TenantID, nil},
		{other, world.Domain, []string{"product_uses_other_tenant"}},
		{world.OtherDomain, world.Domain, []string{"product_uses_other_tenant"}},
		{world.OtherDomain, "nobody.example", nil}, // the check of the tenant says so
	} {
		s.Addresses.ProductSignIn.Tenant, s.Registration.Tenant = tt.theirs, tt.entered
		env.Setup = s
		wantCodes(t, judge(t, check.ProductClient, env, check.Target{}), tt.want...)
	}
}

// T45: SMTP logs the same account in for every mailbox, so a green row says
// that nothing was seen of the right to send as the mailbox.
func TestSMTPLoginOfASharedAccountSaysWhatItDoesNotShow(t *testing.T) {
	s := given()
	s.Application.Method, s.Application.Protocols = setup.SharedAccount, []setup.Protocol{setup.SMTP}
	s.Application.SignInAccount, s.Application.Mailboxes = world.SignInAccount, []setup.Address{world.Sales, world.SignInAccount}
	env, l := labEnv(t, s)
	l.World().Do(func(s *world.State) { s.Mailbox(world.Sales).SendAs = nil })
	targets := check.SMTPLogin.TargetsOf(env)
	out := judge(t, check.SMTPLogin, env, targets[0])
	wantCodes(t, out, "send_as_not_seen")
	wantParams(t, out, "account", world.SignInAccount, "mailbox", world.Sales)
	wantFact(t, out, "smtp_login", world.SignInAccount)
	wantFact(t, out, "smtp_login_refused", world.Sales) // a mail application may use that name
	if out.Findings[0].Blocks() {
		t.Error("it stops what may well work")
	}
	out = judge(t, check.SMTPLogin, env, targets[1])
	wantCodes(t, out)
	wantFact(t, out, "smtp_login", world.SignInAccount)
	if len(out.Facts) != 1 {
		t.Errorf("one name is tried once, not %v", out.Facts)
	}
}
