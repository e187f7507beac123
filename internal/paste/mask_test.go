package paste_test

import (
	"encoding/base64"
	"errors"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"latchkey/internal/paste"
)

const (
	plantedJWT  = "eyJ0eXAiOiJKV1QiLCJub25jZSI6IjEyMyJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlLmNvbSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
	plantedCode = "0.AXoA6f1d2c3b-Planted_Code4f5e6d7c8b9a0f1e2d3c4b5a6978"
	plantedText = "Pl8nted~Secret.Value_0123456789abcdefXYZ"
)

func sasl(user, token string) string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + token + "\x01\x01"))
}

// plantings are the ways in which live values come along.
var plantings = []struct {
	name string
	text string
	lost []string // must be nowhere in the result
	kind paste.Credential
}{
	{"return address", "https://app.example/cb?code=" + plantedCode + "&state=zYx987wvu&session_state=" + id1, []string{plantedCode, "zYx987wvu"}, paste.Code},
	{"return address in JSON", `{"url":"https:\/\/app.example\/cb?code=` + plantedCode + `\u0026state=abc123def"}`, []string{plantedCode}, paste.Code},
	{"return address inside an address", "https://app.example/login?next=" + url.QueryEscape("/cb?code="+plantedCode+"&state=abc123def"), []string{plantedCode}, paste.Code},
	{"hidden form field", `<input type="hidden" name="code" value="` + plantedCode + `"/>`, []string{plantedCode}, paste.Unlabeled},
	{"token response", `{"token_type":"Bearer","access_token":"` + plantedJWT + `","refresh_token":"1.AXoA-` + plantedCode + `"}`, []string{plantedJWT, plantedCode}, paste.Token},
	{"token response in a log string", strconv.Quote(`{"access_token":"` + plantedJWT + `"}`), []string{plantedJWT}, paste.Token},
	{"token response in HTML", html.EscapeString(`{"access_token":"` + plantedJWT + `"}`), []string{plantedJWT}, paste.Token},
	{"header", "Authorization: Bearer " + plantedJWT, []string{plantedJWT}, paste.Token},
	{"opaque token", "Authorization: Bearer EwB4A8l6BAAURSN", []string{"EwB4A8l6BAAURSN"}, paste.Token},
	{"token request", "grant_type=refresh_token&client_secret=" + url.QueryEscape(plantedText) + "&refresh_token=0." + plantedCode, []string{plantedText, plantedCode, "Pl8nted"}, paste.Secret},
	{"secret without a name", "we use abc8Q~Pl8ntedSecret.Value_0123456789abc for it", []string{"Pl8nted", "0123456789abc"}, paste.Secret},
	{"camel case", `auth: { user: 'a@contoso.example', clientSecret: 'short1', accessToken: "ya29.a0Planted-Token" }`, []string{"short1", "a0Planted"}, paste.Secret},
	{"IMAP, one line", "A2 AUTHENTICATE XOAUTH2 " + sasl("a@contoso.example", plantedJWT), []string{plantedJWT, sasl("a@contoso.example", plantedJWT)[:40]}, paste.SASL},
	{"SMTP, two steps", "C: AUTH XOAUTH2\nS: 334 \nC: " + sasl("a@contoso.example", "EwB4A8l6BAAURSN"), []string{"EwB4A8l6", sasl("a@contoso.example", "EwB4A8l6BAAURSN")[10:40]}, paste.SASL},
	{"half of a login", "AUTH XOAUTH2 " + sasl("a@contoso.example", plantedJWT)[:60], []string{sasl("a@contoso.example", plantedJWT)[8:50]}, paste.SASL},
	{"a wrapped login", "send: 'AUTH XOAUTH2 " + sasl("a@contoso.example", plantedJWT)[:76] + "\n" + sasl("a@contoso.example", plantedJWT)[76:] + "'", []string{sasl("a@contoso.example", plantedJWT)[80:120]}, paste.SASL},
	{"a decoded login", "user=a@contoso.example^Aauth=Bearer EwB4A8l6BAAURSN^A^A", []string{"EwB4A8l6"}, paste.Token},
	{"AUTH PLAIN", "AUTH PLAIN AGFAY29udG9zby5leGFtcGxlAGh1bnRlcjI=", []string{"AGFAY29u", "h1bnRlcjI"}, paste.SASL},
	{"AUTH LOGIN", "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YUBjb250b3NvLmV4YW1wbGU=\nS: 334 UGFzc3dvcmQ6\nC: aHVudGVyMg==\nS: 535 5.7.139 Authentication unsuccessful", []string{"aHVudGVyMg"}, paste.SASL},
	{"IMAP LOGIN", `a1 LOGIN "a@contoso.example" "hunter 2"`, []string{"hunter"}, paste.Password},
	{"POP3 PASS", "> USER a@contoso.example\n> PASS hunter2", []string{"hunter2"}, paste.Password},
	{"address with password", "imaps://a%40contoso.example:hunter2@outlook.office365.com:993", []string{"hunter2"}, paste.Password},
	{"curl", "curl --url imaps://h --user 'a@contoso.example:hunter2'", []string{"hunter2"}, paste.Password},
	{"configuration", "remotepass = hunter2\npassword: hunter3", []string{"hunter2", "hunter3"}, paste.Password},
	{"cookies", "Cookie: ESTSAUTH=abc.def; buid=xyz\r\nHost: h", []string{"abc.def", "xyz"}, paste.Cookie},
	{"device code", "device_code: ABCDEFGHIJKL", []string{"ABCDEFGHIJKL"}, paste.Code},
	{"a short token", "Token: abc123DEF456ghi789", []string{"abc123DEF456"}, paste.Token},
	{"a short secret", "secret = 'abc123DEF456'", []string{"abc123DEF456"}, paste.Secret},
	{"basic authentication", "authorization: Basic dTpwYXNzd29yZA==", []string{"dTpwYXNzd29yZA"}, paste.Password},
	{"other mechanisms", "A1 AUTHENTICATE CRAM-MD5 dGltIGI5MTNhNjAy", []string{"dGltIGI5"}, paste.SASL},
	{"a login alone on its line", "sent:\nAGFAY29udG9zby5leGFtcGxlAGh1bnRlcjI=", []string{"AGFAY29u"}, paste.SASL},
	{"UTF-16", "\xff\xfec\x00o\x00d\x00e\x00=\x000\x00.\x00A\x00X\x001\x002\x003\x004\x005\x00P\x00l\x00a\x00n\x00t\x00", []string{"AX12345Plant"}, paste.Code},
}

