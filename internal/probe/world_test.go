package probe_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"

	"latchkey/internal/probe"
	"latchkey/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	host    = "mail.contoso.example"
	planted = "eyJhbGciOiJSUzI1NiJ9.planted-Token_7f3kQ0zR.sig-nature_9x"
)

var login = probe.Login{User: "support@contoso.example", Token: secret.New(planted)}

// authority is a certificate authority for the length of the test run.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var ours = sync.OnceValue(func() *authority { return newAuthority("Contoso Test Root") })

func newAuthority(name string) *authority {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &authority{cert, key}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue makes a server certificate for one name.
func (a *authority) issue(name string, notAfter time.Time) *tls.Config {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: notAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}}}
}

var goodTLS = sync.OnceValue(func() *tls.Config { return ours().issue(host, time.Now().Add(time.Hour)) })

// zone answers address questions; nil means the name does not exist.
type zone func(name string) []netip.Addr

func loopback(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} }

// resolver is a real resolver whose name server is z, over a pipe.
func (z zone) resolver(t *testing.T) *net.Resolver {
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		running.Go(func() {
			defer server.Close()
			z.answer(server)
		})
		return client, nil
	}}
}

func (z zone) answer(conn net.Conn) {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	packet := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, packet); err != nil {
		return
	}
	var query dnsmessage.Message
	if err := query.Unpack(packet); err != nil {
		return
	}
	q := query.Questions[0]
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true}, Questions: query.Questions[:1]}
	addrs := z(strings.TrimSuffix(q.Name.String(), "."))
	if addrs == nil {
		reply.RCode = dnsmessage.RCodeNameError
	}
	if len(addrs) == 1 && !addrs[0].IsValid() {
		reply.RCode, addrs = dnsmessage.RCodeServerFailure, nil
	}
	for _, a := range addrs {
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: a.As4()}})
		case !a.Is4() && q.Type == dnsmessage.TypeAAAA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	out, err := reply.AppendPack(make([]byte, 2))
	if err != nil {
		return
	}
	binary.BigEndian.PutUint16(out, uint16(len(out)-2))
	_, _ = conn.Write(out)
}

// far is the other end: a listener on loopback whose connections are handled
// one by one.
type far struct {
	t    *testing.T
	port int
	tls  *tls.Config

	mu   sync.Mutex
	seen []byte // everything clients have sent, after TLS where there is TLS
	hits int
}

// listen accepts until the test ends. With implicit, TLS comes first.
func listen(t *testing.T, config *tls.Config, implicit bool, handle func(*far, net.Conn)) *far {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &far{t: t, port: l.Addr().(*net.TCPAddr).Port, tls: config}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.hits++
			f.mu.Unlock()
			running.Go(func() {
				defer conn.Close()
				if implicit {
					conn = tls.Server(conn, config)
				}
				handle(f, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return f
}

func (f *far) note(b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, b...)
}

func (f *far) received() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.seen)
}

func (f *far) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hits
}

// play runs a script, one step a line:
//
//	S text      the server sends a line
//	S> text     the same without line end; ␍␊ stands for one in the middle
//	S& a && b   the server sends several lines in one packet
//	C pattern   the client must send this line; a * at the end stands for any rest
//	TLS         the server side of a handshake
//	CLOSE       the server closes
//
// Afterwards it reads until the client hangs up.
func play(script string) func(*far, net.Conn) {
	return func(f *far, conn net.Conn) {
		in := &lines{r: conn, note: f.note}
		for i, step := range strings.Split(strings.TrimSpace(script), "\n") {
			verb, text, _ := strings.Cut(strings.TrimLeft(step, "\t"), " ")
			var err error
			switch verb {
			case "S":
				_, err = io.WriteString(conn, text+"\r\n")
			case "S>":
				_, err = io.WriteString(conn, strings.ReplaceAll(text, "␍␊", "\r\n"))
			case "S&":
				_, err = io.WriteString(conn, strings.ReplaceAll(text, " && ", "\r\n")+"\r\n")
			case "C":
				err = in.expect(text)
			case "TLS":
				conn = tls.Server(conn, f.tls)
				in = &lines{r: conn, note: f.note}
			case "CLOSE":
				return
			default:
				err = fmt.Errorf("unknown step %q", step)
			}
			if err != nil {
				f.t.Logf("script stopped at step %d, %q: %v", i+1, step, err)
				if _, wrong := err.(unexpected); wrong {
					f.t.Errorf("%v", err)
				}
				return
			}
		}
		_, _ = io.Copy(noter(f.note), conn)
	}
}

type noter func([]byte)

func (n noter) Write(b []byte) (int, error) { n(b); return len(b), nil }

type unexpected string

func (u unexpected) Error() string { return string(u) }

// lines reads byte by byte, so that nothing is buffered when TLS begins.
type lines struct {
	r    io.Reader
	note func([]byte)
}

func (l *lines) next() (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := io.ReadFull(l.r, b); err != nil {
			return string(line), err
		}
		l.note(b)
		if line = append(line, b[0]); b[0] == '\n' {
			return strings.TrimRight(string(line), "\r\n"), nil
		}
	}
}

func (l *lines) expect(pattern string) error {
	line, err := l.next()
	if err != nil {
		return err
	}
	prefix, open := strings.CutSuffix(pattern, "*")
	if line != pattern && (!open || !strings.HasPrefix(line, prefix)) {
		return unexpected(fmt.Sprintf("the client sent %q, expected %q", line, pattern))
	}
	return nil
}

// prober trusts our authority, sees every name on loopback, and counts f as
// the provider's.
func prober(t *testing.T, f *far) *probe.Prober {
	return &probe.Prober{
		Resolver: zone(loopback).resolver(t), RootCAs: ours().pool(), Deadline: 5 * time.Second,
		Allow: probe.Policy{Provider: []string{fmt.Sprintf("%s:%d", host, f.port)}},
	}
}

func (f *far) target(p probe.Protocol, s probe.Security) probe.Target {
	return probe.Target{Protocol: p, Host: host, Port: f.port, Security: s}
}

// must returns err as *probe.Error.
func must(t *testing.T, err error) *probe.Error {
	t.Helper()
	e, ok := err.(*probe.Error)
	if !ok {
		t.Fatalf("error %v (%T), want *probe.Error", err, err)
	}
	return e
}
