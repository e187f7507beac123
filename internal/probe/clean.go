package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// cleanError is an error whose text has been masked and quoted. Libraries put
// raw server text into theirs, so only causes that cannot hold any stay in the
// chain.
type cleanError struct {
	text  string
	cause error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.cause }

// reasons replace texts that would name our own means instead of what
// happened.
var reasons = map[Kind]string{
	Canceled: "the caller gave up",
	Timeout:  "the server did not answer in time",
	Closed:   "the server closed the connection",

	RefusedByServer: "the server refused",
}

func (t *talk) clean(err error, kind Kind) error {
	cause := safeCause(err)
	if known := safeCause(t.raw.cause()); cause == nil {
		cause = known
	}
	if ctxErr := t.ctx.Err(); ctxErr != nil && (cause == nil || kind == Timeout || kind == Canceled) {
		cause = ctxErr
	}
	text := reasons[kind]
	var known *kindError
	switch {
	case errors.As(cause, &known):
		text = known.text
	case text == "":
		text = t.rec.redact(err.Error())
	}
	return &cleanError{display(text, maxReply), cause}
}

// safeCause returns the innermost error of a kind whose text is ours or the
// system's. A verification error is not among them: it quotes the certificate.
func safeCause(err error) error {
	var (
		address *AddressError
		port    *PortError
		known   *kindError
		dns     *net.DNSError
		errno   syscall.Errno
	)
	switch {
	case errors.As(err, &address):
		return address
	case errors.As(err, &port):
		return port
	case errors.As(err, &known):
		return known
	case errors.As(err, &dns):
		return dns
	case errors.As(err, &errno):
		return errno
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
