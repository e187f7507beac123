package probe

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// happened says in words what each kind is. A system's own error text names
// functions and addresses of ours, and reads as a fault of this program.
var happened = map[Kind]string{
	Refused:             "the connection was refused",
	Unreachable:         "no way leads there from this computer, or a firewall on it forbids the connection",
	Reset:               "the connection was broken off from the other side",
	Closed:              "the server closed the connection without a word",
	TLSUnknownAuthority: "the certificate comes from an authority that is not trusted",
	TLSExpired:          "the certificate is not valid today",
	NotTLS:              "what answered is not TLS",
}

// Words says what happened in one sentence without a full stop, with the time
// it took. It holds no secret and no control character.
func (e *Error) Words() string {
	text := e.Err.Error()
	var dns *net.DNSError
	switch {
	case errors.As(e.Err, &dns):
		text = dnsWords(e.Kind, dns)
	case e.Stage == ProxyStage && e.Kind != ProxyRefused && happened[e.Kind] != "":
		text = "on the way to the proxy: " + happened[e.Kind]
	case happened[e.Kind] != "":
		text = happened[e.Kind]
	}
	switch {
	case e.Elapsed >= time.Second:
		text += fmt.Sprintf(", after %.1f s", e.Elapsed.Seconds())
	case e.Elapsed >= time.Millisecond:
		text += fmt.Sprintf(", after %d ms", e.Elapsed.Milliseconds())
	}
	return display(text, maxReply)
}

func dnsWords(kind Kind, e *net.DNSError) string {
	server := "the name server"
	if e.Server != "" {
		server += " " + e.Server
	}
	switch {
	case kind == NoSuchHost:
		return fmt.Sprintf("%s knows no address of %s", server, e.Name)
	case e.IsTimeout:
		return fmt.Sprintf("%s did not answer the question for %s", server, e.Name)
	}
	return fmt.Sprintf("%s could not say the address of %s", server, e.Name)
}

// Said puts any error into words: a failed conversation into its own, any other
// into its text.
func Said(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Words()
	}
	return err.Error()
}
