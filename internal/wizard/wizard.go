package wizard

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// CallbackPath is where the identity provider sends people back to.
const CallbackPath = "/callback"

// Options are what a Wizard needs. Every field without a remark is required.
type Options struct {
	Store     Store
	Providers []provider.Provider // the first is the default
	// ExternalURL is scheme, host and port, without a slash at the end.
	ExternalURL string
	Node        string // this node's name among the servers
	Role        setup.Role
	// Proxy is the way to the providers; nil: directly.
	Proxy *url.URL
	Roots *x509.CertPool
	// AllowNetworks may be contacted although they are internal.
	AllowNetworks []netip.Prefix
	// KnownClientIP says that client addresses can be believed: trusted proxy
	// prefixes are configured. Without it no sign-in accepts itself.
	KnownClientIP bool
	Key           secret.Text // 32 bytes for signing what travels through browsers
	// Report makes the document that the hand-over stores.
	Report func(View) ([]byte, error)

	Now  func() time.Time // time.Now
	Rand io.Reader        // crypto/rand.Reader
	Log  *slog.Logger
	// Hook is called at the named points of the flow; tests kill the process
	// there. Nil in production.
	Hook func(point string)
}

// Wizard runs the use cases. Its methods are safe for concurrent use, by
// several processes on one store too.
type Wizard struct {
	Options
	tokens *token.Source
	lines  map[string]line // by provider
	index  map[string]*finding.Definition
	seen   seenHosts
	calls  selfCalls
	starts quota

	ctx  context.Context // ends with Close; runs live under it
	stop context.CancelFunc
	mu   sync.Mutex // guards closed, and work against Close
	work sync.WaitGroup

	closed bool
}

// line is how one provider is spoken to.
type line struct {
	provider provider.Provider
	probe    *probe.Prober
	oauth    *oauth.Client
}

// New returns a Wizard and picks up what a crash has left behind.
func New(o Options, tokens func(token.Refresher) *token.Source) (*Wizard, error) {
	if len(o.Providers) == 0 || o.Store == nil || o.ExternalURL == "" || o.Key.Len() < 32 {
		return nil, errors.New("wizard: store, providers, external URL and key are required")
	}
	w := &Wizard{Options: o, lines: map[string]line{}}
	w.ctx, w.stop = context.WithCancel(context.Background())
	if w.Hook == nil {
		w.Hook = func(string) {}
	}
	var extra [][]*finding.Definition
	for _, p := range o.Providers {
		if _, twice := w.lines[p.ID]; twice {
			return nil, fmt.Errorf("wizard: two providers are called %q", p.ID)
		}
		w.lines[p.ID] = w.lineTo(p)
		extra = append(extra, p.Definitions())
	}
	w.index = flow.Index([]flow.Flow{flow.New, flow.Reissue}, extra...)
	w.tokens = tokens(refresher{w})
	return w, nil
}

// webPorts are those of hosts that were typed into a page: what serves people
// over the web, and nothing that a search of a network looks for (threat T36).
var webPorts = []int{443, 8443}

func (w *Wizard) lineTo(p provider.Provider) line {
	policy := probe.Policy{Prefixes: w.AllowNetworks, Provider: p.MailAddresses(), Ports: webPorts}
	policy.Hosts = append(p.WebAddresses(), provider.WebTarget(w.ExternalURL).Address())
	prober := &probe.Prober{RootCAs: w.Roots, Allow: policy, Now: w.Now}
	if w.Proxy != nil {
		prober.Proxy = &probe.Proxy{URL: w.Proxy, Hosts: slices.Concat(p.MailAddresses(), p.WebAddresses())}
	}
	if w.Roots != nil && !p.Elsewhere {
		if public, err := x509.SystemCertPool(); err == nil { // else nothing is judged
			prober.PublicCAs = public
		}
	}
	return line{
		provider: p,
		probe:    prober,
		oauth:    &oauth.Client{HTTP: &http.Client{Transport: prober.Transport()}, Now: w.Now, Rand: w.Rand},
	}
}

