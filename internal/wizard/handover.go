package wizard

import (
	"errors"

	"latchkey/internal/audit"
	"latchkey/internal/product"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// handOver carries the decision out: the test key is deleted, or its first
// renewal becomes due, and the report is stored. While the product's own token
// is outstanding nothing happens yet.
func (w *Wizard) handOver(tx Tx, who Who, s *setup.Setup) error {
	p, _ := product.ByID(s.Application.Product)
	if p.Key == product.OwnKey && s.Handover.GeneratedAt.IsZero() {
		return nil
	}
	if slotOf(*s) == token.Candidate {
		return ErrConflict // the run that puts the new token into use has not ended
	}
	now := w.Now().UTC()
	s.Handover.DecidedAt, s.Handover.DecidedBy = now, who.Name
	account := string(s.ID)
	switch s.Handover.Key {
	case setup.DeleteTestKey:
		for _, slot := range []token.Slot{token.Current, token.Candidate} {
			if err := token.Discard(tx, account, slot); err != nil {
				return err
			}
		}
		if err := w.record(tx, who, s.ID, audit.TokenDeleted); err != nil {
			return err
		}
	case setup.KeepWatchman, setup.LatchkeyKeeps:
		g, err := tx.Grant(account, token.Current)
		if errors.Is(err, token.ErrNoToken) {
			return setup.InputErrors{{Field: "key", Value: string(s.Handover.Key), Problem: "no_token"}}
		}
		if err != nil {
			return err
		}
		g.DueAt = now
		if err := tx.PutGrant(g); err != nil {
			return err
		}
	}
	s.Reissue = nil
	s.Handover.ReportAt = now
	if err := w.record(tx, who, s.ID, audit.HandoverDecided, "key", string(s.Handover.Key)); err != nil {
		return err
	}
	v, err := w.view(tx, *s)
	if err != nil {
		return err
	}
	document, err := w.Report(v)
	if err != nil {
		return err
	}
	if err := tx.PutReport(s.ID, now, document); err != nil {
		return err
	}
	return w.record(tx, who, s.ID, audit.ReportStored)
}

// keptOn reports whether the token of a new sign-in is kept as the one before
// was: by the same account, and where no product makes a token of its own, about
// which a person has to say something each time.
func keptOn(s setup.Setup) bool {
	p, _ := product.ByID(s.Application.Product)
	kept := s.Handover.Key == setup.LatchkeyKeeps || s.Handover.Key == setup.KeepWatchman
	return kept && !s.Handover.DecidedAt.IsZero() && p.Key != product.OwnKey &&
		s.SignIn.Pinned != nil && s.SignIn.Pinned.Same(s.Reissue.Previous)
}
