package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"

	"latchkey/internal/admin"
	"latchkey/internal/seal"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// ErrNewerSchema: the file was written by a newer version of the program.
var ErrNewerSchema = errors.New("store: the database was written by a newer version")

// ErrDamaged: the file fails SQLite's own check.
var ErrDamaged = errors.New("store: the database file is damaged")

// Options say where and how to remember.
type Options struct {
	// Path of the database file. Its folder is created with mode 0700, the
	// file with 0600; what exists keeps its mode.
	Path string
	// Ring wraps the keys of what must not be readable in the file.
	Ring seal.KeyWrapper
	// Now is time.Now where nil.
	Now func() time.Time
	// Hook, for crash tests, is called around the commit of each Update with
	// "before_commit" and "after_commit".
	Hook func(point string)
}

// Store is an open database.
type Store struct {
	writer *sql.DB // one connection
	reader *sql.DB
	sealer *seal.Sealer
	now    func() time.Time
	hook   func(point string)
}

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// Open opens or creates the database, checks it, and brings its schema up to
// date. Several processes may have the same file open.
//
// Errors: ErrDamaged, ErrNewerSchema, and whatever the operating system says.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hook == nil {
		o.Hook = func(string) {}
	}
	path, err := create(o.Path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{sealer: &seal.Sealer{Keys: o.Ring}, now: o.Now, hook: o.Hook}
	if s.writer, err = sql.Open("sqlite", address(path, true)); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", address(path, false)); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), s.writer.Close())
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if err := alone(ctx, path, func() error {
		if err := s.Check(ctx); err != nil {
			return err
		}
		return migrate(ctx, s.writer)
	}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// alone runs fn while no other process does. Two that start on the same new
// file would otherwise both see the old schema and apply each migration twice.
// The lock is the system's and ends with the process; the file beside the
// database stays empty.
func alone(ctx context.Context, path string, fn func() error) (err error) {
	lock, err := create(path + ".lock")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	db, err := sql.Open("sqlite", lockAddress(lock))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return failed(ctx, "waiting for another process that opens the database", err)
	}
	defer func() { _ = t.Rollback() }() // nothing is written
	return fn()
}

// create makes the folder and the file, because SQLite would create the file
// readable for everybody. Its companions (-wal, -shm) inherit the mode. A file
// that exists is not even opened: closing it would end the locks that this
// process may hold on it (sqlite.org/howtocorrupt.html §2.2).
func create(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// Check asks SQLite to look through the whole file; ErrDamaged if it finds
// something.
func (s *Store) Check(ctx context.Context) error {
	var verdict string
	err := s.writer.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict)
	if isDamage(err) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return failed(ctx, "check", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	folder, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, folder,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	current, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("store: schema version: %w", err)
	}
	if current > known {
		return fmt.Errorf("%w: it has schema %d and this version of the program knows up to %d; use the newer one",
			ErrNewerSchema, current, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	return nil
}

// Close waits for the transactions under way and closes the file. The writer
// goes last: the last connection moves the log into the file and removes it.
func (s *Store) Close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }

// Wizard returns the store of the use cases.
func (s *Store) Wizard() wizard.Store {
	return adapter[wizard.Tx]{s, func(t *tx) wizard.Tx { return t }}
}

// Tokens returns the store of the mailbox tokens.
func (s *Store) Tokens() token.Store {
	return adapter[token.Tx]{s, func(t *tx) token.Tx { return t }}
}

// Admin returns the store of accounts and sessions.
func (s *Store) Admin() admin.Store {
	return adapter[admin.Tx]{s, func(t *tx) admin.Tx { return t }}
}

// adapter shows the one transaction type as the interface T.
type adapter[T any] struct {
	s  *Store
	as func(*tx) T
}

func (a adapter[T]) View(ctx context.Context, fn func(T) error) error {
	return a.s.view(ctx, func(t *tx) error { return fn(a.as(t)) })
}

func (a adapter[T]) Update(ctx context.Context, fn func(T) error) error {
	return a.s.update(ctx, func(t *tx) error { return fn(a.as(t)) })
}
