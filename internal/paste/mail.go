package paste

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"latchkey/internal/probe"
)

var errSaid = errors.New("the server refused")

// Words that tell which protocol a line is about.
var (
	talksIMAP = regexp.MustCompile(`(?i)imap`)
	talksPOP3 = regexp.MustCompile(`(?i)pop3|\bpop\b|poplib|\+OK\b|-ERR\b`)
	talksSMTP = regexp.MustCompile(`(?i)e?smtp|postfix|sendmail|msmtp|nodemailer|phpmailer|\bEHLO\b|MAIL FROM|RCPT TO|\bsaid: [45][0-9]{2}`)
	talksWeb  = regexp.MustCompile(`(?i)https?://|\boauth|/token\b|\btoken (?:endpoint|request)|//login\.`)
)

// near is how many lines a protocol's name reaches.
const near = 30

// guessProtocols gives each line the protocol that it names, else the nearest
// one named above, else the nearest below.
func (r *reader) guessProtocols() {
	for i := range r.lines {
		r.lines[i].protocol = protocolOf(r.lines[i].text)
	}
	fill := func(i int, last *probe.Protocol, since *int) {
		if own := r.lines[i].protocol; own != "" {
			*last, *since = own, i
		} else if *last != "" && max(i-*since, *since-i) <= near {
			r.lines[i].protocol = *last
		}
	}
	var last probe.Protocol
	since := 0
	for i := range r.lines {
		fill(i, &last, &since)
	}
	last = ""
	for i := len(r.lines) - 1; i >= 0; i-- {
		fill(i, &last, &since)
	}
}

func protocolOf(text string) probe.Protocol {
	switch {
	case smtpFull.MatchString(text):
		return probe.SMTP
	case talksIMAP.MatchString(text) && !talksSMTP.MatchString(text):
		return probe.IMAP
	case talksPOP3.MatchString(text):
		return probe.POP3
	case talksSMTP.MatchString(text):
		return probe.SMTP
	case talksIMAP.MatchString(text):
		return probe.IMAP
	}
	return byPort(text)
}

var portWord = regexp.MustCompile(`(?i)(?:[\]a-z0-9]:|port["']?\s*\W{0,4}|, )(993|143|995|110|587|465|2525)\b`)

func byPort(text string) probe.Protocol {
	return protocolOfPort[group1(portWord, text)]
}

var protocolOfPort = map[string]probe.Protocol{
	"993": probe.IMAP, "143": probe.IMAP, "995": probe.POP3, "110": probe.POP3,
	"587": probe.SMTP, "465": probe.SMTP, "2525": probe.SMTP, "25": probe.SMTP, "443": probe.HTTPS,
}

