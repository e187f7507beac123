package admin_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/audit"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// house is a service on an empty store, with a clock that the test turns.
type house struct {
	*admin.Service
	store *store.Store
	path  string
	time  time.Time
}

const (
	name     = "Erika"
	password = "correct horse staple battery"
	home     = "192.0.2.1"
)

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{path: filepath.Join(t.TempDir(), "latchkey.db"), time: time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)}
	ring, err := seal.CreateRing(filepath.Join(t.TempDir(), "ring"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.store, err = store.Open(t.Context(), store.Options{Path: h.path, Ring: ring, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
	})
	if h.Service, err = admin.NewService(h.store.Admin(), h.now, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.Weaken(); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) now() time.Time       { return h.time }
func (h *house) pass(d time.Duration) { h.time = h.time.Add(d) }
func text(s string) secret.Text       { return secret.New(s) }
func (h *house) link(t *testing.T) secret.Text {
	t.Helper()
	code, err := h.NewClaimLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// claimed makes the house's administrator.
func (h *house) claimed(t *testing.T) admin.Account {
	t.Helper()
	a, err := h.Claim(t.Context(), h.link(t), name, text(password), home)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// actions lists what the audit chain says.
func (h *house) actions(t *testing.T) (list []audit.Record) {
	t.Helper()
	list, err := h.store.AuditLog().Records(t.Context(), "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// files returns what is on the disk.
func (h *house) files(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(h.path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
