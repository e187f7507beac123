package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Transport returns an HTTP transport that dials as the conversations do:
// under the same policy, with the same trust store and proxy, TLS 1.2 or newer.
// Its errors are *Error, so that a closed way to a web server is
// judged like a closed way to a mail server. Each request has a connection of
// its own: they are rare, and none must outlive its caller.
func (p *Prober) Transport() http.RoundTripper {
	return transport{p, &http.Transport{
		DialContext:         p.dialWeb,
		TLSClientConfig:     &tls.Config{RootCAs: p.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second,
		DisableKeepAlives:   true,
		ForceAttemptHTTP2:   true,
	}}
}

type transport struct {
	p    *Prober
	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	start := t.p.now()
	response, err := t.base.RoundTrip(r)
	if err == nil {
		return response, nil
	}
	stage, kind := webFailure(r.Context(), err)
	return nil, &Error{
		Target: webTarget(r.URL), Stage: stage, Kind: kind, Elapsed: t.p.now().Sub(start),
		Err: &cleanError{display(err.Error(), maxReply), safeCause(err)},
	}
}

func webTarget(u *url.URL) Target {
	t := Target{Protocol: HTTPS, Host: u.Hostname(), Port: 443, Security: TLS}
	if u.Scheme == "http" {
		t.Protocol, t.Port = TCP, 80
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		t.Port = port
	}
	return t
}

// webFailure tells where a request failed from its error alone.
func webFailure(ctx context.Context, err error) (Stage, Kind) {
	var (
		dns *net.DNSError
		op  *net.OpError
		via *proxyError
	)
	tlsFailed := tlsKind(err)
	switch {
	case errors.As(err, &via):
		return ProxyStage, proxyKind(ctx, err)
	case errors.As(err, &dns):
		return Resolve, dnsKind(err)
	case tlsFailed != "":
		return TLSStage, tlsFailed
	}
	stage := Request
	if errors.As(err, &op) && op.Op == "dial" {
		stage = Dial
	}
	switch kind := networkKind(err); {
	case errors.Is(ctx.Err(), context.Canceled):
		return stage, Canceled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return stage, Timeout
	default:
		return stage, cmp.Or(kind, ProtocolError)
	}
}

// dialWeb dials under the policy, which judges each resolved address.
func (p *Prober) dialWeb(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("probe: %q is no host and port: %w", address, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("probe: %q is no port: %w", portText, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return p.connect(ctx, network, host, port)
}
