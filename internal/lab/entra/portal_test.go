package entra_test

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/entra"
	"latchkey/internal/lab/world"
)

func (b *bench) registration() *page {
	return b.window().Open("/portal").Follow(world.AppName)
}

func TestPortalOverview(t *testing.T) {
	b := newBench(t)
	p := b.registration()
	if p.Heading != world.AppName || !slices.Equal(p.Copy("client-id"), []string{b.app}) || !slices.Equal(p.Copy("tenant-id"), []string{b.tenant}) {
		t.Errorf("%q shows %v and %v", p.Heading, p.Copy("client-id"), p.Copy("tenant-id"))
	}
	if p := b.window().Open("/portal"); !p.Has(world.OldAppName) {
		t.Error("the older registration is not in the list")
	}
}

func TestPortalRedirectURIs(t *testing.T) {
	b := newBench(t)
	p := b.registration().Follow("Authentication")
	const uri = "https://app.contoso.example/callback"
	p = p.Press("Add", map[string]string{"Redirect URI": uri})
	if got := p.Copy("redirect-uri"); !slices.Equal(got, []string{callback, uri}) {
		t.Fatalf("registered: %v", got)
	}
	if p = p.Press("Add", map[string]string{"Redirect URI": "http://app.contoso.example/callback"}); !p.Has(`must begin with "https://"`) {
		t.Errorf("http was not refused: %s", p.Text)
	}
	if got := p.Copy("redirect-uri"); len(got) != 2 {
		t.Errorf("after a refusal: %v", got)
	}
	p = p.Press("Add", map[string]string{"Redirect URI": "https://spa.contoso.example/", "Platform": "Single-page application"})
	b.state(func(s *world.State) {
		if got := s.Apps[0].RedirectURIs[2].Platform; got != world.SPA {
			t.Errorf("platform = %q", got)
		}
	})
	p = p.Press("Remove "+uri, nil)
	if got := p.Copy("redirect-uri"); !slices.Equal(got, []string{callback, "https://spa.contoso.example/"}) {
		t.Errorf("after removal: %v", got)
	}
}

func TestPortalShowsAValueOnce(t *testing.T) {
	b := newBench(t)
	p := b.registration().Follow("Certificates & secrets").Press("Add a client secret", map[string]string{"Description": "wizard"})
	value, id := p.Copy("secret-value")[0], p.Copy("secret-id")[0]
	b.state(func(s *world.State) {
		if c := s.Apps[0].Secrets[0]; c.Value != value || c.ID != id || c.Description != "wizard" {
			t.Errorf("the page shows %q and %q", value, id)
		}
	})
	if !p.Has("2027-05-20") {
		t.Errorf("no end date on the page: %s", p.Text)
	}
	p = b.window().Open(p.URL.String())
	if strings.Contains(p.Body, value) || !strings.HasPrefix(p.Copy("secret-value")[0], value[:3]+"***") || p.Copy("secret-id")[0] != id {
		t.Errorf("later the page shows %v", p.Copy("secret-value"))
	}
	if p = p.Press("Delete wizard", nil); len(p.Copy("secret-id")) != 0 {
		t.Error("the secret is still there")
	}
}

func TestPortalShowsTheIDInPlaceOfTheValue(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Apps[0].Slips.IDForValue = true })
	p := b.registration().Follow("Certificates & secrets").Press("Add a client secret", map[string]string{"Description": "wizard"})
	if p.Copy("secret-value")[0] != p.Copy("secret-id")[0] {
		t.Errorf("shown: %v and %v", p.Copy("secret-value"), p.Copy("secret-id"))
	}
}

func TestPortalConsent(t *testing.T) {
	b := newBench(t)
	b.code(world.Operator, nil)
	p := b.registration().Follow("Consent")
	if !p.Has(world.Operator) {
		t.Errorf("a person who agreed is not listed: %s", p.Text)
	}
	p = p.Press("Grant admin consent for lab.example", nil)
	if !p.Has("IMAP.AccessAsUser.All") {
		t.Errorf("after granting: %s", p.Text)
	}
	if p = p.Follow("API permissions"); strings.Count(p.Text, "Granted for everybody") != 7 {
		t.Errorf("permissions: %s", p.Text)
	}
	if p := b.signIn(b.window().Open(b.request(nil)), world.Support); p.Answer("code") == "" {
		t.Error("still asked for consent")
	}
}