// The answers of the three protocols, wherever on a line they stand: RFC 9051
// §7.1, RFC 1939 §3, RFC 5321 §4.2, RFC 2034 §4.
var (
	imapTagged = regexp.MustCompile(`(?:^|[\s<>'"` + "`" + `:(\[])([A-Za-z]{0,8}[0-9]{1,8}|\*) (NO|BAD|BYE)\b ?(.*)`)
	imapBare   = regexp.MustCompile(`(?:^|[:'"` + "`" + `(>\]] ?)(NO|BAD|BYE) ((?:\[[A-Z-]+\] ?)?[A-Z].*)`)
	// A program's own sentence around the status: "unexpected BYE response: ...".
	imapSpoken = regexp.MustCompile(`\b(NO|BAD|BYE) (?i:response|reply|answer)\b(?i: received| from server)?:? ?["']?(.*)`)
	imapSaid   = regexp.MustCompile(`(?i)["']?([A-Z]+)["']? command with an? ["']?(NO|BAD|BYE)["']? response:? ?(.*)`)
	imapField  = regexp.MustCompile(`(?i)(?:response_?)?(?:status|type)["']?\s*(?:=>|[=:])\s*["']?(NO|BAD|BYE)\b`)
	imapFailed = regexp.MustCompile(`(?:^|[^A-Za-z])((?:AUTHENTICATE|LOGIN|SELECT|EXAMINE|LIST|LSUB|NAMESPACE|STATUS|FETCH|APPEND|IDLE|SEARCH|NOOP)(?: [A-Z0-9-]+)? (?:failed|error|not permitted|disabled)\b.*)`)
	imapClass  = regexp.MustCompile(`\b(?:\w*\.)*(?:(No)|(Bad))(?:Response|Command)?(?:Error|Exception|Response)?\b["')]*[:( ]+["']?([^"'\n]{4,}?)["')]*$`)
	popRefused = regexp.MustCompile(`-ERR\b[ :]?(.*)`)
	smtpFull   = regexp.MustCompile(`(?:^|[^0-9.])([245][0-5][0-9])(-?)[ ,:)#-]{0,3}(?:Msg: )?(?:b?['"]|\()?#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[\s:;,)-]+|$)(.*)`)
	smtpBare   = regexp.MustCompile(`(?:^|[\s:>"'(\[=])([45][0-5][0-9])(?:, b?['"]|[ -]["']?|: )([A-Za-z].*)`)
	smtpField  = regexp.MustCompile(`(?i)(?:response_?code|smtp_?code|smtp_?status|retcode|smtp_error)\W{1,6}([45][0-5][0-9])\b`)
	smtpStatus = regexp.MustCompile(`(?:^|[^0-9.])([45]\.[0-9]{1,3}\.[0-9]{1,3})[\s:;,)]+["']?([A-Za-z].*)`)
	smtpDSN    = regexp.MustCompile(`(?i)(?:dsn=|status:? ?|status code:? ?|diagnostic-code:.*|#)\s?([45]\.[0-9]{1,3}\.[0-9]{1,3})`)
)

// The client's commands, as transcripts and libraries name them.
var (
	imapCommand = regexp.MustCompile(`\b([A-Za-z]{0,8}[0-9]{1,8}) (CAPABILITY|ID|STARTTLS|AUTHENTICATE|LOGIN|ENABLE|NAMESPACE|LIST|LSUB|XLIST|STATUS|SELECT|EXAMINE|UID FETCH|UID SEARCH|FETCH|SEARCH|UID|IDLE|NOOP|APPEND|CREATE|CHECK|CLOSE|LOGOUT)\b`)
	lineCommand = regexp.MustCompile(`(?:^|[>:'"\]] ?)(EHLO|HELO|STARTTLS|STLS|AUTH|USER|PASS|CAPA|STAT|LIST|RETR|TOP|UIDL|MAIL FROM|RCPT TO|DATA|BDAT|QUIT)\b`)
	saidCommand = regexp.MustCompile(`(?i)in reply to (?:end of )?([A-Z]+(?: FROM| TO)?) command|command[:=]?["']?\s*[:=]?\s*["']([A-Z]+(?: FROM| TO)?)\b|["']([A-Z]+)["'] command`)
)

// stageOf says in which stage of our own conversations a command stands.
func stageOf(command string) probe.Stage {
	word, _, _ := strings.Cut(strings.ToUpper(command), " ")
	switch word {
	case "CAPABILITY", "CAPA", "EHLO", "HELO", "ID":
		return probe.Capability
	case "STARTTLS", "STLS":
		return probe.STARTTLSStage
	case "AUTHENTICATE", "AUTH", "LOGIN", "USER", "PASS":
		return probe.Authenticate
	case "MAIL", "RCPT", "DATA", "BDAT":
		return probe.SendStage
	case "SEARCH":
		return probe.Search
	case "LOGOUT", "QUIT":
		return probe.Logout
	case "":
		return ""
	}
	return probe.Open
}

// conversation is what is known while the lines are read in their order.
type conversation struct {
	commands map[string]string // by tag
	tagged   int               // line of the last command that only IMAP has, -1 for none
	last     string
	lastLine int
	// mechanism is the last one that was named.
	mechanism     string
	mechanismLine int
}

// command is what the answer on line i refuses: named by the answer's tag, by
// the line or its neighbours, or the last one before it.
func (r *reader) command(c *conversation, i int, tag string) string {
	if named := c.commands[tag]; tag != "" && named != "" {
		return named
	}
	for j := i; j < min(len(r.lines), i+7); j++ {
		for k, m := 1, saidCommand.FindStringSubmatch(r.lines[j].text); k < len(m); k++ {
			if m[k] != "" {
				return strings.ToUpper(m[k])
			}
		}
	}
	if i-c.lastLine <= near {
		return c.last
	}
	return ""
}

