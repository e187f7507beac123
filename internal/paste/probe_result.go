package paste

import (
	"cmp"
	"errors"
	"net/netip"
	"time"

	"latchkey/internal/probe"
)

// ProbeResult is one connection. Kind is empty where it came about, else the
// kind of failure with its stage and the last line seen.
type ProbeResult struct {
	Protocol   string           `json:"protocol,omitempty"` // "" for the sign-in service
	Host       string           `json:"host"`
	Port       int              `json:"port"`
	MS         map[string]int64 `json:"ms,omitempty"` // by stage
	Mechanisms []string         `json:"mechanisms,omitempty"`
	Issuer     string           `json:"issuer,omitempty"` // of the server's certificate
	Families   []ProbeFamily    `json:"families,omitempty"`
	Kind       string           `json:"kind,omitempty"`
	Stage      string           `json:"stage,omitempty"`
	Line       string           `json:"line,omitempty"`
}

// ProbeFamily is the connection over one family of addresses, "ipv4" or "ipv6".
type ProbeFamily struct {
	Family  string `json:"family"`
	Address string `json:"address"`
	MS      int64  `json:"ms"`
	Kind    string `json:"kind,omitempty"`
}

// ResultOf writes down what a prober has seen; err is nil where the connection
// came about. Protocol, host and port are left to the caller: what is spoken
// with the sign-in service is no protocol of mail.
func ResultOf(report probe.Report, families []probe.FamilyResult, err error) ProbeResult {
	r := ProbeResult{MS: map[string]int64{}, Mechanisms: report.Mechanisms}
	for stage, d := range report.Times {
		r.MS[string(stage)] = d.Milliseconds()
	}
	if report.TLS != nil {
		r.Issuer = report.TLS.Issuer
	}
	for _, f := range families {
		r.Families = append(r.Families, ProbeFamily{string(f.Family), f.Address.String(), f.Took.Milliseconds(), string(f.Kind)})
	}
	var failure *probe.Error
	if errors.As(err, &failure) {
		r.Kind, r.Stage, r.Line = string(failure.Kind), string(failure.Stage), cmp.Or(failure.Reply.Line, failure.Err.Error())
	}
	return r
}

// Seen is what ResultOf was given, as far as the block holds it; the error is
// nil where the connection came about.
func (r ProbeResult) Seen() (probe.Report, []probe.FamilyResult, *probe.Error) {
	target := probe.Target{Protocol: probe.Protocol(r.Protocol), Host: r.Host, Port: r.Port}
	if r.Protocol == "" {
		target.Protocol = probe.HTTPS
	}
	report := probe.Report{Target: target, Times: map[probe.Stage]time.Duration{}, Mechanisms: r.Mechanisms}
	for stage, ms := range r.MS {
		report.Times[probe.Stage(stage)] = time.Duration(ms) * time.Millisecond
	}
	if r.Issuer != "" {
		report.TLS = &probe.TLSFacts{Certificate: probe.Certificate{Issuer: r.Issuer}}
	}
	var families []probe.FamilyResult
	for _, f := range r.Families {
		address, err := netip.ParseAddr(f.Address)
		if err != nil {
			continue
		}
		families = append(families, probe.FamilyResult{
			Family: probe.Family(f.Family), Address: address, Took: time.Duration(f.MS) * time.Millisecond, Kind: probe.Kind(f.Kind),
		})
	}
	if r.Kind == "" {
		return report, families, nil
	}
	failure := &probe.Error{Target: target, Stage: probe.Stage(r.Stage), Kind: probe.Kind(r.Kind), Err: errors.New(cmp.Or(r.Line, r.Kind))}
	if failure.Kind == probe.RefusedByServer {
		failure.Reply = probe.ParseReply(target.Protocol, r.Line)
	}
	return report, families, failure
}

// clean takes out what an escape of JSON can hold and the text may not: the
// words of another machine come to pages, reports and terminals.
func (b *ProbeBlock) clean() {
	for _, s := range []*string{&b.Server, &b.Role, &b.Provider, &b.Version} {
		*s = oneLine(plain(*s), maxField)
	}
	for i := range b.Results {
		r := &b.Results[i]
		for _, s := range []*string{&r.Host, &r.Issuer, &r.Line} {
			*s = oneLine(plain(*s), maxField)
		}
		for j, m := range r.Mechanisms {
			r.Mechanisms[j] = oneLine(plain(m), maxField)
		}
	}
}
