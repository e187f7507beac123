package paste_test

import (
	"errors"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/paste"
	"latchkey/internal/setup"
)

// authorizeAddress has the parameters of the request that Microsoft documents
// (learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow).
const authorizeAddress = "https://login.microsoftonline.com/0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a/oauth2/v2.0/authorize?" +
	"client_id=631a96bc-a705-4eda-9f99-fdaf9f54f6a2&response_type=code&redirect_uri=https%3A%2F%2Fece.contoso.example%2Fsystem%2Foauth" +
	"&response_mode=query&scope=https%3A%2F%2Foutlook.office.com%2FIMAP.AccessAsUser.All+offline_access&state=planted-state-12345" +
	"&nonce=planted-nonce-1&code_challenge=YTFjNjI1OWYzMzA3MTI4ZDY2Njg5M2RkNmVjNDE5YmEyZGRhOGYyM2IzNjdmZWFhMTQ1ODg3NDcxY2Nl&code_challenge_method=S256"

var productWant = setup.ProductSignIn{
	Authority: "https://login.microsoftonline.com", Tenant: "0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a",
	ClientID: "631a96bc-a705-4eda-9f99-fdaf9f54f6a2", RedirectURI: "https://ece.contoso.example/system/oauth",
	Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"}, PKCE: true,
}

