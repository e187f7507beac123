package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/oauth"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

const crashEnv = "LATCHKEY_CRASH_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		fmt.Fprintln(os.Stderr, crashChild(path))
		os.Exit(1) // it only ends by being killed, or by a fault
	}
	os.Exit(m.Run())
}

const crashAccount = "account"

// crashChild writes until it is killed. Each transaction rotates the refresh
// token to a number and stores a setup of that number with its audit record;
// the number is printed after the commit.
func crashChild(path string) error {
	ctx := context.Background()
	r, err := loadRing(filepath.Dir(path))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{Path: path, Ring: r})
	if err != nil {
		return err
	}
	for {
		var next int64
		err := s.Wizard().Update(ctx, func(tx wizard.Tx) error {
			g, err := tx.ClaimGrant(crashAccount, token.Current, "child", tx.Now().Add(-time.Second))
			if err != nil {
				return err
			}
			g.Renewals++
			next = g.Renewals
			id := setup.ID(strconv.FormatInt(next, 10))
			g.Token.Refresh = secret.New("refresh-" + string(id))
			return errors.Join(tx.SaveGrant(g), tx.InsertSetup(setup.Setup{ID: id}),
				tx.PutSecret(id, "client", 1, secret.New("secret-"+string(id))),
				tx.Audit(audit.Record{Setup: string(id), At: tx.Now()}))
		})
		if err != nil {
			return err
		}
		fmt.Println(next)
	}
}

// TestKill9 is the promise that everything else rests on: what was acknowledged
// is there after the process was killed at any moment, and a transaction is
// there as a whole or not at all.
func TestKill9(t *testing.T) {
	rounds := 20
	if os.Getenv("LATCHKEY_LONG") != "" {
		rounds = 400
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "latchkey.db")
	r, err := loadRing(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	reopen := func() *store.Store {
		s, err := store.Open(t.Context(), store.Options{Path: path, Ring: r})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := reopen()
	insertSetup(t, s, crashAccount)
	if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error {
		return tx.PutGrant(token.Grant{Account: crashAccount, Slot: token.Current, Token: oauth.Token{Refresh: secret.New("refresh-0")}})
	}); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for range rounds {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		acknowledged := runAndKill(t, path, 1+random.IntN(60), time.Duration(random.IntN(3000))*time.Microsecond)
		s = reopen() // with quick_check
		total = checkAfterKill(t, s, total, acknowledged)
		if t.Failed() {
			break
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kills, %d transactions", rounds, total)
}

// runAndKill starts a child, kills it some time after it has acknowledged so
// many transactions, and returns the last number it has acknowledged.
func runAndKill(t *testing.T, path string, after int, then time.Duration) (last int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Errorf("the child says %q", lines.Text())
		}
		if n == after {
			time.AfterFunc(then, func() { _ = child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child was not killed: %v", child.ProcessState)
	}
	return last
}

// checkAfterKill returns the number of transactions in the database.
func checkAfterKill(t *testing.T, s *store.Store, before, acknowledged int64) (total int64) {
	t.Helper()
	if err := s.Wizard().View(t.Context(), func(tx wizard.Tx) error {
		g, err := tx.Grant(crashAccount, token.Current)
		if err != nil {
			return err
		}
		total = g.Renewals
		if total < acknowledged || total > acknowledged+1 {
			t.Errorf("%d transactions are stored, %d were acknowledged", total, acknowledged)
		}
		previous, err := tx.PreviousRefresh(crashAccount, token.Current)
		if err != nil {
			return err
		}
		if !g.Token.Refresh.Equal(secret.New(fmt.Sprint("refresh-", total))) || !previous.Equal(secret.New(fmt.Sprint("refresh-", total-1))) {
			t.Errorf("the refresh tokens are not those of transaction %d", total)
		}
		for n := before + 1; n <= total; n++ {
			id := setup.ID(strconv.FormatInt(n, 10))
			value, _, err := tx.Secret(id, "client")
			if err != nil || !value.Equal(secret.New("secret-"+string(id))) {
				t.Errorf("the secret of transaction %d: %v", n, err)
			}
			if h, err := tx.History(id, 2); err != nil || len(h) != 1 {
				t.Errorf("transaction %d has %d audit records, want 1 (%v)", n, len(h), err)
			}
		}
		if _, err := tx.Setup(setup.ID(strconv.FormatInt(total+1, 10))); !errors.Is(err, wizard.ErrNotFound) {
			t.Errorf("half of transaction %d is stored: %v", total+1, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	head, err := s.AuditLog().Head(t.Context())
	if err != nil || head.Seq != total {
		t.Errorf("the head of the audit chain is %d, want %d (%v)", head.Seq, total, err)
	}
	return total
}
