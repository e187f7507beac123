package wizard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/paste"
	"latchkey/internal/probe"
	"latchkey/internal/setup"
)

// blockLife is how old the results of another server may be.
const blockLife = 6 * time.Hour

// PasteBlock takes what another server has seen of the network. A block of a
// server that the setup does not name, of another provider, or of yesterday is
// refused.
//
// Errors: setup.InputErrors, ErrForbidden.
func (w *Wizard) PasteBlock(ctx context.Context, who Who, id setup.ID, text string) error {
	if !may(who, id, setup.StepNetwork) {
		return ErrForbidden
	}
	refuse := func(p setup.Problem, value string) error {
		return setup.InputErrors{{Field: "probe_block", Value: value, Problem: p}}
	}
	b, err := paste.ParseProbeBlock(text)
	if err != nil {
		return pasted("probe_block", err)
	}
	if age := w.Now().Sub(b.At); age > blockLife || age < -time.Hour {
		return refuse("old_block", b.At.UTC().Format(time.RFC3339))
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		st, err := w.read(tx, id)
		if err != nil {
			return err
		}
		env := w.env(st)
		if b.Provider != env.Provider.ID {
			return refuse("block_of_other_provider", b.Provider+", not "+env.Provider.ID)
		}
		stored, err := w.results(tx, id)
		if err != nil {
			return err
		}
		newer := func(t check.Target) bool {
			return slices.ContainsFunc(stored, func(r flow.Result) bool {
				return r.Check == check.Network.ID && r.Target.Key() == t.Key() && r.At.After(b.At)
			})
		}
		var results []flow.Result
		known := false
		for _, t := range check.Network.TargetsOf(env) {
			if !strings.EqualFold(t.Server, b.Server) || env.Own(t) {
				continue
			}
			known = true
			if newer(t) {
				continue
			}
			fp, err := check.Network.Fingerprint(env, t)
			if err != nil {
				return err
			}
			for _, one := range b.Results {
				if one.Protocol == string(t.Protocol) && strings.EqualFold(one.Host, t.Host) && one.Port == t.Port {
					out := env.Linked(judgeBlock(env, t, one))
					results = append(results, flow.Result{
						Check: check.Network.ID, Target: t, Node: b.Server, Fingerprint: fp, At: b.At.UTC(),
						Took: took(one), Findings: out.Findings, Facts: out.Facts,
					})
				}
			}
		}
		switch {
		case len(results) > 0:
		case known:
			return refuse("old_block", b.At.UTC().Format(time.RFC3339))
		default:
			return refuse("block_of_other_server", b.Server)
		}
		if err := tx.PutResults(id, results); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.CheckRun, "check", check.Network.ID, "server", b.Server)
	})
}

func judgeBlock(env *check.Env, t check.Target, one paste.ProbeResult) check.Outcome {
	times := map[probe.Stage]time.Duration{}
	for stage, ms := range one.MS {
		times[probe.Stage(stage)] = time.Duration(ms) * time.Millisecond
	}
	if one.Kind == "" {
		return check.JudgeConnection(t, times, one.Mechanisms)
	}
	return env.JudgeFailure(t, &probe.Error{
		Target: probe.Target{Protocol: probe.Protocol(one.Protocol), Host: one.Host, Port: one.Port},
		Stage:  probe.Stage(one.Stage), Kind: probe.Kind(one.Kind), Err: errors.New(one.Line),
	})
}

func took(one paste.ProbeResult) time.Duration {
	var sum time.Duration
	for _, ms := range one.MS {
		sum += time.Duration(ms) * time.Millisecond
	}
	return sum
}
