package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"latchkey/internal/xoauth2"
)

// talk is one conversation. It belongs to one goroutine; only what it lends to
// a mail library (bridge, recorder, budgeted) is used by two.
type talk struct {
	p      *Prober
	target Target
	ctx    context.Context
	start  time.Time
	since  time.Time // start of the stage
	stage  Stage
	report Report
	rec    *recorder

	raw   *budgeted
	wire  io.ReadWriter // raw, then TLS over it
	br    *bufio.Reader
	buf   [4 << 10]byte
	lines int // so far, without those of headers
	stop  func()

	sasl *xoauth2.Client // nil where no token is sent
}

// converse runs one conversation: f may use the talk until it returns. login
// is nil where no token is sent.
func (p *Prober) converse(ctx context.Context, target Target, login *Login, budget int64, f func(*talk) error) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, p.deadline())
	defer cancel()
	t := &talk{p: p, target: target, ctx: ctx, start: p.now(), stop: func() {}}
	t.since = t.start
	t.report = Report{Target: target, Times: map[Stage]time.Duration{}}
	t.rec = newRecorder(target.Protocol, func() time.Duration { return p.now().Sub(t.start) })
	err := t.begin(login, budget)
	if err == nil {
		err = f(t)
	}
	t.enter("")
	if err != nil {
		err = t.failure(err)
	}
	t.hangUp()
	t.report.Transcript = t.rec.transcript()
	return t.report, err
}

// refuse answers a call whose values cannot be used.
func (p *Prober) refuse(target Target, err error) (Report, error) {
	clean := &cleanError{display(err.Error(), maxReply), safeCause(err)}
	return Report{Target: target}, &Error{Target: target, Kind: InvalidInput, Err: clean}
}

// begin refuses what must not be tried before a byte has left.
func (t *talk) begin(login *Login, budget int64) error {
	t.raw = &budgeted{left: budget}
	if err := t.target.check(); err != nil || login == nil {
		return err
	}
	return t.prepare(*login)
}

// enter ends the present stage and begins the next; its name is kept for the
// error when there is no next.
func (t *talk) enter(s Stage) {
	now := t.p.now()
	if t.stage != "" {
		t.report.Times[t.stage] += now.Sub(t.since)
	}
	t.since = now
	if s != "" {
		t.stage = s
		t.rec.stage()
	}
}

// hangUp closes the connection and waits for the goroutine that would have.
func (t *talk) hangUp() {
	t.stop()
	if t.raw.Conn != nil {
		_ = t.raw.Close() // nothing is lost: every answer has been read
	}
}

// piece returns the next bytes of the server, up to the end of a line, at most
// 4096. The slice is valid until the next call.
func (t *talk) piece() ([]byte, error) {
	b, err := t.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	t.rec.read(b)
	return b, err
}

// unrecorded returns the next bytes of the server, at most limit, and keeps
// them out of the transcript: they are somebody's mail.
func (t *talk) unrecorded(limit int64) ([]byte, error) {
	n, err := t.br.Read(t.buf[:min(limit, int64(len(t.buf)))])
	return t.buf[:n], err
}

var (
	errLongLine  = &kindError{Limit, "the server sent a line longer than 4096 bytes"}
	errManyLines = &kindError{Limit, "the server sent more lines than any answer has"}
)

// maxLines is far above the sixty or so of a healthy conversation.
const maxLines = 1000

// count adds one line.
func (t *talk) count() error {
	if t.lines++; t.lines > maxLines {
		return errManyLines
	}
	return nil
}

// line returns the server's next line without its end.
func (t *talk) line() (string, error) {
	b, err := t.piece()
	switch {
	case err != nil:
		return "", err
	case b[len(b)-1] != '\n':
		return "", errLongLine
	}
	return trimEnd(b), t.count()
}

func trimEnd(b []byte) string {
	return string(bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")))
}

// send writes one command line.
func (t *talk) send(command string) error {
	return t.write([]byte(command + "\r\n"))
}

func (t *talk) write(b []byte) error {
	t.rec.wrote(b)
	_, err := t.wire.Write(b)
	return err
}
