package check_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

const eceURI = "https://ece.contoso.example/system/web/view/platform/common/oauth.jsp"

func TestRedirectURIForm(t *testing.T) {
	long := "https://mail.contoso.example/" + strings.Repeat("a", 256-len("https://mail.contoso.example/"))
	tests := []struct{ uri, part string }{
		{eceURI, ""},
		{"http://localhost:8080/callback", ""},
		{"https://localhost:8443/callback", ""},
		{long, ""},
		{long + "a", "257 characters"},
		{"http://mail.contoso.example/callback", "http://"},
		{"http://127.0.0.1/callback", "http://"},
		{"https://mail.contoso.example/a*b", "*"},
		{"https://*.contoso.example/callback", "*"},
		{"https://mail.contoso.example/a#b", "#"},
		{"https://mail.contoso.example/a!b", "!"},
		{"https://mail.contoso.example/a$b", "$"},
		{"https://mail.contoso.example/a'b", "'"},
		{"https://mail.contoso.example/a(b", "("},
		{"https://mail.contoso.example/a)b", ")"},
		{"https://mail.contoso.example/a,b", ","},
		{"https://mail.contoso.example/a;b", ";"},
		{"https://mail.contoso.example:port/", "https://mail.contoso.example:port/"},
	}
	for _, tt := range tests {
		t.Run(tt.uri, func(t *testing.T) {
			s := ece("12.6(1)")
			s.Addresses.ProductRedirectURI = tt.uri
			out := judge(t, check.RedirectURIForm, envOf(s), check.Target{})
			if tt.part == "" {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, "redirect_uri_form")
			wantParams(t, out, "redirect_uri", tt.uri)
			if got := out.Findings[0].Evidence[0].Text; got != tt.part {
				t.Errorf("the offending part is %q, want %q", got, tt.part)
			}
		})
	}
}

// Ours is judged always, the product's only where the product has one.
func TestWhoseRedirectURIsAreJudged(t *testing.T) {
	const bad = "http://mail.contoso.example/callback"
	s := ece("12.6(1)")
	s.Addresses.ProductRedirectURI = bad
	env := envOf(s)
	env.Config.CallbackURL = bad + "2"
	wantCodes(t, judge(t, check.RedirectURIForm, env, check.Target{}), "redirect_uri_form", "redirect_uri_form")
	s.Application.Product = "other"
	env = envOf(s)
	env.Config.CallbackURL = bad + "2"
	out := judge(t, check.RedirectURIForm, env, check.Target{})
	wantCodes(t, out, "redirect_uri_form")
	wantParams(t, out, "redirect_uri", bad+"2")
}

func TestRegisteredRedirectURIs(t *testing.T) {
	const mine = ours + "/callback"
	at := func(i int) string { return strconv.Itoa(i) }
	tests := []struct {
		name       string
		callback   string
		registered []string
		code       string
		near, at   string // the nearest registered one, and its first differing character
	}{
		{"the very same", mine, []string{mine}, "", "", ""},
		{"among others", mine, []string{"https://a.example/x", mine, "https://b.example/y"}, "", "", ""},
		{"a slash at the end", mine, []string{mine + "/"}, "redirect_uri_not_listed", mine + "/", at(len(mine))},
		{"another case", mine, []string{ours + "/Callback"}, "redirect_uri_not_listed", ours + "/Callback", at(len(ours) + 1)},
		{"http", mine, []string{"http" + mine[5:]}, "redirect_uri_not_listed", "http" + mine[5:], at(4)},
		{"a port", mine, []string{ours + ":443/callback"}, "redirect_uri_not_listed", ours + ":443/callback", at(len(ours))},
		{"a capital scheme", mine, []string{"HTTPS" + mine[5:]}, "redirect_uri_not_listed", "HTTPS" + mine[5:], at(0)},
		{"an empty fragment", mine, []string{mine + "#"}, "redirect_uri_not_listed", mine + "#", at(len(mine))},
		{"the nearest of several", mine, []string{"https://z.example/", ours + "/call", ours + "/"}, "redirect_uri_not_listed", ours + "/call", at(len(ours + "/call"))},
		{"a text that is no address", mine, []string{"https://%zz"}, "redirect_uri_not_listed", "https://%zz", at(len("https://"))},
		{"none at all", mine, []string{}, "redirect_uri_none", "", ""},
		{"localhost, another port", "http://localhost:8080/callback", []string{"http://localhost/callback"}, "", "", ""},
		{"localhost, a port where none is needed", "http://localhost/callback", []string{"http://localhost:1/callback"}, "", "", ""},
		{"localhost, another path", "http://localhost:8080/callback", []string{"http://localhost/call"}, "redirect_uri_not_listed", "http://localhost/call", at(len("http://localhost"))},
		{"localhost over https, another port", "https://localhost:8443/callback", []string{"https://localhost/callback"}, "redirect_uri_not_listed",
			"https://localhost/callback", at(len("https://localhost"))},
		{"without a path, which gains a slash", ours + "/", []string{ours}, "", "", ""},
		{"with a slash, which does not lose it", ours, []string{ours + "/"}, "redirect_uri_not_listed", ours + "/", at(len(ours))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := setup.Setup{Registration: setup.Registration{RedirectURIs: tt.registered}}
			env := envOf(s)
			env.Config.CallbackURL = tt.callback
			out := judge(t, check.RedirectURIs, env, check.Target{})
			if tt.code == "" {
				wantCodes(t, out)
				return
			}
			wantCodes(t, out, tt.code)
			wantParams(t, out, "redirect_uri", tt.callback)
			f := out.Findings[0]
			if !f.Blocks() {
				t.Error("a sign-in that will not come back is not stopped")
			}
			if tt.code == "redirect_uri_none" {
				return
			}
			want := []finding.Evidence{{Source: "needed", Text: tt.callback}, {Source: "registered", Text: tt.near, Ref: tt.at}}
			if len(f.Evidence) != 2 || f.Evidence[0] != want[0] || f.Evidence[1] != want[1] {
				t.Errorf("evidence %+v, want %+v", f.Evidence, want)
			}
		})
	}
}

