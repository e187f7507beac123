package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// Family is one kind of address. Programs differ in which they try first, and
// one that is broken behind a firewall costs each of them a long wait.
type Family string

// The families.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

// FamilyResult is a connection over one family.
type FamilyResult struct {
	Family  Family
	Address netip.Addr // the first of the family
	Took    time.Duration
	Kind    Kind // "" where it came about
}

// familyTime bounds a connection over one family: longer than any working one
// takes, shorter than most programs wait.
const familyTime = 8 * time.Second

// Families connects to target over each family its name has an address of, and
// closes at once. A name that is an address, or that a proxy resolves, has
// nothing to tell apart: nil.
func (p *Prober) Families(ctx context.Context, target Target) ([]FamilyResult, error) {
	if _, err := netip.ParseAddr(target.Host); err == nil || p.proxied(target.Host, target.Port) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, familyTime)
	defer cancel()
	addrs, err := p.resolver().LookupNetIP(ctx, "ip", target.Host)
	if err != nil {
		return nil, &Error{Target: target, Stage: Resolve, Kind: dnsKind(err), Err: &cleanError{display(err.Error(), maxReply), safeCause(err)}}
	}
	var list []FamilyResult
	for _, f := range []Family{IPv4, IPv6} {
		for _, a := range addrs {
			if a = a.Unmap(); a.Is4() == (f == IPv4) {
				list = append(list, FamilyResult{Family: f, Address: a})
				break
			}
		}
	}
	var group sync.WaitGroup
	for i := range list {
		group.Go(func() { p.overFamily(ctx, target, &list[i]) })
	}
	group.Wait()
	return list, nil
}

func (p *Prober) overFamily(ctx context.Context, target Target, r *FamilyResult) {
	network := "tcp4"
	if r.Family == IPv6 {
		network = "tcp6"
	}
	start := p.now()
	conn, err := p.connect(ctx, network, target.Host, target.Port)
	r.Took = p.now().Sub(start)
	switch {
	case err == nil:
		_ = conn.Close()
	case ctx.Err() != nil:
		r.Kind = Timeout
	default:
		if r.Kind = networkKind(err); r.Kind == "" {
			r.Kind = ForbiddenAddress
		}
	}
}
