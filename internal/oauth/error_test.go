package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

// roundTrip is a server of one line, for what a real one would not send.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(status int, header map[string]string, body string) *oauth.Client {
	return &oauth.Client{
		Now: func() time.Time { return now },
		HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
			for name, value := range header {
				response.Header.Set(name, value)
			}
			return response, nil
		})},
	}
}

var anApp = oauth.App{TokenEndpoint: "https://login.example/token", ClientID: clientID, Secret: secret.New(clientSecret)}

func refresh(c *oauth.Client) error {
	_, err := c.Refresh(context.Background(), anApp, secret.New("refresh-planted"), nil)
	return err
}

const problem = `{"error":"invalid_grant","error_description":"X70008: expired.\r\nTrace ID: 0a\r\nTimestamp: t",
	"error_codes":[70000,"70008",null,"x"],"timestamp":"2026-11-21 10:00:00Z","trace_id":"11111111-2222-4333-8444-555555555555",
	"correlation_id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","error_uri":"https://login.example/error?code=700082",
	"suberror":"bad_token","claims":"{\"access_token\":{\"capolids\":{\"essential\":true}}}"}`

func TestErrorHasTheFieldsOfTheProtocol(t *testing.T) {
	tests := map[string]struct {
		status int
		header map[string]string
		body   string
		want   oauth.Error
	}{
		"complete": {400, map[string]string{"Content-Type": "application/json; charset=utf-8"}, problem, oauth.Error{
			HTTPStatus: 400, Code: "invalid_grant", Description: "X70008: expired. Trace ID: 0a Timestamp: t",
			URI: "https://login.example/error?code=700082", Suberror: "bad_token", Numbers: []int{70000, 70008},
			Claims:  `{"access_token":{"capolids":{"essential":true}}}`,
			TraceID: "11111111-2222-4333-8444-555555555555", CorrelationID: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
			Timestamp: "2026-11-21 10:00:00Z", ContentType: "application/json",
		}},
		"error with a success status": {200, nil, `{"error":"invalid_grant"}`, oauth.Error{HTTPStatus: 200, Code: "invalid_grant"}},
		"members of wrong types": {400, nil, `{"error":"invalid_scope","error_description":7,"error_codes":"x","trace_id":{},"suberror":null}`,
			oauth.Error{HTTPStatus: 400, Code: "invalid_scope"}},
		"error beside a token":  {200, nil, `{"error":"server_error","access_token":"a","token_type":"Bearer"}`, oauth.Error{HTTPStatus: 200, Code: "server_error"}},
		"error of a wrong type": {400, nil, `{"error":7}`, oauth.Error{HTTPStatus: 400, Body: `{"error":7}`}},
		"throttled in plain text, seconds": {429, map[string]string{"Content-Type": "text/plain", "Retry-After": "60"}, "slow down",
			oauth.Error{HTTPStatus: 429, RetryAfter: time.Minute, ContentType: "text/plain", Body: "slow down"}},
		"throttled, date": {429, map[string]string{"Retry-After": "Sat, 21 Nov 2026 10:02:30 GMT"}, "",
			oauth.Error{HTTPStatus: 429, RetryAfter: 150 * time.Second}},
		"far date":     {503, map[string]string{"Retry-After": "Sat, 21 Nov 2030 10:00:00 GMT"}, "", oauth.Error{HTTPStatus: 503, RetryAfter: 24 * time.Hour}},
		"overflow":     {503, map[string]string{"Retry-After": "9300000000"}, "", oauth.Error{HTTPStatus: 503, RetryAfter: 24 * time.Hour}},
		"past date":    {503, map[string]string{"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT"}, "", oauth.Error{HTTPStatus: 503}},
		"negative":     {503, map[string]string{"Retry-After": "-5"}, "", oauth.Error{HTTPStatus: 503}},
		"for ever":     {503, map[string]string{"Retry-After": "99999999999999999999"}, "", oauth.Error{HTTPStatus: 503, RetryAfter: 24 * time.Hour}},
		"for too long": {503, map[string]string{"Retry-After": "86401"}, "", oauth.Error{HTTPStatus: 503, RetryAfter: 24 * time.Hour}},
		"page of a gateway": {502, map[string]string{"Content-Type": "text/html"}, "<html>\r\n<b>Bad\x1b[31m \x00Gateway</b>\u202e",
			oauth.Error{HTTPStatus: 502, ContentType: "text/html", Body: `<html> <b>Bad\x1b[31m \x00Gateway</b>\u202e`}},
		"long page": {502, nil, strings.Repeat("ab ", 200), oauth.Error{HTTPStatus: 502, Body: strings.Repeat("ab ", 66) + "ab…"}},
		"redirect to a login page": {302, map[string]string{"Location": "https://proxy.example/login?back=refresh-planted"}, "",
			oauth.Error{HTTPStatus: 302, Location: "https://proxy.example"}},
		"gateway's own JSON": {200, nil, `{"message":"log in first"}`,
			oauth.Error{HTTPStatus: 200, Body: `{"message":"log in first"}`, Err: oauth.ErrMalformed}},
		"page instead of a token": {200, map[string]string{"Content-Type": "text/html"}, "Please accept the terms",
			oauth.Error{HTTPStatus: 200, ContentType: "text/html", Body: "Please accept the terms", Err: oauth.ErrMalformed}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := refresh(answering(tt.status, tt.header, tt.body))
			got := wantError(t, err, oauth.TokenEnd, tt.status, tt.want.Code)
			if !errors.Is(got, tt.want.Err) && got.Err != nil {
				t.Errorf("Err = %v, want %v", got.Err, tt.want.Err)
			}
			tt.want.Endpoint, tt.want.Grant, tt.want.Err = oauth.TokenEnd, oauth.GrantRefreshToken, got.Err
			if diff := cmp.Diff(tt.want, *got, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	err := refresh(answering(400, nil, `{"error":"invalid_grant","error_description":"expired"}`))
	const want = "oauth: token endpoint (refresh_token): HTTP 400: invalid_grant: expired"
	if err.Error() != want {
		t.Errorf("text = %q, want %q", err, want)
	}
	err = refresh(answering(200, nil, `{}`))
	if want := "oauth: token endpoint (refresh_token): HTTP 200: malformed answer: token_type is not Bearer"; err.Error() != want {
		t.Errorf("text = %q, want %q", err, want)
	}
}

// A hostile server repeats what it was sent, in every place and spelling, and
// a broken one lets a new token escape. None of it may reach an error.
func TestNoErrorContainsASecret(t *testing.T) {
	type echo func(form url.Values) string
	all := func(form url.Values) string {
		var b strings.Builder
		if form.Get("code") != "" {
			b.WriteString("state-planted nonce-planted ") // known to the server from the authorize endpoint
		}
		for _, name := range []string{"code", "code_verifier", "client_secret", "refresh_token"} {
			if v := form.Get(name); v != "" {
				inJSON, _ := json.Marshal(v)
				fmt.Fprintf(&b, "%s %s %s %s %q %s\n", v, url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v), v, inJSON)
			}
		}
		return b.String()
	}
	const fresh = "fresh-planted.token-value"
	jwt := "eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleSJ9.eyJwbGFudGVkIjoidmFsdWUtdGhhdC1tdXN0LW5vdC1sZWFrIn0.c2lnbmF0dXJlLXBsYW50ZWQtdmFsdWUtdGhhdC1tdXN0"
	object := func(members map[string]any) string {
		b, _ := json.Marshal(members)
		return string(b)
	}
	bodies := map[string]struct {
		status      int
		contentType string
		body        echo
	}{
		"description": {400, "application/json", func(f url.Values) string {
			return object(map[string]any{"error": "invalid_grant", "error_description": all(f), "trace_id": all(f), "claims": all(f)})
		}},
		"code":           {400, "application/json", func(f url.Values) string { return object(map[string]any{"error": all(f)}) }},
		"page":           {502, "text/html", all},
		"text":           {400, "text/plain", all},
		"form":           {400, "application/x-www-form-urlencoded", func(f url.Values) string { return f.Encode() }},
		"request echoed": {405, "text/plain", func(f url.Values) string { return "POST /token\r\n\r\n" + f.Encode() }},
		"damaged token response": {200, "application/json", func(url.Values) string {
			return `{"access_token":"` + fresh + `","expires_in":`
		}},
		"token response with a wrong type": {200, "application/json", func(url.Values) string {
			return object(map[string]any{"access_token": fresh, "refresh_token": []string{fresh}, "token_type": "Bearer"})
		}},
		"token response with a list": {200, "application/json", func(url.Values) string {
			return object(map[string]any{"access_token": []string{fresh}, "token_type": "Bearer"})
		}},
		"token response with a list, damaged": {200, "text/plain", func(url.Values) string { return `{"access_token":["` + fresh }},
		"token response in a form":            {200, "application/x-www-form-urlencoded", func(url.Values) string { return "access_token=" + fresh }},
		"token response as plain text":        {200, "text/plain", func(url.Values) string { return "access_token=" + fresh + "&token_type=Bearer" }},
		"token response as text, damaged":     {200, "text/plain", func(url.Values) string { return `{"access_token" : "` + fresh + `"` }},
		"token response without a type":       {200, "", func(url.Values) string { return `{"access_token" : "` + fresh + `", "x` }},
		"error beside tokens": {400, "application/json", func(url.Values) string {
			return object(map[string]any{"access_token": fresh, "error": "server_error", "error_description": "made " + fresh})
		}},
		"JWT in a description": {400, "application/json", func(url.Values) string {
			return object(map[string]any{"error": "invalid_grant", "error_description": "bad token " + jwt})
		}},
		"token in a page": {500, "text/html", func(url.Values) string { return "<a href='?access_token=" + fresh + "'>" }},
		"JWT in a page":   {500, "text/html", func(url.Values) string { return "assertion failed: " + jwt }},
	}
	for name, tt := range bodies {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.token = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header()["Content-Type"] = []string{tt.contentType}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body(r.PostForm))
				return true
			}
			c := s.client()
			p := s.begin(c)
			p.State, p.Nonce, p.Verifier = secret.New("state-planted"), secret.New("nonce-planted"), secret.New("verifier-planted")
			cb := s.signIn(p)
			refreshToken := secret.New("refresh-planted/with+odd=chars<&>\"quoted\"")
			_, _, redeemErr := c.Redeem(t.Context(), p, cb, secret.New(clientSecret))
			_, refreshErr := c.Refresh(t.Context(), s.app(), refreshToken, scopes)
			_, clientErr := c.ClientCredentials(t.Context(), s.app(), scopes)
			planted := []string{
				cb.Code.Reveal(), p.Verifier.Reveal(), p.State.Reveal(), p.Nonce.Reveal(), clientSecret,
				refreshToken.Reveal(), fresh, jwt,
			}
			planted = append(planted, strings.Split(jwt, ".")...)
			for _, err := range []error{redeemErr, refreshErr, clientErr} {
				wantError(t, err, oauth.TokenEnd, tt.status, errorCode(err))
				wantNoSecret(t, err, planted)
			}
			if n := s.requests("token"); n != 3 {
				t.Errorf("token requests = %d for three calls", n)
			}
		})
	}
}

