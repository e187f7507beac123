package wizard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/setup"
)

const (
	// runLease is how long a crashed run keeps others out; a living one renews
	// it every runBeat.
	runLease = 15 * time.Second
	runBeat  = 4 * time.Second
	// parallel is how many checks of one run are under way at once.
	parallel = 8
	// rounds bounds how often a run looks again: results open gates, behind
	// which further checks wait.
	rounds = 12
	// defaultTimeout bounds a check that names no limit of its own.
	defaultTimeout = 10 * time.Second
)

// Everything stands for all steps in StartRun: each check that needs no person
// runs again.
const Everything setup.StepID = "*"

// Unattended stands for step in StartRun where nobody has asked: only checks
// that need no person run again, and no message is sent.
func Unattended(step setup.StepID) setup.StepID { return "~" + step }

// StartRun starts the checks of a step, with everything else that is out of
// date and needs no person. One run works per setup; a second request joins
// it. It returns as soon as the run is recorded: mail servers delay refusals by
// many seconds, and no request waits for them.
func (w *Wizard) StartRun(ctx context.Context, id setup.ID, step setup.StepID) error {
	var r Run
	err := w.Store.Update(ctx, func(tx Tx) (err error) {
		r, err = w.schedule(tx, id, step)
		return err
	})
	if err == nil {
		w.launch(r)
	}
	return err
}

// schedule records a run in the caller's transaction, so that what a person has
// asked for is not forgotten by a crash between their answer and its checks.
// The caller launches it after the commit. It returns the zero Run where
// another run works already and has taken the request up.
func (w *Wizard) schedule(tx Tx, id setup.ID, step setup.StepID) (Run, error) {
	var asked []setup.StepID
	if step != "" {
		asked = []setup.StepID{step}
	}
	now := w.Now().UTC()
	if step == setup.StepNetwork || step == setup.StepPreflight || step == Everything {
		if err := tx.AskNetwork(id, now); err != nil {
			return Run{}, err
		}
	}
	last, err := tx.LastRun(id)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return Run{}, err
	case err == nil && !last.Over(now):
		last.Asked = union(last.Asked, asked)
		return Run{}, tx.SaveRun(last)
	}
	code, err := w.newCode()
	if err != nil {
		return Run{}, err
	}
	r := Run{ID: code, Setup: id, Step: step, Node: w.Node, Started: now, LeaseEnd: now.Add(runLease), Asked: asked}
	if last.ID != "" && last.Finished.IsZero() { // it died: go on where it was
		r.Asked = union(union(last.Taken, last.Asked), asked)
		r.Resumed = last.Started
		if !last.Resumed.IsZero() {
			r.Resumed = last.Resumed
		}
	}
	return r, tx.StartRun(r, now)
}