func TestNothingPastedIsANote(t *testing.T) {
	out := judge(t, check.RedirectURIs, envOf(setup.Setup{}), check.Target{})
	wantCodes(t, out, "redirect_uris_not_compared")
	if out.Findings[0].Severity() != finding.Note {
		t.Errorf("severity %s", out.Findings[0].Severity())
	}
}

// The product's own URI must be registered beside ours.
func TestBothRedirectURIsAreNeeded(t *testing.T) {
	s := ece("12.6(1)")
	s.Addresses.ProductRedirectURI = eceURI
	for _, tt := range []struct {
		registered []string
		missing    []string
	}{
		{[]string{ours + "/callback", eceURI}, nil},
		{[]string{ours + "/callback"}, []string{eceURI}},
		{[]string{eceURI}, []string{ours + "/callback"}},
		{[]string{"https://z.example/"}, []string{ours + "/callback", eceURI}},
	} {
		s.Registration.RedirectURIs = tt.registered
		out := judge(t, check.RedirectURIs, envOf(s), check.Target{})
		if len(out.Findings) != len(tt.missing) {
			t.Fatalf("with %q: found %q", tt.registered, codes(out))
		}
		for i, f := range out.Findings {
			if f.Code() != "redirect_uri_not_listed" || f.Params["redirect_uri"] != tt.missing[i] {
				t.Errorf("finding %d: %s %q, want %q", i, f.Code(), f.Params, tt.missing[i])
			}
		}
	}
}

// Whatever is registered: an https address with a path matches itself alone.
func TestRedirectURIsAreComparedToTheCharacter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mine := rapid.StringMatching(`https://[a-c]{1,3}\.example(:[1-9]{1,4})?/[a-cA-C%.?#~/]{0,6}`).Draw(rt, "needed")
		other := rapid.OneOf(
			rapid.Just(mine),
			rapid.StringMatching(`(https|HTTPS|http)://[a-cA]{1,3}\.example(:[1-9]{1,4})?(/[a-cA-C%.?#~/]{0,6})?`),
			rapid.Custom(func(rt *rapid.T) string { // one character is another, more or less
				i := rapid.IntRange(0, len(mine)).Draw(rt, "place")
				return mine[:i] + rapid.SampledFrom([]string{"", "/", "#", "?", "A", "%41"}).Draw(rt, "put in") + mine[min(i+1, len(mine)):]
			}),
		).Draw(rt, "registered")
		s := setup.Setup{Registration: setup.Registration{RedirectURIs: []string{other}}}
		env := envOf(s)
		env.Config.CallbackURL = mine
		matched := len(judge(rt, check.RedirectURIs, env, check.Target{}).Findings) == 0
		gainsSlash := other+"/" == mine && strings.Count(other, "/") == 2
		if matched != (mine == other || gainsSlash) {
			rt.Fatalf("needed %q, registered %q: matched = %v", mine, other, matched)
		}
	})
}
