package probe

import (
	"errors"
	"net/netip"
	"testing"
)

func TestPolicyClassifiesAddresses(t *testing.T) {
	tests := map[string]string{
		"127.0.0.1": "loopback", "127.0.0.2": "loopback", "127.255.255.255": "loopback", "::1": "loopback",
		"::ffff:127.0.0.1": "loopback", "::ffff:7f00:1": "loopback", "0:0:0:0:0:ffff:7f00:0001": "loopback",
		"64:ff9b::127.0.0.1": "loopback", "64:ff9b::7f00:1": "loopback",
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "::": "unspecified", "::ffff:0.0.0.0": "unspecified",
		"169.254.169.254": "metadata", "::ffff:169.254.169.254": "metadata", "64:ff9b::a9fe:a9fe": "metadata",
		"169.254.170.2": "metadata", "168.63.129.16": "metadata", "100.100.100.200": "metadata", "192.0.0.192": "metadata",
		"fd00:ec2::254": "metadata", "fd00:ec2::23": "metadata", "::ffff:168.63.129.16": "metadata",
		"169.254.0.1": "link-local", "169.254.255.255": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local",
		"febf::1": "link-local", "::ffff:169.254.1.1": "link-local",
		"10.0.0.1": "private", "10.255.255.255": "private", "172.16.0.1": "private", "172.31.255.255": "private",
		"192.168.0.1": "private", "::ffff:192.168.1.1": "private", "100.64.0.1": "private", "100.127.255.255": "private",
		"fc00::1": "private", "fdff::1": "private", "fec0::1": "private", "64:ff9b::10.0.0.1": "private",
		"224.0.0.1": "multicast", "239.255.255.255": "multicast", "ff02::1": "multicast", "ff0e::1": "multicast", "::ffff:224.0.0.1": "multicast",
		"255.255.255.255": "reserved", "240.0.0.1": "reserved", "192.0.0.1": "reserved", "192.0.2.1": "reserved",
		"198.18.0.1": "reserved", "198.19.255.255": "reserved", "198.51.100.1": "reserved", "203.0.113.9": "reserved",
		"::127.0.0.1": "reserved", "::7f00:1": "reserved", "::ffff:0:127.0.0.1": "reserved", "64:ff9b:1::7f00:1": "reserved",
		"2002:7f00:1::": "reserved", "2001:0:7f00:1::": "reserved", "2001:db8::1": "reserved", "100::1": "reserved",
		"3fff::1": "reserved", "5f00::1": "reserved", "4000::1": "reserved",
		"8.8.8.8": "", "1.1.1.1": "", "172.15.0.1": "", "172.32.0.1": "", "100.63.0.1": "", "100.128.0.1": "", "126.255.255.255": "",
		"128.0.0.1": "", "::ffff:8.8.8.8": "", "2603:1026::1": "", "2a01:111:f403::1": "", "64:ff9b::8.8.8.8": "", "223.255.255.255": "",
	}
	for text, want := range tests {
		addr := netip.MustParseAddr(text)
		err := Policy{}.judge("mail.contoso.example", 993, addr)
		var refused *AddressError
		got := ""
		if errors.As(err, &refused) {
			got = refused.Class
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if err := (Policy{}).judge("x", 1, netip.Addr{}); err == nil {
		t.Error("the zero address is allowed")
	}
}

func TestPolicyOpensOnlyWhatIsListed(t *testing.T) {
	p := Policy{
		Provider: []string{"IMAP.contoso.example:993"},
		Hosts:    []string{"latchkey.contoso.example:443", "[::1]:8443", "no port"},
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("100.100.100.200/32"), netip.MustParsePrefix("fd00::/8")},
	}
	tests := []struct {
		host    string
		port    int
		addr    string
		allowed bool
	}{
		{"imap.contoso.example", 993, "127.0.0.1", true},
		{"imap.contoso.example.", 993, "127.0.0.1", true},
		{"imap.contoso.example", 995, "127.0.0.1", false},
		{"imap.contoso.example.attacker.example", 993, "127.0.0.1", false},
		{"latchkey.contoso.example", 443, "192.168.7.7", true},
		{"latchkey.contoso.example", 22, "192.168.7.7", false},
		{"::1", 8443, "::1", true},
		{"other.example", 25, "10.1.2.3", true},
		{"other.example", 25, "::ffff:10.1.2.3", true},
		{"other.example", 25, "10.2.2.3", false},
		{"other.example", 25, "169.254.7.7", true},
		{"other.example", 25, "169.254.169.254", false}, // a network around it does not open it
		{"other.example", 25, "fd00:ec2::254", false},
		{"other.example", 25, "100.100.100.200", true}, // it alone does
	}
	for _, tt := range tests {
		if err := p.judge(tt.host, tt.port, netip.MustParseAddr(tt.addr)); (err == nil) != tt.allowed {
			t.Errorf("%s:%d at %s: %v, want allowed: %t", tt.host, tt.port, tt.addr, err, tt.allowed)
		}
	}
	p.Ports = []int{443, 8443}
	for _, tt := range []struct {
		host string
		port int
		addr string
		want bool
	}{
		{"typed.example", 443, "8.8.8.8", true}, {"typed.example", 8443, "10.1.2.3", true}, {"typed.example", 443, "10.2.2.3", false},
		{"typed.example", 22, "8.8.8.8", false}, {"typed.example", 6379, "10.1.2.3", false}, {"typed.example", 993, "8.8.8.8", false},
		{"imap.contoso.example", 993, "8.8.8.8", true}, // listed
	} {
		if err := p.judge(tt.host, tt.port, netip.MustParseAddr(tt.addr)); (err == nil) != tt.want {
			t.Errorf("with ports, %s:%d at %s: %v, want allowed: %t", tt.host, tt.port, tt.addr, err, tt.want)
		}
	}
	for _, tt := range []struct {
		host string
		port int
		want bool
	}{{"imap.contoso.example", 993, true}, {"imap.contoso.example", 143, false}, {"latchkey.contoso.example", 443, false}} {
		if got := p.trusts(Target{Host: tt.host, Port: tt.port}); got != tt.want {
			t.Errorf("a token to %s:%d: %t, want %t", tt.host, tt.port, got, tt.want)
		}
	}
}
