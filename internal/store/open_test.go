package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/wizard"
)

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, store.Options{Path: filepath.Join(dir, "latchkey.db")})
	insertSetup(t, s, "one")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 3 {
		t.Errorf("%d files, want the database, its log and its index", len(entries))
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode())
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v, want mode 0700", d, info.Mode(), err)
		}
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	path := filepath.Join(t.TempDir(), "odd name?#%20&x=1", "latchkey.db")
	for _, id := range []setup.ID{"1", "2", "3"} {
		s, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring(t, t.TempDir())})
		if err != nil {
			t.Fatal(err)
		}
		insertSetup(t, s, id)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the log is still there after Close: %v", err)
		}
	}
	s := open(t, store.Options{Path: path})
	if n := countSetups(t, s); n != 3 {
		t.Errorf("%d setups, want 3", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDurabilitySettings(t *testing.T) {
	s := open(t, store.Options{Path: filepath.Join(t.TempDir(), "latchkey.db")})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"} {
		if got := s.Pragma(t, pragma); got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	s := open(t, store.Options{Path: path})
	insertSetup(t, s, "one")
	raw := rawDB(t, path)
	if _, err := raw.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring(t, t.TempDir())})
	if !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), "9999") {
		t.Errorf("Open = %v, want ErrNewerSchema naming 9999", err)
	}
	if n := countSetups(t, s); n != 1 {
		t.Errorf("%d setups after the refusal, want 1", n)
	}
}

func TestOpenRefusesADamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	s, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring(t, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		insertSetup(t, s, setup.ID(fmt.Sprint("setup-", i)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pages := append([]byte{}, whole...)
	for i := 4096; i+4096 <= len(pages); i += 4096 {
		copy(pages[i:], strings.Repeat("\x5a", 64)) // the header of each page but the first
	}
	for name, content := range map[string][]byte{"pages": pages, "text": []byte(strings.Repeat("this is no database\n", 500))} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring(t, t.TempDir())}); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("Open of damaged %s = %v, want ErrDamaged", name, err)
		}
	}
}

func TestManyProcessesOpenANewFileAtOnce(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "latchkey.db")
		var wg sync.WaitGroup
		stores := make([]*store.Store, 8)
		for i := range stores {
			wg.Go(func() {
				s, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring(t, t.TempDir())})
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				stores[i] = s
				insertSetup(t, s, setup.ID(fmt.Sprint(i)))
			})
		}
		wg.Wait()
		for _, s := range stores {
			if s == nil {
				continue
			}
			if n := countSetups(t, s); n != len(stores) {
				t.Errorf("%d setups, want %d", n, len(stores))
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestTwoProcessesWriteAtOnce: each transaction reads before it writes. Begun
// without the lock, one of two such fails where no waiting helps.
func TestTwoProcessesWriteAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	stores := []*store.Store{open(t, store.Options{Path: path}), open(t, store.Options{Path: path})}
	insertSetup(t, stores[0], "one")
	const each = 100
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			for range each {
				if err := s.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
					one, err := tx.Setup("one")
					if err != nil {
						return err
					}
					return tx.SaveSetup(&one)
				}); err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if err := stores[0].Wizard().View(t.Context(), func(tx wizard.Tx) error {
		one, err := tx.Setup("one")
		if one.Version != 1+2*each {
			t.Errorf("version %d, want %d", one.Version, 1+2*each)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWaitingForAnotherWriterEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	first, second := open(t, store.Options{Path: path}), open(t, store.Options{Path: path})
	if err := first.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
		for _, s := range []*store.Store{first, second} { // in this process, and in another one
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			began := time.Now()
			err := s.Wizard().Update(ctx, func(wizard.Tx) error { return nil })
			if waited := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || waited > 4*time.Second {
				t.Errorf("Update = %v after %v, want DeadlineExceeded", err, waited)
			}
			cancel()
		}
		return tx.InsertSetup(setup.Setup{ID: "one"})
	}); err != nil {
		t.Fatal(err)
	}
	insertSetup(t, second, "two")
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	s := open(t, store.Options{Path: filepath.Join(t.TempDir(), "latchkey.db")})
	insertSetup(t, s, "one")
	err := s.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
		if err := tx.InsertSetup(setup.Setup{ID: "two"}); err != nil {
			return err
		}
		if n := countSetups(t, s); n != 1 {
			t.Errorf("a reader sees %d setups during the write, want 1", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHookSurroundsTheCommit(t *testing.T) {
	var points []string
	s := open(t, store.Options{Path: filepath.Join(t.TempDir(), "latchkey.db"), Hook: func(point string) {
		points = append(points, point)
	}})
	insertSetup(t, s, "one")
	countSetups(t, s)
	failed := errors.New("no")
	if err := s.Wizard().Update(t.Context(), func(wizard.Tx) error { return failed }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if got := strings.Join(points, " "); got != "before_commit after_commit" {
		t.Errorf("points: %s", got)
	}
}

func insertSetup(t *testing.T, s *store.Store, id setup.ID) {
	t.Helper()
	if err := s.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
		return tx.InsertSetup(setup.Setup{ID: id})
	}); err != nil {
		t.Fatal(err)
	}
}

func countSetups(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	if err := s.Wizard().View(t.Context(), func(tx wizard.Tx) error {
		all, err := tx.Setups()
		n = len(all)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func rawDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
