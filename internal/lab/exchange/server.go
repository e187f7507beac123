package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"latchkey/internal/lab/world"
)

// Options are what the servers need from outside.
type Options struct {
	World *world.World
	TLS   *tls.Config // certificate for the listeners
	// Foreign is a certificate of another authority, OtherName one for another
	// name, for the faults that show them.
	Foreign, OtherName *tls.Config
	Log                *slog.Logger
}

// Server serves the three protocols from one world.
type Server struct {
	world *world.World
	tls   *tls.Config
	log   *slog.Logger

	foreign, otherName *tls.Config

	name string // of the front end, as the greetings show it
}

// New returns a server; Serve runs it.
func New(o Options) *Server {
	e := &Server{world: o.World, tls: o.TLS, foreign: o.Foreign, otherName: o.OtherName, log: o.Log}
	o.World.Do(func(s *world.State) { e.name = serverName(s) })
	return e
}

// Serve accepts conversations on l until ctx is done or l is closed, and
// returns when the last one has ended. It returns the error of a listener that
// failed by itself.
func (e *Server) Serve(ctx context.Context, p world.Protocol, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var talks sync.WaitGroup
	// In this order: nobody may wait for a conversation that nobody ended.
	defer talks.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		nc, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
		talks.Go(func() { e.talk(ctx, p, nc) })
	}
}

// Limits of one conversation in real time; Exchange's own are longer.
const (
	handshakeTimeout = 30 * time.Second
	idleTimeout      = 10 * time.Minute
)

// talk holds one conversation from the first byte to the last.
func (e *Server) talk(ctx context.Context, p world.Protocol, nc net.Conn) {
	defer nc.Close()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	var fault world.Fault
	var drip time.Duration
	e.world.Do(func(s *world.State) {
		s.Counters.Connections[p]++
		fault, drip = s.Exchange.Faults[p], s.Exchange.Drip
	})
	switch fault {
	case world.HangsUp:
		return
	case world.Mute:
		// Reading until the client gives up keeps the connection open and
		// ends with it.
		io.Copy(io.Discard, nc)
		return
	}
	c := &conn{ctx: ctx, server: e, protocol: p, drip: drip, dripping: fault == world.Dripping, tls: e.certificate(fault)}
	c.use(nc)
	err := e.converse(c, fault)
	if err != nil && !errors.Is(err, errReplayed) && ctx.Err() == nil {
		e.log.DebugContext(ctx, "conversation ended", "protocol", string(p), "err", err)
	}
}

func (e *Server) converse(c *conn, fault world.Fault) error {
	if c.protocol != world.SMTP && fault != world.Plain {
		if err := c.startTLS(); err != nil {
			return err
		}
	}
	if fault == world.Endless {
		return c.endless()
	}
	switch c.protocol {
	case world.IMAP:
		return (&imapSession{conn: c}).run()
	case world.POP3:
		return (&popSession{conn: c}).run()
	}
	return (&smtpSession{conn: c}).run()
}
