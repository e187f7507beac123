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
	familyBroken = &finding.Definition{
		Code: "address_family_blocked", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} reaches {{.host}} on port {{.port}} over {{.works}}, but not over {{.fails}}",
		Consequence: "Programs that try {{.fails}} first wait for a long time, or fail now and then.",
		Cause:       "{{.server}} has a route for {{.fails}} that ends at a firewall.",
		Remedy:      "Open the port for {{.fails}} too, or switch {{.fails}} off on {{.server}}.",
		Command:     "Test-NetConnection {{.host}} -Port {{.port}} -InformationLevel Detailed",
		Params:      []string{"server", "host", "port", "works", "fails"},
	}
	tlsIntercepted = &finding.Definition{
		Code: "tls_intercepted", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "Somebody between {{.server}} and {{.host}} seems to open the encrypted traffic",
		Consequence: "The token passes through that device in the clear. Programs with a trust store of their own refuse the connection.",
		Cause:       "The certificate comes from an authority that does not usually certify {{.host}}.",
		Remedy: "Exempt {{.host}}, port {{.port}}, from TLS inspection. Microsoft asks for that too. " +
			"If the provider has begun to use this issuer, add it to certificate_issuers in the configuration.",
		Link:   "https://learn.microsoft.com/microsoft-365/enterprise/managing-office-365-endpoints",
		Params: []string{"server", "host", "port"},
	}
	closedNotNeeded = &finding.Definition{
		Code: "application_port_closed", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
		Title:       "{{.server}} does not reach {{.host}} on port {{.port}}",
		Consequence: "Nothing stops: an application server does not fetch mail.",
		Cause:       "The vendor's list names this port for every server; only a services server uses it.",
		Remedy:      "Open the port if {{.server}} may become a services server.",
		Params:      []string{"server", "host", "port"},
	}
)

// slow is when a connection is worth a warning: greeting and TLS take well
// under a second from most places.
const slow = 2 * time.Second

// Network checks from this node whether the sign-in service and each needed
// mail port can be reached: DNS, TCP, TLS, greeting, offered mechanisms.
// The results of other servers are pasted, under the same check.
var Network = &Check{
	ID:       "network",
	Reads:    []setup.Field{setup.FieldCloud, setup.ConfigProvider},
	Targets:  networkTargets,
	NeededBy: setup.StepVerification,
	Finds: with(answers(provider.AtReach),
		serverSlow, familyBroken, tlsIntercepted, closedNotNeeded, // and what a server says to anybody:
		provider.MailServerBusy, provider.ConnectionsLimited, provider.AddressThrottled,
	),
	Grade: Automatic, Timeout: 25 * time.Second, MaxAge: time.Hour,
	Run: func(ctx context.Context, e *Env, t Target) Outcome {
		for _, c := range e.Provider.Connections(e.Setup.Application.Protocols) {
			if c.Protocol != t.Protocol || c.Target.Host != t.Host || c.Target.Port != t.Port {
				continue
			}
			report, err := e.Probe.Connect(ctx, c.Target)
			var failure *probe.Error
			if errors.As(err, &failure) {
				return e.JudgeFailure(t, report, failure)
			}
			if err != nil {
				return e.explain(err, t)
			}
			families, _ := e.Probe.Families(ctx, c.Target) // fails where the name is no longer resolved: the next run will tell
			return e.JudgeConnection(t, report, families)
		}
		panic(errInternal{errors.New("check: network: the target is none of the provider's")})
	},
}

// networkTargets is the matrix: each server with each connection. 443 from this
// node, which redeems the code, is needed by the sign-in; this node's mail
// ports by the verification; other servers by the hand-over.
func networkTargets(e *Env) []Target {
	var list []Target
	add := func(server string, own bool) {
		for _, c := range e.Provider.Connections(e.Setup.Application.Protocols) {
			t := Target{Server: server, Protocol: c.Protocol, Host: c.Target.Host, Port: c.Target.Port}
			switch {
			case own && c.Protocol == "":
				t.NeededBy = setup.StepSignIn
			case own:
				t.NeededBy = setup.StepVerification
			default:
				t.NeededBy = setup.StepHandover
			}
			list = append(list, t)
		}
	}
	add(e.Node, true)
	for _, s := range e.Servers() {
		add(s.Name, false)
	}
	return list
}

// Servers are the machines of the matrix beside this node: the other living
// nodes, and those that the setup names.
func (e *Env) Servers() []setup.Server {
	list := slices.Clone(e.Nodes)
	for _, s := range e.Setup.Application.Servers {
		if !strings.EqualFold(s.Name, e.Node) &&
			!slices.ContainsFunc(list, func(n setup.Server) bool { return strings.EqualFold(n.Name, s.Name) }) {
			list = append(list, s)
		}
	}
	return list
}

// roleOf is what a server of the matrix does. This node does everything: it
// proves the mailbox, whatever else it is for.
func (e *Env) roleOf(server string) setup.Role {
	for _, s := range e.Servers() {
		if strings.EqualFold(s.Name, server) {
			return s.Role
		}
	}
	return setup.RoleAll
}

