package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// maxDraft is how much of a form is kept.
const maxDraft = 32 << 10

// draftKey is where the entries of a page's form are kept in the session.
func draftKey(page string) string { return "draft:" + page }

// pageOf is the page a form stands on: forms that act on a page post below it.
func pageOf(path string) string {
	for _, act := range []string{"/runs", "/link", "/admit", "/accept", "/refuse", "/shown", "/block", "/invite", "/revoke", "/cancel", "/consent", "/key", "/cloud"} {
		path = strings.TrimSuffix(path, act)
	}
	if path == "/mailboxes" {
		return "/mailboxes/new"
	}
	return path
}

// draftOf encodes the entries of a form without what is secret: a secret that
// was typed is typed again.
func draftOf(form url.Values) string {
	keep := url.Values{}
	for name, values := range form {
		if name != "authorize_address" && name != "save" && name != "sign_in_log" && name != "client_secret" && !strings.HasPrefix(name, "password") && name != "shown" && name != pastedField {
			keep[name] = values
		}
	}
	text := keep.Encode()
	if len(text) > maxDraft {
		return ""
	}
	return text
}

// keepDraft keeps the entries of a request that failed by a fault of ours.
func (s *Server) keepDraft(r *request) error {
	return s.put(r.Context(), &r.visitor, draftKey(pageOf(r.URL.Path)), draftOf(r.PostForm))
}

// draft returns kept entries of the page and forgets them; nil if there are
// none.
func (r *request) draft() url.Values {
	if r.Method == http.MethodHead {
		return nil
	}
	text, err := r.s.take(r.Context(), &r.visitor, draftKey(r.URL.Path))
	if err == nil && text == "" {
		return nil
	}
	values, bad := url.ParseQuery(text)
	if err = errors.Join(err, bad); err != nil {
		r.s.Log.Warn("draft not read", "error", err)
		return nil
	}
	return values
}
