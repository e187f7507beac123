package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
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

// Help names the keys of the configuration file.
func (s *serveCommand) Help() string {
	return `The configuration file is TOML. Its keys; flags win over the environment (LATCHKEY_...), the environment over the file:

  listen           address to listen on, localhost:8080 by default
  external_url     where browsers reach Latchkey; the only source of links
  data             folder of the database and of latchkey.key
  node             name of this server, its host name by default
  role             all, application or services
  tls_certificate  file of a certificate (PEM); without it a proxy ends TLS
  tls_key          file of its key (PEM)
  ca_file          further certificate authorities to trust (PEM)
  trusted_proxies  networks whose X-Forwarded-For is believed: ["10.0.0.0/8"]
  allow_networks   private networks that checks may connect to: ["10.0.0.0/8"]
  proxy            way to Microsoft: http://host:port or socks5://host:port
  [[provider]]     another identity and mail provider: id, name, kind (entra or openid), authority, scopes, hosts, probe_scope,
                   certificate_issuers (organisations that issue its certificates)
                   (an id of Microsoft's national clouds, such as entra_usgov_dod,
                   replaces what is uncertain about that cloud)
  [guides]         where this site keeps the vendor's guides: "title" = "address"

A key that is not known stops the start.`
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
	if c.Role != setup.RoleServices { // browsers reach the other ones
		if err := a.serves(ctx, s.words(c)); err != nil {
			return errors.Join(err, ln.Close(), a.Close())
		}
	}
	if claimed, err := a.admin.Claimed(ctx); err == nil && !claimed {
		log.Warn("no administrator yet: run the command on this server and open the link it prints", "command", s.initWords(c))
	}
	log.Info("serving", "url", c.ExternalURL, "listen", ln.Addr().String(), "role", string(c.Role), "version", versionText())
	a.attend(ctx)
	if c.Role != setup.RoleApplication {
		a.keep(ctx)
	}
	return errors.Join(serve(ctx, a, ln, s.initWords(c), s.probeWords()), a.Close())
}

// initWords is the command that makes a link for this very server: from another
// folder, or without its flags, init would speak of another one.
func (f configFlags) initWords(c config.Config) string {
	return "latchkey init " + f.words(c)
}

// probeWords begin the command that knows the providers of this server. The
// other servers of an installation have the same file.
func (f configFlags) probeWords() string {
	file, err := filepath.Abs(expand(f.Config))
	if err != nil || f.Config == "" {
		return "latchkey probe"
	}
	return "latchkey probe --config " + shellWord(file)
}

// shellWord is value as one word of a command line.
func shellWord(value string) string {
	if strings.ContainsAny(value, " \t\"'$&;()<>|\\*?[]#~`!") {
		return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return value
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
// init is the command that makes the first administrator's link, "" where that
// link was printed.
// probe begins the command that checks another server's network.
func serve(ctx context.Context, a *app, ln net.Listener, init, probe string) error {
	edge, err := web.New(web.Options{
		Guides: a.config.Guides,
		Wizard: a.wizard, Admin: a.admin, Catalog: a.catalog, ExternalURL: a.config.ExternalURL,
		TrustedProxies: a.config.TrustedProxies, Version: versionText(), Now: a.now, Log: a.log, Init: init, Probe: probe,
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
