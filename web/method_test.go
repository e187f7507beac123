package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/wizard"
)

// TestHeadIsGetWithoutABody: whoever asks for the head of a page is told the
// same, and changes and takes nothing.
func TestHeadIsGetWithoutABody(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	link := strings.TrimPrefix(s.link(owner, id), s.url)
	for _, path := range []string{"/", "/help", page, page + "/network", page + "/report.json", link, "/healthz", "/nothing", "/w/aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		get, head := owner.Get(path), owner.Do(http.MethodHead, path, nil, nil)
		if head.Status != get.Status || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || head.Body != "" {
			t.Errorf("%s: HEAD %d %q, GET %d %q", path, head.Status, head.Header.Get("Content-Type"), get.Status, get.Header.Get("Content-Type"))
		}
	}
	// An event stream has no end: its head has.
	client := *owner.Client
	client.Timeout = 20 * time.Second
	request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.url+page+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("the head of the event stream: %v, %v", response, err)
	}

	if !strings.Contains(s.log.String(), "method=HEAD path="+page+"/events") {
		t.Error("the event stream of a HEAD goes on")
	}
	// What is shown once is shown to the reader.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+page+"/sign-in/link", nil)
	if err != nil {
		t.Fatal(err)
	}
	post.Header = http.Header{"Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}}
	made, err := client.Do(post)
	if err != nil || made.StatusCode != http.StatusSeeOther {
		t.Fatalf("a new link: %v, %v", made, err)
	}
	owner.Do(http.MethodHead, page+"/sign-in", nil, nil)
	has(t, "after a HEAD", owner.Get(page+"/sign-in"), "A new link was made.")

	private := s.window()
	back := s.authorized(private, s.leave(private, s.link(owner, id)))
	if got := private.Do(http.MethodHead, back, nil, nil); got.Status != http.StatusMethodNotAllowed || s.attempt(id).State != wizard.AttemptConfirmed {
		t.Errorf("HEAD of the callback: %d, the attempt is %s", got.Status, s.attempt(id).State)
	}
}

func TestAWrongMethodIsNamed(t *testing.T) {
	s := newStand(t)
	before := s.window()
	// Before the first administrator there is one page.
	first := before.Get("/")
	for method, path := range map[string]string{http.MethodGet: "/nothing", http.MethodPut: "/help", http.MethodHead: "/nothing/at/all", http.MethodPost: "/m/x/y/z"} {
		got := before.Do(method, path, nil, http.Header{"Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}})
		if got.Status != http.StatusServiceUnavailable || method != http.MethodHead && titleOf(got) != titleOf(first) {
			t.Errorf("%s %s before the claim: %d %s", method, path, got.Status, titleOf(got))
		}
	}
	owner := s.claimed()
	id := s.ready()
	for _, tt := range []struct{ method, path, allow string }{
		{http.MethodPut, "/", "GET"},
		{http.MethodDelete, "/m/" + string(id), "GET"},
		{http.MethodPost, "/help", "GET"},
		{http.MethodGet, "/m/" + string(id) + "/sign-in/shown", "POST"},
		{http.MethodPatch, "/m/" + string(id) + "/network", "GET POST"},
	} {
		got := owner.Do(tt.method, tt.path, nil, http.Header{"Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}})
		if allow := strings.Join(got.Header.Values("Allow"), " "); got.Status != http.StatusMethodNotAllowed || allow != tt.allow {
			t.Errorf("%s %s: %d, allowed %q, want %q", tt.method, tt.path, got.Status, allow, tt.allow)
		}
		has(t, tt.path, got, "This page is not used in this way", "not:This page does not exist")
	}
	if got := owner.Get("/nothing"); got.Status != http.StatusNotFound {
		t.Errorf("an unknown page: %d", got.Status)
	}
}

func titleOf(s shown) string {
	_, rest, _ := strings.Cut(s.Body, "<title>")
	title, _, _ := strings.Cut(rest, "</title>")
	return title
}
