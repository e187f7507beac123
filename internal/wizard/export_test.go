package wizard

import (
	"context"
	"time"

	"latchkey/internal/setup"
)

// SelfCall lets tests ask the question that the check of the external URL asks.
func (w *Wizard) SelfCall(ctx context.Context) error { return w.selfCall(ctx) }

// Proven lets tests ask what checks are told about each other.
func (w *Wizard) Proven(id setup.ID, check string, mailbox setup.Address) time.Time {
	return w.proven(id, check, mailbox)
}

// ByUrgency is the order of lists.
var ByUrgency = byUrgency
