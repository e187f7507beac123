package admin

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"latchkey/internal/secret"
)

// The length rules (OWASP ASVS 5.0.0, 6.2.1 and 6.2.9), in characters. Nothing
// is asked about kinds of characters (6.2.5): such rules make "Password1!".
const (
	MinPassword         = 8
	RecommendedPassword = 15
	// MaxPassword keeps a megabyte from being hashed.
	MaxPassword = 256
)

// PasswordProblem is the rule a password breaks; the languages have a sentence
// for each.
type PasswordProblem string

// The rules.
const (
	PasswordTooShort PasswordProblem = "too_short"
	PasswordTooLong  PasswordProblem = "too_long"
	PasswordCommon   PasswordProblem = "common"
	PasswordIsName   PasswordProblem = "contains_name"
)

// CheckPassword returns the rule that a new password of the account called
// name breaks, "" if none.
func CheckPassword(name string, password secret.Text) PasswordProblem {
	p := prepare(password)
	length := utf8.RuneCountInString(p)
	folded := strings.ToLower(p)
	key := NameKey(name)
	switch {
	case length < MinPassword:
		return PasswordTooShort
	case length > MaxPassword:
		return PasswordTooLong
	case utf8.RuneCountInString(key) >= 4 && strings.Contains(NameKey(p), key):
		return PasswordIsName
	case isCommon(folded), isSequence(folded):
		return PasswordCommon
	}
	return ""
}

// prepare makes the same password typed on two systems the same bytes: macOS
// and Windows compose accents differently (NIST SP 800-63B-4 §3.1.1.2).
func prepare(password secret.Text) string { return norm.NFKC.String(password.Reveal()) }

// The list is small on purpose: words that guessers try first and that the
// length rule lets through once something is appended. It needs no internet.
//
//go:embed common.txt
var commonText string

var common = func() map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(commonText) {
		m[word] = true
	}
	return m
}()

// undisguise reads the usual letter replacements back.
var undisguise = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// isCommon reports whether p is a listed word, as it is, disguised, repeated,
// or with up to four digits and signs around it ("Winter2026!").
func isCommon(p string) bool {
	for n := 1; n <= len(p)/2; n++ {
		if len(p)%n == 0 && strings.Repeat(p[:n], len(p)/n) == p {
			return isCommon(p[:n]) || n < MinPassword
		}
	}
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	core := strings.TrimFunc(p, notLetter)
	for _, form := range []string{p, core} {
		if len(p)-len(form) > 5 {
			continue
		}
		plain := undisguise.Replace(form)
		if common[form] || common[plain] || common[strings.TrimFunc(plain, notLetter)] {
			return true
		}
	}
	return false
}

// rows are what fingers and counting produce.
var rows = []string{
	"0123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p",
	"qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklm",
}

func isSequence(p string) bool {
	back := []rune(p)
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	for _, row := range rows {
		if strings.Contains(row, p) || strings.Contains(row, string(back)) {
			return true
		}
	}
	return false
}
