package entra_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// browser is a person with one window: it opens pages, fills forms by their
// labels, presses buttons by their names, and has cookies of its own.
type browser struct {
	t      testing.TB
	client *http.Client
	home   string // scheme and host; the browser stops where a redirect leaves it
}

// newBrowser returns a browser that stays at home, such as "http://127.0.0.1:8080": a
// redirect to anywhere else is not followed but kept in page.Left.
func newBrowser(t testing.TB, home string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	b := &browser{t: t, home: home, client: &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second}}
	b.client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), home+"/") || len(via) > 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

// Open goes to an address; a path is taken from home.
func (b *browser) Open(address string) *page {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.home + address
	}
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) do(r *http.Request) *page {
	b.t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		b.t.Fatal(err)
	}
	p := &page{browser: b, URL: response.Request.URL, Status: response.StatusCode, Header: response.Header, Body: string(body)}
	if location, err := response.Location(); err == nil {
		p.Left = location
		return p
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		p.read()
	}
	return p
}

// page is what the browser shows.
type page struct {
	browser *browser
	URL     *url.URL
	Status  int
	Header  http.Header
	Body    string
	Left    *url.URL // where a redirect led away from home, nil if none did

	Title   string
	Heading string
	Text    string // everything visible, spaces collapsed
	links   []link
	forms   []*form
	codes   []control
}

// Answer returns one parameter of the address the browser was sent away to.
// It fails the test if the browser is still at home.
func (p *page) Answer(name string) string {
	p.browser.t.Helper()
	if p.Left == nil {
		p.browser.t.Fatalf("still at %s (%q), not sent back to the application: %s", p.URL.Path, p.Heading, p.Text)
	}
	return p.Left.Query().Get(name)
}

// Has reports whether the page shows text.
func (p *page) Has(text string) bool { return strings.Contains(p.Text, text) }

// Copy returns what can be copied under an ID or a class, in order.
func (p *page) Copy(name string) []string {
	var texts []string
	for _, c := range p.codes {
		if c.name == name {
			texts = append(texts, c.text)
		}
	}
	return texts
}

// Follow clicks a link by its text.
func (p *page) Follow(text string) *page {
	p.browser.t.Helper()
	for _, l := range p.links {
		if l.text != text {
			continue
		}
		target, err := p.URL.Parse(l.href)
		if err != nil {
			p.browser.t.Fatal(err)
		}
		if !strings.HasPrefix(target.String(), p.browser.home+"/") {
			return &page{browser: p.browser, URL: p.URL, Left: target}
		}
		return p.browser.Open(target.String())
	}
	p.browser.t.Fatalf("%s (%q) has no link %q", p.URL.Path, p.Heading, text)
	return nil
}

// Press presses a button by its name after filling the fields of its form by
// their labels. For check boxes, "on" ticks and "" unticks.
func (p *page) Press(button string, fields map[string]string) *page {
	p.browser.t.Helper()
	for _, f := range p.forms {
		for _, b := range f.buttons {
			if b.text == button || b.label == button {
				return p.submit(f, b, fields)
			}
		}
	}
	p.browser.t.Fatalf("%s (%q) has no button %q: %s", p.URL.Path, p.Heading, button, p.Text)
	return nil
}

func (p *page) submit(f *form, pressed control, fields map[string]string) *page {
	p.browser.t.Helper()
	for label, value := range fields {
		if !f.fill(label, value) {
			p.browser.t.Fatalf("%s (%q) has no field %q", p.URL.Path, p.Heading, label)
		}
	}
	values := f.values()
	if pressed.name != "" {
		values.Set(pressed.name, pressed.value)
	}
	target, err := p.URL.Parse(f.action)
	if err != nil {
		p.browser.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(values.Encode()))
	if err != nil {
		p.browser.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// What a browser sends with a form of its own site.
	r.Header.Set("Origin", p.browser.home)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.browser.do(r)
}
