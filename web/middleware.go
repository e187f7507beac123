package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"latchkey/internal/paste"
	"latchkey/internal/wizard"
)

type contextKey int

const requestIDKey contextKey = iota

// policy is the content security policy of every answer. Whatever ends at the
// identity provider is a link, so forms need no other target than ourselves.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types app"

// headers sets the security headers on every answer, errors included.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		if strings.HasPrefix(s.ExternalURL, "https:") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:8]
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey, id)))
	})
}

func requestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// recoverer turns a panic into the error page with a reference. The answer
// never holds the panic's text.
func (s *Server) recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			s.Log.Error("handler failed by its own fault", "request", w.Header().Get("X-Request-Id"),
				"fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			s.plainError(w, r, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// accessLog writes one line per request. Codes in paths are masked and queries
// are left out: the callback's holds a live code (threat T12).
func (s *Server) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		s.Log.Info("request", "request", requestIDOf(r.Context()), "method", r.Method, "path", maskPath(r.URL.Path),
			"status", ww.Status(), "bytes", ww.BytesWritten(), "took", s.Now().Sub(start).Round(time.Microsecond),
			"address", clientAddress(r))
	})
}

// maskPath hides one-time codes.
func maskPath(path string) string {
	for _, prefix := range []string{"/w/", "/join/", "/claim/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			_, behind, _ := strings.Cut(rest, "/")
			return strings.TrimSuffix(prefix+"[code]/"+behind, "/")
		}
	}
	if len(path) > 200 {
		return path[:200]
	}
	return path
}

// hostCheck refuses requests under another name than the configured one. The
// name is kept as evidence for the step Addresses; it builds no link.
func (s *Server) hostCheck(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Host, s.host) || r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		var forwarded []string
		for _, h := range []string{"Forwarded", "X-Forwarded-Host"} {
			forwarded = append(forwarded, r.Header.Values(h)...)
		}
		s.Wizard.SeeHost(r.Host, strings.Join(forwarded, ", "))
		s.plainError(w, r, http.StatusMisdirectedRequest)
	})
}

// sameOrigin lets unsafe requests in only from our own pages: by Sec-Fetch-Site
// or Origin, as browsers send them. A request with a session cookie and neither
// header is refused too; the standard library lets it pass.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(s.ExternalURL); err != nil {
		panic(err) // New has parsed the same address
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		bare := r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Cookie") != ""
		if err := protection.Check(r); err != nil || !safe && bare {
			s.plainError(w, r, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// headIsGet answers HEAD as GET; net/http leaves the body out. The callback is
// the one GET that changes something, so it is left out.
func headIsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && r.URL.Path != wizard.CallbackPath {
			chi.RouteContext(r.Context()).RouteMethod = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// maxBody is the longest form: one whole paste, in which an encoded form writes
// each byte as three at most, and the other entries beside it.
const maxBody = 3*paste.MaxPaste + 64<<10

func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// unclaimedOnly and claimedOnly split the world at the first administrator.
// While it cannot be known which side we are on, nothing opens.
func (s *Server) unclaimedOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claimed, err := s.Admin.Claimed(r.Context())
		switch {
		case err != nil:
			s.fail(w, r, err)
		case claimed:
			s.plainError(w, r, http.StatusGone)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *Server) claimedOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claimed, err := s.Admin.Claimed(r.Context())
		switch {
		case err != nil:
			s.fail(w, r, err)
		case claimed:
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet && r.URL.Path == wizard.CallbackPath && r.URL.Query().Get("probe") != "":
			next.ServeHTTP(w, r) // a self-call of the callback answers before, too
		default:
			s.notSetUp(w, r)
		}
	})
}

// knownOnly asks for a login and comes back to the same page. What a form held
// is kept, sealed on the server, and fills the form again. limit slows down who
// is not known.
func (s *Server) knownOnly(limit func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	unknown := limit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visitor(r, "")
		if err == nil {
			err = s.askLogin(w, r, &v)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v, err := s.visitor(r, "")
			switch {
			case err != nil:
				s.fail(w, r, err)
			case v.known():
				next.ServeHTTP(w, r)
			default:
				unknown.ServeHTTP(w, r)
			}
		})
	}
}

func clientAddress(r *http.Request) string { return middleware.GetClientIP(r.Context()) }

func agentOf(r *http.Request) string {
	agent := r.UserAgent()
	return agent[:min(len(agent), 200)]
}
