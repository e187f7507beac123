package probe

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/proxy"
)

// Proxy is the way out of a network that lets nobody out directly. The proxy
// resolves the names, so that the policy cannot judge addresses: only the
// listed hosts go through it.
type Proxy struct {
	// URL is "http://host:port" for CONNECT (RFC 9110 §9.3.6) or
	// "socks5://host:port" (RFC 1928), with user and password where the proxy
	// wants them: Basic (RFC 7617) or RFC 1929. NTLM and Kerberos do not exist
	// here.
	URL *url.URL
	// Hosts lists "host:port" of what is reached through the proxy.
	Hosts []string
}

// ParseProxy reads the address of a proxy.
func ParseProxy(address string) (*url.URL, error) {
	const write = "write http://host:port or socks5://host:port"
	u, err := url.Parse(address)
	switch {
	case err != nil: // its text would repeat the password
		return nil, errors.New("proxy is no address: " + write)
	case u.Scheme != "http" && u.Scheme != "socks5",
		u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("proxy = %q: %s", u.Redacted(), write)
	}
	return u, nil
}

// proxied reports whether host and port are reached through a proxy.
func (p *Prober) proxied(host string, port int) bool {
	return p.Proxy != nil && listed(p.Proxy.Hosts, host, port)
}

// proxyError is a failure on the way through a proxy: behind it, nobody can
// tell a missing rule of the proxy from a silent server.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return "proxy: " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// connect opens a connection to host and port, directly under the policy or
// through the proxy.
func (p *Prober) connect(ctx context.Context, network, host string, port int) (net.Conn, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	if p.proxied(host, port) {
		conn, err := p.tunnel(ctx, address)
		if err != nil {
			return nil, &proxyError{err}
		}
		return conn, nil
	}
	d := net.Dialer{Resolver: p.Resolver, KeepAlive: -1, ControlContext: func(_ context.Context, _, to string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(to)
		if err != nil {
			return fmt.Errorf("cannot judge the address %q: %w", to, err)
		}
		return p.Allow.judge(host, port, ap.Addr())
	}}
	return d.DialContext(ctx, network, address)
}

func (p *Prober) tunnel(ctx context.Context, address string) (net.Conn, error) {
	u := p.Proxy.URL
	d := &net.Dialer{Resolver: p.Resolver, KeepAlive: -1}
	if u.Scheme == "socks5" {
		var auth *proxy.Auth
		if u.User != nil {
			password, _ := u.User.Password()
			auth = &proxy.Auth{User: u.User.Username(), Password: password}
		}
		s, err := proxy.SOCKS5("tcp", u.Host, auth, d)
		if err != nil {
			return nil, err
		}
		conn, err := s.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "socks connect" && networkKind(err) == "" {
			return nil, &kindError{ProxyRefused, op.Err.Error()}
		}
		return conn, err
	}
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	if err := askForTunnel(ctx, conn, u, address); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// maxProxyAnswer bounds the header of a proxy's answer.
const maxProxyAnswer = 16 << 10

// askForTunnel says CONNECT and reads the answer byte by byte, so that nothing
// of what the server says first is lost in a buffer.
func askForTunnel(ctx context.Context, conn net.Conn, u *url.URL, address string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if u.User != nil {
		password, _ := u.User.Password()
		request += "Proxy-Authorization: Basic " +
			base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return err
	}
	header := make([]byte, 0, 512)
	one := make([]byte, 1)
	for !slices.Equal(header[max(len(header)-4, 0):], []byte("\r\n\r\n")) {
		if len(header) >= maxProxyAnswer {
			return &kindError{ProxyRefused, "the proxy's answer is too long"}
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			return err
		}
		header = append(header, one[0])
	}
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(header))), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return &kindError{ProxyRefused, "the proxy does not speak HTTP"}
	}
	if r.StatusCode/100 != 2 {
		return &kindError{ProxyRefused, display("HTTP "+r.Status, maxReply)}
	}
	return nil
}

// proxyKind judges a failure on the way through a proxy.
func proxyKind(ctx context.Context, err error) Kind {
	var known *kindError
	var dns *net.DNSError
	switch {
	case errors.As(err, &known):
		return known.kind
	case errors.As(err, &dns):
		return dnsKind(err)
	case errors.Is(ctx.Err(), context.Canceled):
		return Canceled
	case ctx.Err() != nil:
		return Timeout
	}
	return cmp.Or(networkKind(err), ProtocolError)
}
