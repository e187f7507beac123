package xoauth2

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/secret"
)

// Mechanism is the name servers advertise.
const Mechanism = "XOAUTH2"

// Errors of the two constructors. Nothing has been sent when they are
// returned.
var (
	ErrUser  = errors.New("xoauth2: the user name is empty, longer than 254 bytes, not UTF-8, or holds a control character")
	ErrToken = errors.New("xoauth2: the access token is shorter than 16 bytes or holds a byte that no bearer token has")
)

const (
	// maxUser is the longest address of RFC 5321 §4.5.3.1.3.
	maxUser = 254
	// minToken keeps a token distinguishable from ordinary words, so that the
	// mask can promise to find it.
	minToken = 16
	// maxChallenge bounds what is kept of a challenge, in bytes; the known
	// ones have less than 200.
	maxChallenge = 1024
)

// Client is one side of one exchange, in the shape that mail libraries expect
// of a SASL client (Start, then Next for each challenge). It is used once, by
// one goroutine.
type Client struct {
	user      string
	token     secret.Text
	sent      bool
	twoStep   bool
	challenge *Challenge
}

// Challenge is what a server says before it refuses: a JSON object in the
// first three fields (Google, Dovecot; RFC 7628 §3.2.2 has the same members).
// Exchange Online sends none. All texts are masked; they may hold control
// characters and must be quoted before they are shown.
type Challenge struct {
	Status  string
	Schemes string
	Scope   string
	Raw     string // at most 1024 bytes, also when it is no JSON
}

// InitialResponse returns the form for IMAP: Start hands out the response,
// and the library decides by SASL-IR where to put it. Errors: ErrUser,
// ErrToken.
func InitialResponse(user string, token secret.Text) (*Client, error) {
	return newClient(user, token, false)
}

// TwoStep returns the form for SMTP and POP3: the response follows the
// server's first, empty challenge. Exchange's POP3 accepts no other form, and
// on SMTP a token of usual length does not fit on the AUTH line, whose limit is
// that of all commands (RFC 4954 §4, RFC 5321 §4.5.3.1.4). Errors: ErrUser,
// ErrToken.
func TwoStep(user string, token secret.Text) (*Client, error) {
	return newClient(user, token, true)
}

func newClient(user string, token secret.Text, twoStep bool) (*Client, error) {
	if !goodUser(user) {
		return nil, ErrUser
	}
	if !goodToken(token.Reveal()) {
		return nil, ErrToken
	}
	return &Client{user: user, token: token, twoStep: twoStep}, nil
}

// goodUser refuses control characters before all: 0x01 separates the fields of
// the response, so a user name holding one could bring its own auth field.
func goodUser(user string) bool {
	return user != "" && len(user) <= maxUser && utf8.ValidString(user) &&
		strings.IndexFunc(user, unicode.IsControl) < 0
}

// goodToken accepts the b64token of RFC 6750 §2.1.
func goodToken(token string) bool {
	return len(token) >= minToken && strings.Trim(token,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") == ""
}

// Start implements the SASL client: the mechanism's name and, in the
// InitialResponse form, the response.
func (c *Client) Start() (string, []byte, error) {
	if c.twoStep {
		return Mechanism, nil, nil
	}
	c.sent = true
	return Mechanism, c.response(), nil
}

// Next implements the SASL client. A challenge that follows the response is a
// refusal; it is kept, and answered with the single byte 0x01 so that the
// server goes on to its final line. The answer is never nil, because go-smtp
// then reports success for a refused login; never empty, because go-imap then
// sends "=", which Dovecot rejects before it gives the reason; and never an
// error, because both libraries then leave the final line unread.
func (c *Client) Next(challenge []byte) ([]byte, error) {
	if !c.sent {
		c.sent = true
		return c.response(), nil
	}
	if c.challenge == nil {
		c.challenge = parseChallenge(challenge, NewMask(c.token))
	}
	return []byte{0x01}, nil
}

// Challenge returns the server's error challenge, nil if there was none. One
// that was followed by success is no success.
func (c *Client) Challenge() *Challenge { return c.challenge }

// Format implements fmt.Formatter, because fmt does not ask the methods of an
// unexported field: it would print the token's bytes.
func (c Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "xoauth2.Client(%s)", c.token) }

func (c *Client) response() []byte {
	return []byte("user=" + c.user + "\x01auth=Bearer " + c.token.Reveal() + "\x01\x01")
}

func parseChallenge(raw []byte, mask Mask) *Challenge {
	if len(raw) > maxChallenge {
		raw = raw[:maxChallenge]
	}
	c := &Challenge{Raw: mask.Apply(string(raw))}
	var members map[string]any
	if json.Unmarshal(raw, &members) != nil {
		return c // the raw text is the evidence
	}
	for name, field := range map[string]*string{"status": &c.Status, "schemes": &c.Schemes, "scope": &c.Scope} {
		if text, ok := members[name].(string); ok {
			*field = mask.Apply(text)
		}
	}
	return c
}
