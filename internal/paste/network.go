package paste

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"latchkey/internal/probe"
)

// transport translates the words of the usual runtimes into the kinds our own
// connections fail with. The first match on a line counts, so the particular
// stands before the general: a number says the same in every language.
var transport = []struct {
	kind  probe.Kind
	stage probe.Stage
	rank  int
	words *regexp.Regexp
}{
	{probe.TLSWrongName, probe.TLSStage, rankNetwork, words(`ALTNAME_INVALID|does not match certificate|certificate is (?:valid for|not valid for)|hostname.{0,60}doesn.t match|hostname mismatch|no subject alternative|NameMismatch|no alternative certificate subject name|certificate.{0,60}(?:wrong host|different host)|IP address mismatch|ERR_CERT_COMMON_NAME|BAD_CERT_DOMAIN|certificate (?:subject name|owner|common name|for \S+).{0,60}(?:does not|doesn.t) match`)},
	{probe.TLSExpired, probe.TLSStage, rankNetwork, words(`CERT_HAS_EXPIRED|certificate has expired|certificate expired|CertificateExpired|CertificateNotYetValid|(?:certificate|cert|x509).{0,60}not yet valid|NotTimeValid|NotAfter:|CERT_DATE_INVALID|ERROR_EXPIRED_CERTIFICATE`)},
	// A list of what may be the reason says less than a reason.
	{probe.TLSOther, probe.TLSStage, rankNetwork, words(`\bport (?:which|that) does not support (?:SSL|TLS)`)},
	{probe.TLSUnknownAuthority, probe.TLSStage, rankNetwork, words(`PKIX path|valid certification path|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET_ISSUER)|local issuer certificate|self[- ]?signed certificate|unknown authority|CERTIFICATE_VERIFY_FAILED|certificate verify failed|ChainErrors|PartialChain|UntrustedRoot|UNKNOWN_ISSUER|UnknownIssuer|remote certificate (?:is|was) (?:invalid|rejected)|curl: \(60\)|verify error:num|certificate could not be validated|unknown_ca\b|unknown ca\b|trust anchor|not trusted|CERT_AUTHORITY_INVALID|CERT_E_UNTRUSTEDROOT`)},
	{probe.NotTLS, probe.TLSStage, rankNetwork, words(`wrong version number|not look like a TLS|plaintext connection|unexpected packet format|RECORD_TOO_LONG|packet length too long|determine the frame size|SSL routines.{0,40}unknown protocol|http request was sent to HTTPS|InvalidContentType|unsupported or unrecognized SSL message`)},
	{probe.NoSTARTTLS, probe.STARTTLSStage, rankNetwork, words(`STARTTLS (?:is |extension )?(?:required but|not (?:supported|offered|available|advertised))|not (?:support|offer|advertise)\w* (?:the )?STARTTLS|STARTTLS.{0,30}not (?:supported|offered|advertised)`)},
	{probe.NoMechanism, probe.Capability, rankNetwork, words(`no (?:supported |suitable |compatible |worthy )?(?:SASL |authentication )?mech\w*.{0,20}(?:available|found|supported)|no worthy mechs|AUTH extension not supported|authentication mechanism.{0,20}not supported|(?:not|n.t) support(?:ed)? (?:the )?(?:authentication|AUTH=?)\b|not advertise auth|no authentication mechanisms|XOAUTH2.{0,20}not (?:supported|offered|advertised)|\bmechanisms?(?:\(s\))? (?:is |are )?not (?:available|supported|offered)`)},
	{probe.DNSFailed, probe.Resolve, rankNetwork, winsock(`1100[23]`, `WSATRY_AGAIN|WSANO_RECOVERY`)},
	{probe.NoSuchHost, probe.Resolve, rankNetwork, winsock(`1100[14]`, `WSAHOST_NOT_FOUND|WSANO_DATA`)},
	{probe.Refused, probe.Dial, rankNetwork, winsock(`10061`, `WSAECONNREFUSED`)},
	{probe.Unreachable, probe.Dial, rankNetwork, winsock(`10013|10049|10051|10065`, `WSAEACCES|WSAENETUNREACH|WSAEHOSTUNREACH`)},
	{probe.Timeout, probe.Dial, rankNetwork, winsock(`10060`, `WSAETIMEDOUT`)},
	{probe.Reset, probe.Dial, rankVague, winsock(`1005[34]`, `WSAECONNRESET|WSAECONNABORTED`)},
	{probe.DNSFailed, probe.Resolve, rankNetwork, words(`EAI_AGAIN|temporary failure in name resolution|server misbehaving|SERVFAIL|Host not found, try again|lookup [^ ]+(?: on [^ ]+)?: .*(?:timeout|refused)|DNS (?:query|lookup|resolution|request) (?:timed|failed)|^\*\*\* Request to \S+ timed|type=\w+: Host not found, try`)},
	{probe.NoSuchHost, probe.Resolve, rankNetwork, words(`UnknownHost|ENOTFOUND|no such host|name or service not known|nodename nor servname|getaddrinfo.{0,8}fail|no address associated|could not resolve|couldn.t resolve|curl: \(6\)|NXDOMAIN|host not found|name does not resolve|unknown host|Temporary DNS|name lookup fail|NAME_NOT_RESOLVED|name resolution of \S+ failed|^\*\*\* \S+ can.t find \S+: |Non-existent domain|remote name could not be resolved|Remotename konnte nicht aufgel|Host ist unbekannt`)},
	{probe.Refused, probe.Dial, rankNetwork, words(`ECONNREFUSED|connection[ _]refused|actively refused|refused the connection|errno=111\b|\S refused to connect\.?\s*$`)},
	{probe.Unreachable, probe.Dial, rankNetwork, words(`ENETUNREACH|EHOSTUNREACH|no route to host|NoRouteToHost|network (?:is )?unreachable|host (?:is )?(?:unreachable|down)|unreachable (?:host|network)|forbidden by its access permissions|ADDRESS_UNREACHABLE|errno=(?:101|113)\b|INTERNET_DISCONNECTED`)},
	{probe.TLSOther, probe.TLSStage, rankVague, words(`SSLHandshakeException|handshake.?fail|handshake error|alert protocol version|unsupported protocol|no appropriate protocol|curl: \(35\)|SSL_ERROR_SYSCALL|SSLException|SSLError|dh key too small|EPROTO\b|AuthenticationException: .{0,40}SSPI|could not create SSL|SSL connection could not be established|ssl3?_(?:read|get)|bad record mac|tls: |TLS negotiation fail|upgrade to TLS fail|(?:SSL|TLS) connection fail|SSL connect error|secure channel|SslStream|UNEXPECTED_EOF_WHILE|SSL_PROTOCOL_ERROR|VERSION_OR_CIPHER_MISMATCH`)},
	{probe.Timeout, probe.Dial, rankNetwork, words(`ETIMEDOUT|errno=110\b|ETIMEOUT|SOCKETTIMEDOUT|timed[ _-]?out|i/o timeout|deadline exceeded|TimeoutE|TimeoutError|Timeout::|curl: \(28\)|failed to respond|(?:Open|Read)Timeout|execution expired|greeting never received|(?:connection|connect|socket|read|response|idle|network|greeting) time-?out|no response from server|did not respond`)},
	{probe.Reset, probe.Dial, rankVague, words(`ECONNRESET|errno=104\b|connection[ _](?:was )?reset|CONNECT_RESET|reset by peer|forcibly closed|socket hang up|ECONNABORTED|connection (?:was )?aborted|established connection was aborted|lost connection with`)},
	{probe.Closed, probe.Greeting, rankVague, words(`unexpected EOF|: EOF\b|EOFException|EOFError|EPIPE|broken pipe|connection[ _](?:was )?(?:unexpectedly )?(?:closed|dropped|lost)|closed (?:the )?connection|unexpected socket close|disconnected unexpectedly|unexpectedly disconnected|socket (?:is |was )?closed|connection dropped|Premature close|EMPTY_RESPONSE`)},
	// What says that no connection came, and not why: a refusal and a packet
	// that is lost read the same.
	{probe.NoConnection, probe.Dial, rankVague, words(`\bTcpTestSucceeded\s*:\s*False|\bTCP connect to .{0,80} failed|connect failed\s*$`)},
	{probe.NoConnection, probe.Dial, rankGuess, words(`curl: \(7\)|failed to connect to|couldn.t connect to (?:host|server)|could not connect to|unable to connect|cannot connect to|connect(?:ion)? failed`)},
}

