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

	"latchkey/internal/config"
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
	secure, err := tlsOf(c)
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
		return errors.Join(listenError(err, c.Listen, "choose another port with --listen"), a.Close())
	}
	if secure != nil {
		ln = tls.NewListener(ln, secure)
	}
	if claimed, err := a.admin.Claimed(ctx); err == nil && !claimed {
		log.Warn("no administrator yet: run latchkey init on this server and open the link it prints")
	}
	log.Info("serving", "url", c.ExternalURL, "listen", ln.Addr().String(), "role", string(c.Role), "version", versionText())
	a.attend(ctx)
	if c.Role != setup.RoleApplication {
		a.keep(ctx)
	}
	return errors.Join(serve(ctx, a, ln), a.Close())
}

// tlsOf loads the certificate to serve with, nil where a proxy has it.
func tlsOf(c config.Config) (*tls.Config, error) {
	if c.TLSCertificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCertificate, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("tls_certificate = %q, tls_key = %q: %w: name the files of a certificate and of its key, in PEM form",
			c.TLSCertificate, c.TLSKey, err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}, nil
}

func listenError(err error, address, repair string) error {
	return fmt.Errorf("cannot listen on %s: %w; %s", address, err, repair)
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
