package paste

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/oauth"
	"latchkey/internal/setup"
)

// The marks by which an answer of a sign-in service is recognised. Error words:
// RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, RFC 8628 §3.5,
// RFC 6750 §3.1.
var (
	errorWord = regexp.MustCompile(`\b(invalid_grant|invalid_client|invalid_request|invalid_scope|invalid_resource|invalid_target|invalid_token|unauthorized_client|` +
		`unsupported_grant_type|unsupported_response_type|access_denied|server_error|temporarily_unavailable|interaction_required|login_required|` +
		`account_selection_required|consent_required|authorization_pending|slow_down|expired_token|insufficient_scope|bad_verification_code)\b`)
	errorField = regexp.MustCompile(`(?i)(?:^|[^a-z_])(?:\[?["']?error["']?\]?\s*(?:=>|:)\s*["']|error=|\[error\] => )([a-z_]{4,60})(?:["'&\s;,)]|$)`)
	// vendorCode is a number with the vendor's capitals in front of it.
	vendorCode  = regexp.MustCompile(`(?:^|[^A-Za-z0-9_-])([A-Z]{5,8}([0-9]{4,8}))(?:[^0-9A-Za-z]|$)`)
	numberList  = regexp.MustCompile(`(?i)error_?codes["']?\s*(?:=>|[=:])\s*\[([0-9,\s"']{4,80})\]`)
	numberField = regexp.MustCompile(`(?i)(?:error[ _-]?(?:code|number|no)|status code)["']?\s*(?:=>|[=:#(]|\s)\s*["'\[]?([0-9]{5,8})(?:[^0-9.]|$)`)
	// foreignField is the label that the sign-in log has in other languages.
	foreignField = regexp.MustCompile(`(?i)(?:fehler-?(?:code|nummer)|código (?:de|do) erro|codice (?:di )?errore|code d.erreur|código de error|エラー ?コード|错误代码)(?: (?:der|beim|bei|da|do|di) \p{L}+)?["']?\s*[=:#(：]?\s*["'\[]?([0-9]{5,8})(?:[^0-9.]|$)`)
	// bareNumber is a text of nothing but a number.
	bareNumber = regexp.MustCompile(`(?i)^\s*(?:(?:error|code|fehler|erro|errore|エラー|错误)\W{0,3}){0,2}([0-9]{5,8})\.?\s*$`)
	// logRow is how a row of a sign-in log goes on: status, code, reason.
	logRow       = regexp.MustCompile(`(?im)(?:^|[\t,;|"])[ ]*(?:` + setup.LogRefusals + `)["\s,;|]+([0-9]{5,8})(?:["\s,;|]|$)`)
	numberURL    = regexp.MustCompile(`(?i)/error\?code=([0-9]{4,8})`)
	numberMiddle = regexp.MustCompile(`\b[a-z]+_[a-z_]+: ([0-9]{5,8}) - \[`)

	suberrorField = regexp.MustCompile(`(?i)\bsub_?error["']?\s*(?:=>|[=:])\s*["']?([a-z_]{3,60})\b`)
	subcodeField  = regexp.MustCompile(`(?i)\berror_?subcode["']?\s*(?:=>|[=:])\s*["']?([a-z_]{3,40})\b`)
	described     = regexp.MustCompile(`(?is)\berror_?(?:description|message)["'\]]*\s*(?:=>|[=:])\s*["']?([^"&\n]+)`)
	correlation   = regexp.MustCompile(`(?i)correlation[ _-]?id["']?\s*(?:=>|[=:])?\s*["']?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
	trace         = regexp.MustCompile(`(?i)(?:trace[ _-]?id|request[ _-]?id)["']?\s*(?:=>|[=:])?\s*["']?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
	stamped       = regexp.MustCompile(`(?i)timestamp["']?\s*(?:=>|[=:])\s*["']?(\d{4}-\d\d-\d\d[ T][0-9:.]{5,16}Z?)`)
	valueEnd      = regexp.MustCompile(`"\s*[,}\]]|\n\s*\n|\n\s+at |\n\S*Traceback|\n  File `)
)

type markKind int

const (
	markError markKind = iota
	markNumber
	markOther
	markID
)

type signMark struct {
	kind     markKind
	at, end  int
	word     string
	number   int
	isField  bool
	inVendor bool
}

// signInTalk is what a text about a sign-in says somewhere; a bare "error code
// 50126" in other company is not one.
var signInTalk = regexp.MustCompile(`(?i)oauth|sign(?:ing|ed)?[- ]?(?:you )?in\b|correlation[ _-]?id|token|authorize|\bMSAL|\blogin\.`)

func (r *reader) marks() []signMark {
	var list []signMark
	add := func(find *regexp.Regexp, kind markKind) {
		for _, m := range find.FindAllStringSubmatchIndex(r.text, -1) {
			list = append(list, signMark{kind: kind, at: m[2], end: m[3], word: r.text[m[2]:m[3]]})
		}
	}
	add(errorField, markError)
	for i := range list {
		list[i].isField = true
	}
	add(errorWord, markError)
	list = slices.DeleteFunc(list, func(m signMark) bool {
		before := strings.ToLower(r.text[max(0, m.at-24):m.at])
		return strings.Contains(before, "suberror") || strings.Contains(before, "subcode") || strings.Contains(before, "sub_error")
	})
	for _, find := range []*regexp.Regexp{correlation, trace} {
		add(find, markID)
	}
	for _, find := range []*regexp.Regexp{subcodeField, suberrorField} {
		add(find, markOther)
	}
	for _, m := range vendorCode.FindAllStringSubmatchIndex(r.text, -1) {
		n, _ := strconv.Atoi(r.text[m[4]:m[5]])
		list = append(list, signMark{kind: markNumber, at: m[2], end: m[3], number: n, inVendor: true})
	}
	for _, m := range logRow.FindAllStringSubmatchIndex(r.text, -1) {
		if n, _ := strconv.Atoi(r.text[m[2]:m[3]]); !networkError(n) {
			list = append(list, signMark{kind: markNumber, at: m[2], end: m[3], number: n})
		}
	}
	fields := []*regexp.Regexp{foreignField, bareNumber}
	if signInTalk.MatchString(r.text) {
		fields = append(fields, numberField, numberURL, numberMiddle, numberList)
	}
	for _, find := range fields {
		for _, m := range find.FindAllStringSubmatchIndex(r.text, -1) {
			for digits := range strings.FieldsFuncSeq(r.text[m[2]:m[3]], func(c rune) bool { return c < '0' || c > '9' }) {
				if n, err := strconv.Atoi(digits); err == nil && !networkError(n) {
					list = append(list, signMark{kind: markNumber, at: m[2], end: m[3], number: n})
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b signMark) int { return a.at - b.at })
	return list
}

// networkError: Windows counts its network errors from 10004 to 11999.
func networkError(n int) bool { return n >= 10004 && n <= 11999 }

// maxGap is how far apart the marks of one answer may stand: a description has
// up to 700 characters.
const maxGap = 900

// readSignIn finds the answers of a sign-in service: groups of marks that
// stand together. A log holds several, and each its own identifiers.
func (r *reader) readSignIn() {
	var group []signMark
	for _, m := range r.marks() {
		if len(group) > 0 && (begins(group, m) || r.anotherCode(group, m)) {
			r.answer(group)
			group = nil
		}
		group = append(group, m)
	}
	r.answer(group)
	r.readStatus()
}

// begins reports whether m is the first mark of another answer.
func begins(group []signMark, m signMark) bool {
	if m.at-group[len(group)-1].end > maxGap {
		return true
	}
	ids, same := 0, false
	told := false
	for _, g := range group {
		switch {
		case g.kind == markID:
			ids++
			same = same || m.kind == markID && m.word == g.word
		case g.kind == markNumber:
			told = true
			same = same || m.kind == markNumber && m.number == g.number
		case g.kind == markError:
			told = true
			same = same || m.kind == markError && m.word == g.word
		}
	}
	switch m.kind {
	case markID:
		return told && ids >= 2 && !same
	case markNumber, markError:
		return told && ids > 0 && !same && group[len(group)-1].kind == markID
	}
	return false
}

// anotherCode reports whether m is another number of the vendor with a message
// of its own. Two numbers on one line are one answer: a general and a
// particular one.
func (r *reader) anotherCode(group []signMark, m signMark) bool {
	if !m.inVendor || !r.leads(m.at) {
		return false
	}
	told := false
	for _, g := range group {
		if g.kind == markNumber && g.number == m.number {
			return false
		}
		told = told || g.inVendor && strings.Contains(r.text[g.end:m.at], "\n")
	}
	return told
}

// leads reports whether nothing but a log's frame stands before at on its line.
func (r *reader) leads(at int) bool {
	return frame.MatchString(r.text[strings.LastIndexByte(r.text[:at], '\n')+1 : at])
}

var frame = regexp.MustCompile(`^(?:[\s>|*•-]*|[^\n]{0,80}[:\]|>-][ \t]*["']?)$`)

// answer makes one sighting of a group of marks.
func (r *reader) answer(group []signMark) {
	e := &oauth.Error{}
	rank := rankReply
	vendorAt := -1
	for _, m := range group {
		switch {
		case m.kind == markError && (e.Code == "" || m.isField && !slices.ContainsFunc(group, func(o signMark) bool { return o.isField && o.at < m.at })):
			e.Code = m.word
		case m.kind == markNumber:
			rank = rankNumber
			if !slices.Contains(e.Numbers, m.number) {
				e.Numbers = append(e.Numbers, m.number)
			}
			if m.inVendor && vendorAt < 0 {
				vendorAt = m.at
			}
		}
	}
	if len(group) == 0 || e.Code == "" && len(e.Numbers) == 0 && !slices.ContainsFunc(group, func(m signMark) bool { return m.kind == markOther }) {
		return
	}
	from, to := group[0].at, group[len(group)-1].end
	from = max(strings.LastIndexByte(r.text[:from], '\n')+1, from-300, 0)
	if n := strings.IndexByte(r.text[to:], '\n'); n >= 0 {
		to += min(n, 400)
	} else {
		to = min(len(r.text), to+400)
	}
	text := strings.ToValidUTF8(r.text[from:to], "")
	e.Description = r.description(text, vendorAt, to)
	e.Suberror, e.Subcode = group1(suberrorField, text), group1(subcodeField, text)
	e.CorrelationID, e.TraceID, e.Timestamp = group1(correlation, text), group1(trace, text), group1(stamped, text)
	r.note("correlation_id", e.CorrelationID)
	r.note("trace_id", e.TraceID)
	around := strings.ToValidUTF8(r.text[max(0, from-600):min(len(r.text), to+900)], "")
	if vendorAt >= 0 { // what the message itself says of grants is not about this one
		said, _, _ := strings.Cut(r.text[vendorAt:min(len(r.text), vendorAt+len(e.Description))], "\n")
		around = strings.Replace(around, said, " ", 1)
	}
	e.Endpoint, e.Grant = place(e, text, around)
	e.HTTPStatus = statusIn(text)
	r.see(Sighting{Phase: phaseOf(e), Err: e, Text: text, rank: rank, at: from})
	for i := range r.lines {
		l := &r.lines[i]
		l.used = l.used || l.at+len(l.text) >= from && l.at < to
	}
}

func (r *reader) description(text string, vendorAt, to int) string {
	if vendorAt >= 0 {
		end := min(len(r.text), max(to, vendorAt+400))
		for _, m := range vendorCode.FindAllStringSubmatchIndex(r.text[to:end], -1) {
			if r.leads(to + m[2]) { // the next answer
				end = to + m[2]
				break
			}
		}
		d := r.text[vendorAt:end]
		if end := valueEnd.FindStringIndex(d); end != nil { // the frame around the message goes on
			d = d[:end[0]]
		}
		return oneLine(d, maxQuoted)
	}
	if d := group1(described, text); d != "" {
		return oneLine(d, maxQuoted)
	}
	if !strings.Contains(strings.TrimSpace(text), " ") {
		// The error word alone on its line: a program prints what it means below.
		below := strings.TrimLeft(r.text[to:min(len(r.text), to+300)], " \t\n")
		below, _, _ = strings.Cut(below, "\n")
		text += " " + below
	}
	return oneLine(text, maxQuoted)
}

func group1(find *regexp.Regexp, text string) string {
	if m := find.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// Words by which programs tell what they were doing. The libraries' names for
// the grants are as public as the protocol's own.
var (
	saysGrant   = regexp.MustCompile(`(?i)grant_?type["'\s:=>\]]+([a-z_]+)`)
	saysRefresh = regexp.MustCompile(`(?i)refresh(?:ing|ed)?[ _-]?(?:the )?(?:oauth2? )?(?:access[ _-]?)?token|token[ _-]?(?:refresh|renew)|silent|renew(?:ing)? |refreshAuth|\bRefreshError\b|\brefresh_token\b`)
	saysCode    = regexp.MustCompile(`(?i)by_?authorization_?code|by_?auth_?code|exchang\w*[ _(]?(?:the )?(?:auth\w*[ _])?code|code[ _]exchange|redeem|with_?code|from_?code|fetch_token|oauth.{0,20}callback`)
	saysClient  = regexp.MustCompile(`(?i)client_credentials|token_?for_?client|clientcredential|/\.default`)
	saysToken   = regexp.MustCompile(`(?i)/token\b|\bmsal|error_codes|trace_id|token (?:endpoint|request|response)|acquire_?token|(?:fetch|get|obtain|retriev|request)\w*[ _](?:an? |the )?(?:oauth2? |new )?(?:access[ _]?)?token`)
	saysPage    = regexp.MustCompile(`(?i)/authorize\b|[?&#]error=|request id:|sign(?:ing)? (?:you )?in\b|approval`)
	redirected  = regexp.MustCompile(`[?&#]error=[a-z_]+&`)
)

// place says which endpoint spoke, and in answer to which grant.
func place(e *oauth.Error, text, around string) (oauth.Endpoint, string) {
	grant := strings.ToLower(group1(saysGrant, around))
	switch {
	case grant == oauth.GrantRefreshToken, grant == oauth.GrantAuthorizationCode, grant == oauth.GrantClientCredentials:
	case grant != "" && strings.Contains(grant, "password"):
		grant = "password"
	case saysClient.MatchString(around):
		grant = oauth.GrantClientCredentials
	case saysRefresh.MatchString(around):
		grant = oauth.GrantRefreshToken
	case saysCode.MatchString(around):
		grant = oauth.GrantAuthorizationCode
	default:
		grant = ""
	}
	tokenOnly := e.Code == "invalid_grant" || e.Code == "invalid_client" || e.Code == "unsupported_grant_type"
	switch {
	case redirected.MatchString(text) && !tokenOnly:
		return oauth.Authorize, ""
	case grant != "", tokenOnly, saysToken.MatchString(around) && !saysPage.MatchString(text), strings.Contains(text, "error_codes"):
		return oauth.TokenEnd, grant
	}
	return oauth.Authorize, ""
}

func phaseOf(e *oauth.Error) Phase {
	switch {
	case e.Endpoint != oauth.TokenEnd:
		return PhaseAuthorize
	case e.Grant == oauth.GrantRefreshToken:
		return PhaseRefresh
	}
	return PhaseToken
}

var httpStatus = regexp.MustCompile(`(?i)HTTP/[0-9.]+ ([45][0-9]{2})|(?:status|response)(?:[ _]?code)?\W{1,4}([45][0-9]{2})\b|\b(400|401|403|429|50[0234])\W{1,3}(?:Bad Request|Unauthorized|Forbidden|Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time)|(?:HTTP|HTTP error|server error|HTTPError):? ([45][0-9]{2})\b`)

func statusIn(text string) int {
	m := httpStatus.FindStringSubmatch(text)
	for i := 1; i < len(m); i++ {
		if n, err := strconv.Atoi(m[i]); err == nil {
			return n
		}
	}
	return 0
}

// htmlForJSON is a parser's complaint that a web page came in place of a
// document; of a parser that does not say so, the page itself must be there.
var (
	htmlForJSON = regexp.MustCompile(`(?i)unexpected (?:token|character) ?\(?["']?<|invalid character ["']<["']|JsonReaderException.{0,60}: <`)
	notJSON     = regexp.MustCompile(`(?i)JSONDecodeError|not valid JSON|JSON ?Parse|parse\w* (?:the )?JSON|Expecting value: line 1`)
)

var htmlAnswer = regexp.MustCompile(`(?i)content-type["']?: ?["']?text/html`)

// tokenTalk names the token request on a line that has an HTTP status and
// nothing else.
var tokenTalk = regexp.MustCompile(`(?i)oauth2?/|/token\b|token (?:endpoint|request)|//login\.|access[ _]?token|oauth`)

// readStatus finds the answers that have no words of the protocol: throttling
// and gateways.
func (r *reader) readStatus() {
	for i := range r.lines {
		l := &r.lines[i]
		status := statusIn(l.text)
		page := htmlForJSON.MatchString(l.text) || r.page && notJSON.MatchString(l.text)
		if l.used || status == 0 && !page || !tokenTalk.MatchString(r.around(i, 3)) {
			continue
		}
		around := r.around(i, 8)
		e := &oauth.Error{HTTPStatus: status, Body: oneLine(l.text, maxQuoted)}
		_, e.Grant = place(e, l.text, around)
		e.Endpoint = oauth.TokenEnd
		if r.page || page || htmlAnswer.MatchString(around) {
			e.ContentType, e.Body = "text/html", oneLine(around, maxQuoted) // who wrote the page is in its words
		}
		r.see(Sighting{Phase: phaseOf(e), Err: e, Text: l.text, rank: rankVague, at: l.at})
		l.used = true
	}
}

// around is line i with n lines before and after it.
func (r *reader) around(i, n int) string {
	var b strings.Builder
	for _, l := range r.lines[max(0, i-n):min(len(r.lines), i+n+1)] {
		b.WriteString(l.text[:min(len(l.text), 2000)])
		b.WriteByte('\n')
	}
	return b.String()
}
