package store_test

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Stores {
		path := filepath.Join(t.TempDir(), "data", "latchkey.db")
		s := open(t, store.Options{Path: path})
		raw := rawDB(t, path)
		return storetest.Stores{
			Wizard: s.Wizard(), Tokens: s.Tokens(), Admin: s.Admin(), Audit: s.AuditLog(),
			Exec: func(query string, args ...any) error {
				_, err := raw.ExecContext(t.Context(), query, args...)
				return err
			},
			Int: func(query string) (n int64, err error) {
				return n, raw.QueryRowContext(t.Context(), query).Scan(&n)
			},
			Dump: func() []byte { return filesOf(t, path) },
		}
	})
}

// open opens a store and closes it with the test.
func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	if o.Ring == nil {
		o.Ring = ring(t, t.TempDir())
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func ring(t *testing.T, dir string) *seal.Ring {
	t.Helper()
	r, err := loadRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// filesOf returns the database and its log.
func filesOf(t *testing.T, path string) []byte {
	t.Helper()
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil && suffix == "" {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// loadRing returns the key ring kept in dir, which it makes at first.
func loadRing(dir string) (*seal.Ring, error) {
	path := filepath.Join(dir, "ring")
	r, err := seal.LoadRing(path)
	if errors.Is(err, fs.ErrNotExist) {
		return seal.CreateRing(path, rand.Reader)
	}
	return r, err
}
