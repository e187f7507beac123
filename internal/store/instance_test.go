package store_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/seal"
	"latchkey/internal/store"
)

// The key is made once, survives a restart, and is not readable in the file.
func TestInstanceKey(t *testing.T) {
	dir := t.TempDir()
	ring, err := seal.CreateRing(filepath.Join(dir, "ring"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "latchkey.db")
	var keys []string
	for range 2 {
		s, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			key, err := s.InstanceKey(t.Context(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.Reveal())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range keys {
		if key != keys[0] || len(key) != 64 {
			t.Fatal("the key changed, or is too short")
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), keys[0]) {
		t.Error("the key is readable in the file")
	}
}

func TestSchemaVersionIsThatOfTheNewestMigration(t *testing.T) {
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil || len(files) != store.SchemaVersion {
		t.Errorf("%d migrations, SchemaVersion = %d, %v", len(files), store.SchemaVersion, err)
	}
}
