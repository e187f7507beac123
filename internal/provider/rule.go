package provider

import (
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// Rule says what one kind of answer means. Every filled field must match; the
// first rule that matches a symptom explains it. A list matches if one of its
// values does.
type Rule struct {
	Endpoint  oauth.Endpoint
	Grant     string // grant type of the token request
	Vendor    []int
	OAuthCode string // "error" of RFC 6749 §5.2
	Suberror  string
	Subcode   string
	HTTP      []int // HTTP status
	HTML      bool  // the answer is a web page

	Protocol probe.Protocol
	Stage    probe.Stage
	Kind     []probe.Kind
	Reply    string   // how the reply's status begins: "NO", "5"
	Enhanced []string // an x stands for any digit: "4.7.5xx"
	Text     []string // part of the server's words, in any case

	When  func(Case) bool
	Means []Meaning
	// Unconfirmed: nobody has seen the vendor say these words.
	Unconfirmed bool
}

// Meaning is one cause a rule leads to, most likely first. When leaves it out
// where the case rules it out.
type Meaning struct {
	*finding.Definition
	Likelihood finding.Likelihood
	When       func(Case) bool
}

// Case is an answer with all that is known around it.
type Case struct {
	Symptom
	Context
}

func (r Rule) matches(k Case, number int) bool {
	s := k.Symptom
	switch {
	case r.Endpoint != "" && r.Endpoint != s.Endpoint,
		r.Grant != "" && r.Grant != s.Grant,
		len(r.Vendor) > 0 && !slices.Contains(r.Vendor, number),
		r.OAuthCode != "" && r.OAuthCode != s.OAuthCode,
		r.Suberror != "" && r.Suberror != s.Suberror,
		r.Subcode != "" && r.Subcode != s.Subcode,
		len(r.HTTP) > 0 && !slices.Contains(r.HTTP, s.Status),
		r.HTML && !s.HTML,
		r.Protocol != "" && r.Protocol != s.Protocol,
		r.Stage != "" && r.Stage != s.Stage,
		len(r.Kind) > 0 && !slices.Contains(r.Kind, s.Kind),
		!strings.HasPrefix(s.Reply, r.Reply),
		len(r.Enhanced) > 0 && !slices.ContainsFunc(r.Enhanced, func(e string) bool { return likeCode(e, s.Enhanced) }),
		len(r.Text) > 0 && !slices.ContainsFunc(r.Text, func(t string) bool { return contains(s.Text, t) }),
		r.When != nil && !r.When(k):
		return false
	}
	return true
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// likeCode compares an enhanced status code (RFC 3463) with a pattern in which
// x stands for one digit.
func likeCode(pattern, code string) bool {
	if len(pattern) != len(code) {
		return false
	}
	for i := range len(code) {
		if pattern[i] != code[i] && (pattern[i] != 'x' || code[i] < '0' || code[i] > '9') {
			return false
		}
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
	k := Case{s.in(c.Phase).complete(), c}
	if k.Symptom.Grant == "" && k.Protocol() == "" {
		k.Symptom.Grant = c.Grant
	}
	for _, n := range append(bySpecificity(k.Numbers), 0) {
		for _, r := range p.Rules {
			if len(r.Vendor) > 0 == (n == 0) || !r.matches(k, n) {
				continue
			}
			if causes := r.causes(k); len(causes) > 0 {
				return p.fill(spreading(ranked(causes), c), k)
			}
		}
	}
	return p.fill([]finding.Cause{{Definition: Unexplained, Likelihood: finding.Certain}}, k)
}

func (r Rule) causes(k Case) []finding.Cause {
	var causes []finding.Cause
	for _, m := range r.Means {
		if m.When != nil && !m.When(k) {
			continue
		}
		if slices.ContainsFunc(causes, func(c finding.Cause) bool { return c.Code == m.Code }) {
			continue
		}
		d := m.Definition
		if r.Unconfirmed {
			marked := *d
			marked.Unconfirmed, d = true, &marked
		}
		causes = append(causes, finding.Cause{Definition: d, Likelihood: m.Likelihood})
	}
	return causes
}

// ranked makes the words fit the order, which is the judgement: a cause behind a
// possible one is possible at best, and the first of several is the likely one.
func ranked(causes []finding.Cause) []finding.Cause {
	behind := false
	for i := range causes {
		c := &causes[i]
		switch {
		case i == 0 && c.Likelihood == finding.Possible && slices.ContainsFunc(causes, func(c finding.Cause) bool { return c.Likelihood != finding.Possible }):
			c.Likelihood = finding.Likely
		case behind:
			c.Likelihood = finding.Possible
		}
		behind = behind || c.Likelihood == finding.Possible
	}
	return causes
}

// fill gives every placeholder of the causes a value. What nobody knows is its
// name in angle brackets, which is how commands are read; sentences have words
// for it (package locale).
func (p Provider) fill(causes []finding.Cause, k Case) finding.Finding {
	f := finding.Finding{Causes: causes, Evidence: append(slices.Clone(k.Evidence), k.Other...)}
	params := map[string]string{}
	for _, cause := range causes {
		for _, name := range cause.Params {
			if params[name] = p.value(k, name); params[name] == "" {
				params[name] = "<" + name + ">"
			}
		}
	}
	if len(params) > 0 {
		f.Params = params
	}
	return p.Linked(f, k.ClientID)
}

// value looks a placeholder up: first in what is known, then in the answer
// itself, then in what the provider says of itself.
func (p Provider) value(k Case, name string) string {
	if v := first(k.Context.value(name), quoted(k.Text, name)); v != "" {
		return v
	}
	protocol := k.Protocol()
	switch name {
	case "protocol":
		return strings.ToUpper(string(protocol))
	case "scope":
		return p.Scopes[protocol]
	case "host":
		return p.Hosts[protocol].Host
	case "sasl_user":
		if protocol != "smtp" {
			return k.Mailbox // both read protocols log in as the mailbox
		}
	case "signed_in_as":
		if k.AppOnly() {
			return k.SASLUser // no person signed in; the login's mailbox acts
		}
	case "audience":
		if graphScopes(k.Context) {
			return graph[0]
		}
	}
	return ""
}

func certain(d *finding.Definition) []Meaning {
	return []Meaning{{Definition: d, Likelihood: finding.Certain}}
}

// likely ranks: the first is the best explanation, the others are possible.
func likely(ds ...*finding.Definition) []Meaning {
	var list []Meaning
	for i, d := range ds {
		m := Meaning{Definition: d, Likelihood: finding.Possible}
		if i == 0 {
			m.Likelihood = finding.Likely
		}
		list = append(list, m)
	}
	return list
}
