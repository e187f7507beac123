package admin

import (
	"context"

	"latchkey/internal/secret"
)

// Weaken makes hashing cheap, for tests that are about something else.
func (s *Service) Weaken() error {
	s.hasher.params = params{memory: 64, time: 1, threads: 1}
	decoy, err := s.hasher.make(context.Background(), secret.New("nobody knows this"))
	s.hasher.decoy = decoy
	return err
}

// Restore makes hashing cost what it costs today.
func (s *Service) Restore() { s.hasher.params = today }

// MakeHash, CheckHash and Slots reach the hasher.
func (s *Service) MakeHash(ctx context.Context, password secret.Text) (string, error) {
	return s.hasher.make(ctx, password)
}

func (s *Service) CheckHash(ctx context.Context, phc string, password secret.Text) (ok, outdated bool, err error) {
	return s.hasher.check(ctx, phc, password)
}

func (s *Service) Slots() chan struct{} { return s.hasher.slots }
