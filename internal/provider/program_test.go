package provider_test

import (
	"errors"
	"testing"

	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// failed is a connection as another program tells of it.
func failed(p probe.Protocol, stage probe.Stage, kind probe.Kind, words string) provider.Symptom {
	s, _ := provider.SymptomOf(&probe.Error{Target: probe.Target{Protocol: p}, Stage: stage, Kind: kind, Reply: probe.Reply{Line: words}, Err: errors.New("x")})
	s.Program = true
	return s
}

// What a program does wrong looks like a fault of the server or the network;
// what is known besides tells.
func TestWhatProgramsDoWrong(t *testing.T) {
	at := func(protocol setup.Protocol, port string) provider.Context {
		return provider.Context{Protocol: protocol, Port: port}
	}
	for _, tt := range []struct {
		name    string
		symptom provider.Symptom
		context provider.Context
		want    string
	}{
		{"POP3 at the port of IMAP, silence", failed(probe.POP3, probe.Greeting, probe.Timeout, "read timed out"), at(setup.POP3, "993"), "port_of_other_protocol"},
		{"SMTP at the port of IMAP", failed(probe.SMTP, probe.Greeting, probe.Closed, "connection closed"), at(setup.SMTP, "993"), "port_of_other_protocol"},
		{"SMTP at its older port, silence", failed(probe.SMTP, probe.Greeting, probe.Timeout, "read timed out"), at(setup.SMTP, "465"), "server_silent"},
		{"IMAP at its port, silence", failed(probe.IMAP, probe.Dial, probe.Timeout, "timed out"), at(setup.IMAP, "993"), "port_blocked"},
		{"a port of nobody", failed(probe.IMAP, probe.Dial, probe.Timeout, "timed out"), at(setup.IMAP, "8993"), "port_blocked"},
		{"a proxy on the way", failed(probe.POP3, probe.ProxyStage, probe.Timeout, "timed out"), at(setup.POP3, "993"), "proxy_unreachable"},
		{"SMTP greets an IMAP client", failed(probe.IMAP, probe.Greeting, probe.ProtocolError, "220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready"), provider.Context{}, "port_of_other_protocol"},
		{"IMAP greets a POP3 client", failed(probe.POP3, probe.Greeting, probe.ProtocolError, "* OK The Microsoft Exchange IMAP4 service is ready."), provider.Context{}, "port_of_other_protocol"},
		{"the web greets an IMAP client", failed(probe.IMAP, probe.Greeting, probe.ProtocolError, "HTTP/1.1 400 Bad Request"), provider.Context{}, "answer_not_understood"},

		{"TLS at once on 25", failed(probe.SMTP, probe.TLSStage, probe.NotTLS, "wrong version number"), at(setup.SMTP, "25"), "tls_before_starttls"},
		{"TLS at once on 143", failed(probe.IMAP, probe.TLSStage, probe.TLSOther, "handshake failure"), at(setup.IMAP, "143"), "tls_before_starttls"},
		{"no TLS on 993", failed(probe.IMAP, probe.TLSStage, probe.NotTLS, "wrong version number"), at(setup.IMAP, "993"), "tls_failed"},

		{"no mechanism in a library", failed(probe.SMTP, probe.Capability, probe.NoMechanism, "no mechanism available"), provider.Context{}, "client_misreads_server"},
		{"an unknown name", failed(probe.SMTP, probe.Resolve, probe.NoSuchHost, "getaddrinfo ENOTFOUND"), provider.Context{}, "host_not_found"},

		{"only IPv6, in brackets", failed(probe.SMTP, probe.Dial, probe.Unreachable, "dial tcp [2603:1026:c03:3804::2]:587: connect: network is unreachable"), provider.Context{}, "ipv6_unreachable"},
		{"both families", failed(probe.SMTP, probe.Dial, probe.Unreachable, "tried [2603:1026:c03:3804::2]:587, 52.97.1.1:587: network is unreachable"), provider.Context{}, "port_blocked"},
		{"a time is no address", failed(probe.SMTP, probe.Dial, probe.Unreachable, "10:22:33 network is unreachable"), provider.Context{}, "port_blocked"},

		{"a public issuer", failed(probe.IMAP, probe.TLSStage, probe.TLSUnknownAuthority, "unable to verify: issuer= /C=US/O=Microsoft Corporation/CN=Microsoft Azure RSA TLS Issuing CA 03"), provider.Context{}, "ca_certificates_missing"},
		{"the company's issuer", failed(probe.IMAP, probe.TLSStage, probe.TLSUnknownAuthority, "unable to verify: issuer= /O=Contoso/CN=Contoso Web Gateway"), provider.Context{}, "tls_not_trusted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if f := provider.Entra.Explain(tt.symptom, tt.context); f.Code() != tt.want {
				t.Errorf("got %v, want %s first", codes(f), tt.want)
			}
		})
	}
}