// readMail finds the refusals of mail servers.
func (r *reader) readMail() {
	c := &conversation{commands: map[string]string{}, tagged: -1}
	for i := range r.lines {
		l := &r.lines[i]
		if l.used || len(l.text) > 8000 {
			continue
		}
		if m := mechanism(l.text); m != "" {
			c.mechanism, c.mechanismLine = m, i
		}
		reply, tag, ok := r.refusal(i)
		if !ok {
			if m := imapCommand.FindStringSubmatch(l.text); m != nil {
				c.commands[m[1]], c.last, c.lastLine = m[2], m[2], i
				if onlyIMAP.MatchString(m[2]) {
					c.tagged = i
				}
				r.protocolIs(i, probe.IMAP)
			} else if m := lineCommand.FindStringSubmatch(l.text); m != nil {
				c.last, c.lastLine = m[1], i
			}
			continue
		}
		l.used = true
		if reply.Status == "-ERR" && c.tagged >= 0 && i-c.tagged <= 3 {
			r.foreign(i, reply)
			continue
		}
		if reply.Status == "BYE" && r.closes(i, reply) {
			continue
		}
		command := r.command(c, i, tag)
		protocol := l.protocol
		stage := stageOf(command)
		if stage == "" || protocol != probe.SMTP && stage == probe.SendStage || protocol == probe.SMTP && stage == probe.Open {
			stage, command = stageByReply(protocol, reply), ""
		}
		r.refused(i, protocol, stage, command, reply, rankReply)
		if stage == probe.Authenticate {
			r.found[len(r.found)-1].Mechanism = r.mechanismAt(c, i)
		}
	}
}

func (r *reader) protocolIs(i int, p probe.Protocol) { r.lines[i].protocol = p }

// refused adds a sighting of a server that said no.
func (r *reader) refused(i int, protocol probe.Protocol, stage probe.Stage, command string, reply probe.Reply, rank int) {
	target := r.target(i, protocol)
	r.see(Sighting{
		Phase: Phase(protocol), Command: command, Text: reply.Line, rank: rank, at: r.lines[i].at,
		Err: &probe.Error{Target: target, Stage: stage, Kind: probe.RefusedByServer, Reply: reply, Err: errSaid},
	})
}

// onlyIMAP are commands that POP3 and SMTP do not have.
var onlyIMAP = regexp.MustCompile(`^(?:CAPABILITY|ID|AUTHENTICATE|LOGIN|LOGOUT|SELECT|EXAMINE|NAMESPACE)$`)

// foreign adds a sighting of a client that speaks IMAP to a server of POP3.
func (r *reader) foreign(i int, reply probe.Reply) {
	r.see(Sighting{
		Phase: PhaseIMAP, Text: reply.Line, rank: rankReply, at: r.lines[i].at,
		Err: &probe.Error{Target: r.target(i, probe.IMAP), Stage: probe.Greeting, Kind: probe.ProtocolError, Reply: reply, Err: errSaid},
	})
}

// closes adds a BYE to the refusal before it: the same story's end.
func (r *reader) closes(i int, reply probe.Reply) bool {
	if len(r.found) == 0 {
		return false
	}
	last := &r.found[len(r.found)-1]
	var pe *probe.Error
	if !errors.As(last.Err, &pe) || pe.Target.Protocol != probe.IMAP || pe.Reply.Bye != "" || strings.Count(r.text[last.at:r.lines[i].at], "\n") > 8 {
		return false
	}
	pe.Reply.Bye = reply.Text
	return true
}

