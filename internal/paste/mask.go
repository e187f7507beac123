package paste

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Credential is a kind of live value that was found in a paste and masked.
type Credential string

// The kinds, as a reader is told about them. State values of a sign-in are
// masked too, and not told: alone they open nothing.
const (
	Code      Credential = "code"       // authorization or device code
	Token     Credential = "token"      // access, refresh, ID token, assertion
	SASL      Credential = "sasl"       // a login of a mail protocol, with its token or password
	Secret    Credential = "secret"     // client secret or code verifier
	Password  Credential = "password"   // of a person
	Cookie    Credential = "cookie"     // of a browser session
	Unlabeled Credential = "unlabelled" // a long random value without a name
	state     Credential = ""
)

const masked = "[masked]"

// Mask returns text with every live value replaced, and whether there was one.
func Mask(text string) (string, bool) {
	m := masker{}
	out := m.apply(text)
	return out, len(m.values) > 0
}

// masker replaces live values and remembers what they were, so that the same
// value in another spelling of the same paste is found too.
type masker struct {
	kinds  []Credential
	values []string // revealed here only, never handed out
	user   string   // of a decoded SASL login
}

func (m *masker) hide(kind Credential, value string) string {
	if kind != state && !slices.Contains(m.kinds, kind) {
		m.kinds = append(m.kinds, kind)
	}
	m.values = append(m.values, value)
	return masked
}

// separator stands between the name and the value of a parameter in any of
// the wrappings a log or page puts around it: JSON, JSON inside a string, HTML,
// a query inside a query.
const separator = `(?:\\*["']|&quot;|&#34;|%22)?\s*(?:=>|:=|[=:]|%3[Dd]|%253[Dd]|&#x?3[dD];|\\u003[dD])\s*(?:b?\\*["']|&quot;|&#34;|%22|%27)?`

const valueForm = `[^\s"'&<>\\,;(){}\[\]|]+`

// named are the parameters whose value opens something, by kind. A rule is
// tried where the text has one of its hints, in small letters: to search a long
// text for each is slow.
var named = []struct {
	kind  Credential
	hints []string
	find  *regexp.Regexp
	live  func(string) bool
}{
	{Token, []string{"token", "assertion", "saml"}, label(`(?:access|refresh|id|bearer|auth|oauth|oauth2|security)[_-]?token|client_assertion|assertion|saml_?response`), long(8)},
	{Secret, []string{"secret", "verifier"}, label(`client[_-]?secret(?:[_-]?value)?|app[_-]?secret|code_verifier|secret_?text`), long(4)},
	{Code, []string{"code"}, label(`device_code|authorization_?code|auth_?code`), long(8)},
	{Code, []string{"code"}, label(`code`), random(10)},
	{Password, []string{"pass", "pwd"}, label(`(?:[a-z]+[_-]?)?(?:password|passwd|passphrase|pass)|pwd`), long(1)},
	{state, []string{"state", "nonce", "client_info", "token", "ticket"}, label(`state|session_state|nonce|client_info|flow_?token|login_ticket`), random(6)},
	{Token, []string{"token"}, label(`token`), random(16)},
	{Secret, []string{"secret"}, label(`secret`), random(8)},
}

