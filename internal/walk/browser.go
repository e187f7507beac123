package walk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// window is one browser window with its own cookies. A second one is like a
// private window: it shares nothing with the first.
type window struct {
	ctx    context.Context
	client *http.Client
	page   *page
}

// localJar keeps Secure cookies on http://localhost too, as browsers do: the
// machine itself is a trustworthy place (W3C, Secure Contexts §3.1). The
// library's jar looks at the scheme alone.
type localJar struct{ http.CookieJar }

func trusted(u *url.URL) *url.URL {
	if u.Scheme != "http" || u.Hostname() != "localhost" {
		return u
	}
	secure := *u
	secure.Scheme = "https"
	return &secure
}

// SetCookies implements http.CookieJar.
func (j localJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.CookieJar.SetCookies(trusted(u), cookies)
}

// Cookies implements http.CookieJar.
func (j localJar) Cookies(u *url.URL) []*http.Cookie { return j.CookieJar.Cookies(trusted(u)) }

func newWindow(ctx context.Context) (*window, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("walk: %w", err)
	}
	return &window{ctx: ctx, client: &http.Client{
		Jar: localJar{jar}, Timeout: 90 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true},
	}}, nil
}

// open goes to an address.
func (w *window) open(address string) error {
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("walk: %w", err)
	}
	return w.load(r)
}

// agent is what a current Edge on Windows says; the pages word their
// instructions after it.
const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"

func (w *window) load(r *http.Request) error {
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", "en")
	response, err := w.client.Do(r)
	if err != nil {
		return fmt.Errorf("walk: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("walk: %s: %w", response.Request.URL.Path, err)
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("walk: %s: %w", response.Request.URL.Path, err)
	}
	w.page = &page{url: response.Request.URL, status: response.StatusCode, root: root}
	return nil
}

// follow clicks the first link whose words contain text.
func (w *window) follow(text string) error {
	for _, a := range w.page.all("a") {
		if strings.Contains(words(a), text) {
			target, err := w.page.url.Parse(attr(a, "href"))
			if err != nil {
				return fmt.Errorf("walk: link %q: %w", text, err)
			}
			return w.open(target.String())
		}
	}
	return w.page.missing("link", text)
}

// entry is a value for the field with a label. For a choice, Value is "" and
// Label the words of the choice.
type entry struct{ label, value string }

// press fills the entries and presses the button whose words begin with name.
func (w *window) press(name string, entries ...entry) error {
	button := w.page.button(name)
	if button == nil {
		return w.page.missing("button", name)
	}
	form := ancestor(button, "form")
	if form == nil {
		return w.page.missing("form around the button", name)
	}
	for _, e := range entries {
		if err := w.page.fill(form, e); err != nil {
			return err
		}
	}
	values := formValues(form)
	if attr(button, "name") != "" {
		values.Add(attr(button, "name"), attr(button, "value"))
	}
	target, err := w.page.url.Parse(attr(form, "action"))
	if err != nil {
		return fmt.Errorf("walk: form: %w", err)
	}
	if !strings.EqualFold(attr(form, "method"), "post") {
		target.RawQuery = values.Encode()
		return w.open(target.String())
	}
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, target.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return fmt.Errorf("walk: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", w.page.url.Scheme+"://"+w.page.url.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return w.load(r)
}

// page is what a window shows.
type page struct {
	url    *url.URL
	status int
	root   *html.Node
}

func (p *page) missing(kind, name string) error {
	return fmt.Errorf("walk: %s has no %s %q; it reads: %.600s", p.url.Path, kind, name, p.text())
}

// text is everything visible in the main part, blanks collapsed.
func (p *page) text() string {
	if mains := p.all("main"); len(mains) > 0 {
		return words(mains[0])
	}
	return words(p.root)
}

func (p *page) all(tag string) []*html.Node { return descendants(p.root, tag) }

func (p *page) button(name string) *html.Node {
	for _, b := range p.all("button") {
		if strings.HasPrefix(words(b), name) {
			return b
		}
	}
	for _, b := range p.all("input") {
		if attr(b, "type") == "submit" && strings.HasPrefix(attr(b, "value"), name) {
			return b
		}
	}
	return nil
}

// fill puts a value into the control with a label, or takes a choice.
func (p *page) fill(form *html.Node, e entry) error {
	for _, label := range descendants(form, "label") {
		if !strings.HasPrefix(words(label), e.label) {
			continue
		}
		control := byID(form, attr(label, "for"))
		if control == nil {
			continue
		}
		switch {
		case control.Data == "textarea":
			setText(control, e.value)
		case control.Data == "select":
			return choose(control, e)
		case attr(control, "type") == "radio":
			for _, other := range descendants(form, "input") {
				if attr(other, "type") == "radio" && attr(other, "name") == attr(control, "name") {
					dropAttr(other, "checked")
				}
			}
			setAttr(control, "checked", "")
		case attr(control, "type") == "checkbox":
			if e.value == "no" {
				dropAttr(control, "checked")
			} else {
				setAttr(control, "checked", "")
			}
		default:
			setAttr(control, "value", e.value)
		}
		return nil
	}
	return p.missing("field", e.label)
}

func choose(control *html.Node, e entry) error {
	found := false
	for _, o := range descendants(control, "option") {
		dropAttr(o, "selected")
		if !found && strings.Contains(words(o), e.value) {
			setAttr(o, "selected", "")
			found = true
		}
	}
	if !found {
		return fmt.Errorf("walk: %q does not offer %q", e.label, e.value)
	}
	return nil
}
