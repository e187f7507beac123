package paste

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

const (
	// maxResults is far more than any provider has connections.
	maxResults = 64
	// maxStage is far longer than anybody waits for one stage, in milliseconds.
	maxStage = 60 * 60 * 1000
)

// checkProbe holds the content against what a reader relies on.
func checkProbe(d *decoder, top at) {
	top = d.object(top)
	schema := top.get("schema")
	if d.need(schema, "1") && (schema.kind != isNumber || schema.node.text != "1") {
		d.fail(schema, OtherSchema, string(schema.kind)+" "+schema.node.text, "1")
	}
	for _, one := range []struct{ name, what string }{
		{"server", "the server's name"}, {"role", "the server's role"}, {"provider", "the provider's ID"}, {"at", "the time"}, {"version", "what has made it"},
	} {
		a := top.get(one.name)
		if d.need(a, one.what) && d.text(a) == "" && one.name != "role" && one.name != "version" {
			d.fail(a, PropertyValue, "", one.what)
		}
	}
	d.time(top.get("at"))
	if !d.need(top.get("results"), "the list of results") {
		return
	}
	results := d.list(top.get("results"))
	if n := len(results); n < 1 || n > maxResults {
		d.fail(top.get("results"), PropertyValue, fmt.Sprintf("%d results", n), fmt.Sprintf("1 to %d results", maxResults))
		return
	}
	var seen []string
	for _, e := range results {
		connection := checkResult(d, d.object(e))
		if slices.Contains(seen, connection) {
			d.fail(at{e.node, connection}, PropertyTwice, "", "")
		}
		seen = append(seen, connection)
	}
}

// checkResult returns what names the connection.
func checkResult(d *decoder, o at) string {
	host, port := d.text(o.get("host")), int64(0)
	if d.need(o.get("host"), "the host") && host == "" {
		d.fail(o.get("host"), PropertyValue, "", "the host")
	}
	if d.need(o.get("port"), "the port") {
		if port = d.integer(o.get("port")); port < 1 || port > 65535 {
			d.fail(o.get("port"), PropertyValue, fmt.Sprint(port), "1 to 65535")
		}
	}
	protocol := known(d, o.get("protocol"), setup.Protocols, "imap, pop3, smtp or nothing")
	checkKind(d, o.get("kind"))
	known(d, o.get("stage"), probe.Stages, "a stage that this version knows")
	d.text(o.get("line"))
	d.text(o.get("issuer"))
	d.texts(o.get("mechanisms"))
	for _, m := range members(d.object(o.get("ms"))) {
		name := strings.TrimPrefix(m.path, o.get("ms").path+".")
		if !slices.Contains(probe.Stages, probe.Stage(name)) {
			d.fail(m, PropertyValue, name, "a stage that this version knows")
		}
		checkTime(d, m)
	}
	var families []string
	for _, e := range d.list(o.get("families")) {
		f := d.object(e)
		family := d.text(f.get("family"))
		if !slices.Contains([]probe.Family{probe.IPv4, probe.IPv6}, probe.Family(family)) {
			d.fail(f.get("family"), PropertyValue, family, "ipv4 or ipv6")
		}
		if slices.Contains(families, family) {
			d.fail(f.get("family"), PropertyTwice, "", "")
		}
		families = append(families, family)
		if address := d.text(f.get("address")); !isAddress(address) {
			d.fail(f.get("address"), PropertyValue, address, "an IP address")
		}
		checkTime(d, f.get("ms"))
		checkKind(d, f.get("kind"))
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s:%d", protocol, strings.ToLower(host), port))
}

// checkKind refuses a kind of failure that no rule could explain.
func checkKind(d *decoder, a at) {
	known(d, a, probe.Kinds, "a kind of failure that this version knows")
}

func checkTime(d *decoder, a at) {
	if n := d.integer(a); n > maxStage {
		d.fail(a, PropertyValue, fmt.Sprint(n), fmt.Sprintf("0 to %d milliseconds", maxStage))
	}
}

// known is one of a list or nothing.
func known[T ~string](d *decoder, a at, of []T, want string) string {
	s := d.text(a)
	if s != "" && !slices.Contains(of, T(s)) {
		d.fail(a, PropertyValue, s, want)
	}
	return s
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// checkStamp refuses what was made for another setup or at another time.
func checkStamp(d *decoder, top at, want Expect) {
	if made := d.text(top.get("setup")); made != "" && made != string(want.Setup) {
		d.fail(top.get("setup"), OtherSetup, made, "")
	}
	d.age(top.get("at"), d.time(top.get("at")), want)
}

// members are the properties of an object in their order.
func members(a at) []at {
	if a.node == nil {
		return nil
	}
	out := make([]at, len(a.node.members))
	for i, m := range a.node.members {
		out[i] = a.get(m.name)
	}
	return out
}