func label(names string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)((?:^|[^a-z0-9_]|%26|%3F|%23)(?:` + names + `)` + separator + `)(` + valueForm + `)`)
}

var (
	// plainForm spares what only looks like a parameter: a number, or capitals
	// and a number, as in "error code: ABC50011".
	plainForm = regexp.MustCompile(`^[A-Z]{0,8}[0-9]{3,10}[:;,.)]*$`)
	// harmless are words that stand where a value would, in logs that hide it
	// themselves and in messages about a missing one.
	harmless = regexp.MustCompile(`(?i)^(?:null|nil|none|undefined|true|false|empty|yes|no|required|missing|invalid|expired|redacted|removed|hidden|secret|[*x.#-]+|x{2,}.*|<.*|\$.*|\[.*|%s|on|off|set|given|string|bearer|(?:oauth2?|password|xoauth2))[.,:;!]*$`)
)

func long(n int) func(string) bool {
	return func(s string) bool { return len(s) >= n && !harmless.MatchString(s) }
}

// random spares words: a value that was drawn by chance has digits or capitals
// among its letters.
func random(n int) func(string) bool {
	return func(s string) bool {
		mixed := strings.ContainsAny(s, "0123456789") || strings.IndexFunc(s[min(1, len(s)):], unicode.IsUpper) >= 0 || n <= 6
		return len(s) >= n && mixed && !harmless.MatchString(s) && !plainForm.MatchString(s) && !guid.MatchString(s) && !constant.MatchString(s)
	}
}

// constant is an error name of a program, as "Code: EAUTH_FAILED_2".
var constant = regexp.MustCompile(`^[A-Z][A-Z_]+[0-9_A-Z]*$|^[A-Z][a-z]+(?:[A-Z][a-z]+)*$|^[a-z]+(?:[A-Z][a-z]+)+$`)

// shaped are values that need no name to be known.
var shaped = []struct {
	kind  Credential
	hints []string
	find  *regexp.Regexp // group 1 stays, group 2 is the value
}{
	{Token, []string{"bearer"}, regexp.MustCompile(`(?i)(\bBearer(?:\s|%20|\\u0020|\+)+)([A-Za-z0-9._~+/=|%-]{12,})`)},
	{Token, []string{"eyj"}, regexp.MustCompile(`()(eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)+)`)},
	{Password, []string{"authorization"}, regexp.MustCompile(`(?i)(authorization"?\s*[=:]\s*"?(?:basic|digest|negotiate|ntlm)\s+)(\S+)`)},
	{Cookie, []string{"cookie"}, regexp.MustCompile(`(?i)((?:^|[^a-z])(?:set-)?cookie2?"?\s*:\s*)([^\r\n]{3,})`)},
	{Password, []string{"://"}, regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s/:@"'<>]+:)([^\s/@"'<>]{1,})@`)},
	{Password, []string{"-u", "user"}, regexp.MustCompile(`(\s(?:-u|--user|--proxy-user)[ =]["']?[^\s:"']+:)([^\s"']+)`)},
	// RFC 3501 §6.2.3, RFC 1939 §7.
	{Password, []string{" login "}, regexp.MustCompile(`(\b[A-Za-z]{0,8}[0-9]+ LOGIN (?:"(?:[^"\\]|\\.)*"|[^\s"]+) )("(?:[^"\\]|\\.)*"|[^\s"]+)`)},
	{Password, []string{"pass "}, regexp.MustCompile(`(?m)((?:^|[>:\]'"]\s*)PASS )(\S+)`)},
	{SASL, []string{"auth"}, regexp.MustCompile(`(?i)(\bAUTH(?:ENTICATE)? (?:PLAIN|LOGIN|CRAM-MD5|NTLM|GSSAPI|OAUTHBEARER|XOAUTH2?) )([A-Za-z0-9+/]{8,}[A-Za-z0-9+/=]*)`)},
	{SASL, []string{"334"}, regexp.MustCompile(`((?:^|\n)[^\n]*\b334(?: [^\n]*)?\r?\n(?:[^\n]*?(?:C:|>|send:)\s*)?'?)([A-Za-z0-9+/]{4,}={0,2})(?:\\r\\n|'|\s)*(?:\n|$)`)},
	// The form of a client secret of one large provider: it holds dots, so the
	// rule for long runs would leave a part.
	{Secret, []string{"q~"}, regexp.MustCompile(`(^|[^A-Za-z0-9_~.-])([A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{24,40})`)},
}

var (
	guid        = regexp.MustCompile(`(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	bracketName = regexp.MustCompile(`\[([A-Za-z0-9+/]{20,}={0,2})\]`)
	base64Run   = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}={0,2}`)
	// saslRun begins with "user=" in base64, whole or cut, also wrapped.
	saslRun = regexp.MustCompile(`dXNlcj[A-Za-z0-9+/=_-]*(?:(?:\\r)?(?:\\n|\r?\n)[A-Za-z0-9+/=_-]{40,})*(?:(?:\r?\n)[A-Za-z0-9+/_-]+=+)?`)
	longRun = regexp.MustCompile(`[A-Za-z0-9_~+/%=-]{32,}`)
)

// apply masks one layer of a paste. Values with a name go first, because the
// name says what they are.
func (m *masker) apply(text string) string {
	text = bracketName.ReplaceAllStringFunc(text, serverName)
	text = saslRun.ReplaceAllStringFunc(text, m.login)
	text = base64Run.ReplaceAllStringFunc(text, m.encoded)
	low := strings.ToLower(text)
	hinted := func(hints []string) bool {
		return slices.ContainsFunc(hints, func(h string) bool { return strings.Contains(low, h) })
	}
	for _, n := range named {
		if !hinted(n.hints) {
			continue
		}
		text = n.find.ReplaceAllStringFunc(text, func(s string) string {
			p := n.find.FindStringSubmatch(s)
			if !n.live(p[2]) {
				return s
			}
			return p[1] + m.hide(n.kind, p[2])
		})
	}
	for _, n := range shaped {
		if !hinted(n.hints) {
			continue
		}
		text = replaceGroup(n.find, text, func(v string) string {
			if harmless.MatchString(strings.Trim(v, `"'`)) || strings.Contains(v, masked) {
				return v
			}
			return m.hide(n.kind, v)
		})
	}
	return longRun.ReplaceAllStringFunc(text, func(s string) string {
		if !drawn(s) {
			return s
		}
		return m.hide(Unlabeled, s)
	})
}

// replaceGroup replaces the second group of each match.
func replaceGroup(find *regexp.Regexp, text string, with func(string) string) string {
	var b strings.Builder
	end := 0
	for _, at := range find.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:at[4]])
		b.WriteString(with(text[at[4]:at[5]]))
		end = at[5]
	}
	return b.String() + text[end:]
}