func errorCode(err error) string {
	e, _ := errors.AsType[*oauth.Error](err)
	return e.Code
}

// wantNoSecret looks at the text of err and of everything it wraps, and at all
// fields.
func wantNoSecret(t *testing.T, err error, planted []string) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		shown := fmt.Sprintf("%s\n%+v\n%#v", err, err, err)
		if b, jsonErr := json.Marshal(err); jsonErr == nil {
			shown += string(b)
		}
		for _, value := range planted {
			inJSON, _ := json.Marshal(value)
			for _, spelling := range []string{
				value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value), strings.Trim(string(inJSON), `"`),
				strings.Trim(strconv.Quote(value), `"`),
			} {
				if strings.Contains(shown, spelling) {
					t.Errorf("a planted value (%d characters) is in the error", len(value))
				}
			}
		}
	}
}

// What is cut off must not hide the rest of a secret from the search.
func TestSecretAtTheCutIsFound(t *testing.T) {
	err := refresh(answering(502, nil, strings.Repeat("x ", 95)+clientSecret))
	e := wantError(t, err, oauth.TokenEnd, 502, "")
	if strings.Contains(e.Body, clientSecret[:6]) || !strings.Contains(e.Body, secret.Redacted) {
		t.Errorf("body = %q", e.Body)
	}
}

