package setup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/setup"
)

func TestParseAddress(t *testing.T) {
	tests := []struct {
		in      string
		want    setup.Address
		problem setup.Problem
	}{
		{" Support@Contoso.Example ", "Support@contoso.example", ""},
		{"o'neil+tag@mail.contoso.example", "o'neil+tag@mail.contoso.example", ""},
		{"info@bücher.example", "info@xn--bcher-kva.example", ""},
		{"", "", setup.ProblemRequired},
		{"a\r\nRCPT TO:<x@y.example>@contoso.example", "", setup.ProblemControl},
		{"a\x01auth=Bearer@contoso.example", "", setup.ProblemControl},
		{"two words@contoso.example", "", setup.ProblemNotAddress},
		{`"quoted"@contoso.example`, "", setup.ProblemNotAddress},
		{"a@evil.example@contoso.example", "", setup.ProblemNotAddress},
		{"support@localhost", "", setup.ProblemNotAddress},
		{"a@..", "", setup.ProblemNotAddress},
		{"a@x..example", "", setup.ProblemNotAddress},
		{"a@.x.example", "", setup.ProblemNotAddress},
		{"a@x.example.", "a@x.example", ""},
		{"a@" + strings.Repeat("x", 64) + ".example", "", setup.ProblemNotAddress},
		{"Support <support@contoso.example>", "", setup.ProblemNotAddress},
		{strings.Repeat("a", 300) + "@contoso.example", "", setup.ProblemTooLong},
	}
	for _, tt := range tests {
		got, err := setup.ParseAddress("mailboxes", tt.in)
		checkInput(t, tt.in, string(got), string(tt.want), err, tt.problem)
	}
}

func checkInput(t *testing.T, in, got, want string, err error, problem setup.Problem) {
	t.Helper()
	var bad *setup.InputError
	switch {
	case problem == "" && err != nil:
		t.Errorf("%q: %v", in, err)
	case problem != "" && (!errors.As(err, &bad) || bad.Problem != problem):
		t.Errorf("%q: error %v, want problem %s", in, err, problem)
	case got != want:
		t.Errorf("%q: got %q, want %q", in, got, want)
	}
}

// The address is written into SASL responses and SMTP commands: whatever is
// accepted must not be able to end a word there.
func TestAcceptedAddressesHoldNoSeparator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[a-z"<> \x00-\x1f.@]{1,12}@[a-z. \x01]{1,12}`),
		).Draw(t, "in")
		a, err := setup.ParseAddress("mailboxes", in)
		if err != nil {
			return
		}
		if strings.ContainsAny(string(a), "\x00\x01\r\n\t \"<>(),;:\\[]") || strings.Count(string(a), "@") != 1 {
			t.Fatalf("accepted %q", a)
		}
		again, err := setup.ParseAddress("mailboxes", string(a))
		if err != nil || again != a {
			t.Fatalf("%q does not parse to itself: %q, %v", a, again, err)
		}
	})
}

func TestParseAddresses(t *testing.T) {
	got, err := setup.ParseAddresses("mailboxes", "a@x.example\r\n\nb@x.example; c@x.example,")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]setup.Address{"a@x.example", "b@x.example", "c@x.example"}, got); diff != "" {
		t.Error(diff)
	}
	for in, problem := range map[string]setup.Problem{
		" \n ": setup.ProblemRequired,
	} {
		_, err := setup.ParseAddresses("mailboxes", in)
		checkInput(t, in, "", "", err, problem)
	}
	_, err = setup.ParseAddresses("mailboxes", "a@x.example\nA@X.example\nnobody\nnor@")
	want := setup.InputErrors{
		{Field: "mailboxes", Value: "A@x.example", Problem: setup.ProblemTwice},
		{Field: "mailboxes", Value: "nobody", Problem: setup.ProblemNotAddress},
		{Field: "mailboxes", Value: "nor@", Problem: setup.ProblemNotAddress},
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("not all wrong parts are named:\n%s", diff)
	}
}

func TestParseTenantAndClientID(t *testing.T) {
	for in, want := range map[string]string{
		" {6F1D2C3B-1111-4222-8333-9A0B1C2D3E4F} ": "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f",
		"Contoso.OnMicrosoft.com.":                 "contoso.onmicrosoft.com",
	} {
		got, err := setup.ParseTenant("tenant", in)
		checkInput(t, in, got, want, err, "")
	}
	_, err := setup.ParseTenant("tenant", "common")
	checkInput(t, "common", "", "", err, setup.ProblemNotTenant)
	_, err = setup.ParseClientID("client_id", "mailbox-connector", true)
	checkInput(t, "mailbox-connector", "", "", err, setup.ProblemNotGUID)
	got, err := setup.ParseClientID("client_id", "mailbox-connector", false)
	checkInput(t, "mailbox-connector", got, "mailbox-connector", err, "")
}

