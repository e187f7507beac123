package world

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"latchkey/internal/corpus"
)

// World is the state behind a mutex.
type World struct {
	mu    sync.Mutex
	state *State
}

// State is everything the simulator knows. It is reached through World.Do
// only; its pointers must not be kept beyond that call.
type State struct {
	Tenants   []*Tenant
	Apps      []*App
	Users     []*User
	Mailboxes []*Mailbox

	Entra    Entra
	Exchange Exchange
	// Replay is a recorded answer that is given at its place whatever the
	// state would lead to, nil for none. It shows answers that no state of
	// the simulator leads to.
	Replay *corpus.Reply

	Codes    map[string]*Code         // by authorization code
	Refresh  map[string]*RefreshToken // by refresh token
	Sessions map[string]*Session      // by cookie value
	Flows    map[string]*Flow         // by flow ID

	Counters Counters

	now    func() time.Time
	random *mathrand.ChaCha8
	key    signingKey
}

// New returns a healthy world with new keys, identifiers and passwords. random
// is read once, for a seed: a source that failed later would leave the
// simulator without an answer in the middle of a conversation.
func New(now func() time.Time, random io.Reader) (*World, error) {
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("world: seed: %w", err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("world: signing key: %w", err)
	}
	s := &State{
		Codes:    map[string]*Code{},
		Refresh:  map[string]*RefreshToken{},
		Sessions: map[string]*Session{},
		Flows:    map[string]*Flow{},
		Counters: newCounters(),
		now:      now,
		random:   mathrand.NewChaCha8(seed),
	}
	s.key = signingKey{ID: s.Text(20), Private: key}
	s.furnish()
	return &World{state: s}, nil
}

// Do calls f with the state while nobody else has it. f must not call Do, nor
// wait for anything.
func (w *World) Do(f func(*State)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.state)
}

// Counters returns a copy of the counters.
func (w *World) Counters() Counters {
	var c Counters
	w.Do(func(s *State) { c = s.Counters.clone() })
	return c
}

// Now is the world's clock, in UTC.
func (s *State) Now() time.Time { return s.now().UTC() }
