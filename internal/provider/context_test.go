package provider_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

func TestContextIsSetByKeys(t *testing.T) {
	var got provider.Context
	for _, pair := range [][2]string{
		{"phase", "Token refresh"}, {"account_type", "shared mailbox"}, {"mailbox", " sales@contoso.example "},
		{"signed_in_as", "svc@contoso.example"}, {"sasl_user", "svc@contoso.example"},
		{"scopes", "https://outlook.office.com/SMTP.Send offline_access"}, {"redirect_uri", "https://a.example/cb"},
		{"external_url", "https://a.example"}, {"grant", "refresh-token"}, {"client_id", "c"}, {"tenant", "contoso.example"},
		{"cloud", "GCC High"}, {"host", "smtp.office365.us"}, {"port", "587"}, {"protocol", "POP"}, {"audience", "aud"}, {"roles", "a b"},
		{"from", "sales@contoso.example"}, {"grant_age", "26h"}, {"changed", "smtp_auth"}, {"changed_ago", "10m"}, {"passed", "imap,token"},
		{"ticket", "4711"}, {"program", "fetchmail"},
	} {
		if err := got.Set(pair[0], pair[1]); err != nil {
			t.Errorf("%v: %v", pair, err)
		}
	}
	want := provider.Context{
		Phase: provider.PhaseRefresh, Method: setup.SharedAccount, Mailbox: "sales@contoso.example",
		SignedInAs: "svc@contoso.example", SASLUser: "svc@contoso.example", From: "sales@contoso.example",
		Scopes: []string{"https://outlook.office.com/SMTP.Send", "offline_access"}, Roles: []string{"a", "b"}, Audience: "aud",
		RedirectURI: "https://a.example/cb", ExternalURL: "https://a.example", Grant: oauth.GrantRefreshToken, ClientID: "c",
		Tenant: "contoso.example", Cloud: "entra_usgov", Host: "smtp.office365.us", Port: "587", Protocol: setup.POP3,
		GrantAge: 26 * time.Hour, Changed: provider.ChangeSwitch, ChangedAgo: 10 * time.Minute, TokenFine: true, IMAPWorks: true,
		Other: []finding.Evidence{{Source: "ticket", Text: "4711"}, {Source: "program", Text: "fetchmail"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEachValueOfAListIsUnderstood(t *testing.T) {
	for key, values := range map[string][]string{
		"account_type": {"mailbox_account", "shared_account", "Mailbox account", "delegate", "app-only"},
		"grant":        {"authorization_code", "refresh_token", "client_credentials", "password", "device_code", "code"},
		"cloud":        {"global", "gcc", "entra", "gcc-high", "DoD", "china", "21Vianet"},
		"protocol":     {"imap", "pop3", "smtp"},
		"phase":        {"sign-in", "redemption", "consent", "send", "tls"},
	} {
		for _, v := range values {
			if err := new(provider.Context).Set(key, v); err != nil {
				t.Error(err)
			}
		}
	}
	for _, phase := range provider.Phases {
		if err := new(provider.Context).Set("phase", string(phase)); err != nil {
			t.Error(err)
		}
	}
	for _, change := range provider.Changes() {
		if err := new(provider.Context).Set("changed", string(change)); err != nil {
			t.Error(err)
		}
	}
}

func TestAValueThatCannotBeNamesKeyValueAndChoice(t *testing.T) {
	for _, pair := range [][2]string{
		{"phase", "breakfast"}, {"account_type", "x"}, {"grant", "x"}, {"cloud", "x"}, {"protocol", "x"}, {"port", "0"}, {"port", "x"},
		{"port", "65536"}, {"grant_age", "long"}, {"grant_age", "-1h"}, {"changed", "x"}, {"changed_ago", ""}, {"passed", "imap x"},
	} {
		var c provider.Context
		err := c.Set(pair[0], pair[1])
		var wrong *provider.ContextError
		if !errors.As(err, &wrong) || wrong.Key != pair[0] || wrong.Value == "" && pair[1] != "" || len(wrong.Allowed) == 0 {
			t.Errorf("%v: %v", pair, err)
		}
		if diff := cmp.Diff(provider.Context{}, c); diff != "" {
			t.Errorf("%v has left a trace:\n%s", pair, diff)
		}
	}
}

func TestSetNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c provider.Context
		key := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"phase", "passed", "port", "scopes", "changed_ago"})).Draw(t, "key")
		value := rapid.String().Draw(t, "value")
		if err := c.Set(key, value); err == nil {
			provider.Entra.Explain(provider.Symptom{Text: value}, c)
		}
	})
}

func TestAPhaseSaysWhereALineCameFrom(t *testing.T) {
	for phase, want := range map[provider.Phase]string{
		provider.PhaseIMAP: "imap_disabled", provider.PhasePOP3: "token_refused", provider.PhaseToken: "redirect_uri_changed",
	} {
		line := map[provider.Phase]string{
			provider.PhaseIMAP: "NO AUTHENTICATE failed.", provider.PhasePOP3: "-ERR [AUTH] no", provider.PhaseToken: "AADSTS50011: no",
		}[phase]
		c := provider.Context{Phase: phase, TokenFine: true, Method: setup.MailboxAccount}
		if got := provider.Entra.Explain(provider.Symptom{Text: line}, c).Code(); got != want {
			t.Errorf("%s: %s, want %s", phase, got, want)
		}
	}
}
