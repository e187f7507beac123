package provider_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var providers = map[string]provider.Provider{"entra": provider.Entra, "openid": provider.OpenID}

// declared reads the codes of all definitions from the source: a definition
// that no rule leads to cannot be seen from outside.
func declared(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, _ := pair.Key.(*ast.Ident)
			value, _ := pair.Value.(*ast.BasicLit)
			if key != nil && key.Name == "Code" && value != nil {
				code, _ := strconv.Unquote(value.Value)
				list = append(list, code)
			}
			return true
		})
	}
	if len(list) < 100 {
		t.Fatalf("only %d definitions were found in the source", len(list))
	}
	return list
}

func TestEveryDefinitionIsReached(t *testing.T) {
	reached := []string{provider.InternalError.Code}
	for _, p := range providers {
		for _, d := range p.Definitions() {
			reached = append(reached, d.Code)
		}
	}
	for _, code := range declared(t) {
		if !slices.Contains(reached, code) {
			t.Errorf("no rule leads to %s", code)
		}
	}
}

func TestDefinitionsAreCompleteAndUnique(t *testing.T) {
	codes := declared(t)
	slices.Sort(codes)
	for i := 1; i < len(codes); i++ {
		if codes[i] == codes[i-1] {
			t.Errorf("two definitions are called %s", codes[i])
		}
	}
	for _, p := range providers {
		for _, d := range p.Definitions() {
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			for _, name := range finding.Placeholders(d.Link) {
				if page := strings.TrimPrefix(name, finding.LinkPrefix); !slices.Contains(provider.Pages(), provider.PortalPage(page)) {
					t.Errorf("%s points to the page %q, which is not in the table", d.Code, page)
				}
			}
		}
	}
}

// The first cause of a refusal closes the gate: a refusal that is only noted
// would let the flow go on with mail that does not work.
func TestTheFirstCauseOfARefusalIsNeverANote(t *testing.T) {
	for id, p := range providers {
		for i, r := range p.Rules {
			for _, m := range r.Means {
				if m.Severity == finding.Note && m.Definition != provider.AddressForbidden && m.Definition != provider.PortForbidden && (m.Definition == r.Means[0].Definition || m.Likelihood != finding.Possible) {
					t.Errorf("%s, rule %d: the note %s may come first", id, i, m.Code)
				}
			}
			if len(r.Means) == 0 {
				t.Errorf("%s, rule %d leads nowhere", id, i)
			}
		}
	}
}

// A rule behind a wider one would never be tried.
func TestNoRuleIsShadowed(t *testing.T) {
	for id, p := range providers {
		for j, later := range p.Rules {
			for i, earlier := range p.Rules[:j] {
				if covers(earlier, later) {
					t.Errorf("%s: rule %d (%s) is never reached behind rule %d (%s)", id, j, later.Means[0].Code, i, earlier.Means[0].Code)
				}
			}
			for _, n := range later.Vendor {
				single := later
				single.Vendor = []int{n}
				for _, earlier := range p.Rules[:j] {
					if covers(earlier, single) {
						t.Errorf("%s: the number %d of rule %d (%s) is never reached behind %s", id, n, j, later.Means[0].Code, earlier.Means[0].Code)
					}
				}
			}
		}
	}
}

// covers: whatever matches narrow matches wide, and wide always has a cause.
func covers(wide, narrow provider.Rule) bool {
	if wide.When != nil || !slices.ContainsFunc(wide.Means, func(m provider.Meaning) bool { return m.When == nil }) ||
		len(wide.Vendor) > 0 != (len(narrow.Vendor) > 0) {
		return false
	}
	subset := func(w, n []string, within func(w, n string) bool) bool {
		return len(w) == 0 || len(n) > 0 && !slices.ContainsFunc(n, func(n string) bool {
			return !slices.ContainsFunc(w, func(w string) bool { return within(strings.ToLower(w), strings.ToLower(n)) })
		})
	}
	part := func(w, n string) bool { return strings.Contains(n, w) }
	digits := func(w, n string) bool { return w == n }
	ints := func(w, n []int) bool {
		return len(w) == 0 || len(n) > 0 && !slices.ContainsFunc(n, func(n int) bool { return !slices.Contains(w, n) })
	}
	kinds := func(w, n []probe.Kind) bool {
		return len(w) == 0 || len(n) > 0 && !slices.ContainsFunc(n, func(n probe.Kind) bool { return !slices.Contains(w, n) })
	}
	same := func(w, n string) bool { return w == "" || w == n }
	return same(string(wide.Endpoint), string(narrow.Endpoint)) && same(wide.Grant, narrow.Grant) && ints(wide.Vendor, narrow.Vendor) &&
		same(wide.OAuthCode, narrow.OAuthCode) && same(wide.Suberror, narrow.Suberror) && same(wide.Subcode, narrow.Subcode) &&
		ints(wide.HTTP, narrow.HTTP) && (!wide.HTML || narrow.HTML) &&
		same(string(wide.Protocol), string(narrow.Protocol)) && same(string(wide.Stage), string(narrow.Stage)) &&
		kinds(wide.Kind, narrow.Kind) && strings.HasPrefix(narrow.Reply, wide.Reply) &&
		subset(wide.Enhanced, narrow.Enhanced, digits) && subset(wide.Text, narrow.Text, part)
}

// The test above forgets a field that is added to Rule later; this one does not.
func TestCoversKnowsEveryFieldOfARule(t *testing.T) {
	if n := reflect.TypeFor[provider.Rule]().NumField(); n != 17 {
		t.Errorf("Rule has %d fields: teach covers the new one, and this number", n)
	}
}

