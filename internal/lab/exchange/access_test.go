package exchange_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
)

const (
	notConnected = "A BAD User is authenticated but not connected."
	popRefused   = "-ERR Authentication failure: unknown user name or bad password."
	smtpRefused  = "535 5.7.3 Authentication unsuccessful ["
)

// logIn tries all three protocols and says how each one answered.
func (b *bench) logIn(g grant, mailbox string) (imap, pop, smtp string) {
	token := b.token(g)
	k := b.dial(world.IMAP)
	k.read()
	k.send("A AUTHENTICATE XOAUTH2 %s", blob(mailbox, token))
	if imap = k.read(); imap == "A OK AUTHENTICATE completed." {
		if imap = last(k.imap("EXAMINE INBOX")); strings.HasPrefix(imap, "A OK") {
			imap = "in"
		}
	}
	k = b.dial(world.POP3)
	k.read()
	k.send("AUTH XOAUTH2")
	k.want("+ ")
	k.send("%s", blob(mailbox, token))
	if pop = k.read(); pop == "+OK User successfully authenticated." {
		pop = "in"
	}
	k = b.smtpReady()
	k.send("AUTH XOAUTH2")
	k.want("334 ")
	k.send("%s", blob(mailbox, token))
	if smtp = k.read(); smtp == "235 2.7.0 Authentication successful" {
		smtp = "in"
	}
	return imap, pop, smtp
}

// Who gets in, and with which words the others are refused. The rules are
// those of delegated access to Exchange Online.
func TestAdmission(t *testing.T) {
	const (
		refused   = "A NO AUTHENTICATE failed."
		tenantOff = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled "
		boxOff    = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled "
	)
	support := func(f func(*world.State, *world.Mailbox)) func(*world.State) {
		return func(s *world.State) { f(s, s.Mailbox(world.Support)) }
	}
	own := grant{who: world.Support}
	tests := map[string]struct {
		state           func(*world.State)
		grant           grant
		mailbox         string
		imap, pop, smtp string
	}{
		"own mailbox":                {nil, own, world.Support, "in", "in", "in"},
		"address in capitals":        {nil, own, strings.ToUpper(world.Support), "in", "in", "in"},
		"delegate of a shared one":   {nil, grant{who: world.SignInAccount}, world.Sales, "in", "in", smtpRefused},
		"delegate as themselves":     {nil, grant{who: world.SignInAccount}, world.SignInAccount, "in", "in", "in"},
		"somebody else's mailbox":    {nil, grant{who: world.Operator}, world.Support, notConnected, popRefused, smtpRefused},
		"administrator":              {nil, grant{who: world.Administrator}, world.Support, notConnected, popRefused, smtpRefused},
		"shared, without rights":     {nil, grant{who: world.Operator}, world.Sales, notConnected, popRefused, smtpRefused},
		"person of another tenant":   {nil, grant{who: world.Stranger}, world.Support, notConnected, popRefused, smtpRefused},
		"unknown mailbox":            {nil, own, "nobody@lab.example", refused, popRefused, smtpRefused},
		"token for Graph":            {nil, grant{who: world.Support, aud: "https://graph.microsoft.com"}, world.Support, refused, popRefused, smtpRefused},
		"other audience of Exchange": {nil, grant{who: world.Support, aud: "https://outlook.office365.com"}, world.Support, "in", "in", "in"},
		"token that has expired":     {nil, grant{who: world.Support, life: -time.Second}, world.Support, refused, popRefused, smtpRefused},
		"only IMAP granted":          {nil, grant{who: world.Support, scp: "IMAP.AccessAsUser.All"}, world.Support, "in", popRefused, smtpRefused},
		"only POP granted":           {nil, grant{who: world.Support, scp: "POP.AccessAsUser.All"}, world.Support, refused, "in", smtpRefused},
		"only SMTP granted":          {nil, grant{who: world.Support, scp: "SMTP.Send"}, world.Support, refused, popRefused, "in"},
		"IMAP off":                   {support(func(_ *world.State, m *world.Mailbox) { m.IMAP = false }), own, world.Support, notConnected, "in", "in"},
		"IMAP off, refused at once": {support(func(s *world.State, m *world.Mailbox) { m.IMAP = false; s.Exchange.IMAPOffAtOnce = true }), own, world.Support,
			refused, "in", "in"},
		"POP off":                  {support(func(_ *world.State, m *world.Mailbox) { m.POP = false }), own, world.Support, "in", popRefused, "in"},
		"no licence":               {support(func(_ *world.State, m *world.Mailbox) { m.Licensed = false }), own, world.Support, notConnected, popRefused, smtpRefused},
		"SMTP off for the tenant":  {func(s *world.State) { s.Tenants[0].SMTPAuthDisabled = true }, own, world.Support, "in", "in", tenantOff},
		"SMTP off for the mailbox": {support(func(_ *world.State, m *world.Mailbox) { m.SMTPAuth = world.Off }), own, world.Support, "in", "in", boxOff},
		"SMTP on against a tenant": {support(func(s *world.State, m *world.Mailbox) { s.Tenants[0].SMTPAuthDisabled = true; m.SMTPAuth = world.On }), own, world.Support, "in", "in", "in"},
		"switch of the shared one": {func(s *world.State) { s.Mailbox(world.Sales).IMAP = false }, grant{who: world.SignInAccount}, world.Sales, "in", "in", smtpRefused},
		"switch of the delegate":   {func(s *world.State) { s.Mailbox(world.SignInAccount).IMAP = false }, grant{who: world.SignInAccount}, world.Sales, notConnected, "in", smtpRefused},
		"POP switch of the person": {func(s *world.State) { s.Mailbox(world.SignInAccount).POP = false }, grant{who: world.SignInAccount}, world.Sales, "in", popRefused, smtpRefused},
		"Full Access taken away":   {func(s *world.State) { s.Mailbox(world.Sales).FullAccess = nil }, grant{who: world.SignInAccount}, world.Sales, notConnected, popRefused, smtpRefused},
		"somebody without mailbox": {func(s *world.State) { s.Mailbox(world.Operator).OwnerID = "" }, grant{who: world.Operator}, world.Sales, notConnected, popRefused, smtpRefused},
		"delegate without licence": {func(s *world.State) { s.Mailbox(world.SignInAccount).Licensed = false }, grant{who: world.SignInAccount}, world.Sales, notConnected, popRefused, smtpRefused},
		"mailbox without licence": {support(func(s *world.State, m *world.Mailbox) {
			m.Licensed = false
			m.FullAccess = []string{s.UserByName(world.Operator).ID}
		}), grant{who: world.Operator}, world.Support, notConnected, popRefused, smtpRefused},
		"alias of the own mailbox":   {support(func(_ *world.State, m *world.Mailbox) { m.Aliases = []string{"help@lab.example"} }), own, "help@lab.example", "in", "in", "in"},
		"both switches and no right": {func(s *world.State) { s.Tenants[0].SMTPAuthDisabled = true }, grant{who: world.SignInAccount}, world.Sales, "in", "in", smtpRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if tt.state != nil {
				b.state(tt.state)
			}
			imap, pop, smtp := b.logIn(tt.grant, tt.mailbox)
			if imap != tt.imap {
				t.Errorf("IMAP: %q, want %q", imap, tt.imap)
			}
			if pop != tt.pop {
				t.Errorf("POP3: %q, want %q", pop, tt.pop)
			}
			if !strings.HasPrefix(smtp, tt.smtp) {
				t.Errorf("SMTP: %q, want %q", smtp, tt.smtp)
			}
		})
	}
}

