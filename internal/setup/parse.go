package setup

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"
)

// Problem is what is wrong with one entry; the languages have a sentence for
// each.
type Problem string

// The problems an entry can have.
const (
	ProblemRequired     Problem = "required"
	ProblemUnanswered   Problem = "unanswered" // no choice was made
	ProblemTooLong      Problem = "too_long"
	ProblemControl      Problem = "control_characters"
	ProblemNotAddress   Problem = "not_an_address"
	ProblemNotGUID      Problem = "not_a_guid"
	ProblemNotTenant    Problem = "not_a_tenant"
	ProblemNotURL       Problem = "not_a_url"
	ProblemNotOffered   Problem = "not_offered"
	ProblemNotDate      Problem = "not_a_date"
	ProblemNotServer    Problem = "not_a_server"
	ProblemNotSpecial   Problem = "not_an_engineering_special"
	ProblemTwice        Problem = "twice"
	ProblemTooManyLines Problem = "too_many"
	ProblemOnlyOne      Problem = "only_one"
	ProblemSecretID     Problem = "secret_id"
	ProblemTooShort     Problem = "too_short"
)

// InputError says which field was rejected, with what value, and why. Value is
// never a secret: secret fields carry no value.
type InputError struct {
	Field   Field
	Value   string
	Problem Problem
}

// Error implements error.
func (e *InputError) Error() string {
	return fmt.Sprintf("setup: %s: %q: %s", e.Field, e.Value, e.Problem)
}

// InputErrors are all entries of one submit that were rejected.
type InputErrors []*InputError

// Error implements error.
func (es InputErrors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Address is a mail address or user principal name: local part as typed,
// domain in lower case.
type Address string

// maxAddress is the longest path RFC 5321 §4.5.3.1.3 allows, without brackets.
const maxAddress = 254

// local allows the atoms of RFC 5322 §3.2.3 and no quoted form: the address is
// written into SASL responses and SMTP commands, where a space, a quote or a
// control byte would begin a new word.
var local = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// ParseAddress accepts one address without display name.
func ParseAddress(field Field, s string) (Address, error) {
	s = strings.TrimSpace(s)
	fail := func(p Problem) (Address, error) { return "", &InputError{field, s, p} }
	switch {
	case s == "":
		return fail(ProblemRequired)
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return fail(ProblemControl)
	case len(s) > maxAddress:
		return fail(ProblemTooLong)
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || !local.MatchString(s[:at]) {
		return fail(ProblemNotAddress)
	}
	domain, err := ParseDomain(s[at+1:])
	if err != nil {
		return fail(ProblemNotAddress)
	}
	return Address(s[:at] + "@" + domain), nil
}

// Domain is the part behind the @.
func (a Address) Domain() string {
	return string(a[strings.LastIndexByte(string(a), '@')+1:])
}

// Equal compares as Exchange does: without regard to case.
func (a Address) Equal(other Address) bool { return strings.EqualFold(string(a), string(other)) }

// maxMailboxes bounds one setup; a thousand is the limit of aliases per
// department of the largest product in view.
const maxMailboxes = 1000

// ParseAddresses accepts one address per line; commas and semicolons separate
// too, because that is how mail programs copy them. Each address once. All
// parts that are no addresses are reported at once, as InputErrors.
func ParseAddresses(field Field, s string) ([]Address, error) {
	var list []Address
	var wrong InputErrors
	for _, part := range strings.FieldsFunc(s, func(r rune) bool {
		return r == '\n' || r == '\r' || r == ',' || r == ';'
	}) {
		if strings.TrimSpace(part) == "" {
			continue
		}
		a, err := ParseAddress(field, part)
		var bad *InputError
		switch {
		case errors.As(err, &bad):
			wrong = append(wrong, bad)
		case slices.ContainsFunc(list, a.Equal):
			wrong = append(wrong, &InputError{field, string(a), ProblemTwice})
		default:
			list = append(list, a)
		}
	}
	switch {
	case len(wrong) > 0:
		return nil, wrong
	case len(list) == 0:
		return nil, &InputError{field, "", ProblemRequired}
	case len(list) > maxMailboxes:
		return nil, &InputError{field, fmt.Sprint(len(list)), ProblemTooManyLines}
	}
	return list, nil
}

// domains is idna.Lookup that also refuses empty and overlong labels.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseDomain accepts a DNS name with at least two labels and returns it in
// lower case, internationalised names in their ASCII form.
func ParseDomain(s string) (string, error) {
	ascii, err := domains.ToASCII(strings.TrimSuffix(strings.TrimSpace(s), "."))
	if err != nil || !strings.Contains(ascii, ".") {
		return "", fmt.Errorf("setup: %q is not a domain name", s)
	}
	return strings.ToLower(ascii), nil
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// IsGUID reports whether s has the form of a GUID; braces and case are the
// caller's business.
func IsGUID(s string) bool { return guid.MatchString(strings.ToLower(s)) }

func normalGUID(s string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(s), "{}"))
}

// ParseGUID accepts a GUID, with or without braces, in any case.
func ParseGUID(field Field, s string) (string, error) {
	g := normalGUID(s)
	switch {
	case g == "":
		return "", &InputError{field, "", ProblemRequired}
	case !IsGUID(g):
		return "", &InputError{field, strings.TrimSpace(s), ProblemNotGUID}
	}
	return g, nil
}

// ParseClientID accepts an OAuth client identifier. With mustBeGUID it must be
// the GUID of an Entra app registration; other providers choose their own form
// (RFC 6749 appendix A.1: visible ASCII and space).
func ParseClientID(field Field, s string, mustBeGUID bool) (string, error) {
	if mustBeGUID {
		return ParseGUID(field, s)
	}
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", &InputError{field, "", ProblemRequired}
	case len(s) > 256:
		return "", &InputError{field, s[:256], ProblemTooLong}
	case strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) >= 0:
		return "", &InputError{field, s, ProblemControl}
	}
	return s, nil
}

