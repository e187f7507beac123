package probe

import (
	"crypto/x509"
	"fmt"
	"net"
	"time"
)

// Prober holds conversations. The zero value works with the system's resolver
// and trust store, and sends no token anywhere. Its methods may be called from
// several goroutines; its fields are not changed after the first call.
type Prober struct {
	Resolver *net.Resolver  // nil: the system's
	RootCAs  *x509.CertPool // nil: the system's; see Roots
	Allow    Policy
	Proxy    *Proxy // nil: directly
	// PublicCAs is the system's trust store beside RootCAs with the operator's
	// authorities: a certificate that only the latter know was made by somebody
	// who opens the traffic. Nil: not judged.
	PublicCAs *x509.CertPool
	Budget    int64            // bytes a server may send in one conversation; 0: 256 KiB
	Deadline  time.Duration    // of one conversation; 0: 20 s; never more than 60 s
	Now       func() time.Time // nil: time.Now
}

const (
	defaultBudget   = 256 << 10
	defaultDeadline = 20 * time.Second
	maxDeadline     = 60 * time.Second
)

func (p *Prober) resolver() *net.Resolver {
	if p.Resolver == nil {
		return net.DefaultResolver
	}
	return p.Resolver
}

func (p *Prober) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Prober) budget() int64 {
	if p.Budget <= 0 {
		return defaultBudget
	}
	return p.Budget
}

func (p *Prober) deadline() time.Duration {
	if p.Deadline <= 0 {
		return defaultDeadline
	}
	return min(p.Deadline, maxDeadline)
}

// Roots returns the system's trust store with the certificates of a PEM file
// added: the way in for a company's own authority.
func Roots(pem []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("probe: trust store of the system: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("probe: no certificate in the CA file")
	}
	return pool, nil
}
