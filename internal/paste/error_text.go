package paste

import (
	"errors"

	"latchkey/internal/oauth"
)

// ErrEmpty: nothing readable was pasted.
var ErrEmpty = errors.New("paste: nothing was pasted")

// ErrorText takes what a sign-in page shows and returns it as an error of the
// authorize endpoint, so that a pasted error and a returned one are the same.
// Where it was seen is known here, whatever the words themselves suggest. Of a
// text that is too long the beginning is read: a page says first what is wrong.
//
// Errors: ErrEmpty, ErrReturnAddress for what a sign-in has brought back.
func ErrorText(text string) (*oauth.Error, error) {
	parts, err := TakeApart(text[:min(len(text), MaxText)])
	if err != nil {
		return nil, err
	}
	if parts.Kind == KindCallback || parts.Kind == KindToken {
		return nil, ErrReturnAddress
	}
	for _, s := range parts.Sightings {
		var e *oauth.Error
		if errors.As(s.Err, &e) && (e.Code != "" || len(e.Numbers) > 0 || e.Subcode != "") {
			e.Endpoint, e.Grant, e.HTTPStatus = oauth.Authorize, "", 0
			return e, nil
		}
	}
	return &oauth.Error{
		Endpoint: oauth.Authorize, Description: oneLine(parts.Text, maxQuoted),
		CorrelationID: parts.Context["correlation_id"],
	}, nil
}