// net/http quotes what it cannot read, so the transport's own error can leak.
func TestTransportErrorContainsNoSecret(t *testing.T) {
	c := &oauth.Client{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		return nil, fmt.Errorf("malformed HTTP response %q", body)
	})}}
	_, err := c.Refresh(t.Context(), anApp, secret.New("refresh-planted"), nil)
	wantNoSecret(t, err, []string{"refresh-planted", clientSecret})
	if !strings.Contains(err.Error(), "malformed HTTP response") {
		t.Errorf("text = %q, want the transport's words", err)
	}
}

func TestTransportErrorKeepsItsType(t *testing.T) {
	cause := errors.New("odd")
	c := &oauth.Client{HTTP: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, cause })}}
	_, err := c.Discover(t.Context(), "https://login.example/.well-known/openid-configuration", func(string) bool { return true })
	wantError(t, err, oauth.Discovery, 0, "")
	if !errors.Is(err, cause) {
		t.Errorf("error = %v does not lead to its cause", err)
	}
	if want := "oauth: discovery endpoint: odd"; err.Error() != want {
		t.Errorf("text = %q, want %q", err, want)
	}
}

func TestRequestEndsAfterFifteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &oauth.Client{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}}
		start := time.Now()
		_, err := c.ClientCredentials(context.Background(), anApp, nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 15*time.Second {
			t.Errorf("error = %v after %v, want the deadline after 15s", err, time.Since(start))
		}
	})
}