func TestAuthorizeAddressOutOfAnyWrapping(t *testing.T) {
	for name, text := range map[string]string{
		"as copied":      authorizeAddress,
		"blanks around":  "\r\n  " + authorizeAddress + "\t\n",
		"in brackets":    "<" + authorizeAddress + ">",
		"in quotes":      "\u201c" + strings.Replace(authorizeAddress, "S256", "S256 ", 1) + "\u201d",
		"escaped HTML":   html.EscapeString(authorizeAddress),
		"lines of mail":  authorizeAddress[:90] + "\r\n" + authorizeAddress[90:170] + "\r\n" + authorizeAddress[170:],
		"quoted mail":    "> " + authorizeAddress[:90] + "\n> " + authorizeAddress[90:],
		"no scheme":      strings.TrimPrefix(authorizeAddress, "https://"),
		"a bar's words":  "The bar shows: " + strings.TrimPrefix(authorizeAddress, "https://"),
		"words in front": "It opens this: " + authorizeAddress,
		"mail filter":    "https://eur01.safelinks.protection.outlook.com/?url=" + url.QueryEscape(authorizeAddress) + "&data=05&reserved=0",
	} {
		got, err := paste.ParseAuthorizeAddress(text)
		if diff := cmp.Diff(productWant, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	got, err := paste.ParseAuthorizeAddress("https://login.microsoftonline.us/contoso.example/oauth2/authorize?client_id=x&redirect_uri=https://e.example/&resource=https://outlook.office365.us&prompt=login&login_hint=a@contoso.example")
	want := setup.ProductSignIn{Authority: "https://login.microsoftonline.us", Tenant: "contoso.example", ClientID: "x", RedirectURI: "https://e.example/",
		Scopes: []string{}, V1: true, Resource: "https://outlook.office365.us", Prompt: "login", LoginHint: "a@contoso.example"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("v1: %v %s", err, diff)
	}
}

func TestReturnAddressIsRefused(t *testing.T) {
	const live = "1.AXoAplanted-live-code"
	back := "https://ece.contoso.example/system/oauth?code=" + live + "&state=12345&session_state=fe1540c3"
	for name, text := range map[string]string{
		"query":               back,
		"code second":         "https://ece.contoso.example/system/oauth?state=12345&code=" + live,
		"fragment":            "https://ece.contoso.example/#access_token=" + live + "&token_type=Bearer",
		"id token":            "https://ece.contoso.example/#state=1&id_token=" + live,
		"form body":           "code=" + live + "&state=1",
		"escaped HTML":        html.EscapeString(back),
		"behind an authorize": authorizeAddress + "\n" + back,
		"in a parameter":      authorizeAddress + "&return=" + url.QueryEscape(back),
		"mail filter":         "https://eur01.safelinks.protection.outlook.com/?url=" + url.QueryEscape(back),
		"twice wrapped":       "https://a.example/?u=" + url.QueryEscape("https://b.example/?u="+url.QueryEscape(back)),
		"a bad escape":        "https://a.example/?x=%zz&u=" + url.QueryEscape(back),
		"capitals":            strings.Replace(back, "code=", "CODE=", 1),
		"broken":              "oauth?\u200bcode=" + live,
		"endless":             strings.Repeat("x", 1<<15) + "&code=" + live,
		"no address":          "?code=" + live,
		"name escaped":        strings.Replace(back, "code=", "c%6Fde=", 1),
	} {
		got, err := paste.ParseAuthorizeAddress(text)
		if !errors.Is(err, paste.ErrReturnAddress) || !cmp.Equal(got, setup.ProductSignIn{}) {
			t.Errorf("%s: %v, %v, want ErrReturnAddress", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: the error quotes it", name)
		}
	}
}

func TestAuthorizeAddressNamesTheDamage(t *testing.T) {
	const w, form = "address", "https://login.microsoftonline.com/…/oauth2/v2.0/authorize?client_id=…"
	without := func(name string) string {
		u, err := url.Parse(authorizeAddress)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Del(name)
		u.RawQuery = q.Encode()
		return u.String()
	}
	edit := func(from, to string) string { return strings.Replace(authorizeAddress, from, to, 1) }
	for name, tt := range map[string]struct {
		text string
		want paste.Fault
	}{
		"nothing":       {" \n", paste.Fault{Where: w, Wrong: paste.Nothing, Want: form}},
		"words":         {"I pressed Generate", paste.Fault{Where: w, Wrong: paste.Unknown, Want: form}},
		"endless":       {authorizeAddress + strings.Repeat("a", 1<<15), paste.Fault{Where: w, Wrong: paste.TooLong, Want: "at most 16384 characters"}},
		"two":           {authorizeAddress + "\n" + authorizeAddress, paste.Fault{Where: w, Wrong: paste.Several, Line: 2, Want: "one address"}},
		"the console":   {"https://ece.contoso.example/system/", paste.Fault{Where: w, Wrong: paste.NotAuthorize, Got: "ece.contoso.example/system/", Want: form}},
		"a later page":  {"https://login.microsoftonline.com/common/reprocess?ctx=rQQ", paste.Fault{Where: w, Wrong: paste.LaterPage, Got: "login.microsoftonline.com/common/reprocess", Want: form}},
		"after a name":  {"https://login.partner.microsoftonline.cn/common/login", paste.Fault{Where: w, Wrong: paste.LaterPage, Got: "login.partner.microsoftonline.cn/common/login", Want: form}},
		"own sign-in":   {"https://sts.contoso.example/adfs/ls/?wa=1", paste.Fault{Where: w, Wrong: paste.LaterPage, Got: "sts.contoso.example/adfs/ls/", Want: form}},
		"a look-alike":  {"https://login.microsoftonline.com.contoso.example/common/login", paste.Fault{Where: w, Wrong: paste.NotAuthorize, Got: "login.microsoftonline.com.contoso.example/common/login", Want: form}},
		"no TLS":        {edit("https://", "http://"), paste.Fault{Where: w, Wrong: paste.PlainHTTP, Got: "http://login.microsoftonline.com", Want: form}},
		"a name inside": {edit("https://", "https://a@"), paste.Fault{Where: w, Wrong: paste.NotAuthorize, Got: "login.microsoftonline.com/0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b…", Want: form}},
		"a bad port":    {"https://a:x/oauth2/v2.0/authorize", paste.Fault{Where: w, Wrong: paste.Character, Want: form}},
		"no client ID":  {without("client_id"), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "client_id", Want: "the application (client) ID"}},
		"no redirect":   {without("redirect_uri"), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "redirect_uri", Want: "a URI"}},
		"no scope":      {without("scope"), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "scope", Want: "the scopes"}},
		"cut":           {authorizeAddress[:180], paste.Fault{Where: w, Wrong: paste.Truncated, Line: 1, Property: "redirect_uri"}},
		"cut in escape": {"Look:\n" + authorizeAddress[:strings.Index(authorizeAddress, "%2F%2Fece")+2], paste.Fault{Where: w, Wrong: paste.Truncated, Line: 2, Property: "redirect_uri"}},
		"cut in a path": {authorizeAddress[:strings.Index(authorizeAddress, "Foauth")], paste.Fault{Where: w, Wrong: paste.Truncated, Line: 1, Property: "redirect_uri"}},
		"cut in an ID":  {authorizeAddress[:strings.Index(authorizeAddress, "-9f99")], paste.Fault{Where: w, Wrong: paste.Truncated, Line: 1, Property: "client_id"}},
		"client ID":     {edit("631a96bc-", "631a96bc%20"), paste.Fault{Where: w, Wrong: paste.PropertyValue, Property: "client_id", Got: "631a96bc a705-4eda-9f99-fdaf9f54f6a2", Want: "the application (client) ID"}},
		"relative":      {edit("https%3A%2F%2Fece.contoso.example", ""), paste.Fault{Where: w, Wrong: paste.PropertyValue, Property: "redirect_uri", Got: "/system/oauth", Want: "a URI"}},
		"twice":         {authorizeAddress + "&scope=x", paste.Fault{Where: w, Wrong: paste.PropertyTwice, Property: "scope"}},
		"bad escape":    {edit("&scope=", "&scope=%zz"), paste.Fault{Where: w, Wrong: paste.Character, Property: "scope", Want: "two hexadecimal digits behind %"}},
		"long redirect": {edit("ece.contoso", strings.Repeat("e", 3000)+".contoso"), paste.Fault{Where: w, Wrong: paste.PropertyValue, Property: "redirect_uri", Got: "https://" + strings.Repeat("e", 52) + "…", Want: "a URI"}},
		"token page":    {edit("/authorize?", "/token?"), paste.Fault{Where: w, Wrong: paste.NotAuthorize, Got: "login.microsoftonline.com/0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b…", Want: form}},
	} {
		_, err := paste.ParseAuthorizeAddress(tt.text)
		sameFault(t, name, tt.want, err)
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: the fault quotes the state", name)
		}
	}
}

func FuzzParseAuthorizeAddress(f *testing.F) {
	f.Add(authorizeAddress)
	f.Add("https://eur01.safelinks.protection.outlook.com/?url=" + url.QueryEscape(authorizeAddress))
	f.Add("https://ece.contoso.example/?code=1.AX&state=1")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := paste.ParseAuthorizeAddress(text)
		var fault *paste.Fault
		switch {
		case err != nil && !errors.As(err, &fault) && !errors.Is(err, paste.ErrReturnAddress):
			t.Errorf("%v is no fault", err)
		case err == nil && (p.ClientID == "" || p.RedirectURI == "" || len(p.Scopes) == 0 && !p.V1 || p.Tenant == ""):
			t.Errorf("an incomplete address was accepted: %+v", p)
		case err == nil && strings.Contains(text, "?code="):
			t.Error("a return address was accepted")
		}
	})
}
