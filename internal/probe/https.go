package probe

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// maxBody is what is kept of an answer's body.
const maxBody = 64 << 10

// HTTPS sends one GET request without credentials and returns the answer with
// the facts of its TLS connection. Redirects are reported, not followed; any
// status is a success here. The transcript names the path without its query,
// which may hold a one-time value. The error is always an *Error.
func (p *Prober) HTTPS(ctx context.Context, rawURL string) (HTTPReport, error) {
	var out HTTPReport
	u, err := parseHTTPS(rawURL)
	if err != nil {
		out.Report, err = p.refuse(Target{Protocol: HTTPS}, err)
		return out, err
	}
	out.Report, err = p.converse(ctx, httpsTarget(u), nil, p.budget(), func(t *talk) error {
		if err := t.reach(); err != nil {
			return err
		}
		return t.request(u, &out)
	})
	return out, err
}

func parseHTTPS(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return nil, invalid("this is no URL") // the parser's error quotes the query
	case u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		return nil, invalid("this is no https URL without credentials")
	}
	return u, nil
}

func httpsTarget(u *url.URL) Target {
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = 443
	}
	return Target{Protocol: HTTPS, Host: u.Hostname(), Port: port, Security: TLS}
}

func (t *talk) request(u *url.URL, out *HTTPReport) error {
	t.enter(Request)
	req := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Close: true, Header: http.Header{
		"Accept": {"*/*"}, "User-Agent": {"latchkey"},
	}}
	t.rec.remark("GET %s", u.EscapedPath())
	if err := req.Write(t.wire); err != nil {
		return err
	}
	resp, err := http.ReadResponse(t.br, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() // reads what is left, within the budget
	t.rec.remark("%s %s", resp.Proto, resp.Status)
	out.Status, out.Header = resp.StatusCode, resp.Header
	out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if len(out.Body) > maxBody {
		out.Body, out.Cut = out.Body[:maxBody], true
	}
	return err
}
