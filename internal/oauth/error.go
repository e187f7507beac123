package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Endpoint is the part of the authorization server that was spoken to.
type Endpoint string

// The endpoints, named after their metadata.
const (
	Discovery Endpoint = "discovery"
	Authorize Endpoint = "authorize"
	TokenEnd  Endpoint = "token"
	Keys      Endpoint = "keys"
)

// The grants, as the protocol spells them (RFC 6749 §4.1.3, §6, §4.4.2).
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
)

// Causes of an Error that are neither the server's words nor the network's.
var (
	// ErrMalformed: the answer is not what the protocol prescribes.
	ErrMalformed = errors.New("malformed answer")
	// ErrTooLarge: the answer is longer than a megabyte.
	ErrTooLarge = errors.New("answer too large")
	// ErrAddress: the address is not https, nor http on this computer.
	ErrAddress = errors.New("address not allowed")
)

// Error says that the authorization server refused, or could not be asked. Its
// fields are what the protocol said and nothing else; text from the server is
// redacted, its control characters are made visible and its length is limited.
type Error struct {
	Endpoint   Endpoint
	Grant      string // of a token request
	HTTPStatus int    // 0: no answer, or an error in the redirect of the authorize endpoint

	Code        string // RFC 6749 §4.1.2.1 and §5.2 "error"
	Description string // "error_description"
	URI         string // "error_uri"
	Suberror    string // "suberror"
	Subcode     string // "error_subcode"
	Numbers     []int  // "error_codes"
	Claims      string // "claims": to be sent to the authorize endpoint as it is

	TraceID       string // "trace_id"
	CorrelationID string // "correlation_id"
	Timestamp     string // "timestamp", as the server wrote it

	RetryAfter  time.Duration // RFC 9110 §10.2.3; 0: not given
	Location    string        // scheme and host of a redirect that was not followed
	ContentType string        // media type of the answer
	Body        string        // beginning of an answer that is not an OAuth error

	// Err is set where no protocol error was said: the network's error, or one
	// of ErrMalformed, ErrTooLarge, ErrAddress.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "oauth: %s endpoint", e.Endpoint)
	if e.Grant != "" {
		fmt.Fprintf(&b, " (%s)", e.Grant)
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTPStatus)
	}
	for _, part := range []string{e.Code, e.Description} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Check names a rule that an answer can break.
type Check string

// The checks, in the order in which a sign-in meets them.
const (
	CheckMetadataIssuer  Check = "metadata_issuer"  // RFC 8414 §3.3
	CheckCallback        Check = "callback"         // RFC 6749 §3.1, §4.1.2
	CheckState           Check = "state"            // RFC 6749 §10.12
	CheckResponseIssuer  Check = "response_issuer"  // RFC 9207 §2.4
	CheckIDToken         Check = "id_token"         // there is one, and it is a signed JWT
	CheckSignature       Check = "signature"        // OpenID Connect Core §3.1.3.7 (6)
	CheckIssuer          Check = "issuer"           // (2)
	CheckAudience        Check = "audience"         // (3)
	CheckAuthorizedParty Check = "authorized_party" // (5)
	CheckExpired         Check = "expired"          // (9)
	CheckNotYetValid     Check = "not_yet_valid"    // (10), RFC 7519 §4.1.5
	CheckNonce           Check = "nonce"            // (11)
)

// Refused says that an answer arrived and must not be believed. Got and Want
// are public values only (issuers, audiences, times, parameter names).
type Refused struct {
	Check Check  `json:"check"`
	Got   string `json:"got,omitempty"`
	Want  string `json:"want,omitempty"`
}

// Error implements error.
func (e *Refused) Error() string {
	s := "oauth: refused: " + string(e.Check)
	if e.Got != "" {
		s += fmt.Sprintf(", got %q", e.Got)
	}
	if e.Want != "" {
		s += fmt.Sprintf(", want %q", e.Want)
	}
	return s
}

const (
	maxDescription = 2000 // characters of a described error; recorded ones have up to 700
	maxBody        = 200  // characters of a body that is not an OAuth error
	maxField       = 300  // characters of every other field
	maxRetryAfter  = 24 * time.Hour
)

// errorOf turns an answer that is not a success into an Error. cause says why
// an answer with a success status is none; it is nil for the others.
func errorOf(a answer, grant string, now time.Time, r redactor, cause error) *Error {
	e := &Error{
		Endpoint: a.endpoint, Grant: grant, HTTPStatus: a.status, Err: cause,
		RetryAfter: retryAfter(a.header.Get("Retry-After"), now),
		Location:   origin(a.header.Get("Location")),
	}
	contentType, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	e.ContentType = r.text(contentType, maxField)

	var members map[string]json.RawMessage
	isObject := json.Unmarshal(a.body, &members) == nil
	r = r.with(tokensIn(members)...)
	if isObject && text(members["error"]) != "" {
		e.read(members, r)
		e.Err = nil // the server has said it better
		return e
	}
	// What may be a token response is not shown at all, also when a single
	// wrong character keeps it from being one.
	if a.status >= 200 && a.status < 300 && bytes.Contains(bytes.ToLower(a.body), []byte("token")) {
		return e
	}
	e.Body = r.text(string(a.body), maxBody)
	return e
}

// read fills e from the members of an error document. Members of a wrong type
// are left out: the rest is still worth reading.
func (e *Error) read(members map[string]json.RawMessage, r redactor) {
	field := func(name string) string { return r.text(text(members[name]), maxField) }
	e.Code = field("error")
	e.Description = r.text(text(members["error_description"]), maxDescription)
	e.URI = field("error_uri")
	e.Suberror = field("suberror")
	e.Subcode = field("error_subcode")
	e.Claims = r.text(text(members["claims"]), maxDescription)
	e.TraceID = field("trace_id")
	e.CorrelationID = field("correlation_id")
	e.Timestamp = field("timestamp")
	var numbers []json.RawMessage
	if json.Unmarshal(members["error_codes"], &numbers) != nil {
		return
	}
	for _, n := range numbers {
		if i, err := strconv.Atoi(strings.Trim(string(n), `"`)); err == nil {
			e.Numbers = append(e.Numbers, i)
		}
	}
}

// text returns a JSON string's value, "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// retryAfter reads both forms of the header (RFC 9110 §10.2.3). A nonsensical
// or past value is 0, a very long one is a day: a hostile or broken server must
// not be able to switch renewal off.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	var d time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		d = time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) {
		d = maxRetryAfter
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// origin reduces an address to scheme and host: its path and query may carry
// what the request carried.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return clean(u.Scheme+"://"+u.Host, maxField)
}
