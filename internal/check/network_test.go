package check_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/paste"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// pasted is what the network step says when another server sees the same line
// and its block is pasted.
func (m *meeting) pasted(protocol setup.Protocol) check.Outcome {
	m.t.Helper()
	e := m.env.Provider.Hosts[protocol]
	report, err := m.env.Probe.Connect(m.t.Context(), e.Target(protocol))
	var families []probe.FamilyResult
	if err == nil {
		families, err = m.env.Probe.Families(m.t.Context(), e.Target(protocol))
	}
	r := paste.ResultOf(report, families, err)
	r.Protocol, r.Host, r.Port = string(protocol), e.Host, e.Port
	at := time.Now()
	text := paste.ProbeBlock{Schema: 1, Server: "SVC1", Provider: "entra", At: at, Results: []paste.ProbeResult{r}}.String()
	b, err := paste.ParseProbeBlock(text, paste.Expect{Now: at, Life: time.Hour})
	if err != nil {
		m.t.Fatal(err)
	}
	target := check.Target{Server: b.Server, Protocol: protocol, Host: e.Host, Port: e.Port}
	report, families, failure := b.Results[0].Seen()
	if failure != nil {
		return m.env.JudgeFailure(target, report, failure)
	}
	return m.env.JudgeConnection(target, report, families)
}

// What the network step says of a line that works, but not well.
func TestNetworkOfALineThatWorks(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	good := ca().server(mailHost, time.Hour)
	for name, tt := range map[string]struct {
		line
		server  func(net.Conn)
		issuers []string
		want    string
	}{
		"as it should be": {line{zone: zone{"127.0.0.1"}}, talks(good, "XOAUTH2"), nil, ""},
		"slow": {line{zone: zone{"127.0.0.1"}, change: func(p *probe.Prober) {
			start := time.Now() // of a clock that runs ten thousand times too fast
			p.Now = func() time.Time { return start.Add(min(10000*time.Since(start), 30*time.Minute)) }
		}}, talks(good, "XOAUTH2"), nil, "server_slow"},
		"opened by a device": {line{zone: zone{"127.0.0.1"}, change: func(p *probe.Prober) { p.PublicCAs = otherCA().pool() }},
			talks(good, "XOAUTH2"), nil, "tls_intercepted"},
		"certified by its own":    {line{zone: zone{"127.0.0.1"}}, talks(good, "XOAUTH2"), []string{"Contoso, Ltd."}, ""},
		"certified by a stranger": {line{zone: zone{"127.0.0.1"}}, talks(good, "XOAUTH2"), []string{"Fabrikam"}, "tls_intercepted"},
		"one family closed":       {line{zone: zone{"127.0.0.1", "::1"}}, talks(good, "XOAUTH2"), nil, "address_family_blocked"},
		"no XOAUTH2":              {line{zone: zone{"127.0.0.1"}}, talks(good, "PLAIN"), nil, "xoauth2_not_offered"},
		"without end": {line{zone: zone{"127.0.0.1"}, change: func(p *probe.Prober) { p.Budget = 100 }},
			speaks(good, "* OK "+strings.Repeat("x", 4096)+"\r\n"), nil, "answer_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.port = listen(t, tt.server)
			m.along(t, tt.line, func(string) {
				m.env.Provider.Issuers = tt.issuers
				out := m.judge(check.Network, setup.IMAP)
				if m.env.Probe.PublicCAs == nil { // which are this node's alone
					if got, want := codes(m.pasted(setup.IMAP)), codes(out); !slices.Equal(got, want) {
						t.Errorf("a block gives %q, our own node %q", got, want)
					}
				}
				if tt.want == "" {
					wantCodes(t, out)
					return
				}
				wantCodes(t, out, tt.want)
				if tt.want == "answer_too_large" {
					for _, c := range mailing {
						wantCodes(t, m.judge(c, ""), tt.want)
					}
				}
			})
		})
	}
}

// Whose certificate it was stands beside a handshake that failed, here and in a
// block; a good one beside another failure is no news.
func TestNetworkNamesTheIssuer(t *testing.T) {
	m := newMeeting(t)
	m.know(nil)
	for name, tt := range map[string]struct {
		server func(net.Conn)
		want   string
		named  bool
	}{
		"not trusted":     {talks(otherCA().server(mailHost, time.Hour), "XOAUTH2"), "tls_not_trusted", true},
		"for another":     {talks(ca().server("other.contoso.example", time.Hour), "XOAUTH2"), "tls_wrong_name", true},
		"not in the mood": {speaks(ca().server(mailHost, time.Hour), "* BYE [UNAVAILABLE] later\r\n"), "mail_server_busy", false},
	} {
		t.Run(name, func(t *testing.T) {
			m.along(t, line{zone: zone{"127.0.0.1"}, port: listen(t, tt.server)}, func(string) {
				for where, out := range map[string]check.Outcome{"here": m.judge(check.Network, setup.IMAP), "in a block": m.pasted(setup.IMAP)} {
					wantCodes(t, out, tt.want)
					named := slices.ContainsFunc(out.Findings[0].Evidence, func(e finding.Evidence) bool {
						return e.Source == "issuer" && strings.Contains(e.Text, "Contoso Test Root")
					})
					if named != tt.named {
						t.Errorf("%s: issuer named: %v, want %v", where, named, tt.named)
					}
				}
			})
		})
	}
}
