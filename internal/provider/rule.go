package provider

import (
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// Rule says what one kind of answer means. Every filled field must match; the
// first rule that matches a symptom explains it.
type Rule struct {
	Endpoint  oauth.Endpoint
	Grant     string // grant type of the token request
	Vendor    []int  // one of these numbers
	OAuthCode string // "error" of RFC 6749 §5.2
	Suberror  string
	Subcode   string
	HTTP      int // HTTP status

	Protocol probe.Protocol
	Stage    probe.Stage
	Kind     []probe.Kind
	Reply    string
	Enhanced string
	Text     string // part of the server's words, in any case

	When  func(Context) bool
	Means []Meaning
}

// Meaning is one cause a rule leads to, most likely first. When leaves it out
// where the context rules it out.
type Meaning struct {
	*finding.Definition
	Likelihood finding.Likelihood
	When       func(Context) bool
}

// Context is what is known around a symptom. Words alone cannot tell causes
// apart where a server has one sentence for many.
type Context struct {
	Method     setup.Method
	Protocol   setup.Protocol
	Mailbox    string // to be opened
	SignInUser string // expected to sign in
	SignedInAs string // who did
	SASLUser   string // login name that was tried
	From       string // sender address that was tried

	Server, Host, Port               string
	Tenant, ClientID, RedirectURI    string
	Scope, Audience, Name, Cloud     string
	MailboxOpened, OtherMailboxWorks bool // seen with the same token
}

func (c Context) value(name string) string {
	switch name {
	case "protocol":
		return strings.ToUpper(string(c.Protocol))
	case "mailbox":
		return c.Mailbox
	case "sign_in_account":
		return c.SignInUser
	case "signed_in_as":
		return c.SignedInAs
	case "sasl_user":
		return c.SASLUser
	case "from":
		return c.From
	case "server":
		return c.Server
	case "host":
		return c.Host
	case "port":
		return c.Port
	case "tenant":
		return c.Tenant
	case "client_id":
		return c.ClientID
	case "redirect_uri":
		return c.RedirectURI
	case "scope":
		return c.Scope
	case "audience":
		return c.Audience
	}
	return ""
}

// Delegate reports whether the mailbox belongs to another account than the one
// that signed in, as far as is known.
func (c Context) Delegate() bool {
	if c.Method == setup.SharedAccount {
		return !strings.EqualFold(c.Mailbox, c.SignedInAs)
	}
	return false
}

func (r Rule) matches(s Symptom, number int, c Context) bool {
	switch {
	case r.Endpoint != "" && r.Endpoint != s.Endpoint,
		r.Grant != "" && r.Grant != s.Grant,
		len(r.Vendor) > 0 && !slices.Contains(r.Vendor, number),
		r.OAuthCode != "" && r.OAuthCode != s.OAuthCode,
		r.Suberror != "" && r.Suberror != s.Suberror,
		r.Subcode != "" && r.Subcode != s.Subcode,
		r.HTTP != 0 && r.HTTP != s.Status,
		r.Protocol != "" && r.Protocol != s.Protocol,
		r.Stage != "" && r.Stage != s.Stage,
		len(r.Kind) > 0 && !slices.Contains(r.Kind, s.Kind),
		r.Reply != "" && r.Reply != s.Reply,
		r.Enhanced != "" && r.Enhanced != s.Enhanced,
		r.Text != "" && !strings.Contains(strings.ToLower(s.Text), strings.ToLower(r.Text)),
		r.When != nil && !r.When(c):
		return false
	}
	return true
}

// ExplainError turns an error of oauth or probe into a finding; any other
// error is a fault of ours and comes back as ok = false.
func (p Provider) ExplainError(err error, c Context) (f finding.Finding, ok bool) {
	s, ok := SymptomOf(err)
	if !ok {
		return finding.Finding{}, false
	}
	return p.Explain(s, c), true
}

// Explain is the only translator: what the rules know becomes one finding with
// ranked causes, everything else becomes Unexplained with the full evidence.
// The most specific vendor number is tried first: an older message may carry a
// general and a particular one.
func (p Provider) Explain(s Symptom, c Context) finding.Finding {
	numbers := append([]int{0}, s.Numbers...)
	slices.Reverse(numbers)
	for _, n := range numbers {
		for _, r := range p.Rules {
			if len(r.Vendor) > 0 == (n == 0) || !r.matches(s, n, c) {
				continue
			}
			if f, ok := r.finding(s, c); ok {
				return f
			}
		}
	}
	return fill([]finding.Cause{{Definition: Unexplained, Likelihood: finding.Certain}}, s, c)
}

func (r Rule) finding(s Symptom, c Context) (finding.Finding, bool) {
	var causes []finding.Cause
	for _, m := range r.Means {
		if m.When == nil || m.When(c) {
			causes = append(causes, finding.Cause{Definition: m.Definition, Likelihood: m.Likelihood})
		}
	}
	if len(causes) == 0 {
		return finding.Finding{}, false
	}
	return fill(causes, s, c), true
}

// fill gives every placeholder of the causes a value; what nobody knows stays
// visible as a name in angle brackets, which is also how commands are read.
func fill(causes []finding.Cause, s Symptom, c Context) finding.Finding {
	params := map[string]string{}
	for _, cause := range causes {
		for _, name := range cause.Params {
			if params[name] = c.value(name); params[name] == "" {
				params[name] = "<" + name + ">"
			}
		}
	}
	if len(params) == 0 {
		params = nil
	}
	return finding.Finding{Causes: causes, Params: params, Evidence: s.Evidence}
}