// ParseTenant accepts a tenant ID or a domain of the tenant.
func ParseTenant(field Field, s string) (string, error) {
	if g := normalGUID(s); IsGUID(g) {
		return g, nil
	}
	if strings.TrimSpace(s) == "" {
		return "", &InputError{field, "", ProblemRequired}
	}
	domain, err := ParseDomain(s)
	if err != nil {
		return "", &InputError{field, strings.TrimSpace(s), ProblemNotTenant}
	}
	return domain, nil
}

// maxURL is far above the 256 characters Entra allows for a redirect URI, so
// that an over-long one is judged, not refused.
const maxURL = 2048

// ParseURL accepts any absolute http or https URL with a host and returns it
// as typed, without blanks at the ends: whether it is a good one is judged by
// a check, and a judgement needs the very characters.
func ParseURL(field Field, s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", &InputError{field, "", ProblemRequired}
	case len(s) > maxURL:
		return "", &InputError{field, s[:64], ProblemTooLong}
	case strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) >= 0:
		return "", &InputError{field, s, ProblemControl}
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", &InputError{field, s, ProblemNotURL}
	}
	return s, nil
}

// ParseURLs accepts one URL per line, as copied from the portal's list.
func ParseURLs(field Field, s string) ([]string, error) {
	list := []string{}
	for line := range strings.Lines(s) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		u, err := ParseURL(field, line)
		if err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	if len(list) > 256 { // as many as Entra holds for one registration
		return nil, &InputError{field, fmt.Sprint(len(list)), ProblemTooManyLines}
	}
	return list, nil
}

// Date is a calendar day, "2027-03-11", or "".
type Date string

// ParseDate accepts a day in the form of an HTML date field, or nothing.
func ParseDate(field Field, s string) (Date, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", &InputError{field, s, ProblemNotDate}
	}
	return Date(s), nil
}

// Time is the start of the day in UTC, the zero time for "".
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

var serverName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)

// ParseServers accepts one server per line: its name, and behind a blank its
// role (application, services or all; all when nothing is said).
func ParseServers(field Field, s string) ([]Server, error) {
	var list []Server
	for line := range strings.Lines(s) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		server := Server{Name: words[0], Role: RoleAll}
		if len(words) == 2 {
			server.Role = Role(strings.ToLower(words[1]))
		}
		known := slices.Contains([]Role{RoleApplication, RoleServices, RoleAll}, server.Role)
		if len(words) > 2 || !known || !serverName.MatchString(server.Name) {
			return nil, &InputError{field, strings.TrimSpace(line), ProblemNotServer}
		}
		if slices.ContainsFunc(list, func(o Server) bool { return strings.EqualFold(o.Name, server.Name) }) {
			return nil, &InputError{field, server.Name, ProblemTwice}
		}
		list = append(list, server)
	}
	if len(list) > 50 {
		return nil, &InputError{field, fmt.Sprint(len(list)), ProblemTooManyLines}
	}
	return list, nil
}

var special = regexp.MustCompile(`^ES[0-9]{1,3}([_A][A-Z0-9_]{1,10})?$`)

// ParseSpecials accepts the installed engineering specials, separated by
// commas or blanks: "ES12, ES12_ET1".
func ParseSpecials(field Field, s string) ([]string, error) {
	var list []string
	for _, typed := range strings.FieldsFunc(s, func(r rune) bool {
		return r == ',' || r == ';' || unicode.IsSpace(r)
	}) {
		word := strings.ToUpper(typed)
		if !special.MatchString(word) {
			return nil, &InputError{field, typed, ProblemNotSpecial}
		}
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return list, nil
}

// ParseProtocols accepts a non-empty choice and returns it in display order.
func ParseProtocols(field Field, chosen []string) ([]Protocol, error) {
	var list []Protocol
	for _, c := range chosen {
		if !slices.Contains(Protocols, Protocol(c)) {
			return nil, &InputError{field, c, ProblemNotOffered}
		}
	}
	for _, p := range Protocols {
		if slices.Contains(chosen, string(p)) {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil, &InputError{field, "", ProblemUnanswered}
	}
	return list, nil
}

// ParseChoice accepts one of the offered values.
func ParseChoice[T ~string](field Field, s string, offered ...T) (T, error) {
	switch {
	case s == "":
		return "", &InputError{field, "", ProblemUnanswered}
	case !slices.Contains(offered, T(s)):
		return "", &InputError{field, s, ProblemNotOffered}
	}
	return T(s), nil
}
