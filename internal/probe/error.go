package probe

import (
	"slices"
	"strings"
	"time"
)

// Kind says what went wrong, in words a program can decide on.
type Kind string

// The kinds.
const (
	NoSuchHost Kind = "no_such_host" // the name server answered: there is no such name, or it has no address
	DNSFailed  Kind = "dns_failed"   // the name server did not answer, or answered with a failure

	ForbiddenAddress Kind = "forbidden_address" // the policy does not allow the resolved address
	ForbiddenPort    Kind = "forbidden_port"    // the policy does not allow the port
	UntrustedHost    Kind = "untrusted_host"    // a token was to go to a host that is not the provider's

	ProxyRefused Kind = "proxy_refused" // the proxy does not let the connection through

	Refused Kind = "refused" // nothing listens, or a firewall answers with a reset
	// NoConnection: another program got no connection and does not say why. Our
	// own failures always have a reason.
	NoConnection Kind = "no_connection"
	Unreachable  Kind = "unreachable" // no route, or a firewall says so
	Timeout      Kind = "timeout"     // the conversation's deadline passed
	Canceled     Kind = "canceled"    // the caller's context ended
	Reset        Kind = "reset"       // the other side, or something between, broke the connection
	Closed       Kind = "closed"      // the other side closed without a word

	TLSUnknownAuthority Kind = "tls_unknown_authority" // the certificate's issuer is not trusted
	TLSWrongName        Kind = "tls_wrong_name"        // the certificate is for other names
	TLSExpired          Kind = "tls_expired"           // the certificate has ended or has not begun
	TLSOther            Kind = "tls_other"             // any other failure of the handshake
	NotTLS              Kind = "not_tls"               // the server does not speak TLS here

	NoSTARTTLS      Kind = "starttls_missing"  // the server does not offer STARTTLS
	NoMechanism     Kind = "mechanism_missing" // the server does not offer XOAUTH2
	ProtocolError   Kind = "protocol"          // the server's answer does not follow the protocol
	Limit           Kind = "limit"             // the server sent more than the budget, or too long a line
	RefusedByServer Kind = "refused_by_server" // the server said no; see Error.Reply
	InvalidInput    Kind = "invalid_input"     // nothing was sent: the caller's values cannot be used
)

// Kinds are all kinds of failure.
var Kinds = []Kind{
	NoSuchHost, DNSFailed, ForbiddenAddress, ForbiddenPort, UntrustedHost, ProxyRefused,
	Refused, Unreachable, NoConnection, Timeout, Canceled, Reset, Closed,
	TLSUnknownAuthority, TLSWrongName, TLSExpired, TLSOther, NotTLS,
	NoSTARTTLS, NoMechanism, ProtocolError, Limit, RefusedByServer, InvalidInput,
}

// Reply is the server's answer that decided, masked, control characters
// quoted, at most 1000 characters. It is empty when no server said anything.
type Reply struct {
	Line     string // the whole line without IMAP's tag; the lines of an SMTP reply joined by blanks
	Status   string // OK NO BAD BYE PREAUTH (IMAP), +OK -ERR (POP3), "" (SMTP)
	Code     int    // three digits of SMTP or HTTP, else 0
	Enhanced string // "5.7.139" (RFC 3463), "" if there is none
	RespCode string // "AUTHENTICATIONFAILED", without brackets (RFC 9051 §7.1, RFC 2449 §8)
	Text     string // what is left for people

	// Challenge is the error challenge of the SASL exchange, if one came.
	Challenge string
	// Bye is the text with which an IMAP server closed, also when another
	// line decided.
	Bye string
}

// Error is a conversation that failed. Its text, and that of every error in
// its chain, holds no secret and no control character.
type Error struct {
	Target     Target
	Stage      Stage // "" if nothing was begun
	Kind       Kind
	Reply      Reply
	Err        error // what happened, never nil
	Elapsed    time.Duration
	Transcript []Line
}

// Error implements error.
func (e *Error) Error() string {
	said := e.Reply.Line
	if said == "" || e.Kind != RefusedByServer {
		said = e.Err.Error()
	}
	parts := []string{"probe", display(e.Target.String(), maxLine), string(e.Stage), string(e.Kind), said}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Err }

// kindError is a failure that is recognised where it happens.
type kindError struct {
	kind Kind
	text string
}

func (e *kindError) Error() string { return e.text }

// errRefused stands for a refusal whose words are in the recorder.
var errRefused = &kindError{RefusedByServer, "the server refused"}
