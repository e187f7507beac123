package wizard

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/setup"
)

const (
	// nodeLife is how long a node that has fallen silent stays a server of the
	// matrix: longer than any restart, shorter than a working day.
	nodeLife = 10 * time.Minute
	// nodeSign is how often a node says that it is there, nodeLook how often it
	// looks for work of its own.
	nodeSign = time.Minute
	nodeLook = 2 * time.Second
	// askLife bounds how long an unanswered wish for the network checks counts.
	askLife = time.Hour
)

// Node is one process of Latchkey on the database. Each living one is a server
// of the network matrix: what it reaches, only it can say.
type Node struct {
	Name string
	Role setup.Role
	Seen time.Time
}

// NetworkAsk says when somebody last asked for the network checks of a setup.
type NetworkAsk struct {
	Setup setup.ID
	At    time.Time
}

// attendant remembers what this node has looked at, so that a look costs
// little while nothing happens.
type attendant struct {
	w       *Wizard
	signed  time.Time
	seen    map[setup.ID]int64     // version of the setup
	handled map[setup.ID]time.Time // the wish that was fulfilled
}

// Attend makes this node a server of the network matrix until ctx ends: it
// runs its own network checks of setups on which another node works. What this
// node works on itself is checked by its runs.
func (w *Wizard) Attend(ctx context.Context) {
	a := attendant{w: w, seen: map[setup.ID]int64{}, handled: map[setup.ID]time.Time{}}
	for {
		if err := a.look(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("network checks of this node were not looked for", "error", err)
		}
		if pause(ctx, nodeLook) != nil {
			return
		}
	}
}

// errand is a setup with the targets that this node has to check.
type errand struct {
	st      state
	targets []check.Target
}

func (a *attendant) look(ctx context.Context) error {
	now := a.w.Now().UTC()
	if now.Sub(a.signed) >= nodeSign {
		err := a.w.Store.Update(ctx, func(tx Tx) error {
			return tx.SaveNode(Node{Name: a.w.Node, Role: a.w.Role, Seen: now})
		})
		if err != nil {
			return err
		}
		a.signed = now
	}
	var list []errand
	err := a.w.Store.View(ctx, func(tx Tx) (err error) {
		list, err = a.errands(tx, now)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := a.w.checkNetwork(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (a *attendant) errands(tx Tx, now time.Time) ([]errand, error) {
	asks, err := tx.NetworkAsks(now.Add(-askLife))
	if err != nil {
		return nil, err
	}
	asked := map[setup.ID]time.Time{}
	for _, one := range asks {
		asked[one.Setup] = one.At
	}
	setups, err := tx.Setups()
	if err != nil {
		return nil, err
	}
	var list []errand
	for _, s := range setups {
		wish := !asked[s.ID].Equal(a.handled[s.ID])
		if a.seen[s.ID] == s.Version && !wish {
			continue
		}
		r, err := tx.LastRun(s.ID)
		if errors.Is(err, ErrNotFound) {
			continue // nobody has looked at it yet
		}
		if err != nil {
			return nil, err
		}
		a.seen[s.ID], a.handled[s.ID] = s.Version, asked[s.ID]
		if r.Node == a.w.Node {
			continue
		}
		e, err := a.w.errand(tx, s.ID, wish)
		if err != nil {
			return nil, err
		}
		if len(e.targets) > 0 {
			list = append(list, e)
		}
	}
	return list, nil
}

// errand lists the network targets of this node that are missing or speak of
// other answers; with all set, every one.
func (w *Wizard) errand(tx Tx, id setup.ID, all bool) (e errand, err error) {
	if e.st, err = w.read(tx, id); err != nil {
		return e, err
	}
	results, err := w.results(tx, id)
	if err != nil {
		return e, err
	}
	env := w.env(e.st)
	steps, err := flow.Progress(flow.Of(e.st.setup), env, results, w.Now())
	if err != nil {
		return e, err
	}
	for _, s := range steps {
		for _, c := range s.Checks {
			if s.Open && c.Check == check.Network && env.Own(c.Target) && (all || !c.Current) {
				e.targets = append(e.targets, c.Target)
			}
		}
	}
	return e, nil
}

// checkNetwork runs the network check on targets of this node and stores the
// results at once. Nobody else writes them, so it takes no lease.
func (w *Wizard) checkNetwork(ctx context.Context, e errand) error {
	env := w.env(e.st)
	results := make([]flow.Result, len(e.targets))
	slots := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i, t := range e.targets {
		fp, err := check.Network.Fingerprint(env, t)
		if err != nil {
			return err
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			start := w.Now()
			out := w.runOne(ctx, env, job{check.Network, t})
			results[i] = flow.Result{
				Check: check.Network.ID, Target: t, Node: w.Node, Fingerprint: fp,
				At: w.Now().UTC(), Took: w.Now().Sub(start), Findings: out.Findings, Facts: out.Facts,
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		err := tx.PutResults(e.st.setup.ID, results)
		if errors.Is(err, ErrNotFound) {
			return nil // deleted meanwhile
		}
		return err
	})
}

// servers are the other living nodes, as the check sees them.
func (w *Wizard) servers(tx Tx) ([]setup.Server, error) {
	nodes, err := tx.Nodes(w.Now().Add(-nodeLife))
	if err != nil {
		return nil, err
	}
	var list []setup.Server
	for _, n := range nodes {
		if !strings.EqualFold(n.Name, w.Node) {
			list = append(list, setup.Server{Name: n.Name, Role: n.Role})
		}
	}
	return list, nil
}
