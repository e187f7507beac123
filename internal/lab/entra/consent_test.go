package entra_test

import (
	"net/url"
	"testing"

	"latchkey/internal/lab/world"
)

func TestConsentIsAskedForOnce(t *testing.T) {
	b := newBench(t)
	b.code(world.Support, nil)
	if p := b.signIn(b.window().Open(b.request(nil)), world.Support); p.Answer("code") == "" {
		t.Error("asked again for the same permissions")
	}
	more := scopes + " https://outlook.office.com/POP.AccessAsUser.All"
	if p := b.signIn(b.window().Open(b.request(change{"scope": more})), world.Support); p.Heading != "Permissions requested" {
		t.Errorf("another permission: %q", p.Heading)
	}
	if p := b.signIn(b.window().Open(b.request(nil)), world.Operator); p.Heading != "Permissions requested" {
		t.Errorf("another person: %q", p.Heading)
	}
}

func TestConsentDeclined(t *testing.T) {
	b := newBench(t)
	p := b.signIn(b.window().Open(b.request(nil)), world.Support).Press("Cancel", nil)
	if p.Answer("error") != "access_denied" || number(p.Answer("error_description")) != 65004 || p.Answer("code") != "" || p.Answer("state") != "st&te=" {
		t.Errorf("answer = %v", p.Left.Query())
	}
	b.state(func(s *world.State) {
		if len(s.Codes) != 0 || len(s.Apps[0].UserConsent) != 0 {
			t.Error("declining left a code or a consent behind")
		}
	})
}

func TestAdminWall(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Tenants[0].UserConsent = false })
	p := b.signIn(b.window().Open(b.request(nil)), world.Support)
	if p.Heading != "Need admin approval" || p.Left != nil {
		t.Fatalf("%q: %s", p.Heading, p.Text)
	}
	p = p.Follow("Return to the application without granting consent")
	want := url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}, "state": {"st&te="}}
	if got := p.Left.Query(); got.Encode() != want.Encode() {
		t.Errorf("answer = %v, want %v: no number may come back", got, want)
	}
	// An administrator may agree, for themselves, on the same page.
	if p = b.signIn(b.window().Open(b.request(nil)), world.Administrator); p.Heading != "Permissions requested" {
		t.Errorf("an administrator meets %q", p.Heading)
	}
	// Consent of an administrator lets everybody through.
	b.state(func(s *world.State) { s.Apps[0].ConsentForAll(s.Apps[0].Permissions) })
	if p = b.signIn(b.window().Open(b.request(nil)), world.Support); p.Answer("code") == "" {
		t.Error("no code after admin consent")
	}
	// prompt=consent asks even where nothing is missing.
	if p = b.signIn(b.window().Open(b.request(change{"prompt": "consent"})), world.Support); p.Heading != "Permissions requested" {
		t.Errorf("prompt=consent: %q", p.Heading)
	}
}

// The page can be left open while the tenant changes its mind.
func TestWallAlsoHoldsAtTheAnswer(t *testing.T) {
	b := newBench(t)
	p := b.signIn(b.window().Open(b.request(nil)), world.Support)
	b.state(func(s *world.State) { s.Tenants[0].UserConsent = false })
	if p = p.Press("Accept", nil); p.Heading != "Need admin approval" {
		t.Errorf("accepting ends at %q %v", p.Heading, p.Left)
	}
}

// Everything that was looked at before the page is looked at again behind it.
func TestAnswerIsJudgedAnew(t *testing.T) {
	open := func() (*bench, *page) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.request(nil)), world.Support)
		if !p.Has("Read and write access to your mail via IMAP") {
			t.Errorf("the page does not say what is asked for: %s", p.Text)
		}
		return b, p
	}
	b, p := open()
	b.state(func(s *world.State) { s.Apps[0].RedirectURIs[0].URI += "/" })
	wantPage(t, p.Press("Accept", nil), 50011)
	b, p = open()
	b.state(func(s *world.State) { s.Apps[0].Disabled = true })
	wantPage(t, p.Press("Accept", nil), 7000112)
	b, p = open()
	b.state(func(s *world.State) { s.Tenants[0].WithoutExchange = true })
	if p = p.Press("Accept", nil); number(p.Answer("error_description")) != 650052 {
		t.Errorf("answer = %v", p.Left)
	}
	b = newBench(t)
	p = b.signIn(b.window().Open(b.adminConsent(nil)), world.Administrator)
	b.state(func(s *world.State) { s.Tenants[0].WithoutExchange = true })
	wantPage(t, p.Press("Accept", nil), 650052)
	wantPage(t, b.signIn(b.window().Open(b.adminConsent(nil)), world.Administrator), 650052)
}

func TestAdminWallWithNumber(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Tenants[0].UserConsent, s.Tenants[0].ConsentNumber = false, true })
	p := b.signIn(b.window().Open(b.request(nil)), world.Support)
	if p.Answer("error") != "access_denied" || number(p.Answer("error_description")) != 90094 {
		t.Errorf("answer = %v", p.Left.Query())
	}
}

