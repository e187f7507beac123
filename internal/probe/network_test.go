package probe_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/probe"
)

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func TestNamesThatDoNotResolve(t *testing.T) {
	for name, tt := range map[string]struct {
		zone zone
		kind probe.Kind
	}{
		"no such name":   {func(string) []netip.Addr { return nil }, probe.NoSuchHost},
		"no address":     {func(string) []netip.Addr { return []netip.Addr{} }, probe.NoSuchHost},
		"server failure": {func(string) []netip.Addr { return make([]netip.Addr, 1) }, probe.DNSFailed},
	} {
		t.Run(name, func(t *testing.T) {
			p := &probe.Prober{Resolver: tt.zone.resolver(t)}
			_, err := p.Connect(context.Background(), probe.Target{Protocol: probe.DNS, Host: host})
			if e := must(t, err); e.Kind != tt.kind || e.Stage != probe.Resolve {
				t.Errorf("%v, want %s", e, tt.kind)
			}
		})
	}
}

func TestANameServerThatDoesNotAnswer(t *testing.T) {
	p := &probe.Prober{Deadline: 200 * time.Millisecond, Resolver: &net.Resolver{
		PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
	}}
	start := time.Now()
	_, err := p.Connect(context.Background(), probe.Target{Protocol: probe.DNS, Host: host})
	if e := must(t, err); e.Kind != probe.DNSFailed || time.Since(start) > 2*time.Second {
		t.Errorf("%v after %v, want %s", e, time.Since(start), probe.DNSFailed)
	}
}

func TestBothFamiliesAreReported(t *testing.T) {
	both := zone(func(string) []netip.Addr { return addrs("2001:db8::25", "127.0.0.1") })
	p := &probe.Prober{Resolver: both.resolver(t)}
	report, err := p.Connect(context.Background(), probe.Target{Protocol: probe.DNS, Host: host})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range addrs("2001:db8::25", "127.0.0.1") {
		if !slices.Contains(report.Addresses, want) {
			t.Errorf("%v is missing in %v", want, report.Addresses)
		}
	}
}

func TestAClosedPortRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &far{port: l.Addr().(*net.TCPAddr).Port}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := prober(t, f).Connect(context.Background(), f.target(probe.TCP, ""))
	if e := must(t, err); e.Kind != probe.Refused || e.Stage != probe.Dial {
		t.Errorf("%v, want %s", e, probe.Refused)
	}
	if len(report.Addresses) != 1 {
		t.Error("the report of a failure has no addresses")
	}
}

// Every spelling that has ever led a checker to its own machine. The name
// server says loopback to all of them, as an attacker's would.
func TestNoSpellingReachesLoopback(t *testing.T) {
	f := run(t, probe.SMTP, "S 220 hi")
	p := &probe.Prober{Resolver: zone(func(string) []netip.Addr { return addrs("127.0.0.1", "::1") }).resolver(t), Deadline: 5 * time.Second}
	spellings := strings.Fields(`
		127.0.0.1 127.0.0.2 127.127.127.127 127.1 127.0.1 0 0.0.0.0 0x7f000001 0x7f.0.0.1 0x7f.1 2130706433 017700000001 0177.0.0.1
		127.0.0.1. 00127.0.0.1 127.000.000.001 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 0:0:0:0:0:0:0:1 0000::1 ::ffff:0x7f.0.0.1 ::127.0.0.1 ::
		64:ff9b::127.0.0.1 64:ff9b::7f00:1 ::1%lo localhost LOCALHOST localhost. localhost.localdomain ip6-localhost
		127.0.0.1.nip.example a.127.0.0.1.xip.example attacker.example ATTACKER.example. ①②⑦.⓪.⓪.① 127。0。0。1 ｌｏｃａｌｈｏｓｔ
		xn--localhost-.example 169.254.169.254 ::ffff:169.254.169.254 metadata.internal 2852039166 0xa9fea9fe 169.254.43518 fd00:ec2::254
		10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1 fe80::1%lo fc00::1 ff02::1 224.0.0.1 255.255.255.255 240.0.0.1 [::1] [127.0.0.1]
		0177.1 0x7f.0x0.0x0.0x1 1.0.0.127.in-addr.arpa`)
	if len(spellings) < 60 {
		t.Errorf("only %d spellings", len(spellings))
	}
	for _, host := range spellings {
		_, err := p.Connect(context.Background(), probe.Target{Protocol: probe.TCP, Host: host, Port: f.port})
		e := must(t, err)
		if e.Kind != probe.ForbiddenAddress && e.Kind != probe.NoSuchHost {
			t.Errorf("%s: %v, want %s", host, e, probe.ForbiddenAddress)
		}
	}
	if f.connections() != 0 {
		t.Errorf("%d connections were made", f.connections())
	}
}

// The name is public when it is looked at and loopback when it is dialled.
func TestRebindingIsCaughtWhenDialling(t *testing.T) {
	f := run(t, probe.SMTP, "S 220 hi")
	var mu sync.Mutex
	asked := 0
	rebinding := zone(func(string) []netip.Addr {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked <= 2 { // A and AAAA of the first look
			return addrs("8.8.8.8")
		}
		return addrs("127.0.0.1")
	})
	p := &probe.Prober{Resolver: rebinding.resolver(t), Deadline: 5 * time.Second}
	report, err := p.Connect(context.Background(), f.target(probe.TCP, ""))
	if e := must(t, err); e.Kind != probe.ForbiddenAddress || e.Stage != probe.Dial || !strings.Contains(e.Error(), "loopback") {
		t.Errorf("%v, want %s", e, probe.ForbiddenAddress)
	}
	if !slices.Contains(report.Addresses, netip.MustParseAddr("8.8.8.8")) || asked < 3 {
		t.Errorf("this test proves nothing: addresses %v after %d questions", report.Addresses, asked)
	}
	if f.connections() != 0 {
		t.Error("loopback was dialled")
	}
}
