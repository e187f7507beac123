package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/config"
	"latchkey/internal/keeper"
	"latchkey/internal/locale"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/report"
	"latchkey/internal/seal"
	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// app is the product, wired together on one database.
type app struct {
	config    config.Config
	providers []provider.Provider
	store     *store.Store
	admin     *admin.Service
	wizard    *wizard.Wizard
	catalog   *locale.Catalog
	log       *slog.Logger
	now       func() time.Time
	owner     string

	working sync.WaitGroup // keeper and attendant
	stops   []context.CancelFunc
}

// openApp opens the database and wires everything to it. providers replaces
// the configured ones where not nil: the demo knows the lab only.
func openApp(ctx context.Context, t terminal, c config.Config, providers []provider.Provider, log *slog.Logger) (*app, error) {
	if providers == nil {
		providers = c.ProviderList()
	}
	ring, err := openRing(keyFile(c.Data), log)
	if err != nil {
		return nil, err
	}
	roots, err := rootsOf(c.CAFile)
	if err != nil {
		return nil, err
	}
	catalog, err := locale.Load()
	if err != nil {
		return nil, err
	}
	a := &app{config: c, providers: providers, catalog: catalog, log: log, now: t.Now, owner: fmt.Sprintf("%s/%d/%s", c.Node, os.Getpid(), rand.Text()[:6])}
	db, err := store.Open(ctx, store.Options{Path: databaseFile(c.Data), Ring: ring, Now: t.Now, Hook: t.Hook})
	if err != nil {
		return nil, err
	}
	a.store = db
	if a.admin, err = admin.NewService(db.Admin(), t.Now, rand.Reader); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	key, err := db.InstanceKey(ctx, rand.Reader)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	a.wizard, err = wizard.New(wizard.Options{
		Store: db.Wizard(), Providers: providers, ExternalURL: c.ExternalURL, Node: c.Node, Role: c.Role, Roots: roots, Proxy: c.ProxyURL(),
		AllowNetworks: c.AllowNetworks, KnownClientIP: len(c.TrustedProxies) > 0, Key: key,
		Report: func(v wizard.View) ([]byte, error) {
			return report.Of(v, catalog.Printer("en"), versionText()).JSON()
		},
		Now: t.Now, Rand: rand.Reader, Log: log, Hook: t.Hook,
	}, func(r token.Refresher) *token.Source {
		return token.NewSource(db.Tokens(), r, a.owner, token.Options{Now: t.Now, Due: keeper.Due})
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return a, nil
}

// keep starts the keeper; Close waits for it.
func (a *app) keep(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	a.stops = append(a.stops, stop)
	k := &keeper.Keeper{
		Store: a.store.Tokens(), Source: a.wizard.Tokens(), Owner: a.owner, Log: a.log,
		// The hand-over waits for the first renewal; and with each one the
		// setup is looked at, so that its daily checks run. What stops one is
		// explained by the proof of mail.
		Renewed: func(ctx context.Context, account string, failure error) {
			step := wizard.Unattended(setup.StepHandover)
			if failure != nil {
				step = wizard.Unattended(setup.StepVerification)
			}
			if err := a.wizard.StartRun(ctx, setup.ID(account), step); err != nil && ctx.Err() == nil {
				a.log.Error("checks not started after a renewal", "setup", account, "error", err)
			}
		},
	}
	a.working.Go(func() { k.Run(ctx) })
}

// attend makes this process a server of the network matrix; Close waits for it.
func (a *app) attend(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	a.stops = append(a.stops, stop)
	a.working.Go(func() { a.wizard.Attend(ctx) })
}

// Close ends what is under way and closes the database.
func (a *app) Close() error {
	for _, stop := range a.stops {
		stop()
	}
	a.working.Wait()
	a.wizard.Close()
	return a.store.Close()
}

func databaseFile(data string) string { return filepath.Join(data, "latchkey.db") }

func keyFile(data string) string { return filepath.Join(data, "latchkey.key") }

// openRing loads the key ring, or makes one at the first start and says so:
// whoever loses the file loses every secret in the database.
func openRing(path string, log *slog.Logger) (*seal.Ring, error) {
	ring, err := seal.LoadRing(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	ring, err = seal.CreateRing(path, rand.Reader)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return seal.LoadRing(path)
	}
	if err == nil {
		log.Warn("a new key was made: without this file nothing in the database can be opened; keep a copy apart from the database", "file", path)
	}
	return ring, err
}

// rootsOf adds the operator's authorities to the system's.
func rootsOf(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ca_file = %q: %w: name a file of certificates in PEM form", path, err)
	}
	roots, err := probe.Roots(pem)
	if err != nil {
		return nil, fmt.Errorf("ca_file = %q: %w: name a file of certificates in PEM form", path, err)
	}
	return roots, nil
}

// find returns the setup that name means: its ID, the beginning of it, or one
// of its mailboxes.
func (a *app) find(ctx context.Context, name string) (wizard.View, error) {
	list, err := a.wizard.List(ctx, wizard.System)
	if err != nil {
		return wizard.View{}, err
	}
	var found []wizard.View
	for _, v := range list {
		match := len(name) >= 4 && len(name) <= len(v.Setup.ID) && string(v.Setup.ID[:len(name)]) == name
		for _, m := range v.Setup.Application.Mailboxes {
			match = match || m.Equal(setup.Address(name))
		}
		if match {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return wizard.View{}, fmt.Errorf("no setup is called %q; latchkey setups lists them", name)
	}
	return wizard.View{}, fmt.Errorf("%d setups are called %q; use the ID that latchkey setups shows", len(found), name)
}