func TestLiveValuesAreMaskedEverywhere(t *testing.T) {
	for _, p := range plantings {
		t.Run(p.name, func(t *testing.T) {
			parts, err := paste.TakeApart(p.text + "\nerror: invalid_grant at outlook.office365.com:993 NO AUTHENTICATE failed.")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(parts.Masked, p.kind) {
				t.Errorf("told of %v, want %s", parts.Masked, p.kind)
			}
			all := everything(parts)
			for _, lost := range p.lost {
				if strings.Contains(all, lost) {
					t.Errorf("%q is still in\n%s", lost, all)
				}
			}
		})
	}
}

// everything is all text of a result.
func everything(p paste.Parts) string {
	var b strings.Builder
	b.WriteString(p.Text)
	for k, v := range p.Context {
		b.WriteString("\n" + k + "=" + v)
	}
	for _, s := range p.Sightings {
		b.WriteString("\n" + s.Text + "\n" + s.Command + "\n" + s.Err.Error() + "\n" + told(s))
	}
	return b.String()
}

func TestTheUserOfALoginIsKept(t *testing.T) {
	for _, text := range []string{
		"A2 AUTHENTICATE XOAUTH2 " + sasl("sales@contoso.example", plantedJWT) + "\nA2 NO AUTHENTICATE failed.",
		"AUTH XOAUTH2 " + sasl("sales@contoso.example", plantedJWT)[:90],
		"user=sales@contoso.example^Aauth=Bearer abcdefghijklmnop^A^A",
	} {
		parts, err := paste.TakeApart(text)
		if err != nil || parts.Context["sasl_user"] != "sales@contoso.example" {
			t.Errorf("user %q, %v", parts.Context["sasl_user"], err)
		}
	}
}

