package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"latchkey/internal/secret"
)

// SchemaVersion is the version of the newest migration; a test compares.
const SchemaVersion = 4

const (
	signingKey = "signing_key"
	servedWith = "served_with"
)

var errNoInstance = errors.New("store: no such value of the installation")

// InstanceKey returns the installation's signing key, 64 characters, and makes
// it at the first call. All nodes on one database have the same.
func (s *Store) InstanceKey(ctx context.Context, random io.Reader) (key secret.Text, err error) {
	err = s.update(ctx, func(t *tx) error {
		var sealed []byte
		l := label("instance", "sealed", 0, signingKey)
		err := t.one("instance key", errNoInstance, []any{&sealed}, `SELECT sealed FROM instance WHERE name = ?`, signingKey)
		if err == nil {
			key, err = t.open(l, sealed)
			return err
		}
		if !errors.Is(err, errNoInstance) {
			return err
		}
		b := make([]byte, 32)
		if _, err := io.ReadFull(random, b); err != nil {
			return fmt.Errorf("store: instance key: %w", err)
		}
		key = secret.New(hex.EncodeToString(b))
		if sealed, err = t.seal(l, key); err != nil {
			return err
		}
		_, err = t.exec("instance key", `INSERT INTO instance (name, sealed) VALUES (?, ?)`, signingKey, sealed)
		return err
	})
	return key, err
}

// Served returns what the newest server on this database has recorded of its
// configuration; its zero value where none has.
func (s *Store) Served(ctx context.Context) (record secret.Text, err error) {
	err = s.view(ctx, func(t *tx) error {
		var sealed []byte
		err := t.one("configuration of the server", errNoInstance, []any{&sealed}, `SELECT sealed FROM instance WHERE name = ?`, servedWith)
		if errors.Is(err, errNoInstance) {
			return nil
		}
		if err == nil {
			record, err = t.open(label("instance", "sealed", 0, servedWith), sealed)
		}
		return err
	})
	return record, err
}

// Serve records with which configuration a server works on this database.
func (s *Store) Serve(ctx context.Context, record secret.Text) error {
	return s.update(ctx, func(t *tx) error {
		sealed, err := t.seal(label("instance", "sealed", 0, servedWith), record)
		if err != nil {
			return err
		}
		_, err = t.exec("configuration of the server", `INSERT INTO instance (name, sealed) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed`, servedWith, sealed)
		return err
	})
}
