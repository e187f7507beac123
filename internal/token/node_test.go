package token_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// provider issues tokens as an identity provider does, and watches what must
// not happen: two requests at a time, and a token presented again after it was
// rotated.
type provider struct {
	// strict revokes everything when an old refresh token comes back.
	strict bool
	// answer, if set, decides about a request before the provider looks at it:
	// n counts from 1.
	answer func(ctx context.Context, n int) error
	takes  time.Duration
	life   time.Duration // of access tokens, an hour where zero
	// keeps leaves the refresh token out of the answer.
	keeps bool

	mu       sync.Mutex
	requests int
	inFlight int
	newest   int
	revoked  bool
	together int // most requests at the same moment
	reused   int // old refresh tokens that came back
	used     []string
}

func refreshNo(n int) secret.Text { return secret.New(fmt.Sprint("refresh-", n)) }
func accessNo(n int) secret.Text  { return secret.New(fmt.Sprint("access-", n)) }

func (p *provider) Refresh(ctx context.Context, g token.Grant) (oauth.Token, error) {
	p.mu.Lock()
	p.requests++
	p.inFlight++
	p.together = max(p.together, p.inFlight)
	p.used = append(p.used, g.Token.Refresh.Reveal())
	n := p.requests
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.inFlight--
		p.mu.Unlock()
	}()
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return oauth.Token{}, &oauth.Error{Endpoint: oauth.TokenEnd, Err: ctx.Err()}
	}
	if p.answer != nil {
		if err := p.answer(ctx, n); err != nil {
			return oauth.Token{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !g.Token.Refresh.Equal(refreshNo(p.newest)) {
		p.reused++
		if p.strict {
			p.revoked = true
		}
	}
	if p.revoked {
		return oauth.Token{}, invalidGrant()
	}
	p.newest++
	now := time.Now().UTC()
	life := p.life
	if life == 0 {
		life = time.Hour
	}
	t := oauth.Token{Access: accessNo(p.newest), Refresh: refreshNo(p.newest), Type: "Bearer", ReceivedAt: now, ExpiresAt: now.Add(life)}
	if p.keeps {
		p.newest--
		t.Access, t.Refresh = accessNo(p.requests), secret.Text{}
	}
	return t, nil
}

func invalidGrant() error {
	return &oauth.Error{Endpoint: oauth.TokenEnd, Grant: oauth.GrantRefreshToken, HTTPStatus: 400, Code: "invalid_grant"}
}

const account = "account"

// newPath returns the path of a database that holds the account's setup.
func newPath(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "latchkey.db")
	s := openStore(t, store.Options{Path: path})
	if err := s.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
		return tx.InsertSetup(setup.Setup{ID: account})
	}); err != nil {
		t.Fatal(err)
	}
	return path
}

func openStore(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	o.Ring = ring(t, filepath.Dir(o.Path))
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
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

// source returns a Source that is closed with the test.
func source(t *testing.T, s token.Store, p token.Refresher, owner string, o token.Options) *token.Source {
	t.Helper()
	src := token.NewSource(s, p, owner, o)
	t.Cleanup(src.Close)
	return src
}

// accept stores the tokens with number 0, received now, living for life.
func accept(t *testing.T, s token.Store, slot token.Slot, life time.Duration) {
	t.Helper()
	now := time.Now().UTC()
	err := s.Update(t.Context(), func(tx token.Tx) error {
		return token.Accept(tx, token.Grant{Account: account, Slot: slot, Revision: 1, ClientID: "client", Token: oauth.Token{
			Access: accessNo(0), Refresh: refreshNo(0), Type: "Bearer", ReceivedAt: now, ExpiresAt: now.Add(life),
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func stored(t *testing.T, s token.Store, slot token.Slot) (g token.Grant) {
	t.Helper()
	if err := s.View(t.Context(), func(tx token.Tx) (err error) {
		g, err = tx.Grant(account, slot)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return g
}

func previous(t *testing.T, s token.Store) (p secret.Text) {
	t.Helper()
	if err := s.View(t.Context(), func(tx token.Tx) (err error) {
		p, err = tx.PreviousRefresh(account, token.Current)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *provider) expect(t *testing.T, requests int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.requests != requests {
		t.Errorf("%d token requests, want %d", p.requests, requests)
	}
	if p.together > 1 {
		t.Errorf("%d token requests at the same time", p.together)
	}
}

// faulty is a store whose Update fails while fails says so.
type faulty struct {
	token.Store
	mu    sync.Mutex
	fails func() bool
}

var errDisk = errors.New("disk full")

func (f *faulty) Update(ctx context.Context, fn func(token.Tx) error) error {
	f.mu.Lock()
	fails := f.fails()
	f.mu.Unlock()
	if fails {
		return errDisk
	}
	return f.Store.Update(ctx, fn)
}
