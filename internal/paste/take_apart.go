package paste

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// MaxText is how many bytes TakeApart reads: about a thousand lines of a log.
const MaxText = 64 << 10

// ErrTooLong: the paste has more than MaxText bytes. The end of a log is
// usually enough.
var ErrTooLong = fmt.Errorf("paste: the text is longer than %d kilobytes", MaxText>>10)

// Phase is the part of the way from the sign-in to the mailbox in which
// something failed.
type Phase string

// The phases, as the command line writes them.
const (
	PhaseAuthorize Phase = "authorize"
	PhaseToken     Phase = "token"
	PhaseRefresh   Phase = "refresh"
	PhaseIMAP      Phase = "imap"
	PhasePOP3      Phase = "pop3"
	PhaseSMTP      Phase = "smtp"
	PhaseNetwork   Phase = "network"
)

// Phases lists them in the order in which a mailbox meets them.
var Phases = []Phase{PhaseNetwork, PhaseAuthorize, PhaseToken, PhaseRefresh, PhaseIMAP, PhasePOP3, PhaseSMTP}

// Sighting is one failure that a text tells of. Err is an *oauth.Error or a
// *probe.Error, as our own attempt would have returned it.
type Sighting struct {
	Phase   Phase
	Err     error
	Command string // of the client, that was refused: "RCPT TO"; "" if unknown
	// Mechanism is the SASL mechanism of a refused login in capitals, "" if unknown;
	// USER stands for a login with user name and password.
	Mechanism string
	Text      string // the words it was read from, masked, one line
	// Guess marks what was read from a program's own words: no answer of a
	// server stands behind it. Login says that those words are about a failed
	// login, also where they do not name the protocol.
	Guess, Login bool
	// Program marks a failure below the protocols as a program put it.
	Program bool

	rank int // how much it tells, see the constants
	at   int // where it stands
}

// How much a sighting tells. A server that says why outweighs a connection
// that broke, which is often only the end of the same story.
const (
	rankGuess   = iota // words of a program about an unknown answer
	rankVague          // a connection ended, an HTTP status
	rankNetwork        // a name, a port, a certificate
	rankReply          // a server's refusal
	rankNumber         // a refusal with the vendor's own number
)

// Parts is what a text was taken apart into. Nothing in it holds a live value.
type Parts struct {
	// Sightings, the most telling first: by rank, and of equals the last one,
	// because logs repeat a failure until somebody copies them.
	Sightings []Sighting
	// Context holds what the text says about the setup, under the names of the
	// command line: host, port, sasl_user, signed_in_as, mailbox, from, scopes,
	// redirect_uri, client_id, tenant, prompt, grant, correlation_id, trace_id,
	// mail_server, timestamp. Names without a value are absent.
	Context map[string]string
	// Masked tells which kinds of live values were in the text.
	Masked []Credential
	// Text is what was pasted, masked.
	Text string
	// Kind is what the whole text is, where it is one thing that is no answer.
	Kind Kind
}

// Kind is what a text is beside answers of servers; "" for anything else.
type Kind string

// The kinds. None of them tells of a failure.
const (
	KindCallback  Kind = "callback"  // the address after a sign-in, with its code
	KindAuthorize Kind = "authorize" // the address that begins a sign-in
	KindToken     Kind = "token"     // a signed token
)

