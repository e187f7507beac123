package probe_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"latchkey/internal/probe"
)

func TestFamiliesAreTriedApart(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	port := l.Addr().(*net.TCPAddr).Port
	open := probe.Policy{Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for name, tt := range map[string]struct {
		names []string
		want  map[probe.Family]probe.Kind
	}{
		"both, one closed": {[]string{"::1", "127.0.0.1"}, map[probe.Family]probe.Kind{probe.IPv4: "", probe.IPv6: probe.Refused}},
		"one only":         {[]string{"127.0.0.1"}, map[probe.Family]probe.Kind{probe.IPv4: ""}},
		"none allowed":     {[]string{"127.0.0.1", "fd00::1"}, map[probe.Family]probe.Kind{probe.IPv4: "", probe.IPv6: probe.ForbiddenAddress}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &probe.Prober{Resolver: zone(func(string) []netip.Addr { return addrs(tt.names...) }).resolver(t), Allow: open}
			list, err := p.Families(context.Background(), probe.Target{Protocol: probe.TCP, Host: host, Port: port})
			if err != nil {
				t.Fatal(err)
			}
			got := map[probe.Family]probe.Kind{}
			for _, r := range list {
				got[r.Family] = r.Kind
			}
			if len(got) != len(tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			for f, want := range tt.want {
				if kind, ok := got[f]; !ok || kind != want && !(f == probe.IPv6 && want == probe.Refused && kind == probe.Unreachable) {
					t.Errorf("%s: %q, want %q", f, kind, want)
				}
			}
		})
	}
}

func TestACertificateOfThePrivateAuthorityIsNoticed(t *testing.T) {
	for name, tt := range map[string]struct {
		public *authority
		want   bool
	}{
		"known to the public": {ours(), false},
		"known only here":     {newAuthority("Public Authority"), true},
	} {
		t.Run(name, func(t *testing.T) {
			f := listen(t, ours().issue(host, time.Now().Add(time.Hour)), true, func(_ *far, conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
			p := prober(t, f)
			p.PublicCAs = tt.public.pool()
			report, err := p.Connect(context.Background(), f.target(probe.Handshake, probe.TLS))
			if err != nil {
				t.Fatal(err)
			}
			if report.TLS.Private != tt.want {
				t.Errorf("private = %v, want %v", report.TLS.Private, tt.want)
			}
		})
	}
}
