package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
)

// Redacted is what every printing path shows in place of a secret.
const Redacted = "[redacted]"

// ErrMarshal is returned by each marshalling method: a secret that reaches an
// encoder is a programming error, and an error is found sooner than a
// placeholder that was stored in place of the value.
var ErrMarshal = errors.New("secret: a secret was about to be marshalled")

// Text is a string that hides itself. The zero value is "no secret".
//
// The value stands behind a pointer: fmt calls no method of an unexported
// field, so in a struct that holds one it would print the string itself, and
// prints an address instead.
type Text struct{ value *string }

// New wraps value.
func New(value string) Text {
	if value == "" {
		return Text{}
	}
	return Text{value: &value}
}

// Reveal returns the value. Call it only where the value leaves the program:
// in a token request, in a SASL response, in front of the sealer.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// IsZero reports whether there is no secret.
func (t Text) IsZero() bool { return t.value == nil }

// Len returns the length in bytes; shape checks need it, and it tells little.
func (t Text) Len() int { return len(t.Reveal()) }

// Equal compares in constant time for values of equal length. The operator ==
// compares places, not values.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String implements fmt.Stringer.
func (t Text) String() string {
	if t.IsZero() {
		return ""
	}
	return Redacted
}

// GoString implements fmt.GoStringer, so that %#v hides the value too.
func (t Text) GoString() string { return "secret.Text(" + t.String() + ")" }

// Format implements fmt.Formatter: no verb, not even %x, reaches the value.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue implements slog.LogValuer.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON always fails; see ErrMarshal.
func (t Text) MarshalJSON() ([]byte, error) { return nil, ErrMarshal }

// MarshalText always fails; see ErrMarshal.
func (t Text) MarshalText() ([]byte, error) { return nil, ErrMarshal }

// UnmarshalText accepts a value, so that configuration files and flags can be
// decoded into a Text.
func (t *Text) UnmarshalText(b []byte) error {
	*t = New(string(b))
	return nil
}
