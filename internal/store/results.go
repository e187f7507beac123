package store

import (
	"latchkey/internal/flow"
	"latchkey/internal/setup"
)

func (t *tx) PutResults(id setup.ID, results []flow.Result) error {
	if err := t.Touch(id); err != nil {
		return err
	}
	for _, r := range results {
		document, err := encode("result", r)
		if err != nil {
			return err
		}
		_, err = t.exec("put result", `INSERT INTO results (setup_id, check_id, target, document) VALUES (?, ?, ?, ?)
			ON CONFLICT (setup_id, check_id, target) DO UPDATE SET document = excluded.document`,
			id, r.Check, r.Target.Key(), document)
		if err != nil {
			return err
		}
	}
	return nil
}

// Results returns findings with bare codes: finding.Resolve attaches the words
// of the running version.
func (t *tx) Results(id setup.ID) ([]flow.Result, error) {
	return many(t, "results", func(row scanner) (r flow.Result, err error) {
		var document string
		if err := row.Scan(&document); err != nil {
			return r, err
		}
		return r, decode("result", document, &r)
	}, `SELECT document FROM results WHERE setup_id = ? ORDER BY check_id, target`, id)
}
