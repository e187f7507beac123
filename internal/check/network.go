package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	serverSlow = &finding.Definition{
		Code: "server_slow", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} needs {{.ms}} ms to reach {{.host}} on port {{.port}}",
		Consequence: "Mail may arrive late on this server.",
		Cause:       "A slow line, name server or proxy.",
		Remedy:      "Compare with another server of the installation.",
		Params:      []string{"server", "host", "port", "ms"},
	}
)

// slow is when a connection is worth a warning: greeting and TLS take well
// under a second from most places.
const slow = 2 * time.Second

// transportFindings are what any connection may find.
var transportFindings = []*finding.Definition{
	provider.HostNotFound, provider.DNSFailed, provider.PortBlocked, provider.ConnectionRefused, provider.ServerSilent,
	provider.ConnectionLost, provider.TLSNotTrusted, provider.TLSWrongName, provider.TLSExpired, provider.TLSFailed,
	provider.AnswerTooLarge, provider.AnswerOdd, provider.STARTTLSMissing, provider.AddressForbidden,
	provider.Unexplained, provider.InternalError,
}

// Network checks from this node whether the sign-in service and each needed
// mail port can be reached: DNS, TCP, TLS, greeting, offered mechanisms.
// The results of other servers are pasted, under the same check.
var Network = &Check{
	ID:       "network",
	Reads:    []setup.Field{setup.FieldCloud, setup.ConfigProvider},
	Targets:  networkTargets,
	NeededBy: setup.StepVerification,
	Finds:    append([]*finding.Definition{provider.MechanismMissing, serverSlow}, transportFindings...),
	Grade:    Automatic, Timeout: 25 * time.Second, MaxAge: time.Hour,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		for _, c := range e.Provider.Connections(e.Setup.Application.Protocols) {
			if c.Protocol != t.Protocol || c.Target.Host != t.Host || c.Target.Port != t.Port {
				continue
			}
			report, err := e.Probe.Connect(ctx, c.Target)
			if err != nil {
				return e.explain(err, t)
			}
			return JudgeConnection(t, report.Times, report.Mechanisms, factsOf(report)...)
		}
		panic(errInternal{errors.New("check: network: the target is none of the provider's")})
	},
}

// networkTargets is the matrix: each server with each connection it needs.
// 443 from this node, which redeems the code, is needed by the sign-in; this
// node's mail ports by the verification; other servers by the hand-over.
func networkTargets(e *Env) []Target {
	var list []Target
	add := func(server string, role setup.Role, own bool) {
		for _, c := range e.Provider.Connections(e.Setup.Application.Protocols) {
			t := Target{Server: server, Protocol: c.Protocol, Host: c.Target.Host, Port: c.Target.Port}
			switch {
			case own && c.Protocol == "":
				t.NeededBy = setup.StepSignIn
			case own:
				t.NeededBy = setup.StepVerification
			case !needed(role, c.Protocol):
				continue
			default:
				t.NeededBy = setup.StepHandover
			}
			list = append(list, t)
		}
	}
	add(e.Node, setup.RoleAll, true)
	for _, s := range e.Setup.Application.Servers {
		if !strings.EqualFold(s.Name, e.Node) {
			add(s.Name, s.Role, false)
		}
	}
	return list
}

// needed follows checklist item 19: an application server makes tokens and
// sends alarms; only a services server fetches.
func needed(role setup.Role, protocol setup.Protocol) bool {
	return role != setup.RoleApplication || protocol == "" || protocol == setup.SMTP
}

// Own reports whether this node can run t; the others' results are pasted.
func (e *Env) Own(t Target) bool {
	return t.Server == "" || strings.EqualFold(t.Server, e.Node)
}

// JudgeConnection judges a connection that came about, from this node or from
// a pasted block: the mechanism must be offered, and it should not be slow.
func JudgeConnection(t Target, times map[probe.Stage]time.Duration, mechanisms []string, facts ...Fact) Outcome {
	out := Passed(append(timing(times), facts...)...)
	var total time.Duration
	for _, d := range times {
		total += d
	}
	if t.Protocol != "" && !slices.Contains(mechanisms, "XOAUTH2") {
		out.Findings = append(out.Findings, finding.New(provider.MechanismMissing,
			"server", t.Server, "host", t.Host, "port", portText(t.Port)).
			With("offered", strings.Join(mechanisms, " "), ""))
	}
	if total > slow {
		out.Findings = append(out.Findings, finding.New(serverSlow,
			"server", t.Server, "host", t.Host, "port", portText(t.Port), "ms", fmt.Sprint(total.Milliseconds())))
	}
	return out
}

// factsOf picks what a report says about the connection, for people.
func factsOf(r probe.Report) []Fact {
	var facts []Fact
	if r.Remote.IsValid() {
		facts = append(facts, Fact{"address", r.Remote.Addr().String()})
	}
	for _, a := range r.Addresses {
		if a.Is6() && !a.Is4In6() {
			facts = append(facts, Fact{"ipv6", "yes"})
			break
		}
	}
	if r.TLS != nil {
		facts = append(facts, Fact{"tls", r.TLS.Version}, Fact{"issuer", r.TLS.Issuer})
	}
	if r.ServerName != "" {
		facts = append(facts, Fact{"server_name", r.ServerName})
	}
	if len(r.Mechanisms) > 0 {
		facts = append(facts, Fact{"mechanisms", strings.Join(r.Mechanisms, " ")})
	}
	return facts
}

// JudgeFailure judges a connection that another server could not make.
func (e *Env) JudgeFailure(t Target, err *probe.Error) Outcome {
	c := e.context(t)
	c.Server = t.Server
	return e.explainIn(err, c)
}
