package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"latchkey/internal/probe"
)

// What is shown to people is words, not the text of a library's error.
func TestFailuresAreSaidInWords(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := closed.Addr().(*net.TCPAddr).Port
	_ = closed.Close()
	p := &probe.Prober{Allow: probe.Policy{Hosts: []string{fmt.Sprintf("127.0.0.1:%d", port)}}}
	_, err = p.Connect(t.Context(), probe.Target{Protocol: probe.TCP, Host: "127.0.0.1", Port: port})
	if got := probe.Said(err); !strings.HasPrefix(got, "the connection was refused") {
		t.Errorf("refused: %q", got)
	}
	silent := &probe.Prober{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	}}}
	_, err = silent.Connect(t.Context(), probe.Target{Protocol: probe.TCP, Host: "login.contoso.example", Port: 443})
	if got := probe.Said(err); !strings.Contains(got, "the name server") || !strings.Contains(got, "login.contoso.example") || strings.Contains(got, "lookup") || strings.Contains(got, "dial") {
		t.Errorf("no name server: %q", got)
	}
}

func TestTheTimeIsSaidWhereThereIsOne(t *testing.T) {
	for elapsed, want := range map[time.Duration]string{
		0: "the server did not answer in time", 340 * time.Millisecond: "the server did not answer in time, after 340 ms",
		9870 * time.Millisecond: "the server did not answer in time, after 9.9 s",
	} {
		e := &probe.Error{Kind: probe.Timeout, Err: errors.New("the server did not answer in time"), Elapsed: elapsed}
		if got := e.Words(); got != want {
			t.Errorf("%v: %q", elapsed, got)
		}
	}
	for e, want := range map[*net.DNSError]string{
		{Name: "a.example", Server: "10.1.1.1:53", IsNotFound: true}: "the name server 10.1.1.1:53 knows no address of a.example",
		{Name: "a.example", IsTimeout: true}:                         "the name server did not answer the question for a.example",
	} {
		kind := probe.DNSFailed
		if e.IsNotFound {
			kind = probe.NoSuchHost
		}
		if got := probe.Said(&probe.Error{Kind: kind, Err: e}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := probe.Said(errors.New("anything else")); got != "anything else" {
		t.Error(got)
	}
}