func TestMalformedMessages(t *testing.T) {
	b := newBench(t)
	token := b.token(grant{who: world.Support})
	good := blob(world.Support, token)
	for name, value := range map[string]string{
		"not base64":            "!!!",
		"empty":                 "",
		"equals sign":           "=",
		"cut":                   good[:len(good)/2],
		"token of another hand": blob(world.Support, token[:len(token)-4]+"AAAA"),
		"no end":                strings.TrimRight(good, "="),
		"no user":               blob("", token),
		"with a third field":    blob(world.Support, token+"\x01host=x"),
		"without the two ends":  blob(world.Support, token)[:4],
		"no word user":          base64.StdEncoding.EncodeToString([]byte(world.Support + "\x01auth=Bearer " + token + "\x01\x01")),
		"no word Bearer":        base64.StdEncoding.EncodeToString([]byte("user=" + world.Support + "\x01" + token + "\x01\x01")),
	} {
		if value == good {
			continue
		}
		k := b.dial(world.IMAP)
		k.read()
		k.send("A AUTHENTICATE XOAUTH2")
		k.want("+ ")
		k.send("%s", value)
		if got := k.read(); got != "A NO AUTHENTICATE failed." {
			t.Errorf("%s: %q", name, got)
		}
		// The connection stays open after a refusal.
		if got := last(k.imap("NOOP")); got != "A OK NOOP completed." {
			t.Errorf("%s: afterwards %q", name, got)
		}
	}
	if c := b.world.Counters(); c.Refusals[world.IMAP] == 0 || c.Logins[world.IMAP] != 0 {
		t.Errorf("counted %d logins and %d refusals", c.Logins[world.IMAP], c.Refusals[world.IMAP])
	}
}

