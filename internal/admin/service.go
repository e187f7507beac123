package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"latchkey/internal/secret"
)

// Service is the way in: claim, login, sessions.
type Service struct {
	store  Store
	now    func() time.Time
	random io.Reader
	hasher *hasher
}

// NewService returns a Service on store. now and random are time.Now and
// crypto/rand.Reader where nil.
func NewService(store Store, now func() time.Time, random io.Reader) (*Service, error) {
	if now == nil {
		now = time.Now
	}
	if random == nil {
		random = rand.Reader
	}
	h, err := newHasher(random)
	if err != nil {
		return nil, err
	}
	return &Service{store: store, now: now, random: random, hasher: h}, nil
}

// Claimed reports whether there is an administrator. While it cannot be known
// the set-up pages must stay closed, so the error is not a "no".
func (s *Service) Claimed(ctx context.Context) (claimed bool, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		claimed, err = tx.Claimed()
		return err
	})
	return claimed, err
}

// Account returns one administrator, ErrNotFound if there is none with this ID.
func (s *Service) Account(ctx context.Context, id string) (a Account, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		a, err = tx.Account(id)
		return err
	})
	return a, err
}

// Accounts lists the administrators, oldest first.
func (s *Service) Accounts(ctx context.Context) (list []Account, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		list, err = tx.Accounts()
		return err
	})
	return list, err
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// code returns n random bytes in base32.
func (s *Service) code(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.random, b); err != nil {
		return "", fmt.Errorf("admin: random: %w", err)
	}
	return base32Lower.EncodeToString(b), nil
}

// hashOf hashes exactly what was presented: a code that was cut, or spelled in
// another way, is another code (CVE-2026-27840).
func hashOf(code secret.Text) Hash { return sha256.Sum256([]byte(code.Reveal())) }
