package wizard

import "context"

// SelfCall lets tests ask the question that the check of the external URL asks.
func (w *Wizard) SelfCall(ctx context.Context) error { return w.selfCall(ctx) }
