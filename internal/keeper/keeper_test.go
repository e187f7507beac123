package keeper_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/keeper"
	"latchkey/internal/oauth"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// tick is how long a due token may wait to be seen.
const tick = 6 * time.Second

// provider renews every token and counts the requests of each account.
type provider struct {
	takes  time.Duration
	life   time.Duration // of access tokens, an hour where zero
	refuse error

	mu       sync.Mutex
	requests map[string]int
	inFlight map[string]int
	together int
}

func (p *provider) Refresh(ctx context.Context, g token.Grant) (oauth.Token, error) {
	p.mu.Lock()
	if p.requests == nil {
		p.requests, p.inFlight = map[string]int{}, map[string]int{}
	}
	p.requests[g.Account]++
	p.inFlight[g.Account]++
	p.together = max(p.together, p.inFlight[g.Account])
	refuse := p.refuse
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.inFlight[g.Account]--
		p.mu.Unlock()
	}()
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return oauth.Token{}, ctx.Err()
	}
	if refuse != nil {
		return oauth.Token{}, refuse
	}
	now := time.Now().UTC()
	return oauth.Token{
		Access: secret.New("access"), Refresh: secret.New("renewed"), Type: "Bearer", ReceivedAt: now,
		ExpiresAt: now.Add(cmp.Or(p.life, time.Hour)),
	}, nil
}

func (p *provider) count(account string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[account]
}

func (p *provider) answers(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = err
}

// node is one process with its keeper.
type node struct {
	*keeper.Keeper
	store *store.Store
	log   bytes.Buffer

	mu    sync.Mutex
	heard []error // what Renewed was told, in order
}

func (n *node) told() []error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]error(nil), n.heard...)
}

func newNode(t *testing.T, path, owner string, p *provider) *node {
	t.Helper()
	ringPath := filepath.Join(filepath.Dir(path), "ring")
	ring, err := seal.LoadRing(ringPath)
	if errors.Is(err, fs.ErrNotExist) {
		ring, err = seal.CreateRing(ringPath, rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Path: path, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	src := token.NewSource(s.Tokens(), p, owner, token.Options{Due: keeper.Due})
	t.Cleanup(func() {
		src.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	n := &node{store: s}
	n.Keeper = &keeper.Keeper{
		Store: s.Tokens(), Source: src, Owner: owner, Log: slog.New(slog.NewTextHandler(&n.log, nil)),
		Renewed: func(_ context.Context, account string, err error) {
			if !strings.HasPrefix(account, "account") {
				t.Errorf("Renewed was told of %q", account)
			}
			n.mu.Lock()
			defer n.mu.Unlock()
			n.heard = append(n.heard, err)
		},
	}
	return n
}

// keep stores a token of an account that is due in a while.
func (n *node) keep(t *testing.T, account string, in time.Duration) {
	t.Helper()
	if err := n.store.Wizard().Update(t.Context(), func(tx wizard.Tx) error {
		return tx.InsertSetup(setup.Setup{ID: setup.ID(account)})
	}); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	if err := n.store.Tokens().Update(t.Context(), func(tx token.Tx) error {
		return token.Accept(tx, token.Grant{
			Account: account, Slot: token.Current, Revision: 1, ClientID: "client", DueAt: now.Add(in),
			Token: oauth.Token{Access: secret.New("a"), Refresh: secret.New("r"), ReceivedAt: now, ExpiresAt: now.Add(time.Hour)},
		})
	}); err != nil {
		t.Fatal(err)
	}
}

func (n *node) grant(t *testing.T, account string) (g token.Grant) {
	t.Helper()
	if err := n.store.Tokens().View(t.Context(), func(tx token.Tx) (err error) {
		g, err = tx.Grant(account, token.Current)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return g
}

// run starts the keeper and returns what stops it and waits for it.
func (n *node) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx)
	}()
	return sync.OnceFunc(func() {
		cancel()
		<-done
	})
}

func path(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "latchkey.db")
}

func TestRenewsWhenDueAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const due = 67 * time.Second // no multiple of the distance between two looks
		p := &provider{life: 10 * time.Minute}
		n := newNode(t, path(t), "node", p)
		n.keep(t, "account", due)
		defer n.run(t)()

		time.Sleep(due - time.Second)
		if p.count("account") != 0 || len(n.told()) != 0 {
			t.Fatalf("%d requests before the time", p.count("account"))
		}
		time.Sleep(tick)
		if p.count("account") != 1 {
			t.Fatalf("%d requests when due, want 1", p.count("account"))
		}
		if told := n.told(); len(told) != 1 || told[0] != nil {
			t.Errorf("Renewed was told %v, want one success", told)
		}
		if g := n.grant(t, "account"); !g.Token.Refresh.Equal(secret.New("renewed")) || g.Kept != 1 || !g.LeaseEnd.IsZero() {
			t.Errorf("stored: kept %d, lease until %v, or another token", g.Kept, g.LeaseEnd)
		}
		// The next one: between half and four fifths of ten minutes.
		time.Sleep(5*time.Minute - tick - time.Second)
		if p.count("account") != 1 {
			t.Errorf("%d requests before half of the life", p.count("account"))
		}
		time.Sleep(3*time.Minute + 2*tick)
		if p.count("account") != 2 {
			t.Errorf("%d requests after four fifths of the life, want 2", p.count("account"))
		}
	})
}

func TestWhatNobodyKeepsIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		n := newNode(t, path(t), "node", p)
		n.keep(t, "account", 0)
		if err := n.store.Tokens().Update(t.Context(), func(tx token.Tx) error {
			g, err := tx.Grant("account", token.Current)
			g.DueAt = time.Time{}
			return errors.Join(err, tx.PutGrant(g))
		}); err != nil {
			t.Fatal(err)
		}
		stop := n.run(t)
		time.Sleep(5 * time.Minute)
		stop()
		if p.count("account") != 0 {
			t.Errorf("%d requests for a token that nobody keeps", p.count("account"))
		}
	})
}

// TestOneOfTwoKeepersRenews: two processes on one database, and a provider that
// takes longer than they wait between two looks.
func TestOneOfTwoKeepersRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 12 * time.Second}
		at := path(t)
		a, b := newNode(t, at, "a", p), newNode(t, at, "b", p)
		const accounts = 12 // more than one claim takes
		for i := range accounts {
			a.keep(t, fmt.Sprint("account", i), time.Minute)
		}
		stopA, stopB := a.run(t), b.run(t)
		time.Sleep(3 * time.Minute)
		stopA()
		stopB()
		for i := range accounts {
			account := fmt.Sprint("account", i)
			if n := p.count(account); n != 1 {
				t.Errorf("%s: %d requests, want 1", account, n)
			}
			if g := a.grant(t, account); g.Renewals != 1 || g.Failures != 0 {
				t.Errorf("%s: %d renewals, %d failures", account, g.Renewals, g.Failures)
			}
		}
		if p.together != 1 {
			t.Errorf("%d requests for one account at a time", p.together)
		}
		if got := len(a.told()) + len(b.told()); got != accounts {
			t.Errorf("Renewed was told %d times, want %d", got, accounts)
		}
	})
}

// watched notes how long claims last.
type watched struct {
	token.Store
	claim func(time.Duration)
}

func (w watched) Update(ctx context.Context, fn func(token.Tx) error) error {
	return w.Store.Update(ctx, func(tx token.Tx) error { return fn(watchedTx{tx, w.claim}) })
}

type watchedTx struct {
	token.Tx
	claim func(time.Duration)
}

func (w watchedTx) ClaimDue(owner string, end time.Time, limit int) ([]token.Grant, error) {
	w.claim(end.Sub(w.Now()))
	return w.Tx.ClaimDue(owner, end, limit)
}

// TestAClaimCoversARenewal: a claim must hold until the renewal has taken a
// lease of its own, and not for long after a crash.
func TestAClaimCoversARenewal(t *testing.T) {
	n := newNode(t, path(t), "node", &provider{})
	n.Store = watched{n.Store, func(d time.Duration) {
		if d < token.Lease || d > 5*time.Minute {
			t.Errorf("a claim lasts %v, want at least %v and at most 5m", d, token.Lease)
		}
	}}
	if err := n.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestARoundTakesAllThatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		n := newNode(t, path(t), "node", p)
		for i := range 12 {
			n.keep(t, fmt.Sprint("account", i), 0)
		}
		if err := n.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(n.told()); got != 12 {
			t.Errorf("one round has renewed %d of 12", got)
		}
	})
}

func TestBacksOffAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := &oauth.Error{Endpoint: oauth.TokenEnd, Grant: oauth.GrantRefreshToken, HTTPStatus: 400, Code: "invalid_grant"}
		p := &provider{refuse: refusal}
		n := newNode(t, path(t), "node", p)
		n.keep(t, "account", 0)
		defer n.run(t)()
		last := time.Now()
		for i, wait := range []struct{ least, most time.Duration }{
			{0, 0}, {time.Minute, 2 * time.Minute}, {2 * time.Minute, 4 * time.Minute},
		} {
			for p.count("account") <= i && time.Since(last) < time.Hour {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			if waited := time.Since(last); waited < wait.least || waited > wait.most+tick {
				t.Errorf("try %d after %v, want %v to %v", i+1, waited, wait.least, wait.most)
			}
			last = time.Now()
		}
		for i, err := range n.told() {
			if !errors.Is(err, refusal) {
				t.Errorf("Renewed was told %v at try %d, want the refusal", err, i+1)
			}
		}
		if g := n.grant(t, "account"); !g.Token.Refresh.Equal(secret.New("r")) || g.Failures != 3 {
			t.Errorf("%d failures, want 3; the token must stay", g.Failures)
		}
		p.answers(nil)
		time.Sleep(9 * time.Minute)
		told := n.told()
		if g := n.grant(t, "account"); g.Failures != 0 || told[len(told)-1] != nil {
			t.Errorf("after a success: %d failures, Renewed was told %v", g.Failures, told[len(told)-1])
		}
	})
}

// TestStopWaitsForTheRequestUnderWay: its answer may be the only copy of the
// next refresh token.
func TestStopWaitsForTheRequestUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: 10 * time.Second}
		n := newNode(t, path(t), "node", p)
		for i := range 7 { // a second claim would follow
			n.keep(t, fmt.Sprint("account", i), 0)
		}
		stop := n.run(t)
		time.Sleep(time.Second)
		began := time.Now()
		stop()
		if waited := time.Since(began); waited != 9*time.Second {
			t.Errorf("stopped after %v, want 9s: with the requests under way", waited)
		}
		renewed := 0
		for i := range 7 {
			if g := n.grant(t, fmt.Sprint("account", i)); g.Token.Refresh.Equal(secret.New("renewed")) {
				renewed++
			}
		}
		if renewed != 5 {
			t.Errorf("%d tokens saved, want the 5 that were under way", renewed)
		}
		time.Sleep(time.Hour)
		if told := n.told(); len(told) != 5 {
			t.Errorf("%d attempts, want none after the stop", len(told)-5)
		}
	})
}

// broken is a store that fails for a while.
type broken struct {
	token.Store
	until time.Time
}

func (b broken) Update(ctx context.Context, fn func(token.Tx) error) error {
	if time.Now().Before(b.until) {
		return errors.New("disk full")
	}
	return b.Store.Update(ctx, fn)
}

func TestAFailedRoundIsLoggedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		n := newNode(t, path(t), "node", p)
		n.keep(t, "account", 0)
		n.Store = broken{n.Store, time.Now().Add(time.Minute)}
		stop := n.run(t)
		time.Sleep(2 * time.Minute)
		stop()
		if p.count("account") != 1 {
			t.Errorf("%d requests after the disk had room again, want 1", p.count("account"))
		}
		if log := n.log.String(); !strings.Contains(log, "disk full") {
			t.Errorf("the failure is not logged:\n%s", log)
		}
	})
}

func TestDue(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	grant := func(life time.Duration, failures int64) token.Grant {
		return token.Grant{Failures: failures, Token: oauth.Token{ReceivedAt: now, ExpiresAt: now.Add(life)}}
	}
	for _, tt := range []struct {
		name        string
		grant       token.Grant
		least, most time.Duration
	}{
		{"an hour", grant(time.Hour, 0), 30 * time.Minute, 48 * time.Minute},
		{"a day", grant(24*time.Hour, 0), 12 * time.Hour, 19*time.Hour + 12*time.Minute},
		{"no lifetime named", grant(0, 0), 30 * time.Minute, 48 * time.Minute},
		{"ended before it came", grant(-time.Hour, 0), 30 * time.Minute, 48 * time.Minute},
		{"first failure", grant(time.Hour, 1), time.Minute, 2 * time.Minute},
		{"second failure", grant(time.Hour, 2), 2 * time.Minute, 4 * time.Minute},
		{"fifth failure", grant(time.Hour, 5), 16 * time.Minute, 32 * time.Minute},
		{"a thousand failures", grant(time.Hour, 1000), 16 * time.Minute, 32 * time.Minute},
	} {
		early, late := false, false
		for range 500 {
			in := keeper.Due(tt.grant, now).Sub(now)
			if in < tt.least || in >= tt.most {
				t.Errorf("%s: due in %v, want %v to %v", tt.name, in, tt.least, tt.most)
			}
			middle := tt.least + (tt.most-tt.least)/2
			early, late = early || in < middle, late || in >= middle
		}
		if !early || !late {
			t.Errorf("%s: all come at the same time", tt.name)
		}
	}
}
