package keeper

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"latchkey/internal/token"
)

const (
	// every is how often due tokens are looked for.
	every = 5 * time.Second
	// batch is how many are claimed at once.
	batch = 5
	// lease covers a renewal with its two tries and their saving.
	lease = 2 * time.Minute
)

// Keeper renews kept tokens.
type Keeper struct {
	Store  token.Store
	Source *token.Source
	Owner  string // names this process in leases
	Log    *slog.Logger
	// Renewed is told after each attempt on an account, with what stopped it,
	// so that whoever watches its setup sees it.
	Renewed func(ctx context.Context, account string, err error)
}

// Run renews what is due until ctx ends. It returns when nothing is under way
// any more.
func (k *Keeper) Run(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := k.Round(ctx); err != nil && ctx.Err() == nil {
			k.Log.Error("keeper: round failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Round renews everything that is due now.
func (k *Keeper) Round(ctx context.Context) error {
	for {
		var due []token.Grant
		err := k.Store.Update(ctx, func(tx token.Tx) error {
			var err error
			due, err = tx.ClaimDue(k.Owner, tx.Now().Add(lease), batch)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		var group sync.WaitGroup
		for _, g := range due {
			group.Add(1)
			go func() {
				defer group.Done()
				k.renew(ctx, g)
			}()
		}
		group.Wait()
		if ctx.Err() != nil {
			return nil
		}
	}
}

func (k *Keeper) renew(ctx context.Context, g token.Grant) {
	_, err := k.Source.RenewClaimed(ctx, g)
	switch {
	case err == nil:
		k.Log.Info("keeper: renewed", "account", g.Account)
	case errors.Is(err, token.ErrSuperseded) || ctx.Err() != nil:
	default:
		k.Log.Warn("keeper: not renewed", "account", g.Account, "error", err)
	}
	if k.Renewed != nil {
		k.Renewed(ctx, g.Account, err)
	}
}

// Due says when a kept token is renewed next: at a random point between half
// and four fifths of its life, so that many of them do not come at once; after
// failures with a growing distance. A refresh token that is used at least
// every seven days stays far from its 90.
func Due(g token.Grant, now time.Time) time.Time {
	if g.Failures > 0 {
		back := time.Minute << min(g.Failures-1, 4)
		return now.Add(back + time.Duration(rand.Int64N(int64(back))))
	}
	life := g.Token.ExpiresAt.Sub(g.Token.ReceivedAt)
	if life <= 0 {
		life = time.Hour
	}
	return now.Add(life/2 + time.Duration(rand.Int64N(int64(life*3/10))))
}
