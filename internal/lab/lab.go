package lab

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/entra"
	"latchkey/internal/lab/exchange"
	"latchkey/internal/lab/world"
)

// Options say how a lab is started. The zero value is a healthy lab on a free
// port, without Exchange's delays.
type Options struct {
	Scenario string  // name of a scenario, "" for the happy one
	Delay    float64 // scale of Exchange's own delays: 1 as recorded, 0 none
	Listen   string  // address of the HTTP side, "" for "127.0.0.1:0"
	Dir      string  // where ca.pem is written, "" for a temporary folder that Close removes
	Now      func() time.Time
	Rand     io.Reader
	Log      *slog.Logger
}

// Account is an account of the lab.
type Account = entra.Account

// Info is what a person or a program needs to use a lab.
type Info struct {
	Portal    string // address of the pretend portal
	Authority string // in place of https://login.microsoftonline.com
	IMAP      string // host:port, implicit TLS
	POP3      string // host:port, implicit TLS
	SMTP      string // host:port, STARTTLS
	CAFile    string // PEM of the authority that the mail servers' certificate comes from
	Domain    string
	TenantID  string
	ClientID  string // of the registration to use
	Accounts  []Account
}

// Lab is a running lab.
type Lab struct {
	world *world.World
	info  Info
	http  *http.Server
	log   *slog.Logger

	cancel    context.CancelFunc
	running   sync.WaitGroup
	temporary string // folder to remove

	mu     sync.Mutex
	failed error // first failure of a listener
}

// ErrScenario is returned for a scenario that does not exist.
var ErrScenario = errors.New("lab: no such scenario")

// ErrNotLoopback is returned for an address that other computers could reach.
var ErrNotLoopback = errors.New("lab: refusing to listen beyond loopback")

// Start starts a lab. It stops when ctx is done or Close is called; Close must
// be called in both cases. Errors: ErrScenario, ErrNotLoopback, and whatever
// opening the listeners or writing ca.pem brings.
func Start(ctx context.Context, o Options) (*Lab, error) {
	scenario, ok := find(cmp.Or(o.Scenario, Happy))
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrScenario, o.Scenario)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	w, err := world.New(o.Now, o.Rand)
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	w.Do(func(s *world.State) {
		s.Exchange.Pace = o.Delay
		s.Exchange.DeliveryDelay = time.Duration(float64(s.Exchange.DeliveryDelay) * o.Delay)
	})
	scenario.Change(w)
	l := &Lab{world: w, log: o.Log}
	if err := l.open(ctx, o, scenario); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// open makes the certificate, opens the listeners and serves them.
func (l *Lab) open(ctx context.Context, o Options, scenario Scenario) error {
	ca, err := newAuthority(o.Now())
	if err != nil {
		return err
	}
	if l.info.CAFile, err = l.writeCA(o.Dir, ca.pem); err != nil {
		return err
	}
	ctx, l.cancel = context.WithCancel(ctx)
	web, err := listen(cmp.Or(o.Listen, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	mail := exchange.New(exchange.Options{World: l.world, TLS: ca.config, Foreign: ca.foreign, OtherName: ca.otherName, Log: o.Log})
	for _, m := range []struct {
		protocol world.Protocol
		address  *string
	}{{world.IMAP, &l.info.IMAP}, {world.POP3, &l.info.POP3}, {world.SMTP, &l.info.SMTP}} {
		ln, err := listen("127.0.0.1:0")
		if err != nil {
			return errors.Join(err, web.Close())
		}
		*m.address = ln.Addr().String()
		l.serve(func() error { return mail.Serve(ctx, m.protocol, ln) })
	}
	l.describe(web.Addr().String())
	l.http = &http.Server{
		Handler: l.pages(web.Addr().String(), scenario), ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		ConnState:         l.connection,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	l.serve(func() error {
		stop := context.AfterFunc(ctx, func() { l.http.Close() })
		defer stop()
		if err := l.http.Serve(web); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("lab: http: %w", err)
		}
		return nil
	})
	return nil
}

// connection counts HTTP connections in and out: closing a server does not
// wait for what it is still doing. New ones are announced by the goroutine
// that accepts, which is counted itself, so the count is never zero early.
func (l *Lab) connection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.running.Done()
	}
}

