package probe

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"time"
)

// bridge lends a talk to a mail library as a connection. The library's first
// bytes are a greeting of ours: the true one has been read and judged before,
// and after STARTTLS there is none. From then on the server's lines pass one
// at a time.
//
// In the SASL exchange of go-imap a line that asks for an answer is followed
// by nothing until the answer has been written: the library registers its next
// question only then, and a server that sends its refusal too early would
// leave it waiting for ever, even on a closed connection (v2.0.0-beta.8,
// Client.Authenticate).
type bridge struct {
	t      *talk
	filter imapFilter
	err    error // of the first failed read

	mu      sync.Mutex
	changed *sync.Cond
	pending []byte // of a line, not yet delivered
	paced   bool   // a SASL exchange is on
	hold    bool   // an answer is due
	idle    bool   // the library waits for the server: it has digested everything
	closed  bool
}

func newBridge(t *talk, greeting string) *bridge {
	b := &bridge{t: t, pending: []byte(greeting + "\r\n")}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// Read implements net.Conn for one reader.
func (b *bridge) Read(p []byte) (int, error) {
	if n := b.take(p); n > 0 {
		return n, nil
	}
	if !b.await() {
		return 0, net.ErrClosed
	}
	if b.err != nil {
		return 0, b.err
	}
	// The error stays: go-imap reads once more after each.
	var piece []byte
	piece, b.err = b.next()
	b.t.raw.blame(b.err)
	b.mu.Lock()
	b.idle = false
	b.pending = append(b.pending[:0], piece...)
	b.hold = b.paced && bytes.HasPrefix(piece, []byte("+"))
	b.mu.Unlock()
	if n := b.take(p); n > 0 {
		return n, nil
	}
	return 0, b.err
}

// next returns the next bytes for the library.
func (b *bridge) next() ([]byte, error) {
	if b.t.target.Protocol != IMAP {
		piece, err := b.t.piece()
		if err != nil {
			return piece, err
		}
		return piece, b.t.count()
	}
	for {
		if b.filter.literal > 0 {
			data, err := b.t.unrecorded(b.filter.literal)
			b.filter.literal -= int64(len(data))
			if err != nil || !b.filter.dropping {
				return data, err
			}
			continue
		}
		line, err := b.t.line()
		if err != nil {
			return nil, err
		}
		data, err := b.filter.pass(line)
		if b.filter.literal > 0 {
			b.t.rec.remark("%d bytes of a message, not recorded", b.filter.literal)
		}
		if err != nil || len(data) > 0 {
			return data, err
		}
	}
}

func (b *bridge) take(p []byte) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := copy(p, b.pending)
	b.pending = b.pending[n:]
	return n
}

// await returns when the server may be read, false if the bridge is closed.
func (b *bridge) await() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = true
	b.changed.Broadcast()
	for b.hold && !b.closed {
		b.changed.Wait()
	}
	return !b.closed
}

// settle waits until the library has digested every line delivered so far.
func (b *bridge) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.idle && !b.closed {
		b.changed.Wait()
	}
}

func (b *bridge) pace(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paced, b.hold = on, false
	b.changed.Broadcast()
}

// errAbort stops go-smtp from sending "*" after a final refusal: a server that
// does not answer it would cost the rest of the deadline.
var errAbort = errors.New("the exchange is over")

// Write implements net.Conn.
func (b *bridge) Write(p []byte) (int, error) {
	if b.t.target.Protocol == SMTP && string(p) == "*\r\n" {
		return 0, errAbort
	}
	b.mu.Lock()
	b.hold = false
	b.changed.Broadcast()
	b.mu.Unlock()
	if err := b.t.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close implements net.Conn.
func (b *bridge) Close() error {
	b.mu.Lock()
	b.closed = true
	b.changed.Broadcast()
	b.mu.Unlock()
	return b.t.raw.Close()
}

// LocalAddr implements net.Conn.
func (b *bridge) LocalAddr() net.Addr { return b.t.raw.LocalAddr() }

// RemoteAddr implements net.Conn.
func (b *bridge) RemoteAddr() net.Addr { return b.t.raw.RemoteAddr() }

// SetDeadline does nothing: the libraries set a new deadline for each answer,
// which a slow server renews for ever. The conversation's own is absolute.
func (b *bridge) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, as SetDeadline.
func (b *bridge) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, as SetDeadline.
func (b *bridge) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*bridge)(nil)
