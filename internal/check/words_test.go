package check_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/corpus"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// says is an answer of a mail server at a stage.
func says(where corpus.Where, stage corpus.Stage, lines ...string) corpus.Reply {
	return corpus.Reply{Where: where, Answer: corpus.Answer{Stage: stage, Lines: lines}}
}

// What other servers than Exchange say, and what no recording of Exchange
// shows: response codes of RFC 5530 and RFC 3206, the challenge of RFC 7628,
// Postfix's words; and the number 5.5.127, whose words nobody has written down.
func TestChecksMeetOtherWords(t *testing.T) {
	m := newMeeting(t)
	challenge := base64.StdEncoding.EncodeToString([]byte(`{"status":"insufficient_scope"}`))
	for name, tt := range map[string]struct {
		reply     corpus.Reply
		want      string
		microsoft bool // Exchange itself may say so
	}{
		"IMAP, the token":        {says(corpus.IMAP, corpus.Authenticate, "{tag} NO [AUTHENTICATIONFAILED] Authentication failed."), "delegation_missing", false},
		"IMAP, the right":        {says(corpus.IMAP, corpus.Authenticate, "{tag} NO [AUTHORIZATIONFAILED] Authorization failed."), "delegation_missing", false},
		"IMAP, later":            {says(corpus.IMAP, corpus.Authenticate, "{tag} NO [UNAVAILABLE] Temporary authentication failure."), "mail_server_busy", false},
		"IMAP, the limit":        {says(corpus.IMAP, corpus.Authenticate, "{tag} NO [LIMIT] Maximum number of connections reached."), "connections_limited", false},
		"IMAP, in use":           {says(corpus.IMAP, corpus.Open, "{tag} NO [INUSE] Mailbox in use."), "mailbox_in_use", false},
		"IMAP, no such mailbox":  {says(corpus.IMAP, corpus.Open, "{tag} NO [NONEXISTENT] Mailbox doesn't exist."), "mailbox_refused", false},
		"IMAP, the scope":        {says(corpus.IMAP, corpus.Authenticate, "+ "+challenge, "{tag} NO Authentication failed."), "token_permits_too_little", false},
		"POP3, the token":        {says(corpus.POP3, corpus.Authenticate, "-ERR [AUTH] Authentication failed."), "delegation_missing", false},
		"POP3, later":            {says(corpus.POP3, corpus.Authenticate, "-ERR [SYS/TEMP] Temporary authentication failure."), "mail_server_busy", false},
		"POP3, in use":           {says(corpus.POP3, corpus.Authenticate, "-ERR [IN-USE] Mailbox is in use."), "mailbox_in_use", false},
		"POP3, the limit":        {says(corpus.POP3, corpus.Authenticate, "-ERR Maximum number of connections from user+IP exceeded"), "connections_limited", false},
		"POP3, no such mailbox":  {says(corpus.POP3, corpus.Open, "-ERR Unable to open the mailbox."), "delegation_missing", false},
		"POP3, the scope":        {says(corpus.POP3, corpus.Authenticate, "+ "+challenge, "-ERR Authentication failed."), "token_permits_too_little", false},
		"SMTP, the token":        {says(corpus.SMTP, corpus.Authenticate, "535 5.7.8 Error: authentication failed:"), "delegation_missing", false},
		"SMTP, the scope":        {says(corpus.SMTP, corpus.Authenticate, "334 "+challenge, "535 5.7.8 Error: authentication failed:"), "token_permits_too_little", false},
		"SMTP, later":            {says(corpus.SMTP, corpus.Authenticate, "454 4.7.0 Temporary authentication failure"), "mail_server_busy", false},
		"SMTP, nearly over":      {says(corpus.SMTP, corpus.Authenticate, "501 5.5.127 The token is over soon"), "token_nearly_over", true},
		"SMTP, at the beginning": {says(corpus.SMTP, corpus.Greeting, "421 4.3.2 Service not available"), "mail_server_busy", false},
		"SMTP, the limit":        {says(corpus.SMTP, corpus.Greeting, "421 4.7.0 mail.contoso.example Error: too many connections from 192.0.2.7"), "connections_limited", false},
		"SMTP, slowed down":      {says(corpus.SMTP, corpus.Greeting, "421 4.7.500 Server busy, please try again later"), "server_address_throttled", true},
		"SMTP, nobody knows":     {says(corpus.SMTP, corpus.Greeting, "554 No service for you"), "unexplained", false},
		"SMTP, the sender":       {says(corpus.SMTP, corpus.MailFrom, "553 5.7.1 <sales@contoso.example>: Sender address rejected: not owned by user svc"), "sender_not_allowed", false},
		"SMTP, the message":      {says(corpus.SMTP, corpus.EndOfData, "554 5.6.0 Message content rejected"), "message_refused", false},
	} {
		t.Run(name, func(t *testing.T) {
			m.t = t
			m.know(nil)
			m.env.Setup.Application.Protocols = setup.Protocols
			m.env.Provider.Rules = provider.OpenID.Rules
			if tt.microsoft {
				m.env.Provider.Rules = provider.Entra.Rules
			}
			list := m.meet(tt.reply, "")
			if where := tt.reply.Where; where != corpus.SMTP { // the test message is looked for there, too
				m.env.Setup.Application.Protocols = []setup.Protocol{setup.Protocol(where), setup.SMTP}
				m.lab.Replay(tt.reply)
				list = append(list, m.judge(check.TestMessage, ""))
				m.lab.EndReplay()
			}
			for _, out := range list {
				if got := codes(out); len(got) != 1 || got[0] != tt.want {
					t.Errorf("found %q, want %s", got, tt.want)
				}
			}
		})
	}
}