// kindOf knows a text that is one word.
func kindOf(text string) Kind {
	text = strings.Trim(strings.TrimSpace(text), "<>\"'")
	if strings.ContainsAny(text, " \t\n") {
		return ""
	}
	if signedToken.MatchString(text) {
		return KindToken
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	q := u.Query()
	for name, values := range parsedFragment(u.Fragment) {
		q[name] = append(q[name], values...)
	}
	switch {
	case q.Get("error") != "":
		return ""
	case q.Get("code") != "" || q.Get("access_token") != "" || q.Get("id_token") != "":
		return KindCallback
	case q.Get("client_id") != "" && (q.Get("response_type") != "" || strings.HasSuffix(u.Path, "/authorize")):
		return KindAuthorize
	}
	return ""
}

// signedToken is the compact form of RFC 7515 §3.1: its header is a JSON object.
var signedToken = regexp.MustCompile(`^(?:Bearer )?eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$`)

func parsedFragment(fragment string) url.Values {
	values, err := url.ParseQuery(fragment)
	if err != nil {
		return nil // a part of a page
	}
	return values
}

// TakeApart reads whatever people have at hand when something does not work.
// It recognises structure only: which protocol, which stage, which codes. Live
// values are masked before anything is read, and used for nothing but the user
// name in a SASL login.
//
// Errors: ErrEmpty, ErrTooLong.
func TakeApart(text string) (Parts, error) {
	if len(text) > MaxText {
		return Parts{}, ErrTooLong
	}
	text = rejoined(text)
	shown, plain, m := maskLayers(text)
	if strings.TrimSpace(plain) == "" {
		return Parts{}, ErrEmpty
	}
	r := newReader(plain)
	r.page = isPage.MatchString(shown)
	r.note("sasl_user", m.user)
	r.readContext()
	r.readProxy()
	r.readGreetings()
	r.readSignIn()
	r.readMail()
	r.readNetwork()
	r.readGuesses()
	r.finish()
	return Parts{Sightings: r.found, Context: r.context, Masked: m.kinds, Text: shown, Kind: kindOf(text)}, nil
}

// rejoined puts an address together that a mail program or a console has broken
// into lines: no line has a blank in it, and only the first begins an address.
func rejoined(text string) string {
	lines := strings.Fields(text)
	if len(lines) < 2 || len(lines) != strings.Count(strings.TrimSpace(text), "\n")+1 || !strings.Contains(lines[0], "://") {
		return text
	}
	if slices.ContainsFunc(lines[1:], func(l string) bool { return !strings.ContainsAny(l, "0123456789=&%._-") }) {
		return text // words below an address
	}
	one := strings.Join(lines, "")
	if u, err := url.Parse(one); err != nil || u.Host == "" || u.RawQuery == "" && u.Fragment == "" || strings.Count(one, "://") != 1 {
		return text
	}
	return one
}

// maxLayers bounds how often a text is unwrapped: HTML around JSON around a
// query is three.
const maxLayers = 5

// maskLayers masks a text in each of its wrappings. It returns the text as it
// was pasted and as it reads unwrapped. Where a value hides in the pasted form
// in a way the mask does not see there, the unwrapped form is returned twice.
func maskLayers(text string) (shown, plain string, m *masker) {
	m = &masker{}
	shown = m.apply(readable(text))
	plain = shown
	for range maxLayers {
		next := m.apply(readable(unwrap(plain)))
		if next == plain {
			break
		}
		plain = next
	}
	if holds(plain, m.values) { // the same value again, without its name
		for _, v := range m.values {
			if len(v) >= minRepeated {
				plain = strings.ReplaceAll(plain, v, masked)
			}
		}
		shown = plain
	}
	if plain == shown {
		return strings.TrimSpace(shown), plain, m
	}
	again := &masker{}
	rest := shown
	for range maxLayers {
		next := again.apply(readable(unwrap(rest)))
		if next == rest {
			break
		}
		rest = next
	}
	if len(again.values) > 0 || holds(shown, m.values) {
		shown = plain
	}
	return strings.TrimSpace(shown), plain, m
}

// minRepeated is the length from which a value is looked for elsewhere: a
// shorter password may be an ordinary word.
const minRepeated = 8

func holds(text string, values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return len(v) >= minRepeated && strings.Contains(text, v) })
}

// reader is one pass over an unwrapped, masked text.
type reader struct {
	text    string
	lines   []line
	page    bool // it was a web page before it was unwrapped
	context map[string]string
	found   []Sighting
}

type line struct {
	text     string
	at       int
	protocol probe.Protocol // "" if nothing near tells
	used     bool           // its words belong to a sighting already
}

func newReader(text string) *reader {
	r := &reader{text: text, context: map[string]string{}}
	at := 0
	for l := range strings.SplitSeq(text, "\n") {
		r.lines = append(r.lines, line{text: l, at: at})
		at += len(l) + 1
	}
	r.guessProtocols()
	return r
}

// note keeps a fact unless the text has named another one before.
func (r *reader) note(name, value string) {
	value = strings.TrimSpace(value)
	if value != "" && value != masked && r.context[name] == "" {
		r.context[name] = oneLine(value, maxField)
	}
}

func (r *reader) see(s Sighting) {
	s.Text, s.Guess = oneLine(s.Text, maxQuoted), s.rank == rankGuess
	r.found = append(r.found, s)
}

const (
	maxField  = 300
	maxQuoted = 1500
	// maxSightings is how many different failures one text is believed to tell.
	maxSightings = 12
)

// oneLine joins the lines of s and cuts it.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// finish orders the sightings and leaves out repetitions.
func (r *reader) finish() {
	slices.SortStableFunc(r.found, func(a, b Sighting) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.at, a.at))
	})
	seen := map[string]bool{}
	r.found = slices.DeleteFunc(r.found, func(s Sighting) bool {
		key := s.key()
		old := seen[key]
		seen[key] = true
		return old
	})
	r.found = r.found[:min(len(r.found), maxSightings)]
	maps.DeleteFunc(r.context, func(_, v string) bool { return v == "" })
}

// key is equal for two sightings of the same failure.
func (s Sighting) key() string {
	var oe *oauth.Error
	var pe *probe.Error
	switch {
	case errors.As(s.Err, &oe):
		return fmt.Sprint("oauth ", s.Phase, oe.Code, oe.Suberror, oe.Subcode, oe.Numbers, len(oe.Numbers) == 0 && oe.Code == "", oe.HTTPStatus)
	case errors.As(s.Err, &pe):
		words := strings.ToLower(pe.Reply.Text)
		return fmt.Sprint("probe ", s.Phase, pe.Target.Protocol, pe.Kind, pe.Reply.Status, pe.Reply.Code, pe.Reply.Enhanced, words[:min(len(words), 24)])
	}
	return s.Text
}
