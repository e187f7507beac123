package exchange

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
	"unicode/utf16"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// conn is one conversation: lines in, lines out.
type conn struct {
	ctx      context.Context
	server   *Server
	protocol world.Protocol

	raw net.Conn
	r   *bufio.Reader
	w   *bufio.Writer

	tls      *tls.Config
	dripping bool
	drip     time.Duration
}

// maxLine is Exchange Server's highest limit for a command line; tokens must
// fit into it.
const maxLine = 16384

// errLong is returned for a command that is too long in the whole; the
// conversation ends.
var errLong = errors.New("exchange: command too long")

// use makes nc the transport. What was buffered before is dropped: bytes that
// a client, or somebody in between, sent ahead of the TLS handshake must not
// be read as if they had come through it.
func (c *conn) use(nc net.Conn) {
	c.raw = nc
	c.r = bufio.NewReaderSize(nc, maxLine+2)
	var out io.Writer = nc
	if c.dripping {
		out = dripper{c}
	}
	c.w = bufio.NewWriter(out)
}

// startTLS continues under TLS.
func (c *conn) startTLS() error {
	t := tls.Server(c.raw, c.tls)
	ctx, cancel := context.WithTimeout(c.ctx, handshakeTimeout)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("exchange: handshake: %w", err)
	}
	c.use(t)
	return nil
}

// line reads one line without its end.
func (c *conn) line() (string, error) {
	if err := c.raw.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
		return "", err
	}
	b, err := c.r.ReadSlice('\n')
	if err != nil { // also where the line is longer than the buffer
		return "", fmt.Errorf("exchange: line: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// say writes lines and sends them.
func (c *conn) say(lines ...string) error {
	for _, l := range lines {
		c.w.WriteString(l)
		c.w.WriteString("\r\n")
	}
	return c.w.Flush()
}

// pause waits for a time between low and high at the world's pace, or until
// the conversation is cut short.
func (c *conn) pause(low, high time.Duration) error {
	var d time.Duration
	c.do(func(s *world.State) { d = time.Duration(float64(s.Between(low, high)) * s.Exchange.Pace) })
	return c.sleep(d)
}

func (c *conn) sleep(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.ctx.Done():
		return c.ctx.Err()
	case <-t.C:
		return nil
	}
}

// greet says the first line, or what was recorded in its place.
func (c *conn) greet(line string) error {
	if done, err := c.replayed(corpus.Greeting, ""); done {
		return err
	}
	return c.say(line)
}

func (c *conn) do(f func(*world.State)) { c.server.world.Do(f) }

// endless sends a greeting that never ends, until the client has had enough.
func (c *conn) endless() error {
	if _, err := c.w.WriteString(map[world.Protocol]string{world.IMAP: "* OK ", world.POP3: "+OK ", world.SMTP: "220 "}[c.protocol]); err != nil {
		return err
	}
	chunk := strings.Repeat("x", 4096)
	for {
		if _, err := c.w.WriteString(chunk); err != nil {
			return err
		}
	}
}

// dripper writes one byte at a time, with a long pause before each.
type dripper struct{ c *conn }

// Write implements io.Writer.
func (d dripper) Write(p []byte) (int, error) {
	for i := range p {
		if err := d.c.sleep(d.c.drip); err != nil {
			return i, err
		}
		if _, err := d.c.raw.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// serverName makes up the name of a front-end server in the form of the
// recordings.
func serverName(s *world.State) string {
	return fmt.Sprintf("FR0P281CA%04d", int64(s.Between(1, 10000)))
}

// bracket is how IMAP and POP3 greet: the full server name as base64 of
// UTF-16, little endian.
func (e *Server) bracket() string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(e.fullName())) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return "[" + base64.StdEncoding.EncodeToString(b) + "]"
}

func (e *Server) fullName() string { return e.name + ".DEUP281.PROD.OUTLOOK.COM" }

// trace ends SMTP's refusals: server, time, identifier of the request.
func (c *conn) trace() string {
	var text string
	c.do(func(s *world.State) {
		text = fmt.Sprintf("[%s %s %s]", c.server.fullName(), s.Now().Format("2006-01-02T15:04:05.000Z"), requestID(s))
	})
	return text
}

func requestID(s *world.State) string {
	return "08D" + strings.ToUpper(strings.ReplaceAll(s.GUID(), "-", ""))[:13]
}