// winsock finds Windows' own numbers and names of socket errors: its sentences
// are in the language of the computer. A number counts behind a word for an
// error in any of our languages, or alone in brackets.
func winsock(numbers, names string) *regexp.Regexp {
	return words(`(?:(?:error|fehler|erreur|errore|erro|exception|errno|socket|code|WSA|エラー|错误|コード|代码)\w*(?:\W{0,4}(?:code|nr|no|number|nummer)\b\.?)?\W{0,4}|[(\[]\s?)(?:` +
		numbers + `)(?:[^0-9.]|\.?\s*$)|\b(?:` + names + `)\b`)
}

func words(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + pattern) }

var errLine = errors.New("the connection failed")

// commonRead marks a timeout after the connection stood.
var commonRead = regexp.MustCompile(`(?i)read timed|read timeout|ReadTimeout|while (?:waiting|authenticating|logging|reading)|response time|idle`)

// readNetwork finds the failures below the protocols.
func (r *reader) readNetwork() {
	for i := range r.lines {
		l := &r.lines[i]
		if l.used || len(l.text) > 8000 {
			continue
		}
		for _, t := range transport {
			if !t.words.MatchString(l.text) {
				continue
			}
			stage := t.stage
			if t.kind == probe.Timeout && commonRead.MatchString(l.text) {
				stage = probe.Greeting
			}
			target := r.networkTarget(i)
			line := oneLine(l.text, maxQuoted)
			r.see(Sighting{
				Phase: PhaseNetwork, Text: line, Program: true, rank: t.rank, at: l.at,
				Err: &probe.Error{Target: target, Stage: stage, Kind: t.kind, Reply: probe.Reply{Line: line}, Err: errLine},
			})
			l.used = true
			r.skipReasons(i)
			break
		}
	}
}

