package oauth

import (
	"net/url"
	"strings"

	"latchkey/internal/secret"
)

// Callback is an authorization response (RFC 6749 §4.1.2): a code, or Err.
type Callback struct {
	State  secret.Text
	Code   secret.Text
	Issuer string // "iss" (RFC 9207); "" where the server sends none
	Err    *Error // what the server said instead of a code
}

// ParseCallback reads the query of an authorization response. It accepts no
// parameter of the protocol twice, because two readers may then see two
// different ones (RFC 6749 §3.1); the others are ignored (§4.1.2). A response
// must have a state, and a code or an error but not both.
//
// Errors: *Refused with CheckCallback; Got names the parameter. The sign-in is
// then unknown, and the response ends here.
func ParseCallback(query url.Values) (Callback, error) {
	for _, name := range []string{
		"state", "code", "iss", "error", "error_description", "error_uri", "error_subcode", "session_state",
	} {
		if len(query[name]) > 1 {
			return Callback{}, &Refused{Check: CheckCallback, Got: name + " twice"}
		}
	}
	cb := Callback{
		State:  secret.New(query.Get("state")),
		Code:   secret.New(query.Get("code")),
		Issuer: query.Get("iss"),
	}
	failed := query.Get("error") != ""
	switch {
	case cb.State.IsZero():
		return Callback{}, &Refused{Check: CheckCallback, Got: "no state"}
	case failed && !cb.Code.IsZero():
		return Callback{}, &Refused{Check: CheckCallback, Got: "code and error"}
	case !failed && cb.Code.IsZero():
		return Callback{}, &Refused{Check: CheckCallback, Got: "neither code nor error"}
	case !visible(cb.Code.Reveal()):
		return Callback{}, &Refused{Check: CheckCallback, Got: "characters that a code cannot have"}
	}
	if failed {
		r := redactor{cb.State}
		cb.Err = &Error{
			Endpoint:    Authorize,
			Code:        r.text(query.Get("error"), maxField),
			Description: r.text(query.Get("error_description"), maxDescription),
			URI:         r.text(query.Get("error_uri"), maxField),
			Subcode:     r.text(query.Get("error_subcode"), maxField),
		}
	}
	return cb, nil
}

// visible reports whether s has only the characters of codes and tokens
// (RFC 6749 appendix A: VSCHAR). A control character would go on into a mail
// protocol's command, where 0x01 separates and a line break ends.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < 0x20 || c > 0x7e })
}
