package paste_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/paste"
)

// How programs frame what they met.
func TestFramesOfPrograms(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"quoted by backticks", "`NO [UNAVAILABLE] Server busy`\nfrom our imap worker", "imap mailbox NO Server busy"},
		{"tagged, in backticks", "imap said `b7 NO AUTHENTICATE failed.`", "imap authenticate NO AUTHENTICATE failed."},
		{"a colon behind the code", "lettre: transient error (451): 4.7.0 Temporary server error. Please try again later", "smtp send 451 4.7.0 Temporary server error. Please try again later"},
		{"IMAP spoken to a POP3 server", "+OK Ready.\n-> A01 CAPABILITY\n<- -ERR Unknown command.", "imap imap greeting protocol"},
		{"a list of POP3 after a tag", "+OK 2 messages\n10:00:01 LIST\n-ERR No such message", "pop3 mailbox -ERR No such message"},
		{"reasons that may be", "smtp.office365.com:587 handshake failure for one of the following reasons:\n - the certificate has expired\n - self-signed certificate\n", "network smtp tls tls_other smtp.office365.com 587"},
		{"reasons that were seen", "imap: handshake failure\n - the certificate has expired\n", "network imap tls tls_expired"},
		{"one of two possibilities", "Exception: you may use a port that does not support SSL, or the server is not trusted: imap.contoso.example:143", "network imap tls tls_other imap.contoso.example 143"},
		{"the error word alone", "invalid_request:\n\nThe request body must contain the following parameter: 'scope'.", "authorize authorize invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := paste.TakeApart(tt.text)
			if err != nil || len(parts.Sightings) == 0 {
				t.Fatalf("%v, nothing was seen", err)
			}
			if diff := cmp.Diff(tt.want, told(parts.Sightings[0])); diff != "" {
				t.Error(diff)
				for _, s := range parts.Sightings {
					t.Logf("%s", told(s))
				}
			}
		})
	}
}

func TestWordsOfALoginAreMarked(t *testing.T) {
	for text, want := range map[string]bool{
		"could not sign in to the mailbox server":             true,
		"Authentication of worker 3 was unsuccessful":         true,
		"the queue failed":                                    false,
		"mailbox support: credentials rejected by the server": true,
	} {
		parts, err := paste.TakeApart(text)
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, s := range parts.Sightings {
			got = got || s.Login
		}
		if got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestThePromptOfTheAddress(t *testing.T) {
	parts, err := paste.TakeApart("Need admin approval\nhttps://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?response_type=code&prompt=consent&scope=openid")
	if err != nil || parts.Context["prompt"] != "consent" {
		t.Errorf("%v %v", parts.Context, err)
	}
}
