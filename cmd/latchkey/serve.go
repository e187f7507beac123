package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"latchkey/internal/setup"
	"latchkey/web"
)

// drain is how long a shutdown waits for requests.
const drain = 20 * time.Second

type serveCommand struct {
	configFlags
}

// Run serves until it is told to stop.
func (s *serveCommand) Run(ctx context.Context, t terminal) error {
	c, err := s.read()
	if err != nil {
		return err
	}
	log := newLog(t, slog.LevelInfo)
	a, err := openApp(ctx, t, c, nil, log)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(listenError(err, c.Listen), a.Close())
	}
	if c.TLSCertificate != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCertificate, c.TLSKey)
		if err != nil {
			return errors.Join(fmt.Errorf("tls_certificate: %w", err), ln.Close(), a.Close())
		}
		ln = tls.NewListener(ln, &tls.Config{
			Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	if claimed, err := a.admin.Claimed(ctx); err == nil && !claimed {
		log.Warn("no administrator yet: run latchkey init on this server and open the link it prints")
	}
	log.Info("serving", "url", c.ExternalURL, "listen", ln.Addr().String(), "role", string(c.Role), "version", versionText())
	if c.Role != setup.RoleApplication {
		a.keep(ctx)
	}
	return errors.Join(serve(ctx, a, ln), a.Close())
}

func listenError(err error, address string) error {
	return fmt.Errorf("cannot listen on %s: %w; choose another with --listen, port 0 for any free one", address, err)
}

// serve answers requests until ctx ends, then lets the ones under way finish.
func serve(ctx context.Context, a *app, ln net.Listener) error {
	edge, err := web.New(web.Options{
		Wizard: a.wizard, Admin: a.admin, Catalog: a.catalog, ExternalURL: a.config.ExternalURL,
		TrustedProxies: a.config.TrustedProxies, Version: versionText(), Now: a.now, Log: a.log,
	})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	server := &http.Server{
		Handler: edge.Handler(), ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	edge.CloseStreams()
	last, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	err = server.Shutdown(last)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