// pages is the HTTP side with what its front page tells.
func (l *Lab) pages(address string, scenario Scenario) http.Handler {
	o := entra.Options{
		World: l.world, Origin: l.info.Authority, Host: address, Log: l.log,
		Accounts: l.info.Accounts, About: Divergences(),
		Servers: []entra.Listener{
			{Name: "IMAP (TLS)", Address: l.info.IMAP}, {Name: "POP3 (TLS)", Address: l.info.POP3},
			{Name: "SMTP (STARTTLS)", Address: l.info.SMTP}, {Name: "Certificate authority", Address: l.info.CAFile},
		},
	}
	if scenario.Name != Happy {
		o.Notice, o.Repair = scenario.Breaks, func() { scenario.Repair(l.world) }
	}
	return entra.New(o)
}

// listen opens a listener on a literal loopback address. A name is refused:
// what it means is decided elsewhere.
func listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("lab: listen: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%w: %q", ErrNotLoopback, address)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("lab: listen: %w", err)
	}
	return ln, nil
}

// writeCA writes ca.pem and returns its path.
func (l *Lab) writeCA(dir string, pem []byte) (string, error) {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "lab-"); err != nil {
			return "", fmt.Errorf("lab: ca.pem: %w", err)
		}
		l.temporary = dir
	}
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem, 0o644); err != nil {
		return "", fmt.Errorf("lab: ca.pem: %w", err)
	}
	return file, nil
}

// serve runs f until it returns, and keeps its first error for Close.
func (l *Lab) serve(f func() error) {
	l.running.Go(func() {
		if err := f(); err != nil {
			l.mu.Lock()
			l.failed = cmp.Or(l.failed, err)
			l.mu.Unlock()
		}
	})
}

// Close stops the lab and waits until nothing of it runs any more. It returns
// the first error with which a listener failed before. Closing twice is
// harmless.
func (l *Lab) Close() error {
	if l.cancel != nil {
		l.cancel()
	}
	l.running.Wait()
	err := l.failed
	if l.temporary != "" {
		err = errors.Join(err, os.RemoveAll(l.temporary))
	}
	return err
}

// Info tells how to reach the lab. The passwords in it are the lab's own.
func (l *Lab) Info() Info { return l.info }

// World is the state, for tests that look at counters and change things.
func (l *Lab) World() *world.World { return l.world }

// Replay makes the lab give a recorded answer at its place, whatever the state
// would lead to, until EndReplay. An item of the place Network makes the IMAP
// server fail in its way; a connection that is refused needs no lab.
func (l *Lab) Replay(r corpus.Reply) {
	fault := map[corpus.Event]world.Fault{
		corpus.Silent: world.Mute, corpus.HangsUp: world.HangsUp, corpus.Plain: world.Plain,
		corpus.ForeignAuthority: world.ForeignAuthority, corpus.ForeignName: world.ForeignName,
	}[r.Event]
	l.world.Do(func(s *world.State) { s.Replay, s.Exchange.Faults[world.IMAP] = &r, fault })
}

// EndReplay lets the state decide again.
func (l *Lab) EndReplay() {
	l.world.Do(func(s *world.State) {
		s.Replay = nil
		delete(s.Exchange.Faults, world.IMAP)
	})
}

// describe fills in what Info tells.
func (l *Lab) describe(address string) {
	l.info.Authority = "http://" + address
	l.info.Portal = l.info.Authority + "/portal"
	is := map[string]string{
		world.SignInAccount: "sign-in account for the shared mailboxes",
		world.Support:       "user mailbox that signs in itself",
		world.Administrator: "Microsoft 365 administrator, with an own mailbox",
		world.Operator:      "the person at the workstation",
		world.Stranger:      "user of another tenant",
		world.Sales:         "shared mailbox; sign-in is blocked",
		world.Information:   "shared mailbox; sign-in is blocked",
	}
	l.world.Do(func(s *world.State) {
		t := s.Tenants[0]
		l.info.Domain, l.info.TenantID, l.info.ClientID = t.Domain(), t.ID, s.Apps[0].ClientID
		for _, u := range s.Users {
			a := Account{User: u.UPN, Is: is[u.UPN]}
			if !u.Disabled {
				a.Password = u.Password
			}
			l.info.Accounts = append(l.info.Accounts, a)
		}
	})
}