// networkTarget is the server that a failure below the protocols is about.
func (r *reader) networkTarget(i int) probe.Target {
	target := r.target(i, r.networkProtocol(i))
	if label, _, _ := strings.Cut(target.Host, "."); target.Protocol == probe.TCP && signInHost.MatchString(label) {
		target.Protocol, target.Port = probe.HTTPS, 443
	}
	return target
}

var (
	reasonsFollow = regexp.MustCompile(`(?i)\b(?:reasons?|causes?|following)\b[^.]*:\s*$`)
	numberedLine  = regexp.MustCompile(`^\s*(?:[0-9]{1,2}[.)]|[-*•])\s`)
)

// skipReasons passes over the possible reasons that a program lists below its
// message: none of them was seen.
func (r *reader) skipReasons(i int) {
	if !reasonsFollow.MatchString(r.lines[i].text) {
		return
	}
	for j := i + 1; j < len(r.lines) && numberedLine.MatchString(r.lines[j].text); j++ {
		r.lines[j].used = true
	}
}

// networkProtocol prefers what the line itself says: a failed token request
// stands in many a mail log.
func (r *reader) networkProtocol(i int) probe.Protocol {
	l := r.lines[i]
	if own := protocolOf(l.text); own != "" {
		return own
	}
	if talksWeb.MatchString(l.text) || webPort.MatchString(l.text) || l.protocol == "" && talksWeb.MatchString(r.around(i, 4)) {
		return probe.HTTPS
	}
	if l.protocol != "" {
		return l.protocol
	}
	return probe.TCP
}

var (
	signInHost = regexp.MustCompile(`^(?:login|sts|accounts?|auth|oauth2?|idp|sso)`)
	webPort    = regexp.MustCompile(`(?:[\]a-z0-9]:|(?i:port)\W{0,4})443\b`)
	hostPort   = regexp.MustCompile(`(?i)((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})(?:\.)?(?:["'/\])]?[/(\[]?[0-9a-f.:]*[\])]?)?(?::| ?, ?(?:port)?[ =:"']{0,4}|["']? (?:on )?port ?)([0-9]{2,5})\b`)
	hostName   = regexp.MustCompile(`(?i)(?:^|[^A-Za-z0-9_.@/\\$-]|://|host(?:name)?["' ]?[=:]["' ]?)((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})(?:[^A-Za-z0-9_.(@=-]|\.?$|\. |\.\.)`)
	portName   = regexp.MustCompile(`(?i)\b(?:remote)?port["']?\s*\W{1,4}([0-9]{2,5})\b`)
	// wantedName is the name that was asked for, where a certificate has others.
	wantedName = regexp.MustCompile(`(?i)(?:, not |not valid for ["']?|name matching |match\w* target host ?name ["']?|\bhostname,? ["']|certificate for <|match hostname ["']?|\bHost: )((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})`)
)