func TestWhatExplainsIsNotMasked(t *testing.T) {
	for _, text := range []string{
		"Error code: AADSTS50011", "error code=50011", "code: 'EAUTH'", "code: 'ECONNREFUSED', errno: -111",
		"response_type=code&prompt=login&scope=https%3A%2F%2Foutlook.office.com%2FIMAP.AccessAsUser.All%20offline_access",
		"NO AUTHENTICATE failed.", "535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com 2024-07-11T11:46:49.042Z 08DCA18218166FB4]",
		"554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception",
		"at org.eclipse.angus.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:732)",
		"File \"/usr/lib/python3.11/site-packages/google/auth/transport/requests.py\", line 119",
		"-ERR Authentication failure: unknown user name or bad password.", "Correlation ID: " + id1, "Token: expired", "password: required",
		"The user or administrator has not consented to use the application with ID '" + id1 + "' named 'Mail'",
		"https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
		"curl_exec(): error code 28, AUTH=XOAUTH2 state: SELECTED", "Get-CASMailbox -Identity x | Format-List SmtpClientAuthenticationDisabled",
	} {
		parts, err := paste.TakeApart(text)
		if err != nil || len(parts.Masked) > 0 || parts.Text != text {
			t.Errorf("%v: %q became %q (%v)", parts.Masked, text, parts.Text, err)
		}
	}
}

func TestGreetingNamesTheServer(t *testing.T) {
	parts, err := paste.TakeApart("* OK The Microsoft Exchange IMAP4 service is ready. [RgBSADAAUAAyADgAMQBDAEEAMAAxADUANwAuAEQARQBVAFAAMgA4ADEALgBQAFIATwBEAC4ATwBVAFQATABPAE8ASwAuAEMATwBNAA==]\nA1 NO AUTHENTICATE failed.")
	if err != nil || parts.Context["mail_server"] != "FR0P281CA0157.DEUP281.PROD.OUTLOOK.COM" || len(parts.Masked) > 0 {
		t.Errorf("%+v, %v", parts.Context, err)
	}
}

// A server's error challenge is base64 too, and explains.
func TestChallengeIsOpened(t *testing.T) {
	challenge := base64.StdEncoding.EncodeToString([]byte(`{"status":"400","schemes":"Bearer","scope":"https://mail.contoso.example/"}`))
	parts, err := paste.TakeApart("imap C: A1 AUTHENTICATE XOAUTH2\nS: + " + challenge + "\nS: A1 NO failed")
	if err != nil || !strings.Contains(parts.Text, `"status":"400"`) || len(parts.Masked) > 0 {
		t.Errorf("%q, %v, %v", parts.Text, parts.Masked, err)
	}
}

func TestLimits(t *testing.T) {
	if _, err := paste.TakeApart(strings.Repeat("x", paste.MaxText+1)); !errors.Is(err, paste.ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	for _, empty := range []string{"", " \n\t", "\x00\x01", "\u200b\u202e", "<html></html>"} {
		if _, err := paste.TakeApart(empty); !errors.Is(err, paste.ErrEmpty) {
			t.Errorf("%q: %v", empty, err)
		}
	}
}

// FuzzTakeApart: no input crashes, what comes out is bounded and printable, and
// a planted login never comes out.
func FuzzTakeApart(f *testing.F) {
	for _, p := range plantings {
		f.Add(p.text, 0)
	}
	for _, text := range []string{
		"A4 BAD User is authenticated but not connected.\n* BYE Connection closed. 14", "535-5.7.139 a\n535 5.7.139 b",
		`{"error":"invalid_grant","error_codes":[70002,54005]}`, "\\u12", "\\", "%", "&#x;", "<a", "dXNlcj", "[AAAAAAAAAAAAAAAAAAAAAAAAAAAA]", "334 \n",
	} {
		f.Add(text, len(text)/2)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		login := sasl("fuzz@contoso.example", "planted-Token-0123456789")
		at = min(max(at, 0), len(text))
		parts, err := paste.TakeApart(text[:at] + "\nA9 AUTHENTICATE XOAUTH2 " + login + "\n" + text[at:])
		if err != nil {
			return
		}
		all := everything(parts)
		if strings.Contains(all, login[20:60]) || strings.Contains(all, "planted-Token-0123456789") {
			t.Errorf("the login came out: %q", all)
		}
		if len(parts.Sightings) > 12 || strings.ContainsAny(all, "\x00\x1b\u202e") {
			t.Errorf("unbounded or unprintable: %q", all)
		}
		again, err := paste.TakeApart(parts.Text)
		if err == nil && len(again.Masked) > 0 {
			t.Errorf("what was masked holds more: %v in %q", again.Masked, parts.Text)
		}
	})
}
