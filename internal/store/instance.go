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

const signingKey = "signing_key"

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
