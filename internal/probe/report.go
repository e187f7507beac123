package probe

import (
	"net/http"
	"net/netip"
	"time"
)

// Report is what was seen in one conversation. It is filled as far as the
// conversation got, also when it failed. Texts from the server are masked,
// their control characters quoted.
type Report struct {
	Target    Target
	Addresses []netip.Addr   // all addresses of the host, both families
	Remote    netip.AddrPort // the one that answered
	Times     map[Stage]time.Duration
	TLS       *TLSFacts // nil before the handshake; after a failed one only the chain

	Greeting     string   // the server's first line
	ServerName   string   // the name in it, "" if there is none
	Mechanisms   []string // SASL mechanisms offered under TLS
	Capabilities []string // everything offered under TLS, sorted

	Transcript []Line
}

// Line is one line of a transcript. From is "S" for the server, "C" for the
// client, "-" for a remark of ours. Text has at most 200 characters.
type Line struct {
	At   time.Duration // since the start
	From string
	Text string
}

// TLSFacts describe a connection. The embedded Certificate is the server's
// own; Chain begins with it and is what the server presented. Version and
// CipherSuite are empty after a failed handshake.
type TLSFacts struct {
	Version     string
	CipherSuite string
	Certificate
	Chain []Certificate
	// Private: the operator's own authorities vouch for the certificate, the
	// public ones do not; see Prober.PublicCAs.
	Private bool
}

// Certificate is one certificate in words.
type Certificate struct {
	Subject   string
	Issuer    string
	Names     []string // DNS names and addresses it is good for
	NotBefore time.Time
	NotAfter  time.Time
	SHA256    string // fingerprint of the whole certificate, lower-case hex
}

// MailboxReport is an opened mailbox.
type MailboxReport struct {
	Report
	Messages int
	Bytes    int64 // POP3 only
	// After are the IMAP capabilities after the login; servers that pass a
	// session on to another machine show it here.
	After []string
}

// Found is the outcome of looking for one message.
type Found struct {
	Report
	Present  bool
	Messages int // in the mailbox
	Searched int // looked at; POP3 looks at the last ones only
}

// HTTPReport is one answer over HTTPS.
type HTTPReport struct {
	Report
	Status int
	Header http.Header // as received: quote before showing
	Body   []byte      // at most 64 KiB
	Cut    bool        // there was more
}
