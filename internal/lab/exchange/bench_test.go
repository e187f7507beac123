package exchange_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/lab/exchange"
	"latchkey/internal/lab/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is the three servers on loopback with a clock that tests move.
type bench struct {
	t     *testing.T
	world *world.World
	unix  atomic.Int64
	addr  map[world.Protocol]string
	pool  *x509.CertPool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, addr: map[world.Protocol]string{}, pool: x509.NewCertPool()}
	b.unix.Store(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC).Unix())
	w, err := world.New(func() time.Time { return time.Unix(b.unix.Load(), 0) }, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.world = w
	b.state(func(s *world.State) {
		s.Exchange.Pace, s.Exchange.DeliveryDelay, s.Exchange.Drip = 0, 0, 50*time.Millisecond
	})
	server := exchange.New(exchange.Options{World: w, TLS: b.certificate(), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 3)
	for _, p := range []world.Protocol{world.IMAP, world.POP3, world.SMTP} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b.addr[p] = l.Addr().String()
		go func() { done <- server.Serve(ctx, p, l) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return b
}

func (b *bench) certificate() *tls.Config {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		b.t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		b.t.Fatal(err)
	}
	b.pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

func (b *bench) state(f func(*world.State)) { b.world.Do(f) }

func (b *bench) pass(d time.Duration) { b.unix.Add(int64(d / time.Second)) }

// grant describes a token; zero values are those of a good one.
type grant struct {
	who, aud, scp string
	life          time.Duration
}

const allScopes = "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send"

func (b *bench) token(g grant) string {
	if g.aud == "" {
		g.aud = "https://outlook.office.com"
	}
	if g.scp == "" {
		g.scp = allScopes
	}
	if g.life == 0 {
		g.life = time.Hour
	}
	var token string
	b.state(func(s *world.State) {
		token = s.SignAccess(world.Claims{
			"aud": g.aud, "scp": g.scp, "oid": s.UserByName(g.who).ID, "exp": s.Now().Add(g.life).Unix(),
		})
	})
	return token
}

func blob(user, token string) string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + token + "\x01\x01"))
}

// talk is a conversation held line by line.
type talk struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

// dial opens a conversation: under TLS for IMAP and POP3, in the clear for
// SMTP.
func (b *bench) dial(p world.Protocol) *talk {
	b.t.Helper()
	nc, err := net.Dial("tcp", b.addr[p])
	if err != nil {
		b.t.Fatal(err)
	}
	k := &talk{t: b.t}
	k.use(nc)
	b.t.Cleanup(func() { k.nc.Close() })
	if p != world.SMTP {
		k.tls(b.pool)
	}
	return k
}

func (k *talk) use(nc net.Conn) {
	k.nc, k.r = nc, bufio.NewReader(nc)
	if err := nc.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		k.t.Fatal(err)
	}
}

func (k *talk) tls(pool *x509.CertPool) {
	k.t.Helper()
	c := tls.Client(k.nc, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if err := c.Handshake(); err != nil {
		k.t.Fatal(err)
	}
	k.use(c)
}

func (k *talk) send(format string, args ...any) {
	k.t.Helper()
	if _, err := fmt.Fprintf(k.nc, format+"\r\n", args...); err != nil {
		k.t.Fatal(err)
	}
}

func (k *talk) read() string {
	k.t.Helper()
	line, err := k.r.ReadString('\n')
	if err != nil {
		k.t.Fatalf("reading: %v (got %q)", err, line)
	}
	return strings.TrimRight(line, "\r\n")
}

// until reads lines up to the first that begins with prefix.
func (k *talk) until(prefix string) []string {
	k.t.Helper()
	for lines := []string{}; ; {
		line := k.read()
		lines = append(lines, line)
		if strings.HasPrefix(line, prefix) {
			return lines
		}
	}
}

func (k *talk) want(line string) {
	k.t.Helper()
	if got := k.read(); got != line {
		k.t.Fatalf("got %q, want %q", got, line)
	}
}

func (k *talk) wantPrefix(prefix string) string {
	k.t.Helper()
	got := k.read()
	if !strings.HasPrefix(got, prefix) {
		k.t.Fatalf("got %q, want it to begin with %q", got, prefix)
	}
	return got
}

// gone asserts that the server has closed the connection.
func (k *talk) gone() {
	k.t.Helper()
	if line, err := k.r.ReadString('\n'); err == nil {
		k.t.Fatalf("got %q, want the end of the connection", line)
	}
}

// imap sends a command and returns everything up to its tagged answer.
func (k *talk) imap(command string) []string {
	k.t.Helper()
	k.send("A %s", command)
	return k.until("A ")
}

func (b *bench) imapLogin(who, mailbox string) *talk {
	b.t.Helper()
	k := b.dial(world.IMAP)
	k.wantPrefix("* OK ")
	k.send("A AUTHENTICATE XOAUTH2 %s", blob(mailbox, b.token(grant{who: who})))
	k.want("A OK AUTHENTICATE completed.")
	return k
}

func last(lines []string) string { return lines[len(lines)-1] }

// raw opens a connection on which nothing has been said yet.
func (b *bench) raw(p world.Protocol) net.Conn {
	b.t.Helper()
	nc, err := net.Dial("tcp", b.addr[p])
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { nc.Close() })
	return nc
}

// smtpReady is an SMTP conversation under TLS, after the second EHLO.
func (b *bench) smtpReady() *talk {
	b.t.Helper()
	k := b.dial(world.SMTP)
	k.wantPrefix("220 ")
	k.send("STARTTLS")
	k.want("220 2.0.0 SMTP server ready")
	k.tls(b.pool)
	k.send("EHLO client.example")
	k.until("250 ")
	return k
}

func (b *bench) smtpLogin(who string) *talk {
	b.t.Helper()
	k := b.smtpReady()
	k.send("AUTH XOAUTH2 %s", blob(who, b.token(grant{who: who})))
	k.want("235 2.7.0 Authentication successful")
	return k
}
