package oauth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"latchkey/internal/secret"
)

const (
	// requestTimeout bounds one request with its answer. A lease that covers a
	// renewal must be longer.
	requestTimeout = 15 * time.Second
	// maxAnswer is what is read of one answer, after decompression. Keys and
	// metadata have some ten kilobytes; more than a megabyte is an attack or a
	// download page.
	maxAnswer = 1 << 20
)

// Client asks authorization servers. The zero Client works.
type Client struct {
	// HTTP lends its transport (proxy, certificate authorities, which
	// addresses may be dialled). Its redirect policy, cookies and timeout are
	// not used.
	HTTP *http.Client
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // nil: crypto/rand
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now().UTC()
	}
	return time.Now().UTC()
}

func (c *Client) random() io.Reader {
	if c.Rand != nil {
		return c.Rand
	}
	return rand.Reader
}

// App is the client registration at one authorization server.
type App struct {
	TokenEndpoint string
	ClientID      string
	Secret        secret.Text // zero for a public client
}

// answer is one HTTP answer, read to its end.
type answer struct {
	endpoint Endpoint
	status   int
	header   http.Header
	body     []byte
}

// recorder reads an answer whole and within the limit, and keeps it: the
// error fields that the library drops are taken from here, and what the
// library itself says about an answer is never shown, because it can contain
// the whole body.
type recorder struct {
	base http.RoundTripper
	got  *answer
	err  error
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := r.base.RoundTrip(req)
	if err != nil {
		r.err = err
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	if err == nil && len(body) > maxAnswer {
		err = ErrTooLarge
	}
	if err != nil {
		r.err = err
		return nil, err
	}
	r.got = &answer{status: response.StatusCode, header: response.Header, body: body}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// send runs do with an HTTP client that sends one request to address and
// follows no redirect, and returns the answer. A redirect would carry the
// client secret and the code to wherever the answer points (threat T22).
func (c *Client) send(ctx context.Context, endpoint Endpoint, grant, address string, r redactor,
	do func(context.Context, *http.Client) error) (answer, error) {
	fail := func(err error) error { return &Error{Endpoint: endpoint, Grant: grant, Err: r.error(err)} }
	if err := checkAddress(address); err != nil {
		return answer{}, fail(err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	rec := &recorder{base: http.DefaultTransport}
	if c.HTTP != nil && c.HTTP.Transport != nil {
		rec.base = c.HTTP.Transport
	}
	err := do(ctx, &http.Client{
		Transport:     rec,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	if rec.got == nil {
		// The transport's own error first: the client's names the address, too.
		return answer{}, fail(cmp.Or(rec.err, err, errors.New("no request was sent")))
	}
	rec.got.endpoint = endpoint
	return *rec.got, nil
}

// get fetches a public document; any status but 200 is an *Error.
func (c *Client) get(ctx context.Context, endpoint Endpoint, address string) (answer, error) {
	a, err := c.send(ctx, endpoint, "", address, nil, func(ctx context.Context, h *http.Client) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept", "application/json")
		response, err := h.Do(req)
		if err != nil {
			return err
		}
		return response.Body.Close()
	})
	if err != nil {
		return answer{}, err
	}
	if a.status != http.StatusOK {
		return answer{}, errorOf(a, "", c.now(), nil, nil)
	}
	return a, nil
}

// tokenRequest sends one token request through x/oauth2 and reads the answer.
// secrets are what the request carries.
func (c *Client) tokenRequest(ctx context.Context, grant, address string, scopes []string, secrets []secret.Text,
	do func(context.Context) error) (Token, secret.Text, error) {
	a, err := c.send(ctx, TokenEnd, grant, address, secrets, func(ctx context.Context, h *http.Client) error {
		return do(context.WithValue(ctx, oauth2.HTTPClient, h))
	})
	if err != nil {
		return Token{}, secret.Text{}, err
	}
	now := c.now()
	t, idToken, err := parseToken(a, now, scopes)
	if err != nil {
		return Token{}, secret.Text{}, errorOf(a, grant, now, secrets, protocolFault(a, err))
	}
	return t, idToken, nil
}

// protocolFault keeps err for an answer that claims success; an error status
// says enough by itself.
func protocolFault(a answer, err error) error {
	if a.status >= 200 && a.status < 300 {
		return err
	}
	return nil
}

// checkAddress accepts https anywhere and http on this computer only, where
// nobody can listen on the way. RFC 6749 §3.1 and §3.2 require TLS and forbid
// a fragment; user information in an address would be sent as a password.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.Contains(address, "#"):
		return fmt.Errorf("%w: not an absolute address without fragment", ErrAddress)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%w: not https", ErrAddress)
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