// Our own conversations see what the server offers: no program misreads it.
func TestOurOwnFailuresAreNoPrograms(t *testing.T) {
	for kind, want := range map[probe.Kind]string{probe.NoMechanism: "xoauth2_not_offered", probe.NoSuchHost: "host_not_found"} {
		s := failed(probe.IMAP, probe.Capability, kind, "")
		s.Program = false
		if f := provider.Entra.Explain(s, provider.Context{}); f.Code() != want || len(f.Causes) != 1 {
			t.Errorf("%s: %v", kind, codes(f))
		}
	}
}

func TestWordsOfLibraries(t *testing.T) {
	mail := []string{"https://outlook.office.com/IMAP.AccessAsUser.All"}
	for _, tt := range []struct {
		text    string
		context provider.Context
		want    string
	}{
		{"jwt.exceptions: Token has expired", provider.Context{Scopes: mail}, "refresh_token_damaged"},
		{"jwt.exceptions: Token has expired", provider.Context{Scopes: append(mail, "offline_access")}, "token_outdated_or_damaged"},
		{"jwt.exceptions: Token has expired", provider.Context{}, "token_outdated_or_damaged"},
		{"OAuthError: refresh token has expired", provider.Context{Scopes: mail}, "grant_expired"},
		{"ValueError: No refresh token was returned by the provider", provider.Context{}, "refresh_token_damaged"},
		{"KeyError: claim 'email' not found in id_token", provider.Context{}, "account_address_missing"},
		{"Could not determine the user's e-mail from the claims", provider.Context{}, "account_address_missing"},
		{"could not find an e-mail with this subject", provider.Context{}, "unexplained"},
		{"no user claims to have seen it", provider.Context{}, "unexplained"},

		// Sentences without their numbers.
		{"The reply URL specified in the request does not match the reply URLs configured for the application: 'x'.", provider.Context{}, "redirect_uri_mismatch"},
		{"The provided client secret keys for app 'x' are expired.", provider.Context{}, "client_secret_expired"},
		{"The request body must contain the following parameter: 'scope'.", provider.Context{}, "scope_missing"},
		{"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", provider.Context{}, "client_secret_missing"},
		{"Access has been blocked by Conditional Access policies.", provider.Context{}, "policy_blocks_sign_in"},
	} {
		if f := provider.Entra.Explain(provider.Symptom{Text: tt.text}, tt.context); f.Code() != tt.want {
			t.Errorf("%q: %v, want %s first", tt.text, codes(f), tt.want)
		}
	}
	// A number that was said outweighs the sentence.
	if f := provider.Entra.Explain(provider.Symptom{Text: "AADSTS50194: the user account is disabled"}, provider.Context{}); f.Code() != "tenant_needed" {
		t.Errorf("%v", codes(f))
	}
}