// The answer is also bounded while it is read: the head came, the body drips.
func TestAnswerEndsAfterFifteenSeconds(t *testing.T) {
	s := newServer(t)
	s.token = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.client().ClientCredentials(ctx, s.app(), nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the deadline", err)
	}
}

// A redirect must not carry the secret and the refresh token elsewhere
// (threat T22).
func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		target, s := newServer(t), newServer(t)
		s.token = func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, target.URL+"/token", status)
			return true
		}
		s.keys = func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, target.URL+"/keys", status)
			return true
		}
		c := s.client()
		p := s.begin(c)
		_, _, err := c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
		wantError(t, err, oauth.Keys, status, "")
		s.keys = nil
		_, _, err = c.Redeem(t.Context(), p, s.signIn(p), secret.New(clientSecret))
		if e := wantError(t, err, oauth.TokenEnd, status, ""); e.Location != target.URL {
			t.Errorf("Location = %q, want %q", e.Location, target.URL)
		}
		_, err = c.Discover(t.Context(), redirecting(t, target.URL, status), s.isIssuer)
		wantError(t, err, oauth.Discovery, status, "")
		for _, path := range []string{"token", "keys", ".well-known/openid-configuration"} {
			if n := target.requests(path); n != 0 {
				t.Errorf("%d: %d requests reached the target's %s", status, n, path)
			}
		}
		if n := s.requests("token"); n != 1 {
			t.Errorf("%d: token requests = %d, want 1", status, n)
		}
	}
}

func redirecting(t *testing.T, target string, status int) string {
	t.Helper()
	s := newServer(t)
	s.keys = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, target+"/.well-known/openid-configuration", status)
		return true
	}
	return s.URL + "/keys"
}

// endless is a body that never ends, and counts what was taken of it.
type endless struct{ taken int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	e.taken += len(b)
	return len(b), nil
}
func (*endless) Close() error { return nil }

func TestAnswerIsReadUpToALimit(t *testing.T) {
	body := &endless{}
	c := &oauth.Client{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
	})}}
	_, tokenErr := c.ClientCredentials(t.Context(), anApp, nil)
	_, metadataErr := c.Discover(t.Context(), "https://login.example/x", func(string) bool { return true })
	for _, err := range []error{tokenErr, metadataErr} {
		if !errors.Is(err, oauth.ErrTooLarge) {
			t.Errorf("error = %v, want ErrTooLarge", err)
		}
	}
	if limit := 2 * (1<<20 + 1); body.taken > 2*limit {
		t.Errorf("%d bytes were read of two answers, limit %d", body.taken, limit)
	}
}

func TestAnswerOfExactlyTheLimitIsRead(t *testing.T) {
	body := `{"error":"invalid_grant"}`
	err := refresh(answering(400, nil, body+strings.Repeat(" ", 1<<20-len(body))))
	wantError(t, err, oauth.TokenEnd, 400, "invalid_grant")
}

// The compressed form of a huge answer is small; the limit counts the other.
func TestLimitCountsAfterDecompression(t *testing.T) {
	s := newServer(t)
	s.token = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(gzipped(t, 8<<20))
		return true
	}
	_, err := s.client().ClientCredentials(t.Context(), s.app(), nil)
	if !errors.Is(err, oauth.ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}

func TestOnlySafeAddressesAreAsked(t *testing.T) {
	asked := []string{}
	c := &oauth.Client{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		return nil, errors.New("closed")
	})}}
	good := []string{"https://login.example/token", "http://localhost:8080/token", "http://127.0.0.1:1/token", "http://[::1]:1/token"}
	bad := []string{
		"http://login.example/token", "http://localhost.login.example/token", "http://127.0.0.1.example/", "ftp://login.example/",
		"login.example/token", "//login.example/token", "", "https://", "https://user:pass@login.example/", "https://login.example/#x",
		"https://login.example/%zz", "https:login.example",
	}
	for _, address := range slices.Concat(good, bad) {
		_, err := c.ClientCredentials(t.Context(), oauth.App{TokenEndpoint: address, ClientID: clientID}, nil)
		if refused := errors.Is(err, oauth.ErrAddress); refused == slices.Contains(good, address) {
			t.Errorf("%q: error = %v", address, err)
		}
	}
	if diff := cmp.Diff(good, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
