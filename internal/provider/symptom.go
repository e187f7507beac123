package provider

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// Symptom is what a server or the network said, taken apart. It comes from an
// error of ours or from pasted text; the rules see no difference. Whatever is
// not known stays empty; what stands in Text is then looked for there.
type Symptom struct {
	Endpoint  oauth.Endpoint // "" for mail and network
	Grant     string         // grant type of a token request
	Status    int            // HTTP status
	OAuthCode string         // "error" of RFC 6749 §5.2
	Suberror  string
	Subcode   string
	Numbers   []int // vendor numbers in the order in which they were said
	HTML      bool  // a web page came where a document of the protocol was due
	Program   bool  // the words are those of another program about what it met
	Pasted    bool  // somebody has copied the answer; what asked for it is not known

	Protocol probe.Protocol // "" for OAuth
	Stage    probe.Stage
	Kind     probe.Kind
	Reply    string // OK, NO, BAD, BYE, +OK, -ERR or the SMTP code
	Enhanced string // "5.7.139"
	// Mechanism is the SASL mechanism of a refused login in capitals, where it is
	// known; USER stands for a login with user name and password.
	Mechanism string

	Text     string // everything the server said, for matching by words
	Evidence []finding.Evidence
}

// number finds the vendor's codes as whole numbers: they are prefixes of each
// other, and digit runs occur inside trace IDs. Without the prefix a number
// counts only where the vendor itself puts one: the look-up address, the
// members of the error documents and of the page, the words of the sign-in log
// (learn.microsoft.com/entra/identity-platform/reference-error-codes, 2026-11-21).
var (
	number = regexp.MustCompile(`(?i)(?:` +
		`\bAADSTS[ :#_-]{0,2}` +
		`|\berror(?:\?|%3F)code(?:=|%3D)` +
		`|\b[is]?ErrorCode\W{1,6}` +
		`|\berror code\b\W{0,4}` +
		`)(\d{4,8})\b` +
		`|\berror_?codes\W{1,8}(\d{4,8}(?:[\s"\\,]{1,6}\d{4,8})*)\b`)
	digits = regexp.MustCompile(`\d+`)
)

// Numbers returns the vendor numbers named in text, in order, each once.
func Numbers(text string) []int {
	var list []int
	for _, m := range number.FindAllStringSubmatch(plain(text), -1) {
		for _, d := range digits.FindAllString(m[1]+" "+m[2], -1) {
			if n, err := strconv.Atoi(d); err == nil {
				list = appendNew(list, n)
			}
		}
	}
	return list
}

var (
	percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	escapes = strings.NewReplacer(`\/`, "/", `\u0022`, `"`, `\u0026`, "&", `\u0027`, "'", `\u003c`, "<", `\u003e`, ">")
)

// plain takes the wrapping off a text: an answer is pasted from an address
// bar, out of a log of JSON, or from the source of a page, and sometimes from
// one inside another.
func plain(text string) string {
	for range 2 {
		if percent.MatchString(text) {
			text = strings.ReplaceAll(text, "+", " ")
			text = percent.ReplaceAllStringFunc(text, func(code string) string {
				b, _ := strconv.ParseUint(code[1:], 16, 8) // two hexadecimal digits
				return string([]byte{byte(b)})
			})
		}
		text = html.UnescapeString(escapes.Replace(text))
	}
	return strings.ToValidUTF8(text, "?")
}

// typographic are the quotes that pages and mail programs set in place of the
// plain ones, in which the vendor writes its messages.
var typographic = strings.NewReplacer("\u2018", "'", "\u2019", "'", "\u201c", `"`, "\u201d", `"`)

func appendNew(list []int, n int) []int {
	if slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}

// umbrellas are numbers that say little and are said together with one that
// says more: the general refusals of older answers, and the steps of a sign-in
// that stand in a log before its end.
var umbrellas = []int{70002, 70000, 90023, 90014, 50000, 50058, 50125, 50140, 50199}

// bySpecificity orders numbers for trying: the last one said first, because a
// message ends with its reason and a log with the latest, umbrellas last.
func bySpecificity(numbers []int) []int {
	list := slices.Clone(numbers)
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b int) int {
		return rankOf(a) - rankOf(b)
	})
	return list
}

func rankOf(n int) int { return slices.Index(umbrellas, n) + 1 }

// in adds the place where the answer came, if the symptom does not know it.
func (s Symptom) in(phase Phase) Symptom {
	at := place[phase]
	if s.Protocol == "" && s.Kind == "" && (s.Endpoint == "" || s.Status == 0) {
		if at.Endpoint != "" {
			s.Endpoint = at.Endpoint
		}
		if s.Grant == "" {
			s.Grant = at.Grant
		}
		if s.Endpoint == "" {
			s.Protocol = at.Protocol
		}
	}
	return s
}