// What is known of consent, scopes and grant decides where the words cannot.
func TestConsentAndScopesDecide(t *testing.T) {
	n := func(number int, text string) provider.Symptom {
		return provider.Symptom{Numbers: []int{number}, Text: text}
	}
	const requested = "one or more scopes requested are unauthorized or expired"
	mail := []string{"https://outlook.office365.com/SMTP.Send", "offline_access"}
	for _, tt := range []struct {
		name    string
		symptom provider.Symptom
		context provider.Context
		want    []string
	}{
		{"consent exists", n(90094, ""), provider.Context{Consented: true}, []string{"consent_prompt_forced", "consent_missing"}},
		{"consent exists, another prompt", n(90094, ""), provider.Context{Consented: true, Prompt: "select_account"}, []string{"admin_consent_needed"}},
		{"consent is asked for", n(90094, ""), provider.Context{Prompt: "consent"}, []string{"admin_consent_needed", "consent_prompt_forced"}},
		{"the page, consent exists", n(0, "Approval required. This app requires your admin's approval"), provider.Context{Consented: true}, []string{"consent_prompt_forced", "consent_missing"}},
		{"the page", n(0, "Administrator consent is required"), provider.Context{}, []string{"admin_consent_needed"}},

		{"scopes of Graph only", n(65001, ""), provider.Context{Scopes: []string{"User.Read", "Calendars.Read"}}, []string{"scope_not_granted", "consent_missing", "admin_consent_needed"}},
		{"scopes of mail", n(65001, ""), provider.Context{Scopes: mail}, []string{"consent_missing", "admin_consent_needed"}},
		{"scopes of the grant", n(70000, requested), provider.Context{Scopes: mail, Granted: []string{"SMTP.Send", "offline_access"}}, []string{"consent_missing", "scope_not_granted", "grant_expired"}},
		{"a scope beyond the grant", n(70000, requested), provider.Context{Scopes: mail, Granted: []string{"offline_access"}}, []string{"scope_not_granted", "consent_missing", "grant_expired"}},

		{"a comma before a blank", n(70011, "The scope offline_access, SMTP.Send is not valid"), provider.Context{}, []string{"scope_separator", "scope_unknown"}},
		{"a comma of the sentence", n(650053, "asked for scope 'SMTP.Sent' on the resource, contact the vendor"), provider.Context{}, []string{"scope_unknown"}},
		{"two services", n(70011, "are not compatible with each other"), provider.Context{}, []string{"scope_several_resources"}},
		{"no code", n(90014, "The required field 'code' is missing from the credential"), provider.Context{}, []string{"code_not_returned", "scope_unknown", "consent_declined"}},
		{"an older number", n(70002, "must contain the following parameter: 'client_assertion' or 'client_secret'"), provider.Context{}, []string{"client_secret_missing", "public_client_not_allowed"}},
		{"nothing registered", n(50011, "No reply address is registered for the application, seen at the token endpoint"), provider.Context{Phase: provider.PhaseToken}, []string{"redirect_uri_none"}},
		{"malformed, nothing known", n(90023, "malformed"), provider.Context{}, []string{"request_malformed", "code_damaged", "refresh_token_damaged"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := provider.Entra.Explain(tt.symptom, tt.context)
			if got := codes(f); len(got) != len(tt.want) || got[0] != tt.want[0] || got[len(got)-1] != tt.want[len(got)-1] {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMailboxOfItsOwnAccount(t *testing.T) {
	connected := said(probe.IMAP, "A4 BAD User is authenticated but not connected.")
	own := provider.Context{Method: setup.MailboxAccount}
	if got := codes(provider.Entra.Explain(connected, own)); got[0] != "token_of_another_account" || got[1] != "imap_disabled" {
		t.Errorf("nobody said who signed in: %v", got)
	}
	shared := provider.Context{Method: setup.SharedAccount}
	if got := codes(provider.Entra.Explain(connected, shared)); got[0] != "full_access_missing" {
		t.Errorf("a shared mailbox, no names: %v", got)
	}
	port25 := provider.Context{Port: "25"}
	refused := said(probe.SMTP, "504 5.7.4 Unrecognized authentication type")
	if got := codes(provider.Entra.Explain(refused, port25)); got[0] != "port_takes_no_login" || got[1] != "mechanism_refused" {
		t.Errorf("port 25: %v", got)
	}
	app := provider.Context{Grant: oauth.GrantClientCredentials, SASLUser: "a@contoso.example", From: "b@contoso.example"}
	denied := said(probe.SMTP, "550 5.7.60 SMTP; Client does not have permissions to send as this sender")
	f := provider.Entra.Explain(denied, app)
	if f.Code() != "send_as_denied" || f.Params["signed_in_as"] != "a@contoso.example" {
		t.Errorf("the login's mailbox: %v %v", codes(f), f.Params)
	}
}
