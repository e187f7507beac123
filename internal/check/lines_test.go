package check_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"latchkey/internal/check"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

const mailHost = "mail.contoso.example"

// zone is a name server: the addresses of every name; nil for no such name, and
// one invalid address for a name server with a fault.
type zone []string

// resolver is a real resolver that asks z over a pipe.
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
	packet := make([]byte, 2+4096)
	n, err := conn.Read(packet)
	if err == nil && n == 2 {
		var more int
		more, err = conn.Read(packet[2:])
		n += more
	}
	var query dnsmessage.Message
	if err != nil || query.Unpack(packet[2:n]) != nil {
		return
	}
	q := query.Questions[0]
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true}, Questions: query.Questions[:1]}
	if z == nil {
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, text := range z {
		a, err := netip.ParseAddr(text)
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
		switch {
		case err != nil:
			reply.RCode = dnsmessage.RCodeServerFailure
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
	out[0], out[1] = byte((len(out)-2)>>8), byte(len(out)-2)
	_, _ = conn.Write(out)
}

// listen accepts on loopback until the test ends, and returns the port.
func listen(t *testing.T, handle func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

// speaks shows a certificate, says a line, and reads until the other side goes.
func speaks(config *tls.Config, line string) func(net.Conn) {
	return func(conn net.Conn) {
		if config != nil {
			conn = tls.Server(conn, config)
		}
		_, _ = io.WriteString(conn, line)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// authority is a certificate authority of the test run.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var ca, otherCA = sync.OnceValue(newAuthority), sync.OnceValue(newAuthority)

func newAuthority() authority {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Contoso Test Root", Organization: []string{"Contoso, Ltd."}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	return sign(template, authority{})
}

// sign makes a certificate; without a signer it signs itself.
func sign(template *x509.Certificate, signer authority) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	if signer.cert == nil {
		signer = authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return authority{cert, key}
}

func (a authority) server(name string, ends time.Duration) *tls.Config {
	one := sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(ends),
	}, a)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{one.cert.Raw}, PrivateKey: one.key}}}
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// line is a way to a server that the checks are sent.
type line struct {
	zone   zone // "127.0.0.1" if nothing is said
	port   int
	change func(*probe.Prober)
}

// along sends the checks along a line while f runs.
func (m *meeting) along(t *testing.T, l line, f func(address string)) {
	t.Helper()
	m.t = t
	before := *m.env
	defer func() { *m.env = before }()
	prober := &probe.Prober{Resolver: l.zone.resolver(t), RootCAs: ca().pool(), Deadline: 500 * time.Millisecond}
	address := net.JoinHostPort(mailHost, strconv.Itoa(l.port))
	prober.Allow.Provider = []string{address}
	if l.change != nil {
		l.change(prober)
	}
	hosts := map[setup.Protocol]provider.Endpoint{}
	for _, protocol := range setup.Protocols {
		hosts[protocol] = provider.Endpoint{Host: mailHost, Port: l.port, Security: probe.TLS}
	}
	m.env.Provider = provider.Entra.At("https://"+address, hosts)
	m.env.Config.Provider = m.env.Provider
	m.env.Probe, m.env.OAuth = prober, &oauth.Client{HTTP: &http.Client{Transport: prober.Transport()}}
	f("https://" + address)
}

// mailing are the checks that log in to a mail server.
var mailing = []*check.Check{check.IMAP, check.POP3, check.SMTPLogin, check.TestMessage, check.ProductFetches}

// everywhere is what each check that makes a connection has found, by its ID;
// first with a token at hand, then with one that has to be renewed.
func (m *meeting) everywhere(address string) map[string][]check.Outcome {
	m.t.Helper()
	found := map[string][]check.Outcome{check.Network.ID: {m.judge(check.Network, setup.IMAP)}}
	add := func(checks ...*check.Check) {
		for _, c := range checks {
			found[c.ID] = append(found[c.ID], m.judge(c, ""))
		}
	}
	add(mailing...)
	m.env.Token = m.renew
	add(append([]*check.Check{check.Tenant, check.Client}, renewed...)...)
	ctx, cancel := context.WithTimeout(m.t.Context(), cmp.Or(m.patience, time.Second))
	defer cancel()
	_, err := m.env.OAuth.Refresh(ctx, oauth.App{TokenEndpoint: address + "/token", ClientID: clientID}, secret.New("kept"), nil)
	found[check.SignedIn.ID] = []check.Outcome{m.signedIn(err)}
	return found
}

// talks is an IMAP server as far as the network step listens.
func talks(config *tls.Config, mechanism string) func(net.Conn) {
	return func(conn net.Conn) {
		conn = tls.Server(conn, config)
		_, _ = io.WriteString(conn, "* OK ready\r\n")
		for in := bufio.NewScanner(conn); in.Scan(); {
			tag, _, _ := strings.Cut(in.Text(), " ")
			_, _ = io.WriteString(conn, "* CAPABILITY IMAP4rev1 SASL-IR AUTH="+mechanism+"\r\n"+tag+" OK done\r\n")
		}
	}
}

// Each way in which a connection fails is met by each check that makes one.
func TestChecksMeetBrokenLines(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	good := ca().server(mailHost, time.Hour)
	proxied := func(answer string) func(*probe.Prober) {
		return func(p *probe.Prober) {
			port := listen(t, func(conn net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, answer)
				}
			})
			if answer == "" {
				port = 1
			}
			u, err := probe.ParseProxy(fmt.Sprintf("http://127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			p.Proxy = &probe.Proxy{URL: u, Hosts: p.Allow.Provider}
		}
	}
	for name, tt := range map[string]struct {
		line
		want  string
		login string // what a login finds in its place
	}{
		"no such name":             {line{zone: nil, port: 993}, "host_not_found", ""},
		"name server with a fault": {line{zone: zone{"?"}, port: 993}, "dns_failed", ""},
		// A broadcast address is reached by no connection; nothing is sent.
		"no route":              {line{zone: zone{"255.255.255.255"}, port: 993}, "port_blocked", ""},
		"closed port":           {line{zone: zone{"127.0.0.1"}, port: 1}, "connection_refused", ""},
		"hangs up":              {line{zone: zone{"127.0.0.1"}, port: listen(t, func(net.Conn) {})}, "connection_lost", ""},
		"speaks without TLS":    {line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(nil, "220 ready\r\n"))}, "tls_failed", ""},
		"unknown authority":     {line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(otherCA().server(mailHost, time.Hour), ""))}, "tls_not_trusted", ""},
		"another name":          {line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(ca().server("proxy.contoso.example", time.Hour), ""))}, "tls_wrong_name", ""},
		"expired":               {line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(ca().server(mailHost, -time.Hour), ""))}, "tls_expired", ""},
		"speaks something else": {line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(good, "SSH-2.0-OpenSSH_9.6\r\n"))}, "answer_not_understood", "server_silent"},
		"says nothing":          {line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(good, ""))}, "server_silent", ""},
		"proxy says no":         {line{zone: zone{"127.0.0.1"}, port: 993, change: proxied("HTTP/1.1 403 Forbidden\r\n\r\n")}, "proxy_refused", ""},
		"proxy is closed":       {line{zone: zone{"127.0.0.1"}, port: 993, change: proxied("")}, "proxy_unreachable", ""},
		"internal address": {line{zone: zone{"127.0.0.1"}, port: 993, change: func(p *probe.Prober) { p.Allow = probe.Policy{} }},
			"address_forbidden", "unexplained"}, // as no token goes there at all
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			m.patience = 0
			if tt.want == "server_silent" {
				m.patience = 200 * time.Millisecond
			}
			m.along(t, tt.line, func(address string) {
				for id, list := range m.everywhere(address) {
					for _, out := range list {
						if got := codes(out); len(got) == 0 || got[0] != tt.want && got[0] != tt.login {
							t.Errorf("%s found %q, want %s", id, got, tt.want)
						}
					}
				}
			})
		})
	}
}

