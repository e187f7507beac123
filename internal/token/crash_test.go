package token_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

const crashEnv = "LATCHKEY_TOKEN_CRASH_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		fmt.Fprintln(os.Stderr, crashChild(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// dying tells its parent that the provider has answered.
type dying struct {
	*provider
	answered bool
}

func (d *dying) Refresh(ctx context.Context, g token.Grant) (oauth.Token, error) {
	t, err := d.provider.Refresh(ctx, g)
	d.answered = true
	fmt.Println("the provider has answered")
	return t, err
}

// crashChild renews a token and is killed with the answer in its hands, at the
// last moment before the commit.
func crashChild(path string) error {
	d := &dying{provider: &provider{}}
	r, err := loadRing(filepath.Dir(path))
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), store.Options{Path: path, Ring: r, Hook: func(point string) {
		if point == "before_commit" && d.answered {
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Kill()
			}
			select {}
		}
	}})
	if err != nil {
		return err
	}
	_, err = token.NewSource(s.Tokens(), d, "child", token.Options{}).Renew(context.Background(), account, token.Current)
	return fmt.Errorf("the child has survived: %w", err)
}

func TestKilledBetweenTheAnswerAndTheCommit(t *testing.T) {
	for name, strict := range map[string]bool{"old refresh tokens stay valid": false, "old refresh tokens are refused": true} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			before := openStore(t, store.Options{Path: path})
			accept(t, before.Tokens(), token.Current, 0)

			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), crashEnv+"="+path)
			out, err := child.CombinedOutput()
			if err == nil || child.ProcessState.Exited() || !strings.Contains(string(out), "has answered") {
				t.Fatalf("the child was not killed in time: %v\n%s", err, out)
			}
			g := stored(t, before.Tokens(), token.Current)
			if g.AttemptAt.IsZero() || g.LeaseOwner != "child" || !g.Token.Refresh.Equal(refreshNo(0)) {
				t.Errorf("after the crash: attempt %v, lease of %q", g.AttemptAt, g.LeaseOwner)
			}

			// The next start: the lease has ended by then, the child's answer is lost.
			later := func() time.Time { return time.Now().Add(2 * token.Lease) }
			s := openStore(t, store.Options{Path: path, Now: later})
			p := &provider{newest: 1, strict: strict}
			src := source(t, s.Tokens(), p, "next", token.Options{Now: later})
			_, err = src.Fresh(t.Context(), account, token.Current, 0)
			if (err != nil) != strict {
				t.Errorf("Fresh after the crash: %v, want a refusal %v", err, strict)
			}
			g = stored(t, s.Tokens(), token.Current)
			if !g.AttemptAt.IsZero() || !g.LeaseEnd.IsZero() {
				t.Errorf("after the recovery: attempt %v, lease end %v", g.AttemptAt, g.LeaseEnd)
			}
			if want := map[bool]int{false: 2, true: 0}[strict]; !g.Token.Refresh.Equal(refreshNo(want)) {
				t.Errorf("the stored refresh token is not number %d", want)
			}
		})
	}
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
