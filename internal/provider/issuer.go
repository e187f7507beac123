package provider

import (
	"slices"
	"strings"
	"unicode"
)

// microsoftIssuers are the organisations whose authorities certify Microsoft's
// hosts, in the national clouds too: "Azure Certificate Authority details"
// (learn.microsoft.com/azure/security/fundamentals/azure-ca-details, to which
// "Microsoft 365 encryption chains" leads, November 2026). Names of authorities
// change within months, those of the organisations have not for years.
var microsoftIssuers = []string{"DigiCert Inc", "Microsoft Corporation", "Entrust, Inc."}

// IssuerKnown reports whether a certificate by issuer, a distinguished name as
// Go or Windows writes it, may be the provider's own. True where nobody has
// said which are.
func (p Provider) IssuerKnown(issuer string) bool {
	return len(p.Issuers) == 0 || slices.ContainsFunc(p.Issuers, func(name string) bool {
		return slices.Contains(organisations(issuer), lettersOf(name))
	})
}

// organisations are the values of O in a distinguished name. Go writes
// "O=DigiCert\, Inc.,C=US", Windows `O="DigiCert, Inc.", C=US`, and a console
// that breaks lines takes blanks away: letters and digits decide.
func organisations(name string) []string {
	var list []string
	var part strings.Builder
	take := func() {
		if key, value, _ := strings.Cut(part.String(), "="); strings.EqualFold(strings.TrimSpace(key), "O") {
			list = append(list, lettersOf(value))
		}
		part.Reset()
	}
	quoted, escaped := false, false
	for _, r := range name {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ',' || r == '+'):
			take()
			continue
		}
		part.WriteRune(r)
	}
	take()
	return list
}

// lettersOf is a name by its letters and digits.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
