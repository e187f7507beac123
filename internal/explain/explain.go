package explain

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/paste"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// Result is what a text means, as far as anybody knows.
type Result struct {
	// Phase of the first finding, "" if the text does not tell.
	Phase provider.Phase
	// Findings, the most telling first; one of each code. There is always one:
	// what nobody knows is "unexplained" with the whole masked text.
	Findings []finding.Finding
	// Known says that the first finding is more than "unexplained".
	Known bool
	// Masked are the kinds of live values that were in the text.
	Masked []paste.Credential
	// Text is what was given, masked.
	Text string
}

// Entry is one thing known beside the text, as key and value of the command
// line; see provider.Context.Set.
type Entry struct{ Key, Value string }

// Text explains text in the light of what else is known. Entries win over what
// the text itself says. The provider is the cloud that entries or the text
// name, else p.
//
// Errors: paste.ErrEmpty, paste.ErrTooLong, *provider.ContextError.
func Text(p provider.Provider, text string, known ...Entry) (Result, error) {
	parts, err := paste.TakeApart(text)
	if err != nil {
		return Result{}, err
	}
	c, err := contextOf(parts, known)
	if err != nil {
		return Result{}, err
	}
	out := Result{Masked: parts.Masked, Text: parts.Text, Phase: c.Phase}
	p = cloud(p, c, parts.Text)
	out.judge(p, parts, told{c, said(known, "port"), meant(p, parts, c, known)})
	return out, nil
}

// told is what is known beside one sighting.
type told struct {
	provider.Context
	port bool // the port was said by the person and is not that of another line
	// protocol is the one that words without a protocol must be about, "" if
	// that is open.
	protocol setup.Protocol
}

func said(known []Entry, key string) bool {
	return slices.ContainsFunc(known, func(e Entry) bool { return e.Key == key })
}

// meant says which protocol is the only one in question: the person has named
// it, or it is the one left among those that the named host speaks and that do
// not work.
func meant(p provider.Provider, parts paste.Parts, c provider.Context, known []Entry) setup.Protocol {
	if said(known, "protocol") {
		return c.Protocol
	}
	if phase := setup.Protocol(c.Phase); slices.Contains(setup.Protocols, phase) {
		return phase
	}
	works := map[setup.Protocol]bool{setup.IMAP: c.IMAPWorks, setup.POP3: c.POP3Works, setup.SMTP: c.SMTPWorks}
	names := func(protocol setup.Protocol) bool {
		host := p.Hosts[protocol].Host
		return host != "" && (strings.EqualFold(c.Host, host) || strings.Contains(parts.Text, host))
	}
	anyNamed := slices.ContainsFunc(setup.Protocols, names)
	var left []setup.Protocol
	for _, protocol := range setup.Protocols {
		if !works[protocol] && (!anyNamed || names(protocol)) {
			left = append(left, protocol)
		}
	}
	if len(left) == 1 {
		return left[0]
	}
	return ""
}

// cloud chooses among the built-in providers by the entry, or by a sign-in
// address in the text. An operator's own provider stays.
func cloud(p provider.Provider, c provider.Context, text string) provider.Provider {
	if chosen, ok := provider.CloudByName(c.Cloud); ok {
		return chosen
	}
	for _, other := range provider.BuiltIn() {
		if p.ID == provider.Entra.ID && strings.Contains(text, strings.TrimPrefix(other.Authority, "https://")) {
			return other
		}
	}
	return p
}

// fromText are the facts of a paste that decide between causes; the others
// are only shown where they stand.
var fromText = []string{
	"mailbox", "signed_in_as", "sasl_user", "from", "redirect_uri", "client_id", "tenant", "scopes", "prompt", "grant", "host", "port", "protocol",
}

func contextOf(parts paste.Parts, known []Entry) (provider.Context, error) {
	var c provider.Context
	for _, key := range fromText {
		v := parts.Context[key]
		if v == "" || slices.ContainsFunc(known, func(e Entry) bool { return e.Key == key }) {
			continue
		}
		// A value the provider has no word for is as good as none: the text
		// was written for another purpose.
		if err := c.Set(key, v); err != nil {
			var wrong *provider.ContextError
			if !errors.As(err, &wrong) {
				return c, err
			}
		}
	}
	for _, e := range known {
		value, _ := paste.Mask(e.Value)
		if err := c.Set(e.Key, value); err != nil {
			return c, err
		}
	}
	// Both read protocols log in as the mailbox that is to be opened.
	if c.Mailbox == "" && c.Protocol != setup.SMTP && c.SASLUser != "" {
		c.Mailbox = c.SASLUser
	}
	return c, nil
}

