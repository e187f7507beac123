package bench

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"latchkey/internal/secret"
)

// callTimeout is for one request to a server on this machine.
const callTimeout = 20 * time.Second

// walker fills in the forms of server-rendered pages, finding controls by the
// text of their label or button, as a browser without script does.
type walker struct {
	t      testing.TB
	client *http.Client
	stop   string   // a redirect to an address that begins so is not followed
	at     *url.URL // of page, or the address stopped at
	page   *html.Node
}

func newWalker(t testing.TB, stop string) *walker {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	w := &walker{t: t, stop: stop, client: &http.Client{Jar: jar, Timeout: callTimeout, Transport: oneShot.Transport}}
	w.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), stop) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return w
}

func (w *walker) get(address string) {
	w.t.Helper()
	res, err := w.client.Get(address)
	w.open(res, err)
}

// submit presses the button with this text after filling in the fields with
// these labels.
func (w *walker) submit(button string, entries map[string]secret.Text) {
	w.t.Helper()
	form := w.formOf(button)
	values := url.Values{}
	for n := range form.Descendants() {
		if n.DataAtom == atom.Input {
			values.Set(attribute(n, "name"), attribute(n, "value"))
		}
	}
	for label, entry := range entries {
		values.Set(w.fieldNamed(form, label), entry.Reveal())
	}
	action, err := w.at.Parse(attribute(form, "action"))
	if err != nil {
		w.t.Fatalf("bench: form of %q: %v", button, err)
	}
	res, err := w.client.PostForm(action.String(), values)
	w.open(res, err)
}

// arrived returns the parameters of the redirect that was not followed.
func (w *walker) arrived() url.Values {
	w.t.Helper()
	if w.page != nil {
		w.t.Fatalf("bench: still on a page of the provider: %s", text(w.page))
	}
	return w.at.Query()
}

func (w *walker) open(res *http.Response, err error) {
	w.t.Helper()
	if err != nil {
		// A *url.Error shows the address, which may hold a code.
		w.t.Fatalf("bench: the provider does not answer: %s", redact(err.Error()))
	}
	defer res.Body.Close()
	if to, err := res.Location(); err == nil && strings.HasPrefix(to.String(), w.stop) {
		w.at, w.page = to, nil
		return
	}
	w.at = res.Request.URL
	if w.page, err = html.Parse(res.Body); err != nil {
		w.t.Fatalf("bench: %v", err)
	}
}

func (w *walker) formOf(button string) *html.Node {
	w.t.Helper()
	if w.page == nil {
		w.t.Fatalf("bench: already back at the application, there is no %q", button)
	}
	for n := range w.page.Descendants() {
		if n.DataAtom != atom.Button || text(n) != button {
			continue
		}
		for form := range n.Ancestors() {
			if form.DataAtom == atom.Form {
				return form
			}
		}
	}
	w.t.Fatalf("bench: no button %q on the page: %s", button, text(w.page))
	return nil
}

func (w *walker) fieldNamed(form *html.Node, label string) string {
	w.t.Helper()
	id := ""
	for n := range form.Descendants() {
		if n.DataAtom == atom.Label && text(n) == label {
			id = attribute(n, "for")
		}
	}
	for n := range form.Descendants() {
		if n.DataAtom == atom.Input && id != "" && attribute(n, "id") == id {
			return attribute(n, "name")
		}
	}
	w.t.Fatalf("bench: no field %q on the page: %s", label, text(w.page))
	return ""
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a person reads, with single spaces.
func text(n *html.Node) string {
	var words []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode && (d.Parent == nil || d.Parent.DataAtom != atom.Style) {
			words = append(words, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(words, " ")
}
