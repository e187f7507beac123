package paste

import (
	"regexp"

	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

// Words of programs that do not pass on what the server said.
var (
	loginFailed = regexp.MustCompile(`(?i)\bauth(?:entication|enticate|orization)?\b.{0,40}(?:fail|unsuccess|denied|refused|reject|invalid|incorrect|error)|(?:log[io]n|sign[- ]?in|credentials?|password).{0,40}(?:fail|invalid|incorrect|denied|refused|reject|wrong)|(?:could not|cannot|can.t|unable to|failed to) (?:log ?in|login|sign in|authenticate)|AuthenticationFailed|EAUTH\b|\bdisabled for the\b`)
	complaint   = regexp.MustCompile(`(?i)error|fail|refus|denied|reject|unable|cannot|could not|can't|exception|not (?:connected|allowed|permitted|found|authori[sz]ed|enabled|supported)|disabled|blocked|limit|throttl|exceeded|unavailable|expired|invalid|unsuccess|"schemes": ?"Bearer"`)
)

// readGuesses looks at what nothing else has read: a program's own words for a
// refusal, and half-copied lines. Such a sighting tells least.
func (r *reader) readGuesses() {
	for i := range r.lines {
		l := &r.lines[i]
		if l.used || len(l.text) > 8000 || !complaint.MatchString(l.text) {
			continue
		}
		protocols := []probe.Protocol{l.protocol}
		named := l.protocol != "" && l.protocol != probe.HTTPS
		if !named {
			if len(r.found) > 0 || len(r.lines) > 6 {
				continue
			}
			protocols = []probe.Protocol{probe.IMAP, probe.POP3, probe.SMTP}
		}
		for _, p := range protocols {
			r.guess(i, p, named)
		}
	}
	// Perhaps the sign-in page, which need not name a number, and which names the
	// protocols in its list of permissions.
	words := oneLine(r.text, MaxText)
	r.see(Sighting{Phase: PhaseAuthorize, Err: &oauth.Error{Endpoint: oauth.Authorize, Description: words}, Text: words})
}

// guess reads line i as a refusal of p, in the stage its words fit. Where the
// text does not name the protocol, only the words may speak: a status or a
// stage would make a refusal of anything.
func (r *reader) guess(i int, p probe.Protocol, named bool) {
	text := oneLine(r.continued(i, r.lines[i].text), 1000)
	reply := probe.Reply{Line: text, Text: text}
	var stage probe.Stage
	if named && loginFailed.MatchString(text) {
		stage = probe.Authenticate
		switch p {
		case probe.IMAP:
			reply.Status = "NO"
		case probe.POP3:
			reply.Status = "-ERR"
		case probe.SMTP:
			reply.Code = 535
		}
	}
	r.refused(i, p, stage, "", reply, rankGuess)
	said := &r.found[len(r.found)-1]
	said.Login = loginFailed.MatchString(text)
	if said.Login {
		said.Mechanism = mechanism(text)
	}
	if !named {
		said.Phase = ""
	}
}