// judge explains each sighting and keeps what is known. Guesses about a
// program's own words count only where no server's answer is understood.
func (out *Result) judge(p provider.Provider, parts paste.Parts, c told) {
	seen := map[string]int{}
	for _, s := range parts.Sightings {
		if s.Guess && out.Known {
			continue
		}
		if !c.about(&s) {
			continue
		}
		f, ok := explainOne(p, s, c, parts.Context)
		if !ok || f.Code() == provider.Unexplained.Code {
			continue
		}
		if out.Known && follows(out.Findings[0], parts.Sightings[0], f, s) {
			out.Findings[0].Evidence = append(out.Findings[0].Evidence, f.Evidence...)
			continue
		}
		if first, twice := seen[f.Code()]; twice {
			// The same cause met again: one card with the evidence of both.
			both := &out.Findings[first]
			both.Evidence = append(both.Evidence, f.Evidence...)
			continue
		}
		if !out.Known && out.Phase == "" {
			out.Phase = phaseOf(s)
		}
		out.Known = true
		seen[f.Code()] = len(out.Findings)
		out.Findings = append(out.Findings, f)
	}
	if !out.Known {
		out.Findings = []finding.Finding{out.unexplained(parts, c.Context)}
	}
}

// follows reports whether a refused login is only the end of a story that an
// answer of the sign-in service explains for certain: without a token, or with
// an old one, every login is refused.
func follows(first finding.Finding, told paste.Sighting, f finding.Finding, s paste.Sighting) bool {
	var oe *oauth.Error
	var pe *probe.Error
	return errors.As(told.Err, &oe) && len(oe.Numbers) > 0 && first.Causes[0].Likelihood == finding.Certain &&
		errors.As(s.Err, &pe) && pe.Kind == probe.RefusedByServer && (pe.Stage == probe.Authenticate || s.Login) &&
		f.Causes[0].Likelihood != finding.Certain
}

// about gives words that name no protocol the one in question; it reports
// false for the same words taken as those of another one.
func (c told) about(s *paste.Sighting) bool {
	var pe *probe.Error
	if s.Phase != "" || c.protocol == "" || !errors.As(s.Err, &pe) {
		return true
	}
	s.Phase = paste.Phase(c.protocol)
	return setup.Protocol(pe.Target.Protocol) == c.protocol
}

// unexplained keeps the words: whoever helps further needs all of them.
func (out *Result) unexplained(parts paste.Parts, c provider.Context) finding.Finding {
	if len(parts.Sightings) > 0 && out.Phase == "" && !parts.Sightings[0].Guess {
		out.Phase = phaseOf(parts.Sightings[0])
	}
	f := finding.Finding{Causes: []finding.Cause{named(parts)}}
	for _, name := range provider.Unexplained.Params {
		if f.Params == nil {
			f.Params = map[string]string{}
		}
		f.Params[name] = cmp.Or(parts.Context[name], "<"+name+">")
	}
	f = f.With("text", parts.Text, parts.Context["correlation_id"])
	f.Evidence = append(f.Evidence, c.Other...)
	return f
}

// named says what a text is that tells of no failure that anybody knows.
func named(parts paste.Parts) finding.Cause {
	is := map[paste.Kind]*finding.Definition{
		paste.KindCallback: provider.AddressWithCode, paste.KindAuthorize: provider.AddressToSignIn, paste.KindToken: provider.TextIsToken,
	}[parts.Kind]
	if is != nil {
		return finding.Cause{Definition: is, Likelihood: finding.Certain}
	}
	if slices.ContainsFunc(parts.Sightings, func(s paste.Sighting) bool { return !s.Guess && s.Phase != paste.PhaseAuthorize }) {
		return finding.Cause{Definition: provider.Unexplained, Likelihood: finding.Certain}
	}
	// Perhaps no answer of a server at all: nothing is wrong for certain.
	words := *provider.Unexplained
	words.Severity, words.Title, words.Consequence = finding.Note, "Latchkey does not know these words", "They may not be an error."
	words.Cause = "The text is in the evidence, word for word."
	words.Remedy = "Paste the lines around it, above all what the server itself answered."
	return finding.Cause{Definition: &words, Likelihood: finding.Possible}
}

