package probe

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"

	"latchkey/internal/secret"
)

// Protocol is how far up a conversation goes.
type Protocol string

// The protocols. DNS only resolves, TCP only connects, Handshake ends after
// TLS; HTTPS does the same in Connect and makes a request in Get.
const (
	DNS       Protocol = "dns"
	TCP       Protocol = "tcp"
	Handshake Protocol = "tls"
	HTTPS     Protocol = "https"
	IMAP      Protocol = "imap"
	POP3      Protocol = "pop3"
	SMTP      Protocol = "smtp"
)

func (p Protocol) isMail() bool { return p == IMAP || p == POP3 || p == SMTP }

// Security is when TLS begins. There is no third value: a mail conversation
// without TLS does not exist here.
type Security string

// TLS from the first byte, or after the STARTTLS command, which is then
// required (RFC 8314 §3).
const (
	TLS      Security = "tls"
	STARTTLS Security = "starttls"
)

// Stage is a part of a conversation. It names where an error happened.
type Stage string

// The stages in their order; no conversation has all of them.
const (
	Resolve       Stage = "resolve"
	Dial          Stage = "connect"
	ProxyStage    Stage = "proxy" // in place of the two above
	TLSStage      Stage = "tls"
	Greeting      Stage = "greeting"
	Capability    Stage = "capability"
	STARTTLSStage Stage = "starttls"
	Authenticate  Stage = "authenticate"
	Open          Stage = "mailbox"
	SendStage     Stage = "send"
	Search        Stage = "search"
	Request       Stage = "request"
	Logout        Stage = "logout"
)

// Stages are all stages.
var Stages = []Stage{
	Resolve, Dial, ProxyStage, TLSStage, Greeting, Capability, STARTTLSStage,
	Authenticate, Open, SendStage, Search, Request, Logout,
}

// Target is one server and how to speak to it. Security counts for the mail
// protocols only.
type Target struct {
	Protocol Protocol
	Host     string
	Port     int
	Security Security
}

// String returns "imap mail.contoso.example:993".
func (t Target) String() string { return string(t.Protocol) + " " + t.Address() }

// Address returns "host:port".
func (t Target) Address() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

// Login is whom the token opens a mailbox for. User is the mailbox or the
// account, as the server's rules want it.
type Login struct {
	User  string
	Token secret.Text
}

// Message is one mail to be sent. Raw is the whole message, header first;
// MessageID is the value of its Message-ID field with the angle brackets.
type Message struct {
	From, To  string
	MessageID string
	Raw       []byte
}

func (t Target) check() error {
	switch t.Protocol {
	case DNS, TCP, Handshake, HTTPS, IMAP, POP3, SMTP:
	default:
		return invalid("unknown protocol %q", t.Protocol)
	}
	if t.Host == "" || len(t.Host) > 255 || strings.IndexFunc(t.Host, notInHost) >= 0 {
		return invalid("%q is no host name or address", t.Host)
	}
	if t.Protocol != DNS && (t.Port < 1 || t.Port > 65535) {
		return invalid("%d is no port", t.Port)
	}
	if t.Protocol.isMail() && t.Security != TLS && t.Security != STARTTLS {
		return invalid("%s needs TLS or STARTTLS, not %q", t.Protocol, t.Security)
	}
	return nil
}

func notInHost(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`/\@?#"<>`, r)
}

// checkAddress accepts what can stand between the angle brackets of MAIL FROM
// and RCPT TO without ending them (RFC 5321 §4.1.2).
func checkAddress(s string) error {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > 254 || strings.IndexFunc(s, notInAddress) >= 0 {
		return invalid("%q is no mail address", s)
	}
	return nil
}

func notInAddress(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>"\`, r) }

// checkMessageID accepts "<left@right>" in visible ASCII (RFC 5322 §3.6.4),
// without the two characters that IMAP would have to quote.
func checkMessageID(s string) error {
	inner, opened := strings.CutPrefix(s, "<")
	inner, closed := strings.CutSuffix(inner, ">")
	if !opened || !closed || !strings.Contains(inner, "@") || len(s) > 250 || strings.IndexFunc(inner, notInAddress) >= 0 {
		return invalid("%q is no Message-ID", s)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &kindError{InvalidInput, fmt.Sprintf(format, args...)}
}
