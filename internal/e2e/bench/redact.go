package bench

import (
	"regexp"

	"latchkey/internal/secret"
)

var (
	// A long run without a separator is a token, a code or a signature.
	longRun = regexp.MustCompile(`[A-Za-z0-9_~+=.-]{40,}`)
	named   = regexp.MustCompile(`(?i)\b((?:[a-z_]*(?:token|secret|password|verifier|assertion))|code|state|nonce)(["']?\s*[=:]\s*["']?)[^\s&"',;]+`)
)

// redact removes what may be a secret from the output of a foreign program
// before it is written to a test's log.
func redact(s string) string {
	s = named.ReplaceAllString(s, "${1}${2}"+secret.Redacted)
	return longRun.ReplaceAllString(s, secret.Redacted)
}
