package paste

import (
	"regexp"
	"strings"
)

// Who logs in with a password is refused in the same words as who has the
// wrong token; the mechanism tells them apart. It stands in the command, in the
// program's own words about it, or in the prompts of LOGIN (base64 of
// "Username:" and "Password:").
var (
	mechanismWord = regexp.MustCompile(`(?i)\b(?:AUTHENTICATE |AUTH |(?:method|mechanism|mech)[ =:]+)[ (]*["']?(PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5|DIGEST-MD5|NTLM)\b`)
	tokenLogin    = regexp.MustCompile(`(?i)\b(XOAUTH2|OAUTHBEARER) (?:authentication|login)\b`)
	loginPrompt   = regexp.MustCompile(`(?i)\b334 (?:VXNlcm5hbWU6|VXNlciBOYW1lAA|UGFzc3dvcmQ6)`)
	popPassword   = regexp.MustCompile(`(?:^|[>:\]] ?)(?:USER|PASS) \S`)
	// offers list what a server takes; nobody has chosen yet.
	offers = regexp.MustCompile(`(?i)\b250[- ]AUTH|CAPABILITY|\bSASL[ =]|offer|advertis|support|available`)
)

// mechanism is the SASL mechanism that a line names, "" if it names none.
func mechanism(text string) string {
	switch {
	case offers.MatchString(text):
		return ""
	case loginPrompt.MatchString(text):
		return "LOGIN"
	case popPassword.MatchString(text):
		return "USER"
	}
	if word := group1(mechanismWord, text); word != "" {
		return strings.ToUpper(word)
	}
	return strings.ToUpper(group1(tokenLogin, text))
}

// mechanismAt is the mechanism that the refusal on line i answers: the last one
// named before, else what a library prints among the properties of its error.
func (r *reader) mechanismAt(c *conversation, i int) string {
	if c.mechanism != "" && i-c.mechanismLine <= near {
		return c.mechanism
	}
	for _, l := range r.lines[i:min(len(r.lines), i+7)] {
		if m := mechanism(l.text); m != "" {
			return m
		}
	}
	return ""
}
