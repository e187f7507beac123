package paste

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"latchkey/internal/setup"
)

// ErrReturnAddress: the paste holds the address to which Microsoft has sent
// the browser back, with a live code or token. Nothing of it is kept or quoted:
// whoever has it can take the code's place for ten minutes.
var ErrReturnAddress = errors.New("paste: this is the return address, which holds a live code")

const (
	inAddress = "address"
	// maxAddress is more than browsers show; an authorize address has some
	// hundred characters.
	maxAddress = 16 << 10
)

var (
	// returned finds a parameter named exactly so: not response_type=code, not
	// code_challenge.
	returned   = regexp.MustCompile(`(?i)(?:^|[?&#;\s"'<(])(code|access_token|id_token|refresh_token)=`)
	webAddress = regexp.MustCompile(`(?i)https?://[^\s"'<>` + "`" + `]+`)
	// bareAddress is an authorize address as an address bar shows it, without
	// its scheme.
	bareAddress = regexp.MustCompile(`(?i)(?:^|[\s"'<>(])([a-z0-9-]+(?:\.[a-z0-9-]+)+/[a-z0-9.-]{1,255}/oauth2(?:/v2\.0)?/authorize/?\?)`)
	// authorizePath is v2 and the older v1 endpoint (learn.microsoft.com/entra/
	// identity-platform/v2-oauth2-auth-code-flow).
	authorizePath = regexp.MustCompile(`^/([A-Za-z0-9.-]{1,255})/oauth2(/v2\.0)?/authorize/?$`)
)

// laterPage finds the pages that follow an authorize address on the hosts of
// the sign-in service, and on those of a company's own (AD FS).
var laterPage = regexp.MustCompile(`(?i)^(?:login\.(?:[a-z]+\.)?(?:microsoft|microsoftonline|windows|live|chinacloudapi)\.(?:com|us|net|cn)/.|[^/]+/adfs/ls(?:/|$))`)

const authorizeForm = "https://login.microsoftonline.com/…/oauth2/v2.0/authorize?client_id=…"

// ParseAuthorizeAddress reads the address that the product's own sign-in button
// opens, and keeps of it what setup.ProductSignIn has: no state, no nonce, no
// challenge. By and At are the caller's.
//
// Errors: ErrReturnAddress, before anything else is looked at; *Fault.
func ParseAuthorizeAddress(text string) (setup.ProductSignIn, error) {
	if isReturned(text) {
		return setup.ProductSignIn{}, ErrReturnAddress
	}
	u, err := authorizeURL(text)
	if err != nil {
		return setup.ProductSignIn{}, err
	}
	segments := authorizePath.FindStringSubmatch(u.Path)
	end := 1 + strings.Count(strings.TrimSpace(plain(text)), "\n")
	query, err := parameters(u, end)
	if err != nil {
		return setup.ProductSignIn{}, err
	}
	p := setup.ProductSignIn{
		Authority: u.Scheme + "://" + u.Host, Tenant: segments[1],
		ClientID: query["client_id"], RedirectURI: query["redirect_uri"], Scopes: strings.Fields(query["scope"]),
		Prompt: query["prompt"], LoginHint: query["login_hint"], PKCE: query["code_challenge"] != "",
		V1: segments[2] == "",
	}
	if p.V1 {
		p.Resource = query["resource"]
	}
	last := lastName(u)
	for _, one := range []struct {
		name, value string
		ok          bool
		form        string
	}{
		{"client_id", p.ClientID, clientForm.MatchString(p.ClientID), "the application (client) ID"},
		{"redirect_uri", p.RedirectURI, uriForm.MatchString(p.RedirectURI), "a URI"},
		{"scope", query["scope"], p.V1 || len(p.Scopes) > 0, "the scopes"},
	} {
		long := len(one.value) > maxString
		switch {
		case one.ok && !long:
		case !long && wasCut(last, one.name, one.value):
			return setup.ProductSignIn{}, &Fault{Where: inAddress, Wrong: Truncated, Line: end, Property: last}
		case one.value == "" && !one.ok:
			return setup.ProductSignIn{}, &Fault{Where: inAddress, Wrong: PropertyMissing, Property: one.name, Want: one.form}
		default:
			return setup.ProductSignIn{}, &Fault{Where: inAddress, Wrong: PropertyValue, Property: one.name, Got: piece(one.value), Want: one.form}
		}
	}
	return p, nil
}