func union(a, b []setup.StepID) []setup.StepID {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// launch begins a scheduled run.
func (w *Wizard) launch(r Run) {
	if r.ID == "" {
		return
	}
	done, err := w.begin()
	if err != nil {
		return // whoever looks at the setup next resumes it
	}
	go func() {
		defer done()
		w.run(w.ctx, r)
	}()
}

// Refresh starts a run if something is out of date or stale that needs no
// person, or if a run has died. Whoever looks at a setup calls it.
func (w *Wizard) Refresh(ctx context.Context, id setup.ID) error {
	var todo bool
	err := w.Store.View(ctx, func(tx Tx) error {
		r, err := tx.LastRun(id)
		if err == nil && !r.Over(w.Now()) {
			return nil
		}
		if todo = err == nil && r.Finished.IsZero(); todo {
			return nil
		}
		st, err := w.read(tx, id)
		if err != nil {
			return err
		}
		jobs, err := w.plan(tx, st, Run{}, nil)
		todo = len(jobs) > 0
		return err
	})
	if err != nil || !todo {
		return err
	}
	return w.StartRun(ctx, id, "")
}

// Wait returns when no run of the setup works any more, or with ctx. A run
// that has died is begun again: what was asked of it has not been done.
func (w *Wizard) Wait(ctx context.Context, id setup.ID) error {
	for {
		var over, died bool
		err := w.Store.View(ctx, func(tx Tx) error {
			r, err := tx.LastRun(id)
			if errors.Is(err, ErrNotFound) {
				over = true
				return nil
			}
			over = err == nil && !r.Finished.IsZero()
			died = err == nil && !over && r.Over(w.Now())
			return err
		})
		if err != nil || over {
			return err
		}
		if died {
			if err := w.StartRun(ctx, id, ""); err != nil {
				return err
			}
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// job is one check on one target.
type job struct {
	check  *check.Check
	target check.Target
}

func (j job) key() string { return j.check.ID + " " + j.target.Key() }

// plan lists what to run: every check of the asked steps, and elsewhere what
// runs alone and is missing, out of date or stale. Only open steps count, and
// nothing runs twice in a run unless its answers changed meanwhile.
func (w *Wizard) plan(tx Tx, st state, r Run, ran map[string]string) ([]job, error) {
	results, err := w.results(tx, st.setup.ID)
	if err != nil {
		return nil, err
	}
	env := w.env(st)
	steps, err := flow.Progress(flow.Of(st.setup), env, results, w.Now())
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, s := range steps {
		step := slices.Contains(r.Taken, s.Step.ID)
		alone := slices.Contains(r.Taken, Everything) || slices.Contains(r.Taken, Unattended(s.Step.ID))
		for _, c := range s.Checks {
			j := job{c.Check, c.Target}
			// What a person has stated, and a message that has arrived, is not
			// asked for twice: only what has not passed is tried again.
			wanted := step && (c.Check.RunsAlone() || !c.Passed()) || alone && c.Check.RunsAlone()
			if wanted && c.Current && !r.Resumed.IsZero() && c.Result.At.After(r.Resumed) {
				wanted = false // done before the run died
			}
			if !s.Open || len(c.Waiting) > 0 || !env.Own(c.Target) || c.Check.Token && !st.hasKey {
				continue
			}
			due := c.Check.RunsAlone() && (c.Result == nil || !c.Current || c.Stale ||
				c.Result.SkippedBy != "" && blockedBy(steps, j) == "")
			if !wanted && !due {
				continue
			}
			fp, err := c.Check.Fingerprint(env, c.Target)
			if err != nil {
				return nil, err
			}
			if ran[j.key()] != fp {
				jobs = append(jobs, j)
			}
		}
	}
	return jobs, nil
}

// run works until nothing is left to do. It is the owner of all goroutines it
// starts.
func (w *Wizard) run(ctx context.Context, r Run) {
	ctx, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Add(1)
	go func() {
		defer beating.Done()
		w.beat(ctx, cancel, r)
	}()
	defer beating.Wait()
	defer cancel()
	ran := map[string]string{}
	for range rounds {
		jobs, st, err := w.round(ctx, r, &ran)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) {
				w.Log.Error("run ended early", "setup", r.Setup, "run", r.ID, "error", err)
			}
			return
		}
		if len(jobs) == 0 {
			return
		}
		w.Hook("run_planned")
		w.batch(ctx, r, st, jobs, ran)
		if ctx.Err() != nil {
			return
		}
	}
	w.Log.Error("run did not come to rest", "setup", r.Setup, "run", r.ID)
	w.finishRun(ctx, r)
}

// round takes up what was asked meanwhile and plans what is left; with nothing
// left it ends the run, in the same transaction.
func (w *Wizard) round(ctx context.Context, r Run, ran *map[string]string) (jobs []job, st state, err error) {
	fresh := map[string]string{}
	err = w.Store.Update(ctx, func(tx Tx) error {
		fresh = maps.Clone(*ran)
		now, err := w.mine(tx, r)
		if err != nil {
			return err
		}
		if len(now.Asked) > 0 { // also the same step again: run it again
			now.Taken, now.Asked, fresh = now.Asked, nil, map[string]string{}
		}
		if st, err = w.read(tx, r.Setup); err != nil {
			return err
		}
		if jobs, err = w.plan(tx, st, now, fresh); err != nil {
			return err
		}
		now.Total += len(jobs)
		if len(jobs) == 0 {
			handed, err := w.afterRun(tx, &st)
			if err != nil {
				return err
			}
			if handed { // what a person has decided before is judged for the new token
				now.Taken, fresh = []setup.StepID{setup.StepHandover}, map[string]string{}
				if jobs, err = w.plan(tx, st, now, fresh); err != nil {
					return err
				}
				now.Total += len(jobs)
			}
			if len(jobs) == 0 {
				now.Finished = w.Now().UTC()
			}
		}
		return tx.SaveRun(now)
	})
	*ran = fresh
	return jobs, st, err
}

// mine reads the run and renews its lease; ErrConflict if another one has taken
// over.
func (w *Wizard) mine(tx Tx, r Run) (Run, error) {
	now, err := tx.LastRun(r.Setup)
	if err == nil && now.ID != r.ID {
		err = ErrConflict
	}
	now.LeaseEnd = w.Now().UTC().Add(runLease)
	return now, err
}

// beat renews the lease while the run works. A run that has lost its lease
// stops: its successor does the same work.
func (w *Wizard) beat(ctx context.Context, stop context.CancelFunc, r Run) {
	for pause(ctx, runBeat) == nil {
		err := w.Store.Update(ctx, func(tx Tx) error {
			now, err := w.mine(tx, r)
			if err != nil || !now.Finished.IsZero() {
				return err
			}
			return tx.SaveRun(now)
		})
		switch {
		case errors.Is(err, ErrConflict), errors.Is(err, ErrNotFound):
			stop()
			return
		case err != nil && ctx.Err() == nil:
			w.Log.Error("lease of a run not renewed", "setup", r.Setup, "run", r.ID, "error", err)
		}
	}
}

func (w *Wizard) finishRun(ctx context.Context, r Run) {
	err := w.Store.Update(ctx, func(tx Tx) error {
		now, err := w.mine(tx, r)
		if err != nil {
			return err
		}
		now.Finished = w.Now().UTC()
		return tx.SaveRun(now)
	})
	if err != nil {
		w.Log.Error("run not closed", "setup", r.Setup, "run", r.ID, "error", err)
	}
}

// batch runs jobs, each after the ones it comes after, independent ones in
// parallel.
func (w *Wizard) batch(ctx context.Context, r Run, st state, jobs []job, ran map[string]string) {
	env := w.env(st)
	done := make([]chan struct{}, len(jobs))
	for i := range done {
		done[i] = make(chan struct{})
	}
	slots := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i, j := range jobs {
		fp, err := j.check.Fingerprint(env, j.target)
		if err != nil { // plan has computed it before
			w.Log.Error("no fingerprint", "check", j.check.ID, "error", err)
			close(done[i])
			continue
		}
		ran[j.key()] = fp
		group.Add(1)
		go func() {
			defer group.Done()
			defer close(done[i])
			for k, other := range jobs {
				if k != i && slices.Contains(j.check.After, other.check) {
					select {
					case <-done[k]:
					case <-ctx.Done():
						return
					}
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			skipped, err := w.skippedBy(ctx, st, j)
			result := flow.Result{Check: j.check.ID, Target: j.target, Node: w.Node, Fingerprint: fp, SkippedBy: skipped}
			start := w.Now()
			if err == nil && skipped == "" {
				out := w.runOne(ctx, env, j)
				result.Findings, result.Facts, result.Pending = out.Findings, out.Facts, out.Pending
			}
			result.At, result.Took = w.Now().UTC(), w.Now().Sub(start)
			if ctx.Err() != nil || err != nil {
				return
			}
			if err := w.keep(ctx, r, result); err != nil && ctx.Err() == nil {
				w.Log.Error("result not stored", "setup", r.Setup, "check", j.check.ID, "error", err)
			}
		}()
	}
	group.Wait()
}

// skippedBy names the check whose blocker makes j pointless now.
func (w *Wizard) skippedBy(ctx context.Context, st state, j job) (skipped string, err error) {
	if len(j.check.After) == 0 {
		return "", nil
	}
	err = w.Store.View(ctx, func(tx Tx) error {
		results, err := w.results(tx, st.setup.ID)
		if err != nil {
			return err
		}
		steps, err := flow.Progress(flow.Of(st.setup), w.env(st), results, w.Now())
		skipped = blockedBy(steps, j)
		return err
	})
	return skipped, err
}

// blockedBy returns the first check that j comes after and that has not
// passed. Results of the same mailbox count, and those that speak of none.
func blockedBy(steps []flow.StepState, j job) string {
	for _, s := range steps {
		for _, c := range s.Checks {
			same := c.Target.Mailbox == "" || j.target.Mailbox == "" || c.Target.Mailbox == j.target.Mailbox
			if slices.Contains(j.check.After, c.Check) && same && !c.Passed() {
				return c.Check.ID
			}
		}
	}
	return ""
}

// runOne runs one check under its deadline. A panic is a fault of ours: it
// becomes internal_error of this check alone, with a reference to the log.
func (w *Wizard) runOne(ctx context.Context, env *check.Env, j job) (out check.Outcome) {
	timeout := j.check.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			ref, err := w.newCode()
			if err != nil {
				ref = "unknown"
			}
			ref = ref[:8]
			w.Log.Error("check failed by its own fault", "check", j.check.ID, "reference", ref,
				"fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			out = check.Internal(j.check, ref)
		}
	}()
	out = env.Linked(j.check.Run(ctx, env, j.target))
	for _, f := range out.Findings {
		for _, c := range f.Causes {
			if !slices.ContainsFunc(j.check.Finds, func(d *finding.Definition) bool { return d.Code == c.Code }) {
				w.Log.Error("a check reports what it does not declare", "check", j.check.ID, "code", c.Code)
			}
		}
	}
	return out
}

// keep stores one result and the run's progress at once, so that an open page
// sees both.
func (w *Wizard) keep(ctx context.Context, r Run, result flow.Result) error {
	w.Hook("result_before_commit")
	err := w.Store.Update(ctx, func(tx Tx) error {
		now, err := w.mine(tx, r)
		if err != nil {
			return err
		}
		now.Done++
		if err := tx.PutResults(r.Setup, []flow.Result{result}); err != nil {
			return err
		}
		return tx.SaveRun(now)
	})
	w.Hook("result_committed")
	return err
}
