package check

import (
	"encoding/base64"
	"slices"
	"testing"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// A refusal is not blamed on a token that can be seen to be right.
func TestTokenContextRulesOutWhatTheTokenShows(t *testing.T) {
	jwt := func(claims string) secret.Text {
		enc := base64.RawURLEncoding.EncodeToString
		return secret.New(enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("x")))
	}
	refused := provider.Symptom{Protocol: probe.IMAP, Stage: probe.Authenticate, Reply: "NO", Text: "NO AUTHENTICATE failed."}
	known := provider.Context{Method: setup.MailboxAccount, Mailbox: "a@contoso.example", SignedInAs: "a@contoso.example", Protocol: setup.IMAP}
	for _, tt := range []struct {
		name  string
		token oauth.Token
		first string
		out   []string // not among the causes
	}{
		{"right", oauth.Token{Access: jwt(`{"aud":"https://outlook.office.com","scp":"IMAP.AccessAsUser.All SMTP.Send"}`)}, "imap_disabled", []string{"token_wrong_audience", "token_scope_missing"}},
		{"for Graph", oauth.Token{Access: jwt(`{"aud":"https://graph.microsoft.com","scp":"IMAP.AccessAsUser.All"}`)}, "token_wrong_audience", []string{"imap_disabled"}},
		{"for sending only", oauth.Token{Access: jwt(`{"aud":"https://outlook.office.com","scp":"SMTP.Send"}`)}, "token_scope_missing", []string{"imap_disabled"}},
		{"opaque", oauth.Token{Access: secret.New("EwB"), Scope: []string{"https://outlook.office.com/IMAP.AccessAsUser.All"}}, "imap_disabled", []string{"token_wrong_audience"}},
	} {
		f := provider.Entra.Explain(refused, tokenContext(known, tt.token))
		if f.Code() != tt.first {
			t.Errorf("%s: %s, want %s", tt.name, f.Code(), tt.first)
		}
		for _, code := range tt.out {
			if slices.ContainsFunc(f.Causes, func(c finding.Cause) bool { return c.Code == code }) {
				t.Errorf("%s: %s is still suspected", tt.name, code)
			}
		}
	}
}
