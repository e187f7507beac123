package wizard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/paste"
	"latchkey/internal/setup"
)

// blockLife is how old the results of another server may be.
const blockLife = 6 * time.Hour

// PasteBlock takes what another server has seen of the network. A block of a
// server that the setup does not name or gives another role, of another setup
// or provider, or of yesterday is refused.
//
// Errors: *PasteError, setup.InputErrors, ErrForbidden.
func (w *Wizard) PasteBlock(ctx context.Context, who Who, id setup.ID, text string) error {
	if !may(who, id, setup.StepNetwork) {
		return ErrForbidden
	}
	b, err := paste.ParseProbeBlock(text, paste.Expect{Setup: id, Now: w.Now(), Life: blockLife})
	if err != nil {
		return pasted("probe_block", err)
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		st, err := w.read(tx, id)
		if err != nil {
			return err
		}
		stored, err := w.results(tx, id)
		if err != nil {
			return err
		}
		results, err := resultsOf(w.env(st), b, stored)
		if err != nil {
			return err
		}
		if err := tx.PutResults(id, results); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.CheckRun, "check", check.Network.ID, "server", b.Server)
	})
}

// resultsOf judges what a block says about the connections that its server
// needs. What is known already from a later time stays.
//
// Errors: setup.InputErrors.
func resultsOf(env *check.Env, b paste.ProbeBlock, stored []flow.Result) ([]flow.Result, error) {
	refuse := func(p setup.Problem, value string) ([]flow.Result, error) {
		return nil, setup.InputErrors{{Field: "probe_block", Value: value, Problem: p}}
	}
	servers := env.Servers()
	i := slices.IndexFunc(servers, func(s setup.Server) bool { return strings.EqualFold(s.Name, b.Server) })
	switch {
	case b.Provider != env.Provider.ID:
		return refuse("block_of_other_provider", b.Provider+", not "+env.Provider.ID)
	case strings.EqualFold(b.Server, env.Node):
		return refuse("block_of_this_server", b.Server)
	case i < 0:
		return refuse("block_of_other_server", b.Server)
	case contradict(servers[i].Role, setup.Role(b.Role)):
		return refuse("block_of_other_role", fmt.Sprintf("%s (%s, not %s)", b.Server, b.Role, servers[i].Role))
	}
	var results []flow.Result
	needed := false
	for _, t := range check.Network.TargetsOf(env) {
		j := slices.IndexFunc(b.Results, func(one paste.ProbeResult) bool {
			return one.Protocol == string(t.Protocol) && strings.EqualFold(one.Host, t.Host) && one.Port == t.Port
		})
		if j < 0 || !strings.EqualFold(t.Server, b.Server) {
			continue
		}
		needed = true
		if slices.ContainsFunc(stored, func(r flow.Result) bool {
			return r.Check == check.Network.ID && r.Target.Key() == t.Key() && r.At.After(b.At)
		}) {
			continue
		}
		fp, err := check.Network.Fingerprint(env, t)
		if err != nil {
			return nil, err
		}
		out := env.Linked(judgeBlock(env, t, b.Results[j]))
		results = append(results, flow.Result{
			Check: check.Network.ID, Target: t, Node: b.Server, Fingerprint: fp, At: b.At.UTC(),
			Took: took(b.Results[j]), Findings: out.Findings, Facts: out.Facts,
		})
	}
	switch {
	case !needed:
		return refuse("block_of_other_hosts", fmt.Sprintf("%s:%d", b.Results[0].Host, b.Results[0].Port))
	case len(results) == 0:
		return refuse("newer_block_known", b.Server)
	}
	return results, nil
}

// contradict: only an application server and a services server exclude each
// other. "All" is what a server is where nobody has said anything, here or
// there.
func contradict(named, stamped setup.Role) bool {
	return named != stamped && slices.Contains(definite, named) && slices.Contains(definite, stamped)
}

var definite = []setup.Role{setup.RoleApplication, setup.RoleServices}

func judgeBlock(env *check.Env, t check.Target, one paste.ProbeResult) check.Outcome {
	report, families, failure := one.Seen()
	if failure != nil {
		return env.JudgeFailure(t, report, failure)
	}
	return env.JudgeConnection(t, report, families)
}

func took(one paste.ProbeResult) time.Duration {
	var sum time.Duration
	for _, ms := range one.MS {
		sum += time.Duration(ms) * time.Millisecond
	}
	return sum
}