// A server that offers other ways to log in only.
func TestChecksMeetServersWithoutXOAUTH2(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	for _, reply := range []corpus.Reply{
		says(corpus.IMAP, corpus.Capability, "* CAPABILITY IMAP4rev1 AUTH=PLAIN", "{tag} OK done"),
		says(corpus.POP3, corpus.Capability, "+OK", "SASL PLAIN", "."),
		says(corpus.SMTP, corpus.Capability, "250-{name} Hello", "250-STARTTLS", "250 AUTH PLAIN"),
	} {
		for _, out := range m.meet(reply, "") {
			wantCodes(t, out, "xoauth2_not_offered")
		}
	}
}

// What the sign-in service and whatever stands in front of it say beside the
// recordings.
func TestChecksMeetOtherAnswersOfTheSignIn(t *testing.T) {
	m := newMeeting(t)
	body := func(where corpus.Where, status int, text string) corpus.Reply {
		return corpus.Reply{Where: where, Answer: corpus.Answer{Status: status, ContentType: "text/plain", Body: text}}
	}
	for name, tt := range map[string]struct {
		reply corpus.Reply
		grant string
		want  string
	}{
		"proxy, discovery":     {body(corpus.Discovery, 407, "Proxy Authentication Required"), "", "proxy_wants_login"},
		"discovery, too often": {body(corpus.Discovery, 429, "Too Many Requests"), "", "token_endpoint_throttled"},
		"discovery, a new number": {corpus.Reply{Where: corpus.Discovery, Answer: corpus.Answer{
			Error: "invalid_request", Codes: []int{9999991}, Description: "AADSTS9999991: Nobody has written this number down yet.",
		}}, "", "request_malformed"},
		"proxy, code":          {body(corpus.Token, 407, "Proxy Authentication Required"), oauth.GrantAuthorizationCode, "proxy_wants_login"},
		"proxy, refresh":       {body(corpus.Token, 407, "Proxy Authentication Required"), oauth.GrantRefreshToken, "proxy_wants_login"},
		"nobody knows":         {body(corpus.Discovery, 418, "short and stout"), "", "unexplained"},
		"nobody knows, code":   {body(corpus.Token, 418, "short and stout"), oauth.GrantAuthorizationCode, "unexplained"},
		"nobody knows, secret": {body(corpus.Token, 418, "short and stout"), oauth.GrantClientCredentials, "unexplained"},
		"personal account": {corpus.Reply{Where: corpus.Token, Answer: corpus.Answer{
			Grant: oauth.GrantRefreshToken, Error: "invalid_grant", Codes: []int{70000},
			Description: "AADSTS70000: The request was denied because one or more scopes requested are unauthorized or expired. " +
				"The user must first sign in and grant the client application access to the requested scope.",
		}}, oauth.GrantRefreshToken, "consent_missing"},
		"the same, code": {corpus.Reply{Where: corpus.Token, Answer: corpus.Answer{
			Grant: oauth.GrantAuthorizationCode, Error: "invalid_grant", Codes: []int{70000},
			Description: "AADSTS70000: The request was denied because one or more scopes requested are unauthorized or expired. " +
				"The user must first sign in and grant the client application access to the requested scope.",
		}}, oauth.GrantAuthorizationCode, "consent_missing"},
		"Keycloak, redirect URI": {corpus.Reply{Where: corpus.AuthorizePage, Answer: corpus.Answer{Description: "Invalid parameter: redirect_uri"}}, "",
			"redirect_uri_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			m.t = t
			m.know(nil)
			for _, out := range m.meet(tt.reply, tt.grant) {
				if got := codes(out); len(got) != 1 || got[0] != tt.want {
					t.Errorf("found %q, want %s", got, tt.want)
				}
			}
		})
	}
}

