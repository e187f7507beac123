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
	if m := subcodeField.FindStringSubmatch(text); m != nil {
		e.Subcode = m[1]
	}
	if m := correlation.FindStringSubmatch(text); m != nil {
		e.CorrelationID = m[1]
	}
	return e, nil
}

// errorParameter is the error word of the page's own words or address.
var errorParameter = regexp.MustCompile(`(?i)\berror["']?\s*[=:]\s*["']?([a-z_]{4,40})\b`)
