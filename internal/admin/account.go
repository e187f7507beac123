package admin

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Account is an administrator.
type Account struct {
	ID   string
	Name string // as typed at the claim
	// NameKey is NameKey(Name) and unique.
	NameKey    string
	Hash       string // PHC string, see Params
	Created    time.Time
	PasswordAt time.Time // when the password was set
}

// MaxName is the longest account name in characters.
const MaxName = 64

// NameKey reduces a name to what makes it the same name: compatibility forms,
// letter case, invisible characters and surrounding space do not count.
// Failures are counted under it, because a counter that tells "Admin " from
// "admin" gives a guesser a fresh start with each spelling (CVE-2025-6004).
func NameKey(name string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Cc) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name))
	// Lower of upper, because folding alone swaps the two cases of Cherokee.
	folded := strings.ToLower(strings.ToUpper(norm.NFKC.String(cases.Fold().String(visible))))
	return strings.Join(strings.Fields(folded), " ")
}

func checkName(name string) error {
	switch {
	case NameKey(name) == "":
		return &NameError{NameRequired}
	case utf8.RuneCountInString(name) > MaxName:
		return &NameError{NameTooLong}
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return &NameError{NameControl}
	}
	return nil
}