func TestEveryRuleMatchesWhatItDescribes(t *testing.T) {
	for id, p := range providers {
		for i, r := range p.Rules {
			if r.When != nil {
				continue
			}
			s := provider.Symptom{
				Endpoint: r.Endpoint, Grant: r.Grant, Numbers: r.Vendor[:min(1, len(r.Vendor))], OAuthCode: r.OAuthCode,
				Suberror: r.Suberror, Subcode: r.Subcode, HTML: r.HTML, Protocol: r.Protocol, Stage: r.Stage, Reply: r.Reply,
			}
			if len(r.HTTP) > 0 {
				s.Status = r.HTTP[0]
			}
			if len(r.Kind) > 0 {
				s.Kind = r.Kind[0]
			}
			if len(r.Enhanced) > 0 {
				s.Enhanced = strings.ReplaceAll(r.Enhanced[0], "x", "9")
			}
			if len(r.Text) > 0 {
				s.Text = r.Text[0]
			}
			f := p.Explain(s, provider.Context{})
			if !slices.ContainsFunc(r.Means, func(m provider.Meaning) bool { return m.Code == f.Code() }) {
				t.Errorf("%s, rule %d, which means %s: explained as %s", id, i, r.Means[0].Code, f.Code())
			}
		}
	}
}

// Whatever a server says and whatever is known, there is a cause, its values
// are filled, and the words are kept as they were.
func TestExplainAnswersEverything(t *testing.T) {
	words := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"AADSTS50011: The redirect URI 'http://x' specified", "%41%41DSTS70008", "NO AUTHENTICATE failed.", "535 5.7.3 Authentication unsuccessful",
		"User is authenticated but not connected", "<html>proxy", `{"error":"invalid_grant"}`, "&quot;error_codes&quot;:[70002]", "%", "%zz\xff", "\\u0022",
	}))
	rapid.Check(t, func(t *rapid.T) {
		line := words.Draw(t, "line")
		s := provider.Symptom{
			Endpoint:  rapid.SampledFrom([]oauth.Endpoint{"", oauth.Authorize, oauth.TokenEnd, oauth.Discovery}).Draw(t, "endpoint"),
			Grant:     rapid.SampledFrom([]string{"", oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials}).Draw(t, "grant"),
			Status:    rapid.SampledFrom([]int{0, 200, 400, 407, 429, 502}).Draw(t, "status"),
			OAuthCode: rapid.SampledFrom([]string{"", "invalid_grant", "access_denied", "new_error"}).Draw(t, "error"),
			Numbers:   rapid.SliceOfN(rapid.SampledFrom([]int{0, 50011, 70002, 70008, 7000215, 90094, 123456, 53003}), 0, 3).Draw(t, "numbers"),
			Protocol:  rapid.SampledFrom([]probe.Protocol{"", probe.IMAP, probe.POP3, probe.SMTP, probe.HTTPS}).Draw(t, "protocol"),
			Stage:     rapid.SampledFrom([]probe.Stage{"", probe.Dial, probe.Authenticate, probe.Open, probe.SendStage}).Draw(t, "stage"),
			Kind:      rapid.SampledFrom([]probe.Kind{"", probe.Timeout, probe.RefusedByServer, probe.Closed, "new_kind"}).Draw(t, "kind"),
			Reply:     rapid.SampledFrom([]string{"", "NO", "BAD", "-ERR", "421", "535", "550"}).Draw(t, "reply"),
			Text:      line, Evidence: []finding.Evidence{{Source: "s", Text: line, Ref: "r"}},
		}
		c := provider.Context{
			Phase:      rapid.SampledFrom(append(provider.Phases, "", "new")).Draw(t, "phase"),
			Method:     rapid.SampledFrom([]setup.Method{"", setup.MailboxAccount, setup.SharedAccount}).Draw(t, "method"),
			Grant:      rapid.SampledFrom([]string{"", oauth.GrantClientCredentials}).Draw(t, "token's grant"),
			Mailbox:    rapid.SampledFrom([]string{"", "a@contoso.example"}).Draw(t, "mailbox"),
			SignedInAs: rapid.SampledFrom([]string{"", "a@contoso.example", "b@contoso.example"}).Draw(t, "account"),
			Scopes:     rapid.SliceOfN(rapid.SampledFrom([]string{"/", "", "SMTP.Send", "https://outlook.office.com/.default"}), 0, 2).Draw(t, "scopes"),
			Changed:    rapid.SampledFrom(append(provider.Changes(), "", "new")).Draw(t, "changed"),
			TokenFine:  rapid.Bool().Draw(t, "fine"), IMAPWorks: rapid.Bool().Draw(t, "imap"), MailboxOpened: rapid.Bool().Draw(t, "opened"),
		}
		for _, p := range append(provider.BuiltIn(), provider.OpenID) {
			f := p.Explain(s, c)
			if len(f.Causes) == 0 {
				t.Fatal("no cause")
			}
			if !slices.Contains(f.Evidence, finding.Evidence{Source: "s", Text: line, Ref: "r"}) {
				t.Fatalf("evidence %q is not there: %v", line, f.Evidence)
			}
			for i, cause := range f.Causes {
				for _, name := range cause.Params {
					if f.Params[name] == "" {
						t.Fatalf("%s: %s has no value", cause.Code, name)
					}
				}
				if slices.ContainsFunc(f.Causes[:i], func(o finding.Cause) bool { return o.Definition == cause.Definition }) {
					t.Fatalf("%s stands there twice", cause.Code)
				}
				if !slices.Contains(p.Definitions(), cause.Definition) {
					t.Fatalf("%s is not among the definitions of %s", cause.Code, p.ID)
				}
			}
		}
	})
}