// refusal reads one line as a server's no, in whatever frame a program put it.
func (r *reader) refusal(i int) (reply probe.Reply, tag string, ok bool) {
	l := &r.lines[i]
	text := l.text
	if m := popRefused.FindStringSubmatch(text); m != nil {
		r.protocolIs(i, probe.POP3)
		return replyOf("-ERR", r.continued(i, m[1])), "", true
	}
	if reply, ok := r.smtpReply(i); ok {
		r.protocolIs(i, probe.SMTP)
		return reply, "", true
	}
	if l.protocol != probe.SMTP && l.protocol != probe.POP3 || imapTagged.MatchString(text) && !smtpBare.MatchString(text) {
		if reply, tag, ok := r.imapReply(i); ok {
			r.protocolIs(i, probe.IMAP)
			return reply, tag, true
		}
	}
	return probe.Reply{}, "", false
}

func (r *reader) imapReply(i int) (probe.Reply, string, bool) {
	text := r.lines[i].text
	if m := imapTagged.FindStringSubmatch(text); m != nil && (m[3] != "" || m[1] != "*") {
		return replyOf(m[2], r.continued(i, m[3])), m[1], true
	}
	if m := imapSaid.FindStringSubmatch(text); m != nil {
		return replyOf(strings.ToUpper(m[2]), r.continued(i, m[3])), "", true
	}
	if m := imapSpoken.FindStringSubmatch(text); m != nil {
		return replyOf(m[1], r.continued(i, m[2])), "", true
	}
	if m := imapBare.FindStringSubmatch(text); m != nil {
		return replyOf(m[1], r.continued(i, m[2])), "", true
	}
	if m := imapField.FindStringSubmatch(text); m != nil && r.lines[i].protocol == probe.IMAP {
		if said := group1(saidText, r.around(i, 3)); said != "" {
			return replyOf(strings.ToUpper(m[1]), said), "", true
		}
	}
	if r.lines[i].protocol == probe.IMAP {
		if m := imapClass.FindStringSubmatch(text); m != nil && imapFailure.MatchString(text) {
			status := "NO"
			if m[2] != "" {
				status = "BAD"
			}
			return replyOf(status, m[3]), "", true
		}
	}
	if m := imapFailed.FindStringSubmatch(text); m != nil {
		return replyOf("NO", r.continued(i, m[1])), "", true
	}
	return probe.Reply{}, "", false
}

var (
	saidText    = regexp.MustCompile(`(?i)(?:response_?text|server_?response|text|message)["']?\s*(?:=>|[=:])\s*["']([^"'\n]{4,300})["']`)
	imapFailure = regexp.MustCompile(`(?i)(?:No|Bad)(?:Response|Command|Error|Exception)|\bNo Response\b|\bBad Response\b`)
)

// quoteEnd is where a program's own frame goes on behind the server's words.
var quoteEnd = regexp.MustCompile(`(?:\\r\\n)?["'` + "`" + `]\s*(?:[,;)}\]].*)?$|\s*\(in reply to .*$|;?\s+nested exception.*$`)

// replyOf makes the reply that our own parsers would have made of the line.
func replyOf(status, text string) probe.Reply {
	text = oneLine(quoteEnd.ReplaceAllString(text, ""), 1000)
	reply := probe.Reply{Status: status, Text: text, Line: strings.TrimSpace(status + " " + text)}
	if m := responseCode.FindStringSubmatch(text); m != nil {
		reply.RespCode, reply.Text = m[1], strings.TrimSpace(m[2])
	}
	return reply
}

var responseCode = regexp.MustCompile(`^\[([A-Z][A-Z/-]+)[^\]]*\] ?(.*)$`)

// smtpReply reads the code, the enhanced code and the text; the lines of one
// reply are joined.
func (r *reader) smtpReply(i int) (probe.Reply, bool) {
	text := r.lines[i].text
	if m := smtpFull.FindStringSubmatch(text); m != nil && m[1][0] == m[3][0] {
		if m[1][0] == '2' {
			return probe.Reply{}, false
		}
		words := r.continued(i, m[4])
		if m[2] == "-" {
			words += r.more(i, m[1])
		}
		return smtpReplyOf(m[1], m[3], words), true
	}
	if r.lines[i].protocol != probe.SMTP {
		return probe.Reply{}, false
	}
	enhanced := group1(smtpDSN, text)
	if m := smtpBare.FindStringSubmatch(text); m != nil && !statusLine.MatchString(text) && complaint.MatchString(text) {
		return smtpReplyOf(m[1], enhanced, r.continued(i, m[2])+r.more(i, m[1])), true
	}
	if m := smtpStatus.FindStringSubmatch(text); m != nil {
		return smtpReplyOf(group1(smtpField, r.around(i, 3)), m[1], r.continued(i, m[2])), true
	}
	if enhanced != "" {
		return smtpReplyOf(group1(smtpField, r.around(i, 3)), enhanced, text), true
	}
	return probe.Reply{}, false
}

