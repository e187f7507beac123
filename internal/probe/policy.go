package probe

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Policy says which addresses may be dialled. The zero value allows every
// public address, and lets no token out.
//
// The judgement is made on the resolved address at the moment of connecting,
// because a name can resolve to something else a second later (DNS
// rebinding).
type Policy struct {
	// Provider lists "host:port" of the servers that may be given a token.
	// They may be dialled wherever their names lead; the certificate decides.
	Provider []string
	// Hosts lists further "host:port" that may be dialled wherever their names
	// lead, without credentials.
	Hosts []string
	// Prefixes are the networks the operator has opened. A cloud metadata
	// address is opened by itself alone (/32 or /128), never by a network
	// around it.
	Prefixes []netip.Prefix
	// Ports are the only ones that may be dialled on hosts that are listed
	// nowhere, whatever their addresses; nil: every port.
	Ports []int
}

// PortError: the port of a host that is listed nowhere is not among
// Policy.Ports, and was not dialled.
type PortError struct{ Port int }

// Error implements error.
func (e *PortError) Error() string { return fmt.Sprintf("port %d is not allowed", e.Port) }

// AddressError says why an address was not dialled.
type AddressError struct {
	Addr  netip.Addr
	Class string // "loopback", "link-local", "private", "metadata", "multicast", "unspecified", "reserved"
}

// Error implements error.
func (e *AddressError) Error() string {
	return fmt.Sprintf("the address %s is %s and not allowed", e.Addr, e.Class)
}

// trusts reports whether a token may go to the target.
func (p Policy) trusts(t Target) bool { return listed(p.Provider, t.Host, t.Port) }

// judge returns an *AddressError or *PortError if addr may not be dialled for
// host and port.
func (p Policy) judge(host string, port int, addr netip.Addr) error {
	if listed(p.Provider, host, port) || listed(p.Hosts, host, port) {
		return nil
	}
	if p.Ports != nil && !slices.Contains(p.Ports, port) {
		return &PortError{port}
	}
	addr = addr.WithZone("").Unmap()
	if class := classOf(addr); class != "" && !p.opened(addr, class) {
		return &AddressError{addr, class}
	}
	return nil
}

func (p Policy) opened(addr netip.Addr, class string) bool {
	return slices.ContainsFunc(p.Prefixes, func(prefix netip.Prefix) bool {
		return prefix.Contains(addr) && (class != "metadata" || prefix.IsSingleIP())
	})
}

func listed(entries []string, host string, port int) bool {
	return slices.ContainsFunc(entries, func(entry string) bool {
		h, p, err := net.SplitHostPort(entry)
		return err == nil && p == strconv.Itoa(port) && sameHost(h, host)
	})
}

func sameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

type class struct {
	prefix netip.Prefix
	name   string
}

// classes are the networks that are not the public Internet, first match
// wins: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), and
// the addresses at which clouds hand out credentials to whoever asks.
var classes = []class{
	{netip.MustParsePrefix("169.254.169.254/32"), "metadata"}, // AWS, Azure, Google, most others
	{netip.MustParsePrefix("169.254.170.2/32"), "metadata"},   // AWS containers
	{netip.MustParsePrefix("168.63.129.16/32"), "metadata"},   // Azure's host agent, a public address
	{netip.MustParsePrefix("100.100.100.200/32"), "metadata"}, // Alibaba
	{netip.MustParsePrefix("192.0.0.192/32"), "metadata"},     // Oracle
	{netip.MustParsePrefix("fd00:ec2::254/128"), "metadata"},  // AWS over IPv6
	{netip.MustParsePrefix("fd00:ec2::23/128"), "metadata"},   // AWS containers over IPv6

	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"}, // connects to this host on Linux
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "private"}, // carrier-grade NAT, RFC 6598
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "reserved"},
	{netip.MustParsePrefix("198.18.0.0/15"), "reserved"},
	{netip.MustParsePrefix("198.51.100.0/24"), "reserved"},
	{netip.MustParsePrefix("203.0.113.0/24"), "reserved"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"}, // with broadcast

	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fec0::/10"), "private"}, // site-local, RFC 3879
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // with Teredo, which carries IPv4 inside
	{netip.MustParsePrefix("2001:db8::/32"), "reserved"},
	{netip.MustParsePrefix("2002::/16"), "reserved"}, // 6to4, which carries IPv4 inside
	{netip.MustParsePrefix("3fff::/20"), "reserved"},
}

var (
	// nat64 is how an IPv6-only network reaches IPv4 (RFC 6052): the last four
	// bytes are the address that is really meant.
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	publicIPv6 = netip.MustParsePrefix("2000::/3") // all that IANA has given out
)

// classOf returns "" for a public address.
func classOf(addr netip.Addr) string {
	if nat64.Contains(addr) {
		bytes := addr.As16()
		return classOf(netip.AddrFrom4([4]byte(bytes[12:])))
	}
	for _, c := range classes {
		if c.prefix.Contains(addr) {
			return c.name
		}
	}
	if addr.Is6() && !publicIPv6.Contains(addr) || !addr.IsValid() {
		return "reserved"
	}
	return ""
}
