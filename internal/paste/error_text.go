package paste

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"latchkey/internal/oauth"
)

// maxText is how much of a pasted page is looked at; an error page has some
// hundred characters of words.
const maxText = 8 << 10

// ErrEmpty: nothing readable was pasted.
var ErrEmpty = errors.New("paste: nothing was pasted")

// secretParameter finds values that open something: parameters of the sign-in
// protocol, bearer tokens, and anything in the form of a JWT (RFC 7519 §3).
var secretParameter = regexp.MustCompile(
	`(?i)\b(code|access_token|refresh_token|id_token|client_secret|client_assertion|code_verifier|password|passwd|assertion|device_code|state|session_state)(["']?\s*[=:]\s*["']?)([^&\s"'<>]{6,})` +
		`|(?i)\b(Bearer)(\s+)([A-Za-z0-9._~+/=-]{12,})` +
		`|()()(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{8,})`)

// Mask returns text with every live value replaced, and whether there was one.
func Mask(text string) (masked string, found bool) {
	masked = secretParameter.ReplaceAllStringFunc(text, func(m string) string {
		p := secretParameter.FindStringSubmatch(m)
		if p[3] != "" && plainForm.MatchString(p[3]) {
			return m
		}
		found = true
		return p[1] + p[2] + p[4] + p[5] + "[masked]"
	})
	return masked, found
}

// plainForm spares what only looks like a parameter: a number, or capitals and
// a number, as in "error code: ABC50011".
var plainForm = regexp.MustCompile(`^[A-Z]{0,8}[0-9]{3,10}[:;,.)]*$`)

// ErrorText takes what a sign-in page shows and returns it as an error of the
// authorize endpoint, so that a pasted error and a returned one are the same.
//
// Errors: ErrEmpty.
func ErrorText(text string) (*oauth.Error, error) {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text, _ = Mask(text)
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))), " ")
	if text == "" {
		return nil, ErrEmpty
	}
	e := &oauth.Error{Endpoint: oauth.Authorize, Description: text}
	if m := errorParameter.FindStringSubmatch(text); m != nil {
		e.Code = m[1]
	}
	if m := subcodeParameter.FindStringSubmatch(text); m != nil {
		e.Subcode = m[1]
	}
	if m := correlation.FindStringSubmatch(text); m != nil {
		e.CorrelationID = m[1]
	}
	return e, nil
}

var (
	errorParameter   = regexp.MustCompile(`(?i)\berror["']?\s*[=:]\s*["']?([a-z_]{4,40})\b`)
	subcodeParameter = regexp.MustCompile(`(?i)\berror_subcode["']?\s*[=:]\s*["']?([a-z_]{3,40})\b`)
	correlation      = regexp.MustCompile(`(?i)correlation[ _]?id["']?\s*[=:]?\s*["']?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
)
