package probe

import (
	"bufio"
	"context"
)

// dial connects as net.Dialer does: both families, the slower one a moment
// later (RFC 8305). From here on the end of the context closes the connection,
// because neither mail library takes a context.
func (t *talk) dial() error {
	t.enter(Dial)
	if t.p.proxied(t.target.Host, t.target.Port) {
		t.enter(ProxyStage)
	}
	conn, err := t.p.connect(t.ctx, "tcp", t.target.Host, t.target.Port)
	if err != nil {
		return err
	}
	t.raw.Conn = conn
	t.wire, t.br = t.raw, bufio.NewReaderSize(t.raw, len(t.buf))
	t.report.Remote = remoteOf(conn.RemoteAddr().String())
	t.rec.remark("connected to %s", t.report.Remote)

	closed := make(chan struct{})
	stop := context.AfterFunc(t.ctx, func() {
		defer close(closed)
		_ = conn.Close() // wakes whoever reads or writes
	})
	t.stop = func() {
		if !stop() {
			<-closed
		}
	}
	return nil
}
