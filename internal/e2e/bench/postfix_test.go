package bench_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/internal/e2e/bench"
	"latchkey/internal/secret"
)

func TestPostfixTakesOnlySendersOfTheAccount(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op, Delegations: map[string][]string{bench.B: {bench.A}}})
	p := bench.StartPostfix(t, bench.PostfixOptions{Dovecot: d, SenderLogins: map[string][]string{bench.B: {bench.A}}})
	token := op.SignIn(t, bench.A, bench.ScopeSMTP).Access
	url := fmt.Sprintf("smtp://%s:%d/client.lab.test", bench.Host, p.Submission)

	// The account's own address, and a shared mailbox it may send as.
	for _, from := range []string{bench.A, bench.B} {
		if res := submit(t, p.CA, url, bench.A, token, from, bench.A); res.Code != curlOK {
			t.Errorf("from %s: curl ends with %d: %s", from, res.Code, res.Stderr)
		}
		if !eventually(func() bool {
			for _, m := range d.Mails(t, bench.A) {
				if strings.HasPrefix(m.Raw, "Return-Path: <"+from+">\n") {
					return true
				}
			}
			return false
		}) {
			t.Errorf("from %s: the message did not arrive", from)
		}
	}

	res := submit(t, p.CA, url, bench.A, token, bench.C, bench.A)
	if want := "553 5.7.1 <c@lab.test>: Sender address rejected: not owned by user a@lab.test"; res.Code == curlOK || !strings.Contains(res.Stderr, want) {
		t.Errorf("from c: curl ends with %d, the server said %q, want %q", res.Code, res.Stderr, want)
	}
	res = submit(t, p.CA, url, bench.A, token, bench.A, "someone@elsewhere.example")
	if want := "550 5.4.1 <someone@elsewhere.example>: Recipient address rejected: nothing leaves this machine"; res.Code == curlOK || !strings.Contains(res.Stderr, want) {
		t.Errorf("to another domain: curl ends with %d, the server said %q, want %q", res.Code, res.Stderr, want)
	}
	for name, tt := range map[string]struct {
		user  string
		token secret.Text
	}{
		"unknown token":     {bench.A, secret.New("unknown")},
		"another's mailbox": {bench.B, token},
		"scope missing":     {bench.A, op.SignIn(t, bench.A, bench.ScopeIMAP).Access},
	} {
		if res := submit(t, p.CA, url, tt.user, tt.token, bench.A, bench.A); res.Code != curlLogin {
			t.Errorf("%s: curl ends with %d, want a refused login; the server said %q", name, res.Code, res.Stderr)
		}
	}
	for _, secret := range []string{token.Reveal(), op.ClientSecret.Reveal()} {
		if strings.Contains(p.Log(t)+d.Log(t)+op.Log(), secret) {
			t.Error("a secret stands in a log")
		}
	}
}

func TestPostfixTakesNothingWithoutTLSOrLogin(t *testing.T) {
	op := bench.StartOP(t, bench.OPOptions{})
	d := bench.StartDovecot(t, bench.DovecotOptions{OP: op})
	p := bench.StartPostfix(t, bench.PostfixOptions{Dovecot: d})
	said := conversation(t, bench.Host, p.Submission, "EHLO x\r\nMAIL FROM:<a@lab.test>\r\nQUIT\r\n")
	if strings.Contains(said, "AUTH") || !strings.Contains(said, "250-STARTTLS") || !strings.Contains(said, "530 5.7.0 Must issue a STARTTLS command first") {
		t.Errorf("without TLS the server says %q", said)
	}
}
