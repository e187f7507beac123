package webtest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Window is a browser window with cookies of its own.
type Window struct {
	T      testing.TB
	Base   string // scheme and host
	Client *http.Client
	Header http.Header // sent with every request
}

// localJar keeps Secure cookies on http://localhost too, as browsers do (W3C,
// Secure Contexts §3.1); the library's jar looks at the scheme alone.
type localJar struct{ http.CookieJar }

func secure(u *url.URL) *url.URL {
	c := *u
	c.Scheme = "https"
	return &c
}

// SetCookies implements http.CookieJar.
func (j localJar) SetCookies(u *url.URL, c []*http.Cookie) { j.CookieJar.SetCookies(secure(u), c) }

// Cookies implements http.CookieJar.
func (j localJar) Cookies(u *url.URL) []*http.Cookie { return j.CookieJar.Cookies(secure(u)) }

// New returns a window without cookies.
func New(t testing.TB, base string) *Window {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Window{T: t, Base: base, Header: http.Header{}, Client: &http.Client{
		Jar: localJar{jar}, Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
	}}
}

// Shown is what a window shows.
type Shown struct {
	Status int
	Path   string // with the query
	Body   string // commands without the elements that keep their words whole
	Header http.Header
}

var wholeWord = regexp.MustCompile(`<span class="word">([^<]*)</span>`)

// Get opens a path.
func (w *Window) Get(path string) Shown {
	w.T.Helper()
	return w.Do(http.MethodGet, path, nil, nil)
}

// Post sends a form of our own page.
func (w *Window) Post(path string, form url.Values) Shown {
	w.T.Helper()
	return w.Do(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {w.Base}, "Sec-Fetch-Site": {"same-origin"},
	})
}

// Do sends a request and fails the test if there is no answer at all.
func (w *Window) Do(method, path string, body io.Reader, header http.Header) Shown {
	w.T.Helper()
	got, err := w.Try(method, path, body, header)
	if err != nil {
		w.T.Fatal(err)
	}
	return got
}

// Try sends a request to a server that may be dying.
func (w *Window) Try(method, path string, body io.Reader, header http.Header) (Shown, error) {
	r, err := http.NewRequestWithContext(w.T.Context(), method, w.Base+path, body)
	if err != nil {
		return Shown{}, err
	}
	for _, h := range []http.Header{w.Header, header} {
		for name, values := range h {
			r.Header[name] = values
		}
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := w.Client.Do(r)
	if err != nil {
		return Shown{}, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		return Shown{}, err
	}
	return Shown{response.StatusCode, response.Request.URL.RequestURI(), wholeWord.ReplaceAllString(string(b), "$1"), response.Header}, nil
}
