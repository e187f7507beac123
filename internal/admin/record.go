package admin

import (
	"errors"

	"latchkey/internal/audit"
)

// What only this package does; the other actions have their names in audit.
const (
	actionLinkIssued audit.Action = "claim_link_issued"
	actionRefused    audit.Action = "sign_in_refused"
	actionPassword   audit.Action = "password_changed"
	actionReset      audit.Action = "admins_removed"
)

// record writes what an account has done. a is zero where nobody is known: a
// name that was typed is not recorded, people type passwords there.
func (s *Service) record(tx Tx, action audit.Action, a Account, ip string) error {
	return tx.Audit(audit.Record{At: s.now(), Action: action, Actor: a.ID, ActorName: a.Name, RemoteIP: ip})
}

// recordEnd writes that an administrator's sessions were ended. What guests do
// is recorded with the setup they belong to.
func (s *Service) recordEnd(tx Tx, kind Kind, subject string) error {
	if kind != KindAdmin {
		return nil
	}
	a, err := tx.Account(subject)
	if errors.Is(err, ErrNotFound) {
		a, err = Account{ID: subject}, nil
	}
	if err != nil {
		return err
	}
	return s.record(tx, audit.SignedOut, a, "")
}