// explainOne asks the one translator. Host and port are those of this
// sighting, not of another one in the same text.
func explainOne(p provider.Provider, s paste.Sighting, known told, said map[string]string) (finding.Finding, bool) {
	symptom, ok := provider.SymptomOf(s.Err)
	if !ok {
		return finding.Finding{}, false
	}
	symptom.Program, symptom.Pasted, symptom.Mechanism = s.Program, true, s.Mechanism
	c := known.Context
	source := cmp.Or(string(s.Phase), "text")
	var pe *probe.Error
	if errors.As(s.Err, &pe) {
		if pe.Target.Host != "" {
			c.Host = pe.Target.Host
			source = fmt.Sprintf("%s, %s", source, c.Host)
		}
		switch {
		case pe.Target.Port != 0:
			c.Port = fmt.Sprint(pe.Target.Port)
		case !known.port:
			c.Port = "" // that of another sighting
		}
		if pe.Stage != "" {
			source = fmt.Sprintf("%s, %s", source, pe.Stage)
		}
		if mail := setup.Protocol(pe.Target.Protocol); slices.Contains(setup.Protocols, mail) {
			c.Protocol = mail
		}
		if s.Login && symptom.Stage == "" && known.protocol != "" {
			symptom.Stage, symptom.Reply = probe.Authenticate, refusal[known.protocol]
		}
	}
	if s.Command != "" {
		source = fmt.Sprintf("%s (%s)", source, s.Command)
	}
	further := symptom.Evidence[1:] // a challenge, a farewell
	symptom.Evidence = append([]finding.Evidence{{Source: source, Text: s.Text, Ref: refOf(s.Err, said)}}, further...)
	return p.Explain(symptom, c), true
}

// refusal is how a server of each protocol refuses a login.
var refusal = map[setup.Protocol]string{setup.IMAP: "NO", setup.POP3: "-ERR", setup.SMTP: "535"}

func refOf(err error, said map[string]string) string {
	var oe *oauth.Error
	if errors.As(err, &oe) {
		return oe.CorrelationID
	}
	return said["mail_server"]
}

// phaseOf is the sighting's phase in the words of the rules, which keep the
// grant without a person apart.
func phaseOf(s paste.Sighting) provider.Phase {
	var oe *oauth.Error
	if errors.As(s.Err, &oe) && oe.Grant == oauth.GrantClientCredentials {
		return provider.PhaseAppOnly
	}
	return provider.Phase(s.Phase)
}

// Causes lists the causes of all findings once, best first. That another thing
// in the text is certain does not make it the cause of the first one, so none
// of the others is called more likely than the first.
func (out Result) Causes() []Cause {
	var list []Cause
	seen := map[string]bool{}
	for _, f := range out.Findings {
		for _, c := range f.Causes {
			if !seen[c.Code] {
				seen[c.Code] = true
				if len(list) > 0 && slices.Index(order, c.Likelihood) < slices.Index(order, list[0].Likelihood) {
					c.Likelihood = list[0].Likelihood
				}
				list = append(list, Cause{c, f.Params})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Cause) int {
		return slices.Index(order, a.Likelihood) - slices.Index(order, b.Likelihood)
	})
	return list
}

// order is from the surest to the least sure.
var order = []finding.Likelihood{finding.Certain, finding.Likely, finding.Possible}

// Cause is one cause with the values of its finding.
type Cause struct {
	finding.Cause
	Params map[string]string
}

// Finding is the cause as a card of its own, without evidence.
func (c Cause) Finding() finding.Finding {
	return finding.Finding{Causes: []finding.Cause{c.Cause}, Params: maps.Clone(c.Params)}
}

// Evidence lists what was seen, of all findings, each text once.
func (out Result) Evidence() []finding.Evidence {
	var list []finding.Evidence
	for _, f := range out.Findings {
		for _, e := range f.Evidence {
			if !slices.ContainsFunc(list, func(o finding.Evidence) bool { return o.Text == e.Text && o.Source == e.Source }) {
				list = append(list, e)
			}
		}
	}
	return list
}