// Behind the port is a mail server, of another protocol.
func TestChecksMeetAnotherProtocol(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	good := ca().server(mailHost, time.Hour)
	for text, checks := range map[string][]*check.Check{
		"220 mail.contoso.example ESMTP\r\n":       {check.IMAP, check.ProductFetches, check.Network},
		"* OK IMAP4 ready\r\n* OK IMAP4 ready\r\n": {check.POP3, check.SMTPLogin, check.TestMessage},
	} {
		m.along(t, line{zone: zone{"127.0.0.1"}, port: listen(t, speaks(good, text))}, func(string) {
			for _, c := range checks {
				protocol := setup.Protocol("")
				if c == check.Network {
					protocol = setup.IMAP
				}
				wantCodes(t, m.judge(c, protocol), "port_of_other_protocol")
			}
		})
	}
}

// A server of the operator's own, where STARTTLS is set and not offered.
func TestChecksMeetServersWithoutSTARTTLS(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	answer := func(greeting, capabilities string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = io.WriteString(conn, greeting+"\r\n")
			for in := bufio.NewScanner(conn); in.Scan(); {
				tag, _, _ := strings.Cut(in.Text(), " ")
				_, _ = io.WriteString(conn, strings.ReplaceAll(capabilities, "{tag}", tag))
			}
		}
	}
	for _, tt := range []struct {
		protocol     setup.Protocol
		greeting     string
		capabilities string
		checks       []*check.Check
	}{
		{setup.IMAP, "* OK ready", "* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n", []*check.Check{check.Network, check.IMAP, check.ProductFetches}},
		{setup.POP3, "+OK ready", "+OK\r\nUSER\r\n.\r\n", []*check.Check{check.Network, check.POP3}},
	} {
		m.along(t, line{zone: zone{"127.0.0.1"}, port: listen(t, answer(tt.greeting, tt.capabilities))}, func(string) {
			at := m.env.Provider.Hosts[tt.protocol]
			at.Security = probe.STARTTLS
			m.env.Provider.Hosts[tt.protocol] = at
			for _, c := range tt.checks {
				wantCodes(t, m.judge(c, tt.protocol), "starttls_missing")
			}
		})
	}
}
