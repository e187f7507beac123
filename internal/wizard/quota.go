package wizard

import (
	"context"
	"fmt"
	"sync"
	"time"

	"latchkey/internal/setup"
)

// runBurst is how many runs of one setup people may start at once, runEvery how
// often one more after that: far above what hands do, and too slow to search a
// network through our checks (threat T37).
const (
	runBurst = 30
	runEvery = 2 * time.Second
)

// TooManyRunsError: the checks of a setup were started too often. Nothing was
// saved and nothing begun.
type TooManyRunsError struct{ RetryAt time.Time }

// Error implements error.
func (e *TooManyRunsError) Error() string {
	return fmt.Sprintf("wizard: too many runs, again at %s", e.RetryAt.UTC().Format(time.RFC3339))
}

// quota remembers for each setup until when its starts are used up, if each one
// uses up runEvery. A node counts what it is asked itself.
type quota struct {
	mu   sync.Mutex
	used map[setup.ID]time.Time
}

// mayRun counts one start; *TooManyRunsError if there were too many. The
// program itself is not counted.
func (w *Wizard) mayRun(who Who, id setup.ID) error {
	if who.Kind == WhoSystem {
		return nil
	}
	now := w.Now()
	w.starts.mu.Lock()
	defer w.starts.mu.Unlock()
	if w.starts.used == nil {
		w.starts.used = map[setup.ID]time.Time{}
	}
	for other, until := range w.starts.used {
		if until.Before(now) {
			delete(w.starts.used, other)
		}
	}
	until := w.starts.used[id]
	if until.Before(now) {
		until = now
	}
	if until = until.Add(runEvery); until.Sub(now) > runBurst*runEvery {
		return &TooManyRunsError{RetryAt: until.Add(-runBurst * runEvery)}
	}
	w.starts.used[id] = until
	return nil
}

// AskRun is StartRun for a person, who may not ask without end.
//
// Errors: ErrForbidden, *TooManyRunsError.
func (w *Wizard) AskRun(ctx context.Context, who Who, id setup.ID, step setup.StepID) error {
	if !Reads(who, id) || who.Role == RoleObserver {
		return ErrForbidden
	}
	if err := w.mayRun(who, id); err != nil {
		return err
	}
	return w.StartRun(ctx, id, step)
}
