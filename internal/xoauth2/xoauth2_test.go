package xoauth2_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/secret"
	"latchkey/internal/xoauth2"
)

var _ sasl.Client = (*xoauth2.Client)(nil)

const planted = "eyJhbGciOiJSUzI1NiJ9.planted-Token_7f3kQ.sig-nature"

func TestTheTwoFormsSendTheSameResponse(t *testing.T) {
	const want = "user=svc@contoso.example\x01auth=Bearer " + planted + "\x01\x01"

	inline, err := xoauth2.InitialResponse("svc@contoso.example", secret.New(planted))
	if err != nil {
		t.Fatal(err)
	}
	mech, response, err := inline.Start()
	if mech != "XOAUTH2" || string(response) != want || err != nil {
		t.Errorf("Start() = %q, %d bytes, %v; want the response at once", mech, len(response), err)
	}

	twoStep, err := xoauth2.TwoStep("svc@contoso.example", secret.New(planted))
	if err != nil {
		t.Fatal(err)
	}
	// Nil, not empty: go-smtp writes an empty response as "=" on the AUTH line.
	if mech, response, err := twoStep.Start(); mech != "XOAUTH2" || response != nil || err != nil {
		t.Errorf("Start() = %q, %v bytes, %v; want no response yet", mech, len(response), err)
	}
	if response, err := twoStep.Next(nil); string(response) != want || err != nil {
		t.Errorf("Next() = %d bytes, %v; want the response", len(response), err)
	}
	if inline.Challenge() != nil || twoStep.Challenge() != nil {
		t.Error("an exchange without error challenge has one")
	}
}

func TestAnErrorChallengeIsAnsweredWithOneByteAndKept(t *testing.T) {
	blob := base64.StdEncoding.EncodeToString([]byte("user=a@b\x01auth=Bearer " + planted + "\x01\x01"))
	tests := map[string]struct {
		challenge string
		want      xoauth2.Challenge
	}{
		"google": {
			`{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}`,
			xoauth2.Challenge{Status: "400", Schemes: "Bearer", Scope: "https://mail.google.com/",
				Raw: `{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}`},
		},
		"status as a number": {`{"status":401}`, xoauth2.Challenge{Raw: `{"status":401}`}},
		"empty":              {"", xoauth2.Challenge{}},
		"no JSON":            {"nope", xoauth2.Challenge{Raw: "nope"}},
		"echo of the token": {
			`{"status":"invalid ` + planted + `"}`,
			xoauth2.Challenge{Status: "invalid [redacted]", Raw: `{"status":"invalid [redacted]"}`},
		},
		"echo of the blob": {blob, xoauth2.Challenge{Raw: "dXNlcj1hQGIBYXV0aD1CZWFyZXIg[redacted]AQE="}},
		"too long":         {strings.Repeat("x", 5000), xoauth2.Challenge{Raw: strings.Repeat("x", 1024)}},
	}
	for name, tt := range tests {
		for _, form := range []func(string, secret.Text) (*xoauth2.Client, error){xoauth2.InitialResponse, xoauth2.TwoStep} {
			t.Run(name, func(t *testing.T) {
				c, err := form("a@b", secret.New(planted))
				if err != nil {
					t.Fatal(err)
				}
				if _, response, _ := c.Start(); response == nil {
					if _, err := c.Next(nil); err != nil {
						t.Fatal(err)
					}
				}
				for _, challenge := range []string{tt.challenge, "a server may insist", ""} {
					got, err := c.Next([]byte(challenge))
					if err != nil || string(got) != "\x01" {
						t.Fatalf("Next() = %q, %v; want the byte 0x01", got, err)
					}
				}
				if c.Challenge() == nil {
					t.Fatal("the challenge is lost")
				}
				if diff := cmp.Diff(tt.want, *c.Challenge()); diff != "" {
					t.Errorf("challenge (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestUserNamesThatCouldChangeTheResponseAreRefused(t *testing.T) {
	token := secret.New(planted)
	for _, user := range []string{
		"", "a@b\r\nT3 DELETE INBOX", "a@b\x01auth=Bearer other", "a\x00@b", "a\x7f@b", "a@b\n", "\ta@b",
		"a\u0085@b", "a@\xff", strings.Repeat("a", 255),
	} {
		for _, form := range []func(string, secret.Text) (*xoauth2.Client, error){xoauth2.InitialResponse, xoauth2.TwoStep} {
			if c, err := form(user, token); c != nil || !errors.Is(err, xoauth2.ErrUser) {
				t.Errorf("user %q: %v, want ErrUser and no client", user, err)
			}
		}
	}
	if _, err := xoauth2.TwoStep("jürgen@contoso.example", token); err != nil {
		t.Errorf("a letter outside ASCII is refused: %v", err)
	}
}

func TestNoUserNameAddsAField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		user := rapid.OneOf(rapid.String(), rapid.StringN(1, 60, 254)).Draw(t, "user")
		c, err := xoauth2.InitialResponse(user, secret.New(planted))
		if err != nil {
			return
		}
		_, response, _ := c.Start()
		if n := strings.Count(string(response), "\x01"); n != 3 {
			t.Fatalf("%d separators in the response for user %q, want 3", n, user)
		}
		if strings.ContainsAny(string(response), "\r\n\x00") {
			t.Fatalf("user %q brings a line break into the response", user)
		}
	})
}

func TestTokensThatAreNoBearerTokensAreRefused(t *testing.T) {
	for _, token := range []string{"", "fifteen-bytes-x", planted + "\r\n", planted + "\x01", "Bearer " + planted, planted + "é"} {
		_, err := xoauth2.TwoStep("a@b", secret.New(token))
		if !errors.Is(err, xoauth2.ErrToken) {
			t.Errorf("a token of %d bytes: %v, want ErrToken", len(token), err)
		}
		if err != nil && token != "" && strings.Contains(err.Error(), token) {
			t.Error("the error shows the token")
		}
	}
	if _, err := xoauth2.TwoStep("a@b", secret.New(strings.Repeat("Aa0-._~+/", 400)+"==")); err != nil {
		t.Errorf("a token of 3.6 kB with all allowed bytes is refused: %v", err)
	}
}

func TestTheClientDoesNotPrintTheToken(t *testing.T) {
	c, err := xoauth2.InitialResponse("a@b", secret.New(planted))
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, out := range []string{fmt.Sprintf(verb, c), fmt.Sprintf(verb, *c)} {
			if strings.Contains(out, "planted") {
				t.Errorf("%s shows the token: %s", verb, out)
			}
		}
	}
}
