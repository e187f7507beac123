package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/probe"
)

func TestHTTPSReportsOneAnswer(t *testing.T) {
	seen := make(chan string, 10)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- fmt.Sprintf("%s %s auth=%q cookie=%q", r.Method, r.URL, r.Header.Get("Authorization"), r.Header.Get("Cookie"))
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "https://"+r.Host+"/followed", http.StatusFound)
		case "/large":
			_, _ = fmt.Fprint(w, strings.Repeat("x", 100<<10))
		case "/endless":
			for range 3000 {
				_, _ = fmt.Fprint(w, strings.Repeat("x", 1000))
			}
		case "/missing":
			http.NotFound(w, r)
		default:
			w.Header().Set("X-Seen", "yes")
			_, _ = fmt.Fprint(w, "hello")
		}
	})
	server := httptest.NewUnstartedServer(handler)
	server.TLS = goodTLS().Clone()
	server.StartTLS()
	t.Cleanup(server.Close)
	f := &far{port: server.Listener.Addr().(*net.TCPAddr).Port}
	p := prober(t, f)
	get := func(path string) (probe.HTTPReport, error) {
		return p.HTTPS(context.Background(), fmt.Sprintf("https://%s:%d%s", host, f.port, path))
	}

	tests := map[string]struct {
		path   string
		status int
		body   int
		cut    bool
	}{
		"plain":    {"/callback?probe=once-only-value", 200, 5, false},
		"redirect": {"/redirect", 302, -1, false},
		"missing":  {"/missing", 404, -1, false},
		"large":    {"/large", 200, 64 << 10, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			report, err := get(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if report.Status != tt.status || report.Cut != tt.cut || tt.body >= 0 && len(report.Body) != tt.body {
				t.Errorf("status %d, %d bytes, cut %t", report.Status, len(report.Body), report.Cut)
			}
			if got, want := <-seen, "GET "+tt.path+` auth="" cookie=""`; got != want || len(seen) != 0 {
				t.Errorf("the server saw %q and %d more, want %q", got, len(seen), want)
			}
			if report.TLS == nil || report.TLS.Version == "" || report.Times[probe.Request] <= 0 {
				t.Errorf("TLS %+v, times %v", report.TLS, report.Times)
			}
			for _, l := range report.Transcript {
				if strings.Contains(l.Text, "once-only-value") {
					t.Errorf("the transcript shows the query: %q", l.Text)
				}
			}
		})
	}
	if report, _ := get("/"); report.Header.Get("X-Seen") != "yes" {
		t.Error("the header is lost")
	}
	if report, err := get("/endless"); err != nil || !report.Cut {
		t.Errorf("cut %t, %v", report.Cut, err)
	}
}

func TestHTTPSErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		script string
		kind   probe.Kind
	}{
		"not HTTP":       {"C GET / HTTP/1.1\nS 220 smtp.contoso.example", probe.ProtocolError},
		"empty":          {"C GET / HTTP/1.1\nCLOSE", probe.Closed},
		"endless header": {"C GET / HTTP/1.1\nS HTTP/1.1 200 OK" + strings.Repeat("\nS X: "+strings.Repeat("x", 1000), 300), probe.Limit},
		"silent":         {"C GET / HTTP/1.1", probe.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			f := listen(t, goodTLS(), true, func(f *far, conn net.Conn) {
				if name == "empty" { // read the whole request, or the close is a reset
					_, _ = conn.Read(make([]byte, 4096))
					return
				}
				play(tt.script)(f, conn)
			})
			p := prober(t, f)
			p.Deadline = time.Second
			_, err := p.HTTPS(context.Background(), fmt.Sprintf("https://%s:%d/", host, f.port))
			if e := must(t, err); e.Kind != tt.kind || e.Stage != probe.Request {
				t.Errorf("%v (%s), want %s", e, e.Kind, tt.kind)
			}
			if name == "silent" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v does not say that the deadline passed", err)
			}
		})
	}
}