// drawn reports whether a long run looks like chance: capitals, small letters
// and digits, and no path of short names.
func drawn(s string) bool {
	if guid.MatchString(s) || strings.Contains(s, "%20") || strings.Contains(s, "%3A%2F%2F") {
		return false
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '=' || r == '%' })
	longest, words := "", 0
	for _, p := range parts {
		if len(p) > len(longest) {
			longest = p
		}
	}
	for _, w := range strings.FieldsFunc(longest, func(r rune) bool { return r == '-' || r == '_' || r == '+' || r == '~' }) {
		if len(w) < 16 && !strings.ContainsAny(w, "0123456789") {
			words += len(w) + 1
		}
	}
	return len(longest) >= 24 && !guid.MatchString(longest) && words*2 < len(longest) &&
		strings.ContainsAny(longest, "0123456789") && strings.ContainsFunc(longest, unicode.IsLetter) &&
		(strings.ContainsFunc(longest, unicode.IsUpper) && strings.ContainsFunc(longest, unicode.IsLower) || len(longest) >= 40)
}

// serverName opens the bracket of a greeting: base64 of a name in UTF-16, as
// one large server writes it for its support. It is a name, not a secret.
func serverName(s string) string {
	raw, err := base64.StdEncoding.DecodeString(s[1 : len(s)-1])
	if err != nil || len(raw)%2 != 0 {
		return s
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	name := string(utf16.Decode(units))
	if !hostForm.MatchString(name) {
		return s
	}
	return "[" + name + "]"
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$`)

// login keeps the user of a SASL XOAUTH2 response and drops the token.
func (m *masker) login(s string) string {
	user, rest, _ := strings.Cut(string(decode64(s)), "\x01")
	user, ok := strings.CutPrefix(user, "user=")
	if !ok {
		return s
	}
	if m.user == "" && rest != "" && len(user) <= 254 && utf8.ValidString(user) && !strings.ContainsFunc(user, unicode.IsControl) {
		m.user = user
	}
	return m.hide(SASL, s)
}

// encoded opens base64 that holds a server's challenge, and masks base64 that
// holds a login.
func (m *masker) encoded(s string) string {
	raw := string(decode64(s))
	if strings.HasPrefix(raw, "{") {
		var challenge map[string]any
		if json.Unmarshal([]byte(raw), &challenge) == nil && challenge["status"] != nil {
			return raw
		}
	}
	if strings.Contains(raw, "auth=Bearer ") || plainLogin.MatchString(raw) {
		return m.hide(SASL, s)
	}
	return s
}

// plainLogin is RFC 4616: authorization identity, user, password.
var plainLogin = regexp.MustCompile(`^[!-~]*\x00[!-~]+\x00[!-~]+$`)

// decode64 decodes as much as there is: half-copied values are usual.
func decode64(s string) []byte {
	s = strings.NewReplacer("-", "+", "_", "/", "\\r", "", "\\n", "", "\r", "", "\n", "", "=", "").Replace(s)
	raw, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil { // a last single character carries less than a byte
		raw, _ = base64.RawStdEncoding.DecodeString(s[:len(s)-len(s)%4])
	}
	return raw
}
