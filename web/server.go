package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
	"github.com/gorilla/sessions"

	"latchkey/internal/admin"
	"latchkey/internal/locale"
	"latchkey/internal/wizard"
	"latchkey/static"
)

// Options are what the edge needs. Every field is required but
// TrustedProxies and Guides.
type Options struct {
	Wizard  *wizard.Wizard
	Admin   *admin.Service
	Catalog *locale.Catalog
	// ExternalURL is where browsers reach us; no header changes it.
	ExternalURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed. None
	// is the default: then the socket's address counts.
	TrustedProxies []netip.Prefix
	// Guides are addresses of the vendor's guides, by title.
	Guides  map[string]string
	Version string
	// Init is the command that prints a link for the first administrator of
	// this server; "" where the link was printed when it started.
	Init string
	// Probe is the beginning of the command that checks the network for this
	// server's providers; "" is "latchkey probe".
	Probe string
	Now   func() time.Time
	Log   *slog.Logger
}

// Server is the HTTP edge.
type Server struct {
	Options
	host     string // of ExternalURL
	sessions sessions.Store
	// closing ends the event streams at shutdown.
	closing context.Context
	close   context.CancelFunc
}

// New returns the edge.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.ExternalURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("web: external URL %q: %w", o.ExternalURL, errors.Join(err, errNoHost))
	}
	s := &Server{Options: o, host: u.Host}
	s.sessions = &sessionStore{s}
	s.closing, s.close = context.WithCancel(context.Background())
	return s, nil
}

var errNoHost = errors.New("it names no host")

// CloseStreams ends open event streams, so that a shutdown does not wait for
// them.
func (s *Server) CloseStreams() { s.close() }

// tries is how often a minute one client may knock at a door that a guess could
// open. Codes have 128 bits; the limit is for whoever does not know that.
const tries = 120

// typedTries is tries for codes that are typed: they have 60 bits, and nobody
// types faster.
const typedTries = 20

// limit slows one client down to so many requests a minute.
func (s *Server) limit(perMinute int) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute,
		func(r *http.Request) (string, error) {
			return httprate.CanonicalizeIP(middleware.GetClientIP(r.Context())), nil
		},
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			s.plainError(w, r, http.StatusTooManyRequests)
		}))
}

// Handler returns the routes.
func (s *Server) Handler() http.Handler {
	r := chi.NewRouter()
	r.Use(s.recoverer, s.requestID, s.headers, s.clientIP(), s.accessLog, s.hostCheck, s.sameOrigin, limitBody, headIsGet)
	r.NotFound(s.claimedOnly(s.page(func(http.ResponseWriter, *request) error { return wizard.ErrNotFound })).ServeHTTP)
	r.MethodNotAllowed(s.claimedOnly(s.page(otherMethods(r))).ServeHTTP)

	r.Get("/static/{file}", s.staticFile)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })

	guessable := s.limit(tries)
	// Before the first administrator is claimed nothing exists but a static
	// page and the claim itself; afterwards the claim does not exist.
	r.Group(func(r chi.Router) {
		r.Use(guessable, s.unclaimedOnly)
		r.Get("/claim/{code}", s.page(s.claimPage))
		r.Post("/claim/{code}", s.page(s.claim))
	})
	r.Group(func(r chi.Router) {
		r.Use(s.claimedOnly)
		r.Group(func(r chi.Router) { // doors that need no session
			r.Use(guessable)
			r.Get("/login", s.page(s.loginPage))
			r.Post("/login", s.page(s.login))
			r.Get("/join/{code}", s.page(s.joinPage))
			r.Post("/join/{code}", s.page(s.join))
			r.Get("/w", s.page(s.typedPage))
			r.With(s.limit(typedTries)).Post("/w", s.page(s.typed))
			r.Get("/w/{code}", s.page(s.landing))
			r.Post("/w/{code}", s.page(s.confirm))
			r.Get("/w/{code}/done", s.page(s.windowDone))
			r.Get("/w/{code}/events", s.windowEvents)
			r.Get(wizard.CallbackPath, s.page(s.callback))
		})
		r.Get("/language", s.page(s.languagePage))
		r.Post("/language", s.page(s.language))
		r.Get("/help", s.page(s.help))
		r.Get("/accessibility", s.page(s.accessibility))
		r.Get("/findings", s.page(s.findingList))
		r.Get("/findings/{code}", s.page(s.explainFinding))
		r.Group(func(r chi.Router) {
			r.Use(s.knownOnly(guessable))
			r.Post("/logout", s.page(s.logout))
			r.Get("/explain", s.page(s.explainPage))
			r.Post("/explain", s.page(s.explainText))
			r.Get("/waiting", s.page(s.waitingRoom))
			r.Get("/waiting/events", s.waitingEvents)
			r.Get("/", s.page(s.dashboard))
			r.Get("/mailboxes/new", s.page(s.newPage))
			r.Post("/mailboxes", s.page(s.create))
			r.Route("/m/{id}", s.setupRoutes)
		})
	})
	return r
}