// Exchange lets a refusal wait.
func TestPace(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Exchange.Pace = 0.05 })
	measure := func(token string) time.Duration {
		k := b.dial(world.IMAP)
		k.read()
		began := time.Now()
		k.send("A AUTHENTICATE XOAUTH2 %s", blob(world.Support, token))
		k.read()
		return time.Since(began)
	}
	good, bad := measure(b.token(grant{who: world.Support})), measure("x")
	if good < 40*time.Millisecond || bad < 250*time.Millisecond {
		t.Errorf("a good login took %v, a refused one %v; want about 50 and 300 ms at this pace", good, bad)
	}
	k := b.dial(world.POP3)
	k.read()
	began := time.Now()
	if k.ask("PASS x"); time.Since(began) < 400*time.Millisecond {
		t.Errorf("POP3 refused after %v; it is the slowest of the three", time.Since(began))
	}
}

func TestConnectionLimits(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Exchange.MaxConnections, s.Exchange.MaxSubmissions = 1, 1 })
	first := b.imapLogin(world.Support, world.Support)
	if got := last(first.imap("EXAMINE INBOX")); !strings.HasPrefix(got, "A OK") {
		t.Fatal(got)
	}
	if got := last(b.imapLogin(world.Support, world.Support).imap("EXAMINE INBOX")); got != notConnected {
		t.Errorf("second IMAP connection: %q", got)
	}
	first.imap("LOGOUT")
	first.gone()
	third := b.imapLogin(world.Support, world.Support)
	if got := last(third.imap("EXAMINE INBOX")); !strings.HasPrefix(got, "A OK") {
		t.Errorf("after a logout: %q", got)
	}

	a, c := b.smtpLogin(world.Support), b.smtpLogin(world.Support)
	for _, tt := range []struct {
		k    *talk
		want string
	}{{a, "354 "}, {c, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending"}} {
		tt.k.send("MAIL FROM:<%s>", world.Support)
		tt.k.wantPrefix("250 ")
		tt.k.send("RCPT TO:<%s>", world.Support)
		tt.k.wantPrefix("250 ")
		tt.k.send("DATA")
		tt.k.wantPrefix(tt.want)
	}

	b = newBench(t)
	b.state(func(s *world.State) { s.Exchange.MaxConnections, s.Exchange.MaxSubmissions = 1, 1 })
	for range 3 { // whoever left does not count
		k := b.popLogin(world.Support, world.Support)
		k.ask("QUIT")
		k.gone()
		k = b.smtpLogin(world.Support)
		if got := k.submit(world.Support, world.Support, world.Support); !strings.HasPrefix(got, "250 ") {
			t.Errorf("submission after the others had left: %q", got)
		}
		k.ask("QUIT")
		k.gone()
	}
}

// The ways in which a listener misbehaves before any protocol.
func TestFaults(t *testing.T) {
	greeting := map[world.Protocol]string{world.IMAP: "* OK ", world.POP3: "+OK ", world.SMTP: "220 "}
	for p, prefix := range greeting {
		t.Run("mute "+string(p), func(t *testing.T) {
			b := newBench(t)
			b.state(func(s *world.State) { s.Exchange.Faults[p] = world.Mute })
			k := &talk{t: t}
			nc := b.raw(p)
			k.use(nc)
			if err := nc.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil || !strings.Contains(err.Error(), "timeout") {
				t.Errorf("read %d bytes, %v; want silence", n, err)
			}
		})
		t.Run("dripping "+string(p), func(t *testing.T) {
			b := newBench(t)
			b.state(func(s *world.State) { s.Exchange.Faults[p] = world.Dripping })
			k := b.dial(p)
			began := time.Now()
			got := make([]byte, len(prefix))
			for i := range got {
				c, err := k.r.ReadByte()
				if err != nil {
					t.Fatal(err)
				}
				got[i] = c
			}
			if took := time.Since(began); string(got) != prefix || took < 150*time.Millisecond {
				t.Errorf("%q after %v, want four bytes 50 ms apart", got, took)
			}
		})
		t.Run("endless "+string(p), func(t *testing.T) {
			b := newBench(t)
			b.state(func(s *world.State) { s.Exchange.Faults[p] = world.Endless })
			k := b.dial(p)
			if _, err := k.r.Discard(len(prefix)); err != nil {
				t.Fatal(err)
			}
			for range 1 << 20 {
				c, err := k.r.ReadByte()
				if err != nil || c == '\n' {
					t.Fatalf("%q, %v: the greeting has an end", c, err)
				}
			}
		})
	}
}

func TestLinesAreLimited(t *testing.T) {
	b := newBench(t)
	for _, p := range []world.Protocol{world.IMAP, world.POP3, world.SMTP} {
		k := b.dial(p)
		k.read()
		k.send("A %s", strings.Repeat("x", 20000))
		k.gone()
	}
	// A token of the usual size, and a much larger one, must fit.
	k := b.dial(world.IMAP)
	k.read()
	k.send("A AUTHENTICATE XOAUTH2 %s", blob(world.Support, b.token(grant{who: world.Support, scp: allScopes + strings.Repeat(" x", 3000)})))
	k.want("A OK AUTHENTICATE completed.")
}
