package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

// failure makes the error that leaves the package.
func (t *talk) failure(err error) error {
	t.rec.flush()
	said := t.rec.heard()
	kind := t.kindOf(err, said)
	e := &Error{
		Target: t.target, Stage: t.stage, Kind: kind, Reply: said.telling(kind),
		Err: t.clean(err, kind), Elapsed: t.p.now().Sub(t.start),
	}
	e.Reply.Bye = said.bye.Text
	if t.sasl != nil && t.sasl.Challenge() != nil {
		e.Reply.Challenge = display(t.sasl.Challenge().Raw, maxReply)
	}
	t.rec.remark("%s", e.Err)
	e.Transcript = t.rec.transcript()
	return e
}

// telling picks the line that decided. A refusal outlives the BYE that follows
// it, and an untagged complaint tells more than the BYE too.
func (s said) telling(kind Kind) Reply {
	switch {
	case s.refusal.Line != "":
		return s.refusal
	case s.untagged.Line != "":
		return s.untagged
	case s.bye.Line != "":
		return s.bye
	case kind == InvalidInput:
		return Reply{}
	default:
		return s.last
	}
}

// kindOf decides in this order: what the server said outweighs how the
// connection ended, and why we ended it outweighs what the library made of
// that.
func (t *talk) kindOf(err error, said said) Kind {
	cause := t.raw.cause()
	var known *kindError
	switch {
	case errors.As(err, &known):
		return known.kind
	case refusedByLibrary(err):
		return RefusedByServer
	case errors.As(cause, &known):
		return known.kind
	case errors.Is(err, smtp.ErrTooLongLine):
		return Limit
	case errors.Is(t.ctx.Err(), context.Canceled):
		return Canceled
	case t.stage == Resolve:
		return dnsKind(err)
	case errors.Is(t.ctx.Err(), context.DeadlineExceeded):
		return Timeout
	}
	if kind := tlsKind(err); kind != "" {
		return kind
	}
	if said.bye.Line != "" || said.untagged.Line != "" {
		return RefusedByServer
	}
	if kind := networkKind(err); kind != "" {
		return kind
	}
	if kind := networkKind(cause); kind != "" {
		return kind
	}
	if t.stage == TLSStage {
		return TLSOther
	}
	return ProtocolError
}

// refusedByLibrary reports whether a mail library has seen a final no.
func refusedByLibrary(err error) bool {
	var imapErr *imap.Error
	var smtpErr *smtp.SMTPError
	return errors.As(err, &imapErr) || errors.As(err, &smtpErr) && smtpErr.Code >= 400
}

func dnsKind(err error) Kind {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return NoSuchHost
	}
	return DNSFailed
}

func tlsKind(err error) Kind {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		cert      x509.CertificateInvalidError
		bad       *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		op        *net.OpError
	)
	switch {
	case errors.As(err, &name):
		return TLSWrongName
	case errors.As(err, &cert) && cert.Reason == x509.Expired:
		return TLSExpired
	case errors.As(err, &authority):
		return TLSUnknownAuthority
	case errors.As(err, &record):
		return NotTLS
	case errors.As(err, &bad), errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return TLSOther // the two operations are crypto/tls's alerts
	}
	return ""
}

// errnoKinds are the system's reasons; the five-digit ones are Winsock's
// (learn.microsoft.com, "Windows Sockets Error Codes", read November 2026),
// which the syscall package does not map.
var errnoKinds = map[syscall.Errno]Kind{
	syscall.ECONNREFUSED: Refused, 10061: Refused,
	syscall.ENETUNREACH: Unreachable, 10051: Unreachable,
	syscall.EHOSTUNREACH: Unreachable, 10065: Unreachable,
	syscall.EADDRNOTAVAIL: Unreachable, 10049: Unreachable,
	syscall.EACCES: Unreachable, 10013: Unreachable, // a firewall on this machine
	syscall.EPERM:     Unreachable,
	syscall.ETIMEDOUT: Timeout, 10060: Timeout,
	syscall.ECONNRESET: Reset, 10054: Reset,
	syscall.ECONNABORTED: Reset, 10053: Reset,
	syscall.EPIPE: Closed,
}

// networkKind returns "" for what the network has nothing to do with.
func networkKind(err error) Kind {
	var (
		address *AddressError
		port    *PortError
		errno   syscall.Errno
		dns     *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.As(err, &address):
		return ForbiddenAddress
	case errors.As(err, &port):
		return ForbiddenPort
	case errors.As(err, &errno) && errnoKinds[errno] != "":
		return errnoKinds[errno]
	case errors.As(err, &dns):
		return dnsKind(err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return Closed
	}
	return ""
}