// otherMethods answers a request whose page exists, with the methods that lead
// to it.
func otherMethods(routes chi.Routes) handler {
	return func(w http.ResponseWriter, r *request) error {
		path := r.URL.Path
		if rest := chi.RouteContext(r.Context()).RoutePath; rest != "" {
			path = rest // below the prefix of a router inside another
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if routes.Match(chi.NewRouteContext(), method, path) {
				w.Header().Add("Allow", method)
			}
		}
		return errMethod
	}
}

// setupRoutes are the pages of one setup.
func (s *Server) setupRoutes(r chi.Router) {
	r.MethodNotAllowed(s.page(otherMethods(r)))
	r.Get("/", s.page(s.overview))
	r.Get("/events", s.events)
	r.Get("/history", s.page(s.history))
	r.Get("/report", s.page(s.reportPage))
	r.Get("/report.{format}", s.page(s.reportFile))
	r.Get("/ask/{finding}", s.page(s.ask))

	r.Get("/people", s.page(s.people))
	r.Post("/people/invite", s.page(s.invite))
	r.Post("/people/admit", s.page(s.admit))
	r.Post("/people/refuse", s.page(s.dismiss))
	r.Post("/people/revoke", s.page(s.dismiss))

	r.Get("/delete", s.page(s.deletePage))
	r.Post("/delete", s.page(s.delete))

	r.Get("/reissue", s.page(s.reissuePage))
	r.Post("/reissue", s.page(s.reissue))
	r.Post("/reissue/cancel", s.page(s.cancelReissue))

	r.Get("/registration/secret", s.page(s.secretPage))
	r.Post("/registration/secret", s.page(s.secret))
	r.Get("/registration/secret/saved", s.page(s.secretSaved))
	r.Post("/registration/key", s.page(s.newKey))
	r.Post("/registration/cloud", s.page(s.cloud))
	r.Post("/network/block", s.page(s.probeBlock))
	r.Get("/offline.html", s.page(s.offline))

	r.Get("/changes/{step}", s.page(s.impactPage))
	r.Post("/changes/{step}", s.page(s.confirmChange))

	r.Post("/sign-in/link", s.page(s.link))
	r.Post("/sign-in/admit", s.page(s.letIn))
	r.Post("/sign-in/accept", s.page(s.accept))
	r.Post("/sign-in/refuse", s.page(s.refuse))
	r.Post("/sign-in/shown", s.page(s.shown))

	r.Post("/{step}/runs", s.page(s.startRun))
	r.Get("/{step}", s.page(s.stepPage))
	r.Post("/{step}", s.page(s.stepSubmit))
}

func (s *Server) clientIP() func(http.Handler) http.Handler {
	if len(s.TrustedProxies) == 0 {
		return middleware.ClientIPFromRemoteAddr
	}
	prefixes := make([]string, len(s.TrustedProxies))
	for i, p := range s.TrustedProxies {
		prefixes[i] = p.String()
	}
	return middleware.ClientIPFromXFF(prefixes...)
}

// staticFile serves an embedded file under its hashed name for a year: another
// content has another name.
func (s *Server) staticFile(w http.ResponseWriter, r *http.Request) {
	f, ok := static.Lookup(chi.URLParam(r, "file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(f.Data)
}

// local reports whether path is one of ours to go back to: a path, not another
// host ("//host", "/\host"), not a scheme.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") &&
		!strings.ContainsAny(path, "\\\r\n\t\x00") && !strings.Contains(path, "/..")
}