// errDisk is a failure that is no server's.
var errDisk = errors.New("the disk is full")

// A fault of ours ends in a panic, which the runner turns into internal_error.
func TestChecksThatCannotDoTheirWork(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	faulty := *m.env
	broken := func(context.Context) (oauth.Token, error) { return oauth.Token{}, errDisk }
	faulty.Token, faulty.Refresh = broken, broken
	faulty.ClientSecret = func(context.Context) (secret.Text, error) { return secret.Text{}, errDisk }
	faulty.SignIn = check.SignIn{Finished: true, Failure: &check.Failure{Err: errDisk}}
	for _, c := range append([]*check.Check{check.SecretShape, check.Tenant, check.Client, check.SignedIn, check.Network}, renewed...) {
		t.Run(c.ID, func(t *testing.T) {
			target := check.Target{}
			if list := c.TargetsOf(&faulty); c != check.Network && len(list) > 0 {
				target = list[0]
			}
			faulty := faulty
			if c == check.Tenant {
				faulty.OAuth = nil // it has nothing else that could fail by itself
			}
			defer func() {
				if recover() == nil {
					t.Error("it went on")
				}
				out := check.Internal(c, "reference")
				wantCodes(t, out, "internal_error")
				provoked.note(c, out)
			}()
			judge(t, c, &faulty, target)
		})
	}
}

// A refusal while a change spreads is explained by the change.
func TestRefusalsShortlyAfterAChange(t *testing.T) {
	m := newMeeting(t)
	evidence := func(ago time.Duration) {
		m.env.Setup.Mailbox = setup.Evidence{Decision: setup.ByScript, Exchange: &setup.Exchange{Repaired: true, At: time.Now().Add(-ago)}}
	}
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"imap_authenticate_failed_own": "switch_change_spreading", "imap_not_connected_shared": "access_change_spreading",
		"pop3_refused_own": "switch_change_spreading", "pop3_refused_shared": "access_change_spreading",
		"smtp_auth_disabled_tenant": "switch_change_spreading", "smtp_send_as": "access_change_spreading",
	} {
		t.Run(id, func(t *testing.T) {
			m.t = t
			item, ok := recordings.Find(id)
			if !ok {
				t.Fatal("the item is gone")
			}
			m.know(item.Context)
			for ago, first := range map[time.Duration]string{10 * time.Minute: want, time.Hour: item.Code} {
				evidence(ago)
				for _, out := range m.meet(item.Replies()[0], "") {
					if got := codes(out); len(got) != 1 || got[0] != first {
						t.Errorf("%s after the change found %q, want %s", ago, got, first)
					}
				}
			}
		})
	}
}

// So is a refusal of the sign-in service: by a fresh secret, or by a fresh
// consent.
func TestRefusalsOfTheSignInShortlyAfterAChange(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"aadsts7000215": "secret_change_spreading", "aadsts700011": "consent_change_spreading"} {
		item, ok := recordings.Find(id)
		if !ok {
			t.Fatalf("%s is gone", id)
		}
		m.know(nil)
		m.env.Setup.Registration.SecretMadeAt = time.Now().Add(-2 * time.Minute)
		m.env.Setup.Registration.Consent = nil
		if want == "consent_change_spreading" {
			m.env.Setup.Registration.Consent = &setup.Consent{Granted: true, At: time.Now().Add(-time.Minute)}
		}
		m.lab.Replay(item.Replies()[0])
		found := map[string]check.Outcome{check.Client.ID: m.judge(check.Client, ""), check.SignedIn.ID: m.signedIn(m.redeem())}
		m.env.Token = m.renew
		for _, c := range []*check.Check{check.TokenRefresh, check.TokenClaims, check.TokenLifetime} {
			found[c.ID] = m.judge(c, "")
		}
		m.lab.EndReplay()
		for name, out := range found {
			if got := codes(out); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s found %q, want %s", id, name, got, want)
			}
		}
	}
}