// notHost are the beginnings and ends of dotted names that are program code
// or files.
var notHost = regexp.MustCompile(`^mail\.(?:smtps?|imaps?|pop3s?|transport|store)\.|^(?:com|org|net|io|java|javax|jakarta|sun|jdk|kotlin|scala|groovy|system|microsoft|mailkit|urllib3|requests|msal|spring|imaplib|smtplib|poplib|socket|ssl|self|this|node|process)\.|\.(?:java|py|js|ts|php|go|rb|cs|cpp|html?|log|json|txt|xml|conf|cfg|so|dll|exe|jar|lock|yml|yaml|toml|md|mjs|cjs|kt|rs|pm|pl|sh|ps1|error|exception)$`)

// helpLink is where a message sends its reader. Nobody was connecting there.
var helpLink = regexp.MustCompile(`(?i)\b(?:visit|see|refer to|read|learn more|more (?:information|info|details)|help|troubleshoot\w*)\b[^\n]{0,30}?https?://[^\s"'<>\\]+|https?://(?:aka\.ms|go\.microsoft\.com|(?:learn|docs|support)\.[a-z]+\.com)[^\s"'<>\\]*`)

// target is the server a line speaks of, as far as the line or its neighbours
// name one.
func (r *reader) target(i int, p probe.Protocol) probe.Target {
	t := probe.Target{Protocol: p}
	if wanted := group1(wantedName, r.lines[i].text); isHost(wanted) {
		t.Host = strings.ToLower(wanted)
	}
	for _, n := range []int{0, 2, 12} {
		if n > 2 && p == probe.HTTPS {
			break // the mail server's name is not the sign-in service's
		}
		text := helpLink.ReplaceAllString(r.around(i, n), " ")
		if p == probe.IMAP || p == probe.POP3 || p == probe.SMTP {
			text = address.ReplaceAllString(text, " ") // a page is no mail server
		}
		for _, m := range hostPort.FindAllStringSubmatch(text, -1) {
			host := strings.ToLower(m[1])
			if (t.Host == "" || t.Host == host && t.Port == 0) && isHost(m[1]) && fits(p, m[1], m[2]) {
				t.Host = host
				t.Port, _ = strconv.Atoi(m[2])
			}
		}
		for _, m := range hostName.FindAllStringSubmatch(text, -1) {
			if t.Host == "" && isHost(m[1]) && fits(p, m[1], "") {
				t.Host = strings.ToLower(m[1])
			}
		}
		if port, err := strconv.Atoi(group1(portName, text)); err == nil && t.Port == 0 && fits(p, "", group1(portName, text)) {
			t.Port = port
		}
		if t.Host != "" {
			break
		}
	}
	if t.Port > 65535 {
		t.Port = 0
	}
	if t.Port == 0 && p == probe.HTTPS {
		t.Port = 443
	}
	r.note("host", t.Host)
	if t.Port != 0 {
		r.note("port", strconv.Itoa(t.Port))
	}
	return t
}

func isHost(name string) bool {
	if notHost.MatchString(strings.ToLower(name)) || len(name) > 253 {
		return false
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last == strings.ToLower(last) || name == strings.ToUpper(name)
}

// fits keeps the name of a server of another protocol away.
func fits(p probe.Protocol, host, port string) bool {
	if of, known := protocolOfPort[port]; known && p != probe.TCP && of != p {
		return false
	}
	label, _, _ := strings.Cut(strings.ToLower(host), ".")
	switch {
	case strings.HasPrefix(label, "imap"):
		return p == probe.IMAP || p == probe.TCP
	case strings.HasPrefix(label, "pop"):
		return p == probe.POP3 || p == probe.TCP
	case strings.HasPrefix(label, "smtp"):
		return p == probe.SMTP || p == probe.TCP
	case strings.HasPrefix(label, "login"):
		return p == probe.HTTPS || p == probe.TCP
	}
	return true
}
