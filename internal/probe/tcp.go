package probe

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// dial connects as net.Dialer does: both families, the slower one a moment
// later (RFC 8305). From here on the end of the context closes the connection,
// because neither mail library takes a context.
func (t *talk) dial() error {
	t.enter(Dial)
	d := net.Dialer{Resolver: t.p.Resolver, ControlContext: t.control, KeepAlive: -1}
	conn, err := d.DialContext(t.ctx, "tcp", t.target.Address())
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

// control judges each address the dialer is about to connect to.
func (t *talk) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("cannot judge the address %q: %w", address, err)
	}
	return t.p.Allow.judge(t.target.Host, t.target.Port, ap.Addr())
}
