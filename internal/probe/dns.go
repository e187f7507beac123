package probe

import "net/netip"

// resolve fills in the addresses of both families. The dialer resolves again
// and is judged at connect time; this list is for people.
func (t *talk) resolve() error {
	if t.p.proxied(t.target.Host, t.target.Port) {
		return nil // the proxy does it
	}
	t.enter(Resolve)
	addrs, err := t.p.resolver().LookupNetIP(t.ctx, "ip", t.target.Host)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		t.report.Addresses = append(t.report.Addresses, a.Unmap())
	}
	if len(t.report.Addresses) == 0 {
		return &kindError{NoSuchHost, "the name has no address"}
	}
	return nil
}

// remoteOf is the far end of a connected socket.
func remoteOf(address string) netip.AddrPort {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.AddrPort{} // a pipe in a test has no address
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
