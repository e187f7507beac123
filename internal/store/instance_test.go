package store_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
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

// What a server records of its configuration is the newest, and not readable
// in the file either.
func TestServed(t *testing.T) {
	dir := t.TempDir()
	ring, err := seal.CreateRing(filepath.Join(dir, "ring"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "latchkey.db")
	s, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Served(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("before a server: %q, %v", got.Reveal(), err)
	}
	for _, record := range []string{"https://old.contoso.example", "https://new.contoso.example"} {
		if err := s.Serve(t.Context(), secret.New(record)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Served(t.Context()); err != nil || got.Reveal() != record {
			t.Errorf("recorded %q, read %q, %v", record, got.Reveal(), err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || strings.Contains(string(b), "contoso") {
		t.Errorf("the record is readable in the file: %v", err)
	}
}

func TestSchemaVersionIsThatOfTheNewestMigration(t *testing.T) {
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil || len(files) != store.SchemaVersion {
		t.Errorf("%d migrations, SchemaVersion = %d, %v", len(files), store.SchemaVersion, err)
	}
}
