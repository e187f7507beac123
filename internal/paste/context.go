package paste

import (
	"net/url"
	"regexp"
	"strings"

	"latchkey/internal/probe"
)

const (
	guidText    = `[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`
	addressText = `[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`
)

// facts are what messages and logs say beside the failure.
var facts = []struct {
	name string
	find *regexp.Regexp
}{
	{"redirect_uri", regexp.MustCompile(`(?i)(?:redirect|reply)[ _-]?(?:uri|url|address)[^'"\n]{0,24}?['":=\s]\s*(https?://[^\s'"<>&,;]+)`)},
	{"client_id", regexp.MustCompile(`(?i)(?:client[ _-]?id|app(?:lication)?[ _-]?id|application(?: with identifier)?|\bapp)["']?[^0-9a-f'"\n]{0,12}['"(]?(` + guidText + `)`)},
	{"tenant", regexp.MustCompile(`(?i)(?:tenant(?:[ _-]?id)?|directory)["']?\W{1,4}(` + guidText + `)`)},
	{"tenant", regexp.MustCompile(`(?i)https?://[a-z0-9.-]+/(` + guidText + `|[a-z0-9-]+(?:\.[a-z0-9-]+)+)/(?:oauth2|v2\.0|saml2)`)},
	{"signed_in_as", regexp.MustCompile(`(?i)(?:user account|upn|unique_name|preferred_username|signed in (?:as|user)|login_hint)["']?\W{1,5}(` + addressText + `)`)},
	{"signed_in_as", regexp.MustCompile(`(?i)SendAsDenied\W{1,3}(` + addressText + `) not allowed`)},
	{"sasl_user", regexp.MustCompile(`(?i)\buser=(` + addressText + `)\W{0,6}(?:\x01|\^A|\\x01|\\u0001|,|\s|auth)`)},
	{"sasl_user", regexp.MustCompile(`(?i)(?:\buser(?:name)?|login|sasl_username|account|authenticat\w+ (?:as|for|user)|failure on)["']?\s*(?:=>|[=:(]|\s)\s*["']?<?(` + addressText + `)`)},
	{"sasl_user", regexp.MustCompile(`[A-Za-z]{0,8}[0-9]+ LOGIN "?(` + addressText + `)`)},
	{"from", regexp.MustCompile(`(?i)(?:MAIL FROM:\s*|\bfrom=|sender["']?\W{1,4}|send as )<?(` + addressText + `)`)},
	{"scopes", regexp.MustCompile(`(?i)\bscopes?["']?\s*(?:=>|[=:])\s*["'\[]*([A-Za-z][^"'\]&<>\n]{5,})`)},
	{"mail_server", regexp.MustCompile(`\b([A-Z0-9]{8,20}(?:\.[A-Za-z0-9-]+){2,6})\b`)},
	{"grant", regexp.MustCompile(`(?i)\bgrant_?type["'\s:=>\]]+((?:refresh_token|authorization_code|client_credentials|password|urn:[a-z0-9:_-]+))`)},
	{"timestamp", regexp.MustCompile(`(?i)\btimestamp["']?\s*(?:=>|[=:])\s*["']?(\d{4}-\d\d-\d\d[ T][0-9:.]{5,16}Z?)`)},
}

var address = regexp.MustCompile(`https?://[^\s"'<>\\]+`)

// readContext collects what the text tells around its failures.
func (r *reader) readContext() {
	for _, a := range address.FindAllString(r.text, 40) {
		if u, err := url.Parse(strings.TrimRight(a, ".,;)")); err == nil {
			r.query(u)
		}
	}
	for _, f := range facts {
		v := group1(f.find, r.text)
		if f.name == "redirect_uri" || f.name == "scopes" {
			v = strings.TrimRight(v, ".,;:) ")
		}
		r.note(f.name, v)
	}
	if strings.Contains(r.text, "client_credentials") {
		r.note("grant", "client_credentials")
	}
	for _, p := range []struct {
		name     string
		protocol probe.Protocol
	}{{"imap", probe.IMAP}, {"pop3", probe.POP3}, {"smtp", probe.SMTP}} {
		for _, l := range r.lines {
			if l.protocol == p.protocol {
				r.note("protocol", p.name)
			}
		}
	}
}

// query reads an address: that of an authorize request names the registration,
// the tenant and the scopes.
func (r *reader) query(u *url.URL) {
	q := u.Query()
	for _, name := range []string{"client_id", "redirect_uri", "login_hint", "tenant", "prompt"} {
		v := q.Get(name)
		if name == "login_hint" {
			name = "signed_in_as"
		}
		if name != "signed_in_as" || strings.Contains(v, "@") {
			r.note(name, v)
		}
	}
	if q.Get("client_id") != "" || q.Get("response_type") != "" {
		r.note("scopes", q.Get("scope"))
	}
}
