package oauth_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

func TestParseCallback(t *testing.T) {
	tests := map[string]struct {
		query string
		want  oauth.Callback
	}{
		"code": {"code=c&state=s&iss=https%3A%2F%2Flogin.example&session_state=x",
			oauth.Callback{State: secret.New("s"), Code: secret.New("c"), Issuer: "https://login.example"}},
		"unknown parameters twice": {"code=c&state=s&x=1&x=2", oauth.Callback{State: secret.New("s"), Code: secret.New("c")}},
		"error": {"error=access_denied&error_description=X1%3A+no%0D%0ATrace&error_uri=https%3A%2F%2Fl.example%2Fe&error_subcode=cancel&state=s",
			oauth.Callback{State: secret.New("s"), Err: &oauth.Error{
				Endpoint: oauth.Authorize, Code: "access_denied", Description: "X1: no Trace",
				URI: "https://l.example/e", Subcode: "cancel",
			}}},
		"hostile description": {"error=e&error_description=" + url.QueryEscape("\x1b]0;x\a<script>\u202e"+strings.Repeat("ab ", 2000)) + "&state=s",
			oauth.Callback{State: secret.New("s"), Err: &oauth.Error{
				Endpoint: oauth.Authorize, Code: "e", Description: `\x1b]0;x\a<script>\u202e` + strings.Repeat("ab ", 661) + "ab…",
			}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			query, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := oauth.ParseCallback(query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(secret.Text.Equal)); diff != "" {
				t.Errorf("callback (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCallbackRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"code=c":                     "no state",
		"code=c&state=":              "no state",
		"state=s":                    "neither code nor error",
		"state=s&error=":             "neither code nor error",
		"state=s&code=c&error=e":     "code and error",
		"state=s&code=c%0D%0A":       "characters that a code cannot have",
		"state=s&code=c%01":          "characters that a code cannot have",
		"state=s&code=%C3%A9":        "characters that a code cannot have",
		"state=s&state=s&code=c":     "state twice",
		"state=s&code=c&code=d":      "code twice",
		"state=s&code=c&iss=a&iss=b": "iss twice",
		"state=s&error=a&error=b":    "error twice",
		"state=s&code=c&session_state=&session_state=":          "session_state twice",
		"state=s&error=a&error_description=&error_description=": "error_description twice",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		cb, err := oauth.ParseCallback(values)
		wantRefused(t, err, oauth.CheckCallback)
		if refused, ok := err.(*oauth.Refused); ok && refused.Got != want {
			t.Errorf("%s: Got = %q, want %q", query, refused.Got, want)
		}
		if !cb.State.IsZero() || !cb.Code.IsZero() || cb.Err != nil {
			t.Errorf("%s: a refused callback has content", query)
		}
	}
}

func TestCallbackErrorContainsNoState(t *testing.T) {
	const state = "state-planted-value"
	cb, err := oauth.ParseCallback(url.Values{
		"state": {state}, "error": {"x " + state}, "error_description": {"the state was " + state}, "error_uri": {"https://l.example/?s=" + state},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, cb.Err, []string{state})
}

func FuzzParseCallback(f *testing.F) {
	for _, query := range []string{
		"code=c&state=s", "error=e&state=s&error_description=%1b", "code=c&code=d&state=s", "state=s", "code=%00&state=s",
		"error=e&state=planted-state&error_description=planted-state", "%zz", "code=c;state=s",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query) // what the web server would hand over
		cb, err := oauth.ParseCallback(values)
		if err != nil {
			if cb.Err != nil || !cb.Code.IsZero() || !cb.State.IsZero() {
				t.Fatal("a refused callback has content")
			}
			return
		}
		if cb.State.IsZero() || cb.Code.IsZero() == (cb.Err == nil) {
			t.Fatal("accepted without state, or not with exactly one of code and error")
		}
		for name, got := range values {
			if len(got) > 1 && strings.Contains(" code state iss error ", " "+name+" ") {
				t.Fatalf("accepted with %s twice", name)
			}
		}
		if strings.ContainsFunc(cb.Code.Reveal(), func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Fatal("accepted a code with control characters")
		}
		if cb.Err != nil {
			wantOneLine(t, cb.Err)
			// A backslash may come from making another character visible.
			state := cb.State.Reveal()
			if len(state) >= 8 && !strings.ContainsAny(state, `\…`) && !strings.Contains(secret.Redacted, state) &&
				strings.Contains(cb.Err.Code+"\n"+cb.Err.Description+"\n"+cb.Err.URI+"\n"+cb.Err.Subcode, state) {
				t.Fatal("the state is in the error")
			}
		}
	})
}

// wantOneLine checks what makes an error safe to print and to log.
func wantOneLine(t *testing.T, err error) {
	t.Helper()
	s := err.Error()
	if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 }) {
		t.Fatalf("control characters in %q", s)
	}
	if len(s) > 40_000 {
		t.Fatalf("text of %d bytes", len(s))
	}
}