// errClosed: the process is shutting down.
var errClosed = errors.New("wizard: closed")

// begin counts work that Close has to wait for; done ends it.
func (w *Wizard) begin() (done func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, errClosed
	}
	w.work.Add(1)
	return w.work.Done, nil
}

// Close ends running checks and waits for them, for redemptions under way and
// for token requests: what a provider has answered is stored.
func (w *Wizard) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.stop()
	w.work.Wait()
	w.tokens.Close()
}

// Tokens is the one source of tokens of this process.
func (w *Wizard) Tokens() *token.Source { return w.tokens }

// CallbackURL is our redirect URI. It is built from configuration alone: a
// Host or X-Forwarded header never reaches it.
func (w *Wizard) CallbackURL() string { return w.ExternalURL + CallbackPath }

// Definition returns a finding's definition by its code.
func (w *Wizard) Definition(code string) (*finding.Definition, bool) {
	d, ok := w.index[code]
	return d, ok
}

// Definitions returns all definitions, sorted by code.
func (w *Wizard) Definitions() []*finding.Definition {
	var list []*finding.Definition
	for _, d := range w.index {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *finding.Definition) int { return strings.Compare(a.Code, b.Code) })
	return list
}

// Providers lists the configured providers.
func (w *Wizard) ProviderList() []provider.Provider { return w.Options.Providers }

func (w *Wizard) line(s setup.Setup) line {
	if l, ok := w.lines[s.Registration.Cloud]; ok {
		return l
	}
	return w.lines[w.Options.Providers[0].ID]
}

// newCode returns 128 random bits in 26 letters and digits, for links and IDs.
func (w *Wizard) newCode() (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(w.Rand, b); err != nil {
		return "", fmt.Errorf("wizard: randomness: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}

func hashOf(code string) Hash { return sha256.Sum256([]byte(code)) }

// record appends to the audit chain within tx. A use case whose record cannot
// be written fails as a whole.
func (w *Wizard) record(tx Tx, who Who, id setup.ID, action audit.Action, detail ...string) error {
	r := audit.Record{
		At: w.Now(), Actor: string(who.Kind) + ":" + who.ID, ActorName: who.Name,
		Setup: string(id), Action: action, RemoteIP: who.IP,
	}
	for i := 0; i+1 < len(detail); i += 2 {
		if r.Detail == nil {
			r.Detail = map[string]string{}
		}
		r.Detail[detail[i]] = detail[i+1]
	}
	return tx.Audit(r)
}

// System is the program itself, in the audit log.
var System = Who{Kind: WhoSystem, ID: "latchkey", Name: "Latchkey"}

// ErrForbidden: this person may not do that.
var ErrForbidden = errors.New("wizard: not allowed")

// BlockedError: the gate is closed; Needs says by what.
type BlockedError struct {
	Step  setup.StepID
	Needs []flow.Need
}

// Error implements error.
func (e *BlockedError) Error() string {
	return fmt.Sprintf("wizard: step %s is blocked by %d results", e.Step, len(e.Needs))
}

// may says whether who may change a step of a setup. The second person edits
// what only the Microsoft 365 administrator knows; an observer reads.
func may(who Who, id setup.ID, step setup.StepID) bool {
	switch who.Kind {
	case WhoAdmin, WhoSystem:
		return true
	case WhoGuest:
		return who.Setup == id && who.Role == RoleM365Admin &&
			(step == setup.StepRegistration || step == setup.StepMailbox)
	}
	return false
}

// Reads says whether who may see a setup at all.
func Reads(who Who, id setup.ID) bool {
	return who.Kind == WhoAdmin || who.Kind == WhoSystem || who.Kind == WhoGuest && who.Setup == id
}

// May says whether who may change a step of a setup.
func May(who Who, id setup.ID, step setup.StepID) bool { return may(who, id, step) }