// The parts of an answer that can be told from words alone.
var (
	codeWord = regexp.MustCompile(`(?i)\berror\W{1,6}(invalid_request|unauthorized_client|access_denied|unsupported_response_type|` +
		`invalid_scope|server_error|temporarily_unavailable|invalid_client|invalid_grant|unsupported_grant_type|` +
		`interaction_required|login_required|account_selection_required|consent_required|invalid_resource|invalid_target|` +
		`authorization_pending|slow_down|expired_token|code_expired|user_password_expired|permission_denied)\b`)
	suberrorWord = regexp.MustCompile(`(?i)\bsuberror\W{1,6}([a-z_]{4,40})\b`)
	subcodeWord  = regexp.MustCompile(`(?i)\berror_subcode\W{1,6}([a-z_]{3,40})\b`)
	statusWord   = regexp.MustCompile(`(?i)\bHTTP(?:/\d(?:\.\d)?)?(?: status)?(?: code)?\W{1,3}([2-5]\d\d)\b`)
	smtpReply    = regexp.MustCompile(`(?:^|[^\d.])([245]\d\d)[ ,-]{1,2}(?:b?['"])?#?([245]\.\d{1,3}\.\d{1,3})\b`)
	webPage      = regexp.MustCompile(`(?i)<!doctype html|<html[ >]`)
)

// complete reads from Text what no field says. A pasted line has nothing but
// words, and a library that wraps an answer often leaves nothing but words.
func (s Symptom) complete() Symptom {
	if p := plain(s.Text); p != s.Text {
		s.Text += " " + p
	}
	s.Text = typographic.Replace(s.Text)
	if len(s.Numbers) == 0 {
		s.Numbers = Numbers(s.Text)
	}
	if len(s.Numbers) == 0 && s.Protocol == "" {
		s.Numbers = numbersOfWords(s.Text)
	}
	for field, word := range map[*string]*regexp.Regexp{
		&s.OAuthCode: codeWord, &s.Suberror: suberrorWord, &s.Subcode: subcodeWord,
	} {
		if m := word.FindStringSubmatch(s.Text); *field == "" && m != nil {
			*field = strings.ToLower(m[1])
		}
	}
	if m := statusWord.FindStringSubmatch(s.Text); s.Status == 0 && m != nil {
		s.Status, _ = strconv.Atoi(m[1])
	}
	if all := smtpReply.FindAllStringSubmatch(s.Text, -1); s.Enhanced == "" && all != nil {
		m := all[len(all)-1] // the refusal ends a conversation
		for _, one := range all {
			if one[1][0] != '2' {
				m = one
			}
		}
		s.Enhanced = m[2]
		s.Reply = first(s.Reply, m[1])
	}
	s.HTML = s.HTML || webPage.MatchString(s.Text)
	return s
}

// Protocol is the mail protocol of the answer, "" for an answer of the sign-in
// service, also where a mail check had asked for the token.
func (k Case) Protocol() setup.Protocol {
	switch s := k.Symptom; {
	case slices.Contains(setup.Protocols, setup.Protocol(s.Protocol)):
		return setup.Protocol(s.Protocol)
	case s.Endpoint != "" || s.OAuthCode != "" || len(s.Numbers) > 0:
		return ""
	}
	return k.Context.Protocol
}

// quotes are the places where an answer repeats a value of the request.
var quotes = map[string]*regexp.Regexp{
	"redirect_uri": regexp.MustCompile(`(?i)(?:redirect|reply) (?:URI|URL|address) '([^'\s]{8,300})'`),
	"client_id":    regexp.MustCompile(`(?i)application (?:with identifier )?'([0-9a-f-]{36})'`),
	"tenant":       regexp.MustCompile(`(?i)\bTenant '?([A-Za-z0-9][A-Za-z0-9.-]{2,100})'? not found`),
}

func quoted(text, name string) string {
	if q, ok := quotes[name]; ok {
		if m := q.FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return ""
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
		Suberror: e.Suberror, Subcode: e.Subcode, HTML: e.ContentType == "text/html",
		Text: strings.Join([]string{e.Description, e.URI, e.Body}, " "),
	}
	s.Numbers = Numbers(s.Text)
	for _, n := range e.Numbers {
		s.Numbers = appendNew(s.Numbers, n)
	}
	text := strings.Join(slices.DeleteFunc([]string{e.Code, e.Description}, func(s string) bool { return s == "" }), ": ")
	if text == "" {
		text = first(e.Body, e.Error())
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
		text = e.Words()
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