func TestParseURLKeepsTheVeryCharacters(t *testing.T) {
	for _, in := range []string{"https://ece.example.com", "https://ECE.example.com/Path/", "http://localhost:8080/callback"} {
		got, err := setup.ParseURL("product_url", "  "+in+"\n")
		checkInput(t, in, got, in, err, "")
	}
	for _, in := range []string{"ece.example.com", "ftp://ece.example.com", "https://", "javascript:alert(1)"} {
		_, err := setup.ParseURL("product_url", in)
		checkInput(t, in, "", "", err, setup.ProblemNotURL)
	}
}

func TestParseServersAndSpecials(t *testing.T) {
	got, err := setup.ParseServers("servers", "APP01 application\nSVC01 Services\n\nONE\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []setup.Server{{Name: "APP01", Role: "application"}, {Name: "SVC01", Role: "services"}, {Name: "ONE", Role: "all"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = setup.ParseServers("servers", "APP01 database")
	checkInput(t, "role", "", "", err, setup.ProblemNotServer)
	_, err = setup.ParseServers("servers", "A\na")
	checkInput(t, "twice", "", "", err, setup.ProblemTwice)

	specials, err := setup.ParseSpecials("specials", "es12, ES12_ET1 es12")
	if err != nil || !cmp.Equal(specials, []string{"ES12", "ES12_ET1"}) {
		t.Errorf("specials = %v, %v", specials, err)
	}
	_, err = setup.ParseSpecials("specials", "ESX 1")
	checkInput(t, "ESX", "", "", err, setup.ProblemNotSpecial)
}

func TestFirstDifference(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"https://a/callback", "https://a/callback", -1},
		{"https://a/callback", "https://a/callback/", 18},
		{"https://a/Callback", "https://a/callback", 10},
		{"", "x", 0},
		{"é1", "é2", 1},
	} {
		if got := setup.FirstDifference(tt.a, tt.b); got != tt.want {
			t.Errorf("FirstDifference(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestFingerprintFollowsTheFieldsItReads(t *testing.T) {
	s := setup.Setup{Application: setup.Application{SignInAccount: "a@x.example"}}
	config := func(f setup.Field) (any, bool) { return "https://l.example", f == setup.ConfigExternalURL }
	of := func(s setup.Setup, fields ...setup.Field) string {
		t.Helper()
		got, err := setup.Fingerprint("check", "target", fields, s.Values, config)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := of(s, setup.FieldSignInAccount, setup.ConfigExternalURL)
	if before != of(s, setup.ConfigExternalURL, setup.FieldSignInAccount, setup.FieldSignInAccount) {
		t.Error("the order or repetition of fields changes the fingerprint")
	}
	changed := s
	changed.Registration.Tenant = "x.example"
	if before != of(changed, setup.FieldSignInAccount, setup.ConfigExternalURL) {
		t.Error("a field that is not read changes the fingerprint")
	}
	changed.Application.SignInAccount = "b@x.example"
	if before == of(changed, setup.FieldSignInAccount, setup.ConfigExternalURL) {
		t.Error("a field that is read does not change the fingerprint")
	}
	if _, err := setup.Fingerprint("check", "", []setup.Field{"no_such_field"}, s.Values); err == nil {
		t.Error("an unknown field is accepted")
	}
}

func TestEveryFieldIsKnown(t *testing.T) {
	var s setup.Setup
	for _, f := range []setup.Field{
		setup.FieldProduct, setup.FieldRelease, setup.FieldSpecials, setup.FieldMethod, setup.FieldMailboxes,
		setup.FieldSignInAccount, setup.FieldProtocols, setup.FieldServers, setup.FieldProductURL,
		setup.FieldConsoleURL, setup.FieldProductRedirectURI, setup.FieldCloud, setup.FieldTenant,
		setup.FieldClientID, setup.FieldClientSecret, setup.FieldSecretEnds, setup.FieldRedirectURIs,
		setup.FieldConsent, setup.FieldAttempt, setup.FieldGrant, setup.FieldTestMessage, setup.FieldReport,
	} {
		if _, ok := s.Values(f); !ok {
			t.Errorf("%s is not known", f)
		}
		if !s.Empty(f) {
			t.Errorf("%s is not empty in an empty setup", f)
		}
	}
}
