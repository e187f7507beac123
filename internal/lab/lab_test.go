package lab_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/lab"
	"latchkey/internal/lab/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	l, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestStartTellsHowToReachIt(t *testing.T) {
	l := start(t, lab.Options{})
	info := l.Info()
	if info.Domain != world.Domain || info.Portal != info.Authority+"/portal" || !strings.HasPrefix(info.Authority, "http://127.0.0.1:") {
		t.Errorf("%+v", info)
	}
	r, err := http.Get(info.Portal)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(page), info.ClientID) {
		t.Errorf("portal: %d, %v", r.StatusCode, err)
	}
	seen := map[string]bool{}
	for _, a := range info.Accounts {
		seen[a.User] = true
		if a.Is == "" {
			t.Errorf("%s: nothing is said about it", a.User)
		}
		if blocked := strings.Contains(a.Is, "blocked"); blocked == (a.Password != "") {
			t.Errorf("%s: password given = %v", a.User, a.Password != "")
		}
	}
	for _, want := range []string{world.SignInAccount, world.Support, world.Administrator, world.Operator, world.Stranger, world.Sales, world.Information} {
		if !seen[want] {
			t.Errorf("%s is not listed", want)
		}
	}
}

// The mail servers' certificate is trusted through ca.pem, for both spellings
// of this computer, and by nobody else.
func TestCertificate(t *testing.T) {
	l := start(t, lab.Options{})
	pem, err := os.ReadFile(l.Info().CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("ca.pem holds no certificate")
	}
	for _, address := range []string{l.Info().IMAP, l.Info().POP3} {
		for name, ok := range map[string]bool{"127.0.0.1": true, "localhost": true, "outlook.office365.com": false} {
			c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: pool, ServerName: name})
			if (err == nil) != ok {
				t.Errorf("%s as %s: %v", address, name, err)
			}
			if err == nil {
				c.Close()
			}
		}
		if c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}); err == nil {
			c.Close()
			t.Error("trusted without ca.pem")
		}
		if c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
			c.Close()
			t.Error("TLS 1.1 was accepted")
		}
	}
}

func TestRefusesToListenBeyondLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "localhost:0", "example.com:0", "127.0.0.1.nip.io:0"} {
		l, err := lab.Start(t.Context(), lab.Options{Listen: address})
		if !errors.Is(err, lab.ErrNotLoopback) {
			t.Errorf("Listen %q: %v", address, err)
		}
		if l != nil {
			t.Errorf("Listen %q: a lab was returned", address)
		}
	}
	if _, err := lab.Start(t.Context(), lab.Options{Listen: "nonsense"}); err == nil {
		t.Error("an address without port was accepted")
	}
	start(t, lab.Options{Listen: "127.0.0.2:0"})
}

func TestStartErrors(t *testing.T) {
	if _, err := lab.Start(t.Context(), lab.Options{Scenario: "unknown"}); !errors.Is(err, lab.ErrScenario) {
		t.Errorf("unknown scenario: %v", err)
	}
	if _, err := lab.Start(t.Context(), lab.Options{Rand: strings.NewReader("")}); err == nil {
		t.Error("no randomness was accepted")
	}
	if _, err := lab.Start(t.Context(), lab.Options{Dir: filepath.Join(t.TempDir(), "missing")}); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := lab.Start(t.Context(), lab.Options{Listen: taken.Addr().String()}); err == nil {
		t.Error("a port in use was accepted")
	}
}

// Close ends every conversation, also those in the middle of a delay, and
// leaves nothing behind; goleak looks after all tests.
func TestCloseEndsEverything(t *testing.T) {
	l, err := lab.Start(context.Background(), lab.Options{Delay: 1, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	info := l.Info()
	l.World().Do(func(s *world.State) { s.Exchange.Faults[world.POP3] = world.Mute })
	smtp, err := net.Dial("tcp", info.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer smtp.Close()
	imap, err := tls.Dial("tcp", info.IMAP, &tls.Config{InsecureSkipVerify: true}) // the certificate is not the subject
	if err != nil {
		t.Fatal(err)
	}
	defer imap.Close()
	if _, err := io.WriteString(imap, "A LOGIN a b\r\n"); err != nil { // waits for seconds
		t.Fatal(err)
	}
	mute, err := net.Dial("tcp", info.POP3)
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	web, err := net.Dial("tcp", strings.TrimPrefix(info.Authority, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(info.CAFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
	for _, address := range []string{info.IMAP, info.POP3, info.SMTP, strings.TrimPrefix(info.Authority, "http://")} {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			t.Errorf("%s still listens", address)
		}
	}
}

func TestContextEndsTheLab(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	l, err := lab.Start(ctx, lab.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for began := time.Now(); ; {
		c, err := net.Dial("tcp", l.Info().IMAP)
		if err != nil {
			break
		}
		c.Close()
		if time.Since(began) > 5*time.Second {
			t.Fatal("still listening after the context ended")
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ca.pem")); err != nil {
		t.Errorf("a folder that was given must be left alone: %v", err)
	}
}

// The lab is an island: standard library and its own packages only.
func TestIsland(t *testing.T) {
	walkSources(t, []string{"."}, func(path string, f *ast.File) {
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(name, "/")
			if name == "latchkey/internal/corpus" || strings.HasPrefix(name, "latchkey/internal/lab/") || first != "latchkey" && !strings.Contains(first, ".") {
				continue
			}
			t.Errorf("%s imports %s: the simulator must share nothing with what is tried against it", path, name)
		}
	})
}

// No part knows which scenario is being played.
func TestNoScenarioNamesInTheParts(t *testing.T) {
	for _, dir := range []string{"world", "entra", "exchange"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, s := range lab.Scenarios() {
				if s.Name != lab.Happy && strings.Contains(string(text), s.Name) || strings.Contains(string(text), `"`+s.Name+`"`) {
					t.Errorf("%s names the scenario %s: verdicts must follow from the state", path, s.Name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func walkSources(t *testing.T, dirs []string, f func(string, *ast.File)) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			f(path, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDivergencesAreSaidOnTheFrontPage(t *testing.T) {
	l := start(t, lab.Options{})
	r, err := http.Get(l.Info().Authority + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range lab.Divergences() {
		if d.Subject == "" || d.Text == "" || !strings.Contains(string(page), d.Subject) {
			t.Errorf("%q is not on the front page", d.Subject)
		}
	}
}
