package provider_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

func TestNumbersAreWholeNumbers(t *testing.T) {
	for text, want := range map[string][]int{
		"AADSTS50011: The redirect URI":                      {50011},
		"AADSTS500113: No reply address":                     {500113},
		"AADSTS70002: Error. AADSTS54005: already redeemed":  {70002, 54005},
		"Trace ID: 50011aad-5001-1111-8333-9a0b1c2d3e4f":     nil,
		"https://login.microsoftonline.com/error?code=50011": {50011},
		"AADSTS7000215":       {7000215},
		"AADSTS1234567890123": nil,
		`{"strServiceExceptionMessage":"AADSTS50011: The redirect"}`: {50011},
	} {
		if diff := cmp.Diff(want, provider.Numbers(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func tokenError(status int, code, description string, numbers ...int) *oauth.Error {
	return &oauth.Error{
		Endpoint: oauth.TokenEnd, Grant: oauth.GrantAuthorizationCode, HTTPStatus: status,
		Code: code, Description: description, Numbers: numbers, CorrelationID: "6f1d2c3b",
	}
}

func TestExplainSignIn(t *testing.T) {
	page := func(text string) *oauth.Error { return &oauth.Error{Endpoint: oauth.Authorize, Description: text} }
	grant := func(g string, e *oauth.Error) *oauth.Error { e.Grant = g; return e }
	tests := []struct {
		name string
		err  *oauth.Error
		want string
	}{
		{"redirect on the page", page("AADSTS50011: The redirect URI 'x' specified in the request does not match"), "redirect_uri_mismatch"},
		{"redirect at the token endpoint", tokenError(400, "invalid_client", "AADSTS50011: The reply address", 50011), "redirect_uri_changed"},
		{"500113 is not 50011", page("AADSTS500113: No reply address is registered"), "redirect_uri_none"},
		{"secret", tokenError(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.", 7000215), "client_secret_invalid"},
		{"expired secret", tokenError(401, "invalid_client", "AADSTS7000222: keys are expired.", 7000222), "client_secret_expired"},
		{"double code: the particular one", tokenError(400, "invalid_grant", "AADSTS70002: Error validating credentials. AADSTS54005: OAuth2 Authorization code was already redeemed", 70002, 54005), "code_used"},
		{"code too old", tokenError(400, "invalid_grant", "AADSTS70008: expired", 70008), "code_expired"},
		{"refresh token too old", grant(oauth.GrantRefreshToken, tokenError(400, "invalid_grant", "AADSTS70008: expired", 70008)), "grant_expired"},
		{"revoked", grant(oauth.GrantRefreshToken, tokenError(400, "invalid_grant", "AADSTS50173: revoked", 50173)), "grant_revoked"},
		{"throttled without words", &oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 429, Body: "Too Many Requests"}, "token_endpoint_throttled"},
		{"throttling that looks like revocation", grant(oauth.GrantRefreshToken, tokenError(400, "invalid_grant", "AADSTS50196: loop", 50196)), "token_endpoint_throttled"},
		{"unknown number falls back to its class", tokenError(401, "invalid_client", "AADSTS7999999: news", 7999999), "client_refused"},
		{"unknown number of a renewal", grant(oauth.GrantRefreshToken, tokenError(400, "invalid_grant", "AADSTS799999: news", 799999)), "interaction_needed"},
		{"no approval, no number", &oauth.Error{Endpoint: oauth.Authorize, Code: "access_denied", Subcode: "cancel"}, "admin_consent_needed"},
		{"declined", &oauth.Error{Endpoint: oauth.Authorize, Code: "access_denied", Description: "AADSTS65004: User declined"}, "consent_declined"},
		{"policy for people", tokenError(400, "invalid_grant", "AADSTS53003: blocked", 53003), "policy_blocks_sign_in"},
		{"policy for applications", grant(oauth.GrantClientCredentials, tokenError(400, "invalid_grant", "AADSTS53003: blocked", 53003)), "policy_blocks_application"},
		{"a gateway", &oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 502, Body: "<html>"}, "provider_unavailable"},
		{"nothing known", &oauth.Error{Endpoint: oauth.Authorize, Description: "the moon is full"}, "unexplained"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := provider.Entra.ExplainError(tt.err, provider.Context{})
			if !ok || f.Code() != tt.want {
				t.Fatalf("got %s, want %s", f.Code(), tt.want)
			}
			if len(f.Evidence) == 0 || !strings.Contains(f.Evidence[0].Text, tt.err.Description) {
				t.Errorf("the server's words are not in the evidence: %+v", f.Evidence)
			}
		})
	}
}

func mailError(p probe.Protocol, stage probe.Stage, status, line string) *probe.Error {
	e := &probe.Error{
		Target: probe.Target{Protocol: p, Host: "outlook.office365.com", Port: 993}, Stage: stage,
		Kind: probe.RefusedByServer, Err: errors.New("refused"), Reply: probe.Reply{Line: line, Status: status},
	}
	if p == probe.SMTP {
		e.Reply.Status, e.Reply.Code = "", 535
		e.Reply.Enhanced = strings.Fields(line)[1]
	}
	return e
}

func TestExplainMail(t *testing.T) {
	own := provider.Context{Method: setup.MailboxAccount, Mailbox: "support@contoso.example", SignedInAs: "support@contoso.example", TokenFine: true}
	shared := provider.Context{Method: setup.SharedAccount, Mailbox: "sales@contoso.example", SignedInAs: "svc@contoso.example", Protocol: setup.IMAP, TokenFine: true}
	proven := shared
	proven.OtherMailboxWorks = true
	connected := mailError(probe.IMAP, probe.Open, "BAD", "BAD User is authenticated but not connected.")
	tests := []struct {
		name    string
		err     *probe.Error
		context provider.Context
		want    []string
	}{
		{"the owner is not connected", connected, own, []string{"imap_disabled", "mailbox_missing"}},
		{"a delegate is not connected", connected, shared, []string{"full_access_missing", "imap_disabled", "mailbox_missing"}},
		{"a delegate whose IMAP works elsewhere", connected, proven, []string{"full_access_missing", "mailbox_missing"}},
		{"login refused", mailError(probe.IMAP, probe.Authenticate, "NO", "NO AUTHENTICATE failed."), own,
			[]string{"imap_disabled", "mail_login_refused", "mailbox_missing"}},
		{"POP3 of the owner", mailError(probe.POP3, probe.Authenticate, "-ERR", "-ERR Authentication failure: unknown user name or bad password."), own,
			[]string{"pop3_disabled", "mail_login_refused", "mailbox_missing"}},
		{"tenant switch", mailError(probe.SMTP, probe.Authenticate, "", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled"), own,
			[]string{"smtp_auth_disabled_tenant"}},
		{"mailbox switch", mailError(probe.SMTP, probe.Authenticate, "", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."), own,
			[]string{"smtp_auth_disabled_mailbox"}},
		{"identity", mailError(probe.SMTP, probe.Authenticate, "", "535 5.7.3 Authentication unsuccessful [AM0PR02CA0134]"), shared,
			[]string{"smtp_login_refused", "mailbox_missing"}},
		{"send as", mailError(probe.SMTP, probe.SendStage, "", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"), shared,
			[]string{"send_as_denied"}},
		{"throttled", mailError(probe.IMAP, probe.Open, "BAD", "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds"), own,
			[]string{"mailbox_throttled"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := provider.Entra.ExplainError(tt.err, tt.context)
			var got []string
			for _, c := range f.Causes {
				got = append(got, c.Code)
			}
			if !ok || !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEveryTransportKindIsExplained(t *testing.T) {
	for _, kind := range []probe.Kind{
		probe.NoSuchHost, probe.DNSFailed, probe.ForbiddenAddress, probe.ForbiddenPort, probe.Refused, probe.Unreachable, probe.Timeout,
		probe.Reset, probe.Closed, probe.TLSUnknownAuthority, probe.TLSWrongName, probe.TLSExpired, probe.TLSOther,
		probe.NotTLS, probe.NoSTARTTLS, probe.NoMechanism, probe.ProtocolError, probe.Limit,
	} {
		for _, p := range []provider.Provider{provider.Entra, provider.OpenID} {
			e := &probe.Error{Target: probe.Target{Protocol: probe.IMAP, Host: "h", Port: 993}, Stage: probe.Greeting, Kind: kind, Err: errors.New("x")}
			if f, ok := p.ExplainError(e, provider.Context{}); !ok || f.Code() == "unexplained" {
				t.Errorf("%s: %s is %s", p.Kind, kind, f.Code())
			}
		}
	}
}

func TestExplainLeavesOurOwnFaultsAlone(t *testing.T) {
	if _, ok := provider.Entra.ExplainError(errors.New("disk full"), provider.Context{}); ok {
		t.Error("an error of ours became a finding about the setup")
	}
}

// What nobody knows stays visible as a name, also in commands.
func TestUnknownValuesStayNames(t *testing.T) {
	e := mailError(probe.IMAP, probe.Open, "BAD", "BAD User is authenticated but not connected.")
	f, _ := provider.Entra.ExplainError(e, provider.Context{Method: setup.MailboxAccount})
	if f.Params["signed_in_as"] != "<signed_in_as>" {
		t.Errorf("params %v", f.Params)
	}
}

func TestIssuerAndTenant(t *testing.T) {
	const id = "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"
	const issuer = "https://login.microsoftonline.com/" + id + "/v2.0"
	for _, tt := range []struct {
		tenant, issuer string
		want           bool
	}{
		{id, issuer, true},
		{strings.ToUpper(id), issuer, true},
		{"contoso.example", issuer, true},
		{"6f1d2c3b-1111-4222-8333-9a0b1c2d3e40", issuer, false},
		{"contoso.example", "https://login.microsoftonline.com/{tenantid}/v2.0", false},
		{"contoso.example", "https://evil.example/" + id + "/v2.0", false},
		{"contoso.example", "https://login.microsoftonline.com.evil.example/" + id + "/v2.0", false},
		{id, "https://login.microsoftonline.com/" + id, false},
	} {
		if got := provider.Entra.IssuerOK(tt.tenant, tt.issuer); got != tt.want {
			t.Errorf("IssuerOK(%q, %q) = %v", tt.tenant, tt.issuer, got)
		}
	}
}

func TestAskForNamesOneMailResourceAndARefreshToken(t *testing.T) {
	got := provider.Entra.AskFor([]setup.Protocol{setup.SMTP, setup.IMAP})
	want := []string{
		"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send",
		"offline_access", "openid", "profile", "email",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConnections(t *testing.T) {
	var got []string
	for _, c := range provider.Entra.Connections([]setup.Protocol{setup.POP3}) {
		got = append(got, c.Target.String())
	}
	want := []string{"https login.microsoftonline.com:443", "https login.microsoft.com:443", "pop3 outlook.office365.com:995"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	lab := provider.Entra.At("http://127.0.0.1:8081/", map[setup.Protocol]provider.Endpoint{setup.IMAP: {Host: "127.0.0.1", Port: 1993, Security: probe.TLS}})
	if c := lab.Connections([]setup.Protocol{setup.IMAP}); c[0].Target.String() != "tcp 127.0.0.1:8081" || c[1].Target.String() != "imap 127.0.0.1:1993" {
		t.Errorf("connections of the lab: %v", c)
	}
	if provider.Entra.Hosts[setup.IMAP].Host != "outlook.office365.com" {
		t.Error("At has changed the original")
	}
}
