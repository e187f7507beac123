package entra

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"latchkey/internal/lab/world"
)

// Options are what a server needs from outside.
type Options struct {
	World  *world.World
	Origin string // scheme and host the server is reached at, such as "http://127.0.0.1:8080"
	Host   string // the only Host header that is served, such as "127.0.0.1:8080"
	Log    *slog.Logger

	// The front page shows these.
	Accounts []Account
	Servers  []Listener
	Notice   string // what is wrong in this world, "" for nothing
	Repair   func() // undoes it
	About    []world.Divergence
}

// Server answers as Entra ID, the company's sign-in service and the portal.
type Server struct {
	options Options
	world   *world.World
	origin  string
	log     *slog.Logger
	handler http.Handler

	repaired atomic.Bool
}

// New returns the HTTP side of the simulator.
func New(o Options) *Server {
	e := &Server{options: o, world: o.World, origin: o.Origin, log: o.Log}
	e.handler = e.guard(e.routes())
	return e
}

// ServeHTTP implements http.Handler.
func (e *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.handler.ServeHTTP(w, r) }

// answerer computes the answer to a request from the state. It runs while the
// state is locked, so it neither reads from the client nor writes to it.
type answerer func(s *world.State, r *http.Request) outcome

func (e *Server) routes() http.Handler {
	mux := http.NewServeMux()
	// A page that could be posted to from another site would let that site
	// change the simulator. The token endpoint is not for browsers and takes
	// no cookies, so it needs no such check.
	protection := http.NewCrossOriginProtection()
	page := func(pattern string, f answerer) { mux.Handle(pattern, protection.Handler(e.answer(f))) }

	page("GET /{$}", e.frontPage)
	mux.Handle("POST /repair", protection.Handler(http.HandlerFunc(e.repair)))
	page("GET /lab.css", stylesheet)
	page("GET /favicon.ico", func(*world.State, *http.Request) outcome { return outcome{status: http.StatusNoContent} })
	page("GET /error", e.lookUp)
	page("/", func(*world.State, *http.Request) outcome { return notFound() })

	page("GET /{tenant}/v2.0/.well-known/openid-configuration", e.discovery)
	page("GET /{tenant}/discovery/v2.0/keys", e.keys)
	page("GET /{tenant}/oauth2/v2.0/authorize", e.authorize)
	page("GET /{tenant}/oauth2/v2.0/logout", e.logout)
	page("POST /{tenant}/login", e.login)
	page("POST /{tenant}/pick", e.pick)
	page("GET /{tenant}/federated", e.federated)
	page("POST /{tenant}/consent", e.decide)
	page("GET /{tenant}/v2.0/adminconsent", e.adminConsent)
	page("GET /company/{tenant}/sign-in", e.companySignIn)
	page("POST /company/{tenant}/sign-in", e.companyPassword)
	mux.Handle("POST /{tenant}/oauth2/v2.0/token", e.answer(e.token))
	page("GET /{tenant}/oauth2/v2.0/token", func(s *world.State, _ *http.Request) outcome { return e.errorPage(s, postOnly()) })

	page("GET /portal", e.portalApps)
	page("GET /portal/apps/{client}", e.portalOverview)
	page("GET /portal/apps/{client}/authentication", e.portalAuthentication)
	page("POST /portal/apps/{client}/authentication", e.portalAddURI)
	page("POST /portal/apps/{client}/authentication/remove", e.portalRemoveURI)
	page("GET /portal/apps/{client}/manifest", e.portalManifest)
	page("GET /portal/apps/{client}/secrets", e.portalSecrets)
	page("POST /portal/apps/{client}/secrets", e.portalAddSecret)
	page("POST /portal/apps/{client}/secrets/remove", e.portalRemoveSecret)
	page("GET /portal/apps/{client}/permissions", e.portalPermissions)
	page("GET /portal/apps/{client}/consent", e.portalConsent)
	page("POST /portal/apps/{client}/consent", e.portalGrant)
	page("GET /portal/mailboxes", e.portalMailboxes)
	page("GET /portal/mailboxes/{address}", e.portalMailbox)
	page("POST /portal/mailboxes/{address}", e.portalChangeMailbox)
	page("GET /portal/tenant", e.portalTenant)
	page("POST /portal/tenant", e.portalChangeTenant)
	return mux
}

// maxBody is far above any form or token request.
const maxBody = 64 << 10

// answer turns an answerer into a handler.
func (e *Server) answer(f answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "The request could not be read.", http.StatusBadRequest)
			return
		}
		var out outcome
		e.world.Do(func(s *world.State) { out = f(s, r) })
		if err := out.write(w, r); err != nil {
			// The client went away; the state is changed all the same, as
			// with any server.
			e.log.DebugContext(r.Context(), "answer not written", "path", r.Pattern, "err", err)
		}
	})
}

// guard serves only requests that name this server as their host, so that no
// foreign name can be pointed at it (DNS rebinding), and logs them without
// their query: codes and states travel there.
func (e *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != e.options.Host {
			http.Error(w, "This simulator is reached at "+e.origin+" only.", http.StatusMisdirectedRequest)
			return
		}
		began := time.Now()
		next.ServeHTTP(w, r)
		e.log.DebugContext(r.Context(), "entra", "method", r.Method, "path", r.URL.Path, "took", time.Since(began))
	})
}