func (b *bench) adminConsent(c change) string {
	return "/" + b.tenant + "/v2.0/adminconsent?" + c.apply(url.Values{
		"client_id": {b.app}, "redirect_uri": {callback}, "state": {"s1"},
		"scope": {"https://outlook.office.com/IMAP.AccessAsUser.All offline_access openid"},
	}).Encode()
}

func TestAdminConsent(t *testing.T) {
	t.Run("accepted", func(t *testing.T) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.adminConsent(nil)), world.Administrator)
		if !p.Has("for your organization") {
			t.Fatalf("%q: %s", p.Heading, p.Text)
		}
		p = p.Press("Accept", nil)
		if p.Answer("admin_consent") != "True" || p.Answer("tenant") != b.tenant || p.Answer("state") != "s1" || p.Answer("scope") == "" || p.Answer("error") != "" {
			t.Errorf("answer = %v", p.Left.Query())
		}
		b.state(func(s *world.State) {
			if !s.Apps[0].Consented("anybody", []string{"IMAP.AccessAsUser.All"}) || s.Apps[0].Consented("anybody", []string{"SMTP.Send"}) {
				t.Errorf("granted %v", s.Apps[0].AdminConsent)
			}
		})
	})
	t.Run("refused", func(t *testing.T) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.adminConsent(nil)), world.Administrator).Press("Cancel", nil)
		if p.Answer("admin_consent") != "True" || p.Answer("error") != "consent_required" || number(p.Answer("error_description")) != 65004 || p.Answer("state") != "s1" {
			t.Errorf("answer = %v", p.Left.Query())
		}
		b.state(func(s *world.State) {
			if len(s.Apps[0].AdminConsent) != 0 {
				t.Error("refused, and granted all the same")
			}
		})
	})
	t.Run("default scope", func(t *testing.T) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.adminConsent(change{"scope": "https://outlook.office.com/.default"})), world.Administrator).Press("Accept", nil)
		if p.Answer("error") != "" {
			t.Fatal(p.Left)
		}
		b.state(func(s *world.State) {
			if !s.Apps[0].Consented("anybody", []string{"IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"}) {
				t.Errorf("granted %v", s.Apps[0].AdminConsent)
			}
		})
	})
	t.Run("not an administrator", func(t *testing.T) {
		b := newBench(t)
		p := b.signIn(b.window().Open(b.adminConsent(nil)), world.Support)
		if p.Heading != "Need admin approval" {
			t.Errorf("%q", p.Heading)
		}
	})
	t.Run("session of an ordinary person", func(t *testing.T) {
		b := newBench(t)
		w := b.window()
		b.signIn(w.Open(b.request(nil)), world.Support)
		if p := w.Open(b.adminConsent(nil)); p.Heading != "Sign in" {
			t.Errorf("%q, want to be asked for an administrator", p.Heading)
		}
	})
	t.Run("session of the administrator", func(t *testing.T) {
		b := newBench(t)
		w := b.window()
		b.signIn(w.Open(b.request(nil)), world.Administrator)
		if p := w.Open(b.adminConsent(nil)); p.Heading != "Permissions requested" {
			t.Errorf("%q", p.Heading)
		}
	})
	t.Run("administrator of another tenant", func(t *testing.T) {
		b := newBench(t)
		b.state(func(s *world.State) { s.UserByName(world.Stranger).Administrator = true })
		wantPage(t, b.signIn(b.window().Open(b.adminConsent(nil)), world.Stranger), 50020)
	})
	t.Run("address unknown", func(t *testing.T) {
		b := newBench(t)
		wantPage(t, b.signIn(b.window().Open(b.adminConsent(change{"redirect_uri": callback + "/"})), world.Administrator), 50011)
	})
	t.Run("no scope", func(t *testing.T) {
		b := newBench(t)
		wantPage(t, b.window().Open(b.adminConsent(change{"scope": ""})), 900144)
	})
	t.Run("unknown tenant", func(t *testing.T) {
		b := newBench(t)
		b.tenant = "nowhere.example"
		wantPage(t, b.window().Open(b.adminConsent(nil)), 90002)
	})
}

// An administrator who loses the role between page and answer grants nothing.
func TestAdminConsentIsCheckedAtTheAnswer(t *testing.T) {
	b := newBench(t)
	p := b.signIn(b.window().Open(b.adminConsent(nil)), world.Administrator)
	b.state(func(s *world.State) { s.UserByName(world.Administrator).Administrator = false })
	if p = p.Press("Accept", nil); p.Heading != "Need admin approval" {
		t.Errorf("%q %v", p.Heading, p.Left)
	}
	b.state(func(s *world.State) {
		if len(s.Apps[0].AdminConsent) != 0 {
			t.Error("granted")
		}
	})
}