// statusLine is an HTTP answer beside a mail log.
var statusLine = regexp.MustCompile(`HTTP/[0-9.]+ [0-9]{3}|(?i)\bhttp status`)

// more joins the further lines of a reply whose first line had a hyphen.
func (r *reader) more(i int, code string) string {
	var b strings.Builder
	next := regexp.MustCompile(`(?:^|[^0-9.])` + code + `[- ](?:[245]\.[0-9]{1,3}\.[0-9]{1,3} ?)?(.*)`)
	for j := i + 1; j < min(len(r.lines), i+6); j++ {
		m := next.FindStringSubmatch(r.lines[j].text)
		if m == nil {
			break
		}
		r.lines[j].used = true
		b.WriteString(" " + m[1])
	}
	return b.String()
}

func smtpReplyOf(code, enhanced, text string) probe.Reply {
	text = oneLine(quoteEnd.ReplaceAllString(text, ""), 1000)
	n, _ := strconv.Atoi(code)
	line := strings.Join(strings.Fields(code+" "+enhanced+" "+text), " ")
	return probe.Reply{Code: n, Enhanced: enhanced, Text: text, Line: line}
}

// continued adds the next line where a console or a mail has wrapped a long
// one: it goes on in small letters.
func (r *reader) continued(i int, text string) string {
	if len(r.lines[i].text) < 50 || i+1 >= len(r.lines) || wrapEnd.MatchString(text) {
		return text
	}
	next := strings.TrimLeft(r.lines[i+1].text, " \t>|")
	if !wrapped.MatchString(next) || imapTagged.MatchString(next) || smtpFull.MatchString(next) {
		return text
	}
	r.lines[i+1].used = true
	return text + " " + next
}

var (
	wrapped = regexp.MustCompile(`^[a-z][A-Za-z]* |^(?:Tenant|Mailbox|Contact|Visit)\b`)
	wrapEnd = regexp.MustCompile(`[.!)\]}"']\s*$`)
)

// stageByReply tells the stage from the answer alone.
func stageByReply(p probe.Protocol, reply probe.Reply) probe.Stage {
	switch {
	case p == probe.SMTP:
		return smtpStage(reply)
	case loginWords.MatchString(reply.Text):
		return probe.Authenticate
	case p == probe.POP3:
		return probe.Authenticate // what has no command named is nearly always the login
	}
	if m := imapFailed.FindStringSubmatch(reply.Text); m != nil {
		return stageOf(m[1])
	}
	return probe.Open
}

var loginWords = regexp.MustCompile(`\bAUTHENTICATE\b|\bLOGIN\b|(?i)\bauthentication\b|\blog[io]n fail|credential|password`)

// smtpStage: 534, 535 and 538 answer AUTH only (RFC 4954 §6); 530 and
// everything about a sender or recipient comes later.
func smtpStage(reply probe.Reply) probe.Stage {
	switch {
	case reply.Code == 534, reply.Code == 535, reply.Code == 538, reply.Code == 504, reply.Code == 334:
		return probe.Authenticate
	case reply.Code == 501 && loginWords.MatchString(reply.Text), reply.Code == 0 && strings.HasPrefix(reply.Enhanced, "5.7.13"):
		return probe.Authenticate
	case reply.Code == 0 && loginWords.MatchString(reply.Text):
		return probe.Authenticate
	case reply.Code == 421 || reply.Code == 220:
		return probe.Greeting
	case reply.Code == 454 && strings.Contains(strings.ToUpper(reply.Text), "TLS"):
		return probe.STARTTLSStage
	case reply.Code == 454:
		return probe.Authenticate
	}
	return probe.SendStage
}
