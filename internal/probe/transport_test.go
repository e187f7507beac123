package probe_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/probe"
)

// get sends one request through p's transport, as package oauth does.
func get(t *testing.T, p *probe.Prober, address string, timeout time.Duration) (*http.Response, *probe.Error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.Transport().RoundTrip(r)
	if err == nil {
		_ = response.Body.Close()
		return response, nil
	}
	var pe *probe.Error
	if !errors.As(err, &pe) {
		t.Fatalf("the error is %T: %v", err, err)
	}
	return nil, pe
}

func hostPort(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func TestTransportObeysThePolicy(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := get(t, &probe.Prober{}, server.URL, time.Second)
	if err == nil || err.Kind != probe.ForbiddenAddress || err.Stage != probe.Dial {
		t.Fatalf("loopback was dialled: %v", err)
	}
	allowed := &probe.Prober{Allow: probe.Policy{Hosts: []string{hostPort(t, server.URL)}}}
	if response, err := get(t, allowed, server.URL, time.Second); err != nil || response.StatusCode != http.StatusNotFound {
		t.Errorf("the allowed host was not reached: %v", err)
	}
}

func TestTransportNamesWhereItFailed(t *testing.T) {
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	untrusted.Config.ErrorLog = nil
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := closed.Addr().String()
	closed.Close()
	tests := []struct {
		address string
		stage   probe.Stage
		kind    probe.Kind
	}{
		{untrusted.URL, probe.TLSStage, probe.TLSUnknownAuthority},
		{"http://" + silent.Addr().String(), probe.Request, probe.Timeout},
		{"http://" + refusing, probe.Dial, probe.Refused},
	}
	for _, tt := range tests {
		p := &probe.Prober{Allow: probe.Policy{Hosts: []string{hostPort(t, tt.address)}}}
		_, err := get(t, p, tt.address, 300*time.Millisecond)
		if err == nil || err.Stage != tt.stage || err.Kind != tt.kind {
			t.Errorf("%s: %v, want %s at %s", tt.address, err, tt.kind, tt.stage)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("control characters in %q", err.Error())
		}
	}
}
