package wizard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/product"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

const secretName = "client_secret"

// state is everything a setup's progress is computed from, read in one
// transaction.
type state struct {
	setup   setup.Setup
	attempt Attempt // the sign-in that counts; zero if there is none
	grant   token.Grant
	hasKey  bool           // a token is stored in the slot that counts
	servers []setup.Server // the other living nodes
}

// slotOf is the token that checks speak of: while a token is issued again, the
// new one as soon as it is accepted.
func slotOf(s setup.Setup) token.Slot {
	if s.Reissue != nil && s.SignIn.GrantRevision > s.Reissue.PreviousRevision {
		return token.Candidate
	}
	return token.Current
}

func (w *Wizard) read(tx Tx, id setup.ID) (state, error) {
	var st state
	var err error
	if st.setup, err = tx.Setup(id); err != nil {
		return st, err
	}
	if id := st.setup.SignIn.Attempt; id != "" {
		if st.attempt, err = tx.Attempt(id); err != nil {
			return st, err
		}
	}
	st.grant, err = tx.Grant(string(id), slotOf(st.setup))
	if err != nil && !errors.Is(err, token.ErrNoToken) {
		return st, err
	}
	st.hasKey = err == nil
	st.servers, err = w.servers(tx)
	return st, err
}

// env builds a check's window to the world from one state.
func (w *Wizard) env(st state) *check.Env {
	s, l := st.setup, w.line(st.setup)
	pr, _ := product.ByID(s.Application.Product)
	account, slot := string(s.ID), slotOf(s)
	return &check.Env{
		Now: w.Now, Node: w.Node, Nodes: st.servers, Setup: s,
		Config:   check.Config{ExternalURL: w.ExternalURL, CallbackURL: w.CallbackURL(), Provider: l.provider},
		Provider: l.provider, Product: pr, Clouds: w.clouds(),
		Probe: l.probe, OAuth: l.oauth,
		ClientSecret: func(ctx context.Context) (secret.Text, error) { return w.clientSecret(ctx, s.ID) },
		Token: func(ctx context.Context) (oauth.Token, error) {
			return w.tokens.Fresh(ctx, account, slot, token.DefaultMinLife)
		},
		Refresh:   func(ctx context.Context) (oauth.Token, error) { return w.tokens.Renew(ctx, account, slot) },
		SelfCall:  w.selfCall,
		SeenHosts: w.seen.list,
		Proven:    func(id string, m setup.Address) time.Time { return w.proven(s.ID, id, m) },
		SignIn:    st.attempt.outcome(), Granted: st.grant.Accepted,
		Keeper: check.Keeper{
			Renewals: st.grant.Kept, Renewed: st.grant.Renewed, LastErr: st.grant.LastError,
		},
		Message: w.message,
		Pause:   pause,
	}
}

// proven is when a check last passed for a mailbox, or for none, with today's
// answers; zero where it did not, or nobody can tell.
func (w *Wizard) proven(id setup.ID, name string, mailbox setup.Address) (at time.Time) {
	err := w.Store.View(w.ctx, func(tx Tx) error {
		st, err := w.read(tx, id)
		if err != nil {
			return err
		}
		results, err := w.results(tx, id)
		if err != nil {
			return err
		}
		steps, err := flow.Progress(flow.Of(st.setup), w.env(st), results, w.Now())
		for _, s := range steps {
			for _, c := range s.Checks {
				if c.Check.ID == name && c.Target.Mailbox.Equal(mailbox) && c.Passed() {
					at = c.Result.At
				}
			}
		}
		return err
	})
	if err != nil && w.ctx.Err() == nil {
		w.Log.Error("what has passed is not known", "setup", id, "check", name, "error", err)
	}
	return at
}

// clouds are the lines among which a setup's can be chosen.
func (w *Wizard) clouds() []check.Cloud {
	var list []check.Cloud
	for _, p := range w.Options.Providers {
		list = append(list, check.Cloud{Provider: p, OAuth: w.lines[p.ID].oauth})
	}
	return list
}

func (w *Wizard) clientSecret(ctx context.Context, id setup.ID) (value secret.Text, err error) {
	err = w.Store.View(ctx, func(tx Tx) error {
		value, _, err = tx.Secret(id, secretName)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return secret.Text{}, nil
	}
	return value, err
}

// refresher asks the provider for a new token; token.Source decides when.
type refresher struct{ w *Wizard }

// errOtherClient: cloud or client ID were changed since the token was issued.
var errOtherClient = errors.New("the registration was changed since; sign in again")

// Refresh implements token.Refresher.
func (r refresher) Refresh(ctx context.Context, g token.Grant) (oauth.Token, error) {
	var s setup.Setup
	var client secret.Text
	err := r.w.Store.View(ctx, func(tx Tx) error {
		var err error
		if s, err = tx.Setup(setup.ID(g.Account)); err != nil {
			return err
		}
		client, _, err = tx.Secret(s.ID, secretName)
		return err
	})
	if err != nil {
		return oauth.Token{}, fmt.Errorf("wizard: renewing %s: %w", g.Account, err)
	}
	issuer, tenant := s.Registration.Cloud, s.Registration.Tenant
	if g.Provider != "" {
		issuer, tenant = g.Provider, g.Tenant
	}
	l, ok := r.w.lines[issuer]
	if !ok || issuer != s.Registration.Cloud || g.ClientID != s.Registration.ClientID {
		// The stored secret is that of another client by now, and belongs
		// nowhere else; nor does the refresh token.
		return oauth.Token{}, fmt.Errorf("wizard: renewing %s: %w", g.Account, errOtherClient)
	}
	m, err := l.oauth.Discover(ctx, l.provider.DiscoveryURL(tenant), func(issuer string) bool {
		return l.provider.IssuerOK(tenant, issuer)
	})
	if err != nil {
		return oauth.Token{}, err
	}
	app := oauth.App{TokenEndpoint: m.TokenEndpoint, ClientID: g.ClientID, Secret: client}
	return l.oauth.Refresh(ctx, app, g.Token.Refresh, g.Asked)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// message is the test message: plain words, no name of a person, a Message-ID
// of its own so that it can be found again.
func (w *Wizard) message(from, to setup.Address) probe.Message {
	code, err := w.newCode()
	if err != nil {
		panic(err)
	}
	id := "<latchkey-" + code + "@" + from.Domain() + ">"
	raw := fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: Latchkey test message\r\nDate: %s\r\nMessage-ID: %s\r\n"+
		"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"+
		"This message proves that mail leaves and arrives.\r\nIt can be deleted.\r\n",
		from, to, w.Now().UTC().Format(time.RFC1123Z), id)
	return probe.Message{From: string(from), To: string(to), MessageID: id, Raw: []byte(raw)}
}

// seenHosts remembers the last foreign Host headers; they are evidence for the
// step Addresses and nothing else.
type seenHosts struct {
	mu   sync.Mutex
	seen []check.SeenHost
}

const maxSeenHosts = 5

// SeeHost keeps a Host header that was refused.
func (w *Wizard) SeeHost(host, forwarded string) {
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	cut := func(s string) string { return s[:min(len(s), 200)] }
	one := check.SeenHost{Host: cut(host), Forwarded: cut(forwarded), At: w.Now()}
	w.seen.seen = slices.DeleteFunc(w.seen.seen, func(h check.SeenHost) bool { return h.Host == one.Host })
	w.seen.seen = append(w.seen.seen, one)
	if len(w.seen.seen) > maxSeenHosts {
		w.seen.seen = w.seen.seen[1:]
	}
}

func (s *seenHosts) list() []check.SeenHost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}
