package bench

import (
	"strings"
	"testing"
)

func TestRedactKeepsReasonsAndHidesSecrets(t *testing.T) {
	long := strings.Repeat("aB3_", 12)
	for in, want := range map[string]string{
		"GET /auth?code=abc&x=1":                   "GET /auth?code=[redacted]&x=1",
		`{"access_token":"abc","expires_in":3600}`: `{"access_token":"[redacted]","expires_in":3600}`,
		"client_secret: s3cr3t given":              "client_secret: [redacted] given",
		"blob " + long + "== end":                  "blob [redacted] end",
		"grant.error invalid_grant used twice":     "grant.error invalid_grant used twice",
		"exit code 3":                              "exit code 3",
	} {
		if got := redact(in); got != want {
			t.Errorf("redact(%q) = %q, want %q", in, got, want)
		}
	}
}
