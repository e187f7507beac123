package provider

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// Symptom is what a server or the network said, taken apart. It comes from an
// error of ours or from pasted text; the rules see no difference.
type Symptom struct {
	Endpoint  oauth.Endpoint // "" for mail and network
	Grant     string         // grant type of a token request
	Status    int            // HTTP status
	OAuthCode string         // "error" of RFC 6749 §5.2
	Suberror  string
	Subcode   string
	Numbers   []int // vendor numbers, the most specific last

	Protocol probe.Protocol // "" for OAuth
	Stage    probe.Stage
	Kind     probe.Kind
	Reply    string // OK, NO, BAD, BYE, +OK, -ERR or the SMTP code
	Enhanced string // "5.7.139"

	Text     string // everything the server said, for matching by words
	Evidence []finding.Evidence
}

// number matches the vendor's codes as whole numbers: they are prefixes of
// each other, and digit runs occur inside trace IDs
// (learn.microsoft.com/entra/identity-platform/reference-error-codes, 2026-11-21).
var number = regexp.MustCompile(`AADSTS(\d{4,8})(?:\D|$)`)

// Numbers returns the vendor numbers named in text, in order, each once.
func Numbers(text string) []int {
	var list []int
	for _, m := range number.FindAllStringSubmatch(text, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			list = appendNew(list, n)
		}
	}
	return list
}

func appendNew(list []int, n int) []int {
	for _, old := range list {
		if old == n {
			return list
		}
	}
	return append(list, n)
}

// SymptomOf takes an error of oauth or probe apart. ok is false for any other
// error: that one is ours.
func SymptomOf(err error) (Symptom, bool) {
	var oe *oauth.Error
	if errors.As(err, &oe) {
		return symptomOfOAuth(oe), true
	}
	var pe *probe.Error
	if errors.As(err, &pe) {
		return symptomOfProbe(pe), true
	}
	return Symptom{}, false
}

func symptomOfOAuth(e *oauth.Error) Symptom {
	s := Symptom{
		Endpoint: e.Endpoint, Grant: e.Grant, Status: e.HTTPStatus, OAuthCode: e.Code,
		Suberror: e.Suberror, Subcode: e.Subcode, Text: strings.Join([]string{e.Description, e.Body}, " "),
	}
	s.Numbers = Numbers(e.Description)
	for _, n := range e.Numbers {
		s.Numbers = appendNew(s.Numbers, n)
	}
	text := e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	if text == "" {
		text = e.Error()
	}
	if e.HTTPStatus != 0 {
		text = fmt.Sprintf("HTTP %d %s", e.HTTPStatus, text)
	}
	s.Evidence = []finding.Evidence{{Source: string(e.Endpoint), Text: text, Ref: e.CorrelationID}}
	// A transport failure below an OAuth request is judged like any other.
	var pe *probe.Error
	if errors.As(e.Err, &pe) {
		inner := symptomOfProbe(pe)
		s.Protocol, s.Stage, s.Kind = inner.Protocol, inner.Stage, inner.Kind
		s.Evidence = inner.Evidence
	}
	return s
}

func symptomOfProbe(e *probe.Error) Symptom {
	s := Symptom{
		Protocol: e.Target.Protocol, Stage: e.Stage, Kind: e.Kind,
		Reply: e.Reply.Status, Enhanced: e.Reply.Enhanced,
		Text: strings.Join([]string{e.Reply.Line, e.Reply.Challenge, e.Reply.Bye}, " "),
	}
	if s.Reply == "" && e.Reply.Code != 0 {
		s.Reply = strconv.Itoa(e.Reply.Code)
	}
	source := fmt.Sprintf("%s, %s", e.Target, e.Stage)
	text := e.Reply.Line
	if text == "" {
		text = fmt.Sprintf("%v, after %d ms", e.Err, e.Elapsed.Milliseconds())
	}
	s.Evidence = []finding.Evidence{{Source: source, Text: text}}
	if e.Reply.Challenge != "" {
		s.Evidence = append(s.Evidence, finding.Evidence{Source: "SASL challenge", Text: e.Reply.Challenge})
	}
	if e.Reply.Bye != "" {
		s.Evidence = append(s.Evidence, finding.Evidence{Source: source, Text: e.Reply.Bye})
	}
	return s
}