func TestPortalMailbox(t *testing.T) {
	b := newBench(t)
	p := b.window().Open("/portal/mailboxes").Follow(world.Sales)
	p.Press("Save changes", map[string]string{
		"IMAP": "", "POP": "on", "Authenticated SMTP": "Off", "Exchange Online licence": "on",
		world.SignInAccount + " may read": "", world.Administrator + " may read": "on", world.Operator + " may send": "on",
	})
	b.state(func(s *world.State) {
		m := s.Mailbox(world.Sales)
		service, operator := s.UserByName(world.SignInAccount).ID, s.UserByName(world.Operator).ID
		if m.IMAP || !m.POP || m.SMTPAuth != world.Off || !m.Licensed {
			t.Errorf("switches: %+v", m)
		}
		if m.Opens(service) || !m.Opens(s.UserByName(world.Administrator).ID) || !m.SendsAs(service) || !m.SendsAs(operator) {
			t.Errorf("rights: %v %v", m.FullAccess, m.SendAs)
		}
	})
	p = b.window().Open("/portal/mailboxes/" + world.Sales)
	p.Press("Save changes", nil)
	b.state(func(s *world.State) {
		if m := s.Mailbox(world.Sales); m.IMAP || m.SMTPAuth != world.Off || len(m.SendAs) != 2 {
			t.Error("saving an untouched page changed something")
		}
	})
	if p := b.window().Open("/portal/mailboxes/nobody@lab.example"); p.Status != http.StatusNotFound {
		t.Errorf("unknown mailbox: %d", p.Status)
	}
	r, err := http.PostForm(b.origin+"/portal/mailboxes/nobody@lab.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusNotFound {
		t.Errorf("changing an unknown mailbox: %d", r.StatusCode)
	}
}

func TestPortalTenant(t *testing.T) {
	b := newBench(t)
	p := b.window().Open("/portal/tenant").Press("Save changes", map[string]string{
		"SMTP AUTH off for the organisation": "on", "Users may consent to applications": "",
	})
	b.state(func(s *world.State) {
		if tn := s.Tenants[0]; !tn.SMTPAuthDisabled || tn.UserConsent {
			t.Errorf("tenant: %+v", tn)
		}
	})
	p.Press("Save changes", map[string]string{"SMTP AUTH off for the organisation": ""})
	b.state(func(s *world.State) {
		if tn := s.Tenants[0]; tn.SMTPAuthDisabled || tn.UserConsent {
			t.Errorf("tenant: %+v", tn)
		}
	})
}

func TestFrontPageAndRepair(t *testing.T) {
	w, err := world.New(time.Now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	repaired := 0
	server.Config.Handler = entra.New(entra.Options{
		World: w, Origin: "http://" + host, Host: host, Log: slog.New(slog.DiscardHandler),
		Accounts: []entra.Account{{User: "u@lab.example", Password: "pass", Is: "somebody"}},
		Servers:  []entra.Listener{{Name: "IMAP", Address: "127.0.0.1:1"}},
		Notice:   "Something is wrong.", Repair: func() { repaired++ },
		About: []world.Divergence{{Subject: "Delays", Assumed: true, Text: "shorter"}},
	})
	server.Start()
	t.Cleanup(server.Close)
	p := newBrowser(t, "http://"+host).Open("/")
	for _, text := range []string{"u@lab.example", "pass", "somebody", "127.0.0.1:1", "Something is wrong.", "Delays", "assumed, not recorded"} {
		if !p.Has(text) {
			t.Errorf("the front page does not show %q", text)
		}
	}
	p = p.Press("Repair it", nil)
	if repaired != 1 || p.Has("Something is wrong.") {
		t.Errorf("repaired %d times: %s", repaired, p.Text)
	}
}
