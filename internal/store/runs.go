package store

import (
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// StartRun relies on an index that allows one unfinished run of a setup. A run
// whose lease has ended first loses its place, and with it the right to save.
func (t *tx) StartRun(r wizard.Run, now time.Time) error {
	if err := t.Touch(r.Setup); err != nil {
		return err
	}
	if _, err := t.exec("take over run", `UPDATE runs SET superseded = 1
		WHERE setup_id = ? AND finished_at IS NULL AND superseded = 0 AND lease_end < ?`,
		r.Setup, now.UnixMilli()); err != nil {
		return err
	}
	document, err := encode("run", r)
	if err != nil {
		return err
	}
	_, err = t.exec("start run", `INSERT INTO runs (id, setup_id, node, lease_end, finished_at, document)
		VALUES (?, ?, ?, ?, ?, ?)`, r.ID, r.Setup, r.Node, r.LeaseEnd.UnixMilli(), ms(r.Finished), document)
	if isDuplicate(err) {
		return wizard.ErrConflict
	}
	return err
}

func (t *tx) SaveRun(r wizard.Run) error {
	document, err := encode("run", r)
	if err != nil {
		return err
	}
	n, err := t.exec("save run", `UPDATE runs SET lease_end = ?, finished_at = ?, document = ?
		WHERE id = ? AND setup_id = ? AND node = ? AND finished_at IS NULL AND superseded = 0`,
		r.LeaseEnd.UnixMilli(), ms(r.Finished), document, r.ID, r.Setup, r.Node)
	if err != nil {
		return err
	}
	if n == 0 {
		return wizard.ErrConflict
	}
	return t.Touch(r.Setup)
}

func (t *tx) LastRun(id setup.ID) (wizard.Run, error) {
	return first(t, "run", wizard.ErrNotFound, func(row scanner) (r wizard.Run, err error) {
		var document string
		if err := row.Scan(&document); err != nil {
			return r, err
		}
		return r, decode("run", document, &r)
	}, `SELECT document FROM runs WHERE setup_id = ? ORDER BY seq DESC LIMIT 1`, id)
}
