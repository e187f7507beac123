package oauth

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"latchkey/internal/secret"
)

// redactor removes secrets from text that a server wrote. A server, a proxy or
// an error page can echo the request, so every value that was sent is looked
// for in the spellings an echo has; what looks like a token is removed too,
// because an answer can contain tokens that were never sent.
type redactor []secret.Text

// shortest is the length below which a value is not looked for: replacing one
// letter everywhere would destroy the text and show which letter it is.
const shortest = 4

func (r redactor) with(more ...secret.Text) redactor {
	return append(append(redactor{}, r...), more...)
}

// text redacts s, makes it printable and cuts it to limit characters, in this
// order: a secret that is cut in two would not be found.
func (r redactor) text(s string, limit int) string { return clean(r.redact(s), limit) }

func (r redactor) redact(s string) string {
	for _, known := range r {
		if known.Len() < shortest {
			continue
		}
		for _, spelling := range spellings(known.Reveal()) {
			s = strings.ReplaceAll(s, spelling, secret.Redacted)
		}
	}
	s = labelled.ReplaceAllString(s, "${1}"+secret.Redacted)
	return longRun.ReplaceAllStringFunc(s, func(run string) string {
		if guid.MatchString(run) {
			return run
		}
		return secret.Redacted
	})
}

// error returns err without its text where the text contains a secret: the
// HTTP client quotes what it could not understand. The address of the request
// is dropped, the Endpoint names it.
func (r redactor) error(err error) error {
	if told := r.redact(err.Error()); told != err.Error() {
		return errors.New(clean(told, maxField))
	}
	return err
}

// spellings lists how a form, an address, a page, a JSON document and a quoted
// log line write s.
func spellings(s string) []string {
	inJSON, _ := json.Marshal(s) // a string cannot fail
	return []string{
		s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s),
		strings.Trim(string(inJSON), `"`), strings.Trim(strconv.Quote(s), `"`),
	}
}

var (
	guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	// longRun is what codes, verifiers and the parts of a JWT look like. Dots
	// and slashes end a run, so that host names and paths stay readable.
	longRun = regexp.MustCompile(`[A-Za-z0-9_~+%=-]{32,}`)
	// labelled is a value that says what it is. The length spares "code=7000215".
	labelled = regexp.MustCompile(`(?i)((?:token|secret|verifier|assertion|password|code|state)"?\s*[=:]\s*"?)[^\s"'&<>]{16,}`)
)

// tokensIn lists the tokens of a token response, in case another member or the
// text of a library repeats them.
func tokensIn(members map[string]json.RawMessage) []secret.Text {
	var found []secret.Text
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if s := text(members[name]); s != "" {
			found = append(found, secret.New(s))
		}
	}
	return found
}

// clean makes s one printable line of at most limit characters: a line break
// becomes a space, any other control character its escape. What a server says
// ends in logs and terminals (threat T43).
func clean(s string, limit int) string {
	var b strings.Builder
	n := 0
	gap := false
	for _, c := range s {
		if n >= limit {
			b.WriteString("…")
			break
		}
		switch {
		case c == '\r' || c == '\n' || c == '\t' || c == ' ':
			gap = b.Len() > 0
			continue
		case gap:
			b.WriteByte(' ')
			n++
			gap = false
		}
		if unicode.IsPrint(c) && c != unicode.ReplacementChar {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		}
		n++
	}
	return b.String()
}