// needed follows checklist item 19: an application server makes tokens and
// sends alarms; only a services server fetches. The vendor's list of ports
// names every port for both, so the rest is looked at and warned about.
func needed(role setup.Role, protocol setup.Protocol) bool {
	return role != setup.RoleApplication || protocol == "" || protocol == setup.SMTP
}

// Own reports whether this node can run t; the others' results are pasted.
func (e *Env) Own(t Target) bool {
	return t.Server == "" || strings.EqualFold(t.Server, e.Node)
}

// JudgeConnection judges a connection that came about, from this node or from
// a pasted block: the mechanism must be offered, it should not be slow, nobody
// should open it, and both families of addresses should do.
func (e *Env) JudgeConnection(t Target, r probe.Report, families []probe.FamilyResult) Outcome {
	out := Passed(append(timing(r.Times), factsOf(r)...)...)
	var total time.Duration
	for _, d := range r.Times {
		total += d
	}
	if t.Protocol != "" && !slices.Contains(r.Mechanisms, "XOAUTH2") {
		out.Findings = append(out.Findings, finding.New(provider.MechanismMissing,
			"server", t.Server, "host", t.Host, "port", portText(t.Port)).
			With("offered", strings.Join(r.Mechanisms, " "), ""))
	}
	if total > slow {
		out.Findings = append(out.Findings, finding.New(serverSlow,
			"server", t.Server, "host", t.Host, "port", portText(t.Port), "ms", fmt.Sprint(total.Milliseconds())))
	}
	if r.TLS != nil && r.TLS.Issuer != "" && (r.TLS.Private || !e.Provider.IssuerKnown(r.TLS.Issuer)) {
		out.Findings = append(out.Findings, finding.New(tlsIntercepted, "server", t.Server,
			"host", t.Host, "port", portText(t.Port)).With("issuer", r.TLS.Issuer, ""))
	}
	return out.with(judgeFamilies(t, families))
}

// with returns out with what another part of the check has seen.
func (out Outcome) with(other Outcome) Outcome {
	out.Findings = append(out.Findings, other.Findings...)
	out.Facts = append(out.Facts, other.Facts...)
	return out
}

// judgeFamilies warns where one family works and the other one hangs or is
// refused. A machine without any route for a family says so at once, and its
// programs know.
func judgeFamilies(t Target, list []probe.FamilyResult) Outcome {
	var out Outcome
	works := slices.IndexFunc(list, func(r probe.FamilyResult) bool { return r.Kind == "" })
	for _, r := range list {
		value := fmt.Sprintf("%s, %d ms", r.Address, r.Took.Milliseconds())
		if r.Kind != "" {
			value = fmt.Sprintf("%s, %s", r.Address, r.Kind)
		}
		out.Facts = append(out.Facts, Fact{string(r.Family), value})
		if works >= 0 && slices.Contains([]probe.Kind{probe.Timeout, probe.Refused, probe.Reset}, r.Kind) {
			out.Findings = append(out.Findings, finding.New(familyBroken, "server", t.Server, "host", t.Host,
				"port", portText(t.Port), "works", familyName(list[works].Family), "fails", familyName(r.Family)).
				With(familyName(r.Family), value, ""))
		}
	}
	return out
}

func familyName(f probe.Family) string {
	if f == probe.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// factsOf picks what a report says about the connection, for people.
func factsOf(r probe.Report) []Fact {
	var facts []Fact
	if r.Remote.IsValid() {
		facts = append(facts, Fact{"address", r.Remote.Addr().String()})
	}
	if r.TLS != nil {
		if r.TLS.Version != "" { // a block of another server names the issuer alone
			facts = append(facts, Fact{"tls", r.TLS.Version})
		}
		facts = append(facts, Fact{"issuer", r.TLS.Issuer})
	}
	if r.ServerName != "" {
		facts = append(facts, Fact{"server_name", r.ServerName})
	}
	if len(r.Mechanisms) > 0 {
		facts = append(facts, Fact{"mechanisms", strings.Join(r.Mechanisms, " ")})
	}
	return facts
}

// JudgeFailure judges a connection that did not come about, here or on another
// server.
func (e *Env) JudgeFailure(t Target, r probe.Report, err *probe.Error) Outcome {
	c := e.context(t)
	c.Server = t.Server
	out := e.explainIn(err, c)
	// Whose certificate it was, which the error does not say.
	if r.TLS != nil && r.TLS.Issuer != "" && (err.Stage == probe.TLSStage || !e.Provider.IssuerKnown(r.TLS.Issuer)) {
		for i := range out.Findings {
			out.Findings[i] = out.Findings[i].With("issuer", r.TLS.Issuer, "")
		}
	}
	if needed(e.roleOf(t.Server), t.Protocol) {
		return out
	}
	for i, f := range out.Findings {
		if f.Blocks() {
			mild := finding.New(closedNotNeeded, "server", t.Server, "host", t.Host, "port", portText(t.Port))
			mild.Evidence = f.Evidence
			out.Findings[i] = mild
		}
	}
	return out
}
