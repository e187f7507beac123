package lab_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// visitor is a plain HTTP client with cookies of its own. It follows the lab's
// redirects and stops where one leads away from it.
type visitor struct {
	t      *testing.T
	client *http.Client
	home   string
}

func newVisitor(t *testing.T, home string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, home: home, client: &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	v.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), home+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return v
}

// shown is a page, or the address to which the visitor was sent away.
type shown struct {
	v    *visitor
	url  *url.URL
	body string
	left *url.URL
}

func (v *visitor) get(path string) shown { return v.do(http.MethodGet, v.home+path, nil) }

func (v *visitor) post(path string, form url.Values) shown {
	return v.do(http.MethodPost, v.home+path, form)
}

func (v *visitor) do(method, address string, form url.Values) shown {
	v.t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	p := shown{v: v, url: response.Request.URL, body: string(body)}
	if location, err := response.Location(); err == nil {
		p.left = location
	}
	return p
}

// heading is the page's h1.
func (p shown) heading() string { return first(p.all(`<h1>([^<]*)</h1>`)) }

// all are the texts that the first group of a pattern finds in the page.
func (p shown) all(pattern string) []string {
	var texts []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(p.body, -1) {
		texts = append(texts, html.UnescapeString(m[1]))
	}
	return texts
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// answer sends the form of a sign-in or consent page.
func (p shown) answer(form url.Values) shown {
	p.v.t.Helper()
	form.Set("flow", first(p.all(`name="flow" value="([^"]*)"`)))
	return p.v.post(first(p.all(`action="([^"]*)"`)), form)
}

// read reads an answer to its end.
func read(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