// wasCut reports whether an address ends too early: in a parameter that cannot
// be used, or in a required one before another required one has come.
func wasCut(last, name, value string) bool {
	if value != "" {
		return last == name
	}
	return last == "client_id" || last == "redirect_uri"
}

// lastName is the name of the last parameter.
func lastName(u *url.URL) string {
	pairs := strings.Split(u.RawQuery, "&")
	name, _, _ := strings.Cut(pairs[len(pairs)-1], "=")
	return name
}

var clientForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// isReturned looks for a live value in the text as it stands, and in what
// several layers of wrapping (a mail filter's link, a page that forwards) hide.
func isReturned(text string) bool {
	for range 4 {
		if returned.MatchString(plain(text)) {
			return true
		}
		inner, err := url.QueryUnescape(strings.ReplaceAll(text, "+", "%2B"))
		if err != nil {
			inner = unescapeWhatCan(text)
		}
		if inner == text {
			return false
		}
		text = inner
	}
	return returned.MatchString(plain(text))
}

var escapeForm = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// unescapeWhatCan is for text with a percent sign that begins no escape.
func unescapeWhatCan(text string) string {
	return escapeForm.ReplaceAllStringFunc(text, func(e string) string {
		inner, err := url.PathUnescape(e)
		if err != nil {
			return e
		}
		return inner
	})
}

// authorizeURL finds the one address in the text and holds it against the form
// of an authorize endpoint.
func authorizeURL(text string) (*url.URL, error) {
	fault := func(w Wrong, got string) (*url.URL, error) {
		return nil, &Fault{Where: inAddress, Wrong: w, Got: piece(got), Want: authorizeForm}
	}
	if len(text) > maxAddress {
		return nil, &Fault{Where: inAddress, Wrong: TooLong, Want: "at most 16384 characters"}
	}
	text = strings.TrimSpace(plain(text))
	if text == "" {
		return fault(Nothing, "")
	}
	if m := bareAddress.FindStringSubmatchIndex(text); m != nil && !webAddress.MatchString(text) {
		text = text[:m[2]] + "https://" + text[m[2]:]
	}
	found := webAddress.FindAllStringIndex(text, -1)
	switch {
	case len(found) == 0:
		return fault(Unknown, "")
	case len(found) > 1:
		return nil, &Fault{Where: inAddress, Wrong: Several, Line: lineOf(text, found[1][0]), Want: "one address"}
	}
	// A mail program has broken the address into lines: what follows on the
	// next ones, without blanks, belongs to it.
	whole := text[found[0][0]:found[0][1]]
	for _, line := range strings.Split(text[found[0][1]:], "\n") {
		line = strings.TrimLeft(line, "> |\t")
		if strings.ContainsAny(line, " \t\"<>") {
			break
		}
		whole += line
	}
	u, err := url.Parse(whole)
	if err != nil {
		return fault(Character, "")
	}
	if strings.HasSuffix(strings.ToLower(u.Hostname()), ".safelinks.protection.outlook.com") {
		return authorizeURL(u.Query().Get("url"))
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	place, authorize := u.Hostname()+u.EscapedPath(), authorizePath.MatchString(u.Path)
	switch {
	case u.User == nil && authorize && u.Scheme != "https" && !local:
		return fault(PlainHTTP, u.Scheme+"://"+u.Hostname())
	case u.User == nil && !authorize && laterPage.MatchString(place) && !strings.Contains(place, "/oauth2/"):
		return fault(LaterPage, place)
	case u.User != nil || u.Host == "" || !authorize:
		return fault(NotAuthorize, place)
	}
	return u, nil
}

// cutEscape is an escape sequence of which the end is missing.
var cutEscape = regexp.MustCompile(`%[0-9A-Fa-f]?$`)

// parameters are those of the query, each once. end is the paste's last line.
func parameters(u *url.URL, end int) (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range strings.Split(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil && strings.HasSuffix(u.RawQuery, pair) && cutEscape.MatchString(pair) {
			return nil, &Fault{Where: inAddress, Wrong: Truncated, Line: end, Property: piece(name)}
		}
		if err != nil {
			return nil, &Fault{Where: inAddress, Wrong: Character, Property: piece(name), Want: "two hexadecimal digits behind %"}
		}
		if _, twice := out[name]; twice && name != "" {
			return nil, &Fault{Where: inAddress, Wrong: PropertyTwice, Property: piece(name)}
		}
		out[name] = value
	}
	return out, nil
}
