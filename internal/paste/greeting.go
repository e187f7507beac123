package paste

import (
	"regexp"

	"latchkey/internal/probe"
)

// wrongGreeting is a program that tells how the server began, and that it is
// none of its protocol. What stands before the server's words says what the
// program speaks.
var wrongGreeting = regexp.MustCompile(`(?i)^(.*\b(?:invalid|unexpected|unknown|bad|wrong|unrecogni[sz]ed|strange)\b.{0,20}\b(?:banner|greeting|response|reply|answer|data)\b[^:]{0,40}: ?["'` + "`" + `]?)(220[ -].*|\* OK .*|\+OK .*|HTTP/1\.[01] .*|SSH-.*)$`)

// readGreetings finds what answers in place of the server.
func (r *reader) readGreetings() {
	for i := range r.lines {
		l := &r.lines[i]
		m := wrongGreeting.FindStringSubmatch(l.text[:min(len(l.text), 8000)])
		if l.used || m == nil {
			continue
		}
		protocol := protocolOf(m[1])
		if protocol == "" {
			protocol = l.protocol
		}
		if protocol == "" {
			continue
		}
		l.used = true
		reply := probe.Reply{Line: oneLine(m[2], maxQuoted)}
		r.see(Sighting{
			Phase: Phase(protocol), Text: oneLine(l.text, maxQuoted), Program: true, rank: rankReply, at: l.at,
			Err: &probe.Error{Target: r.target(i, protocol), Stage: probe.Greeting, Kind: probe.ProtocolError, Reply: reply, Err: errSaid},
		})
	}
}
