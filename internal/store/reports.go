package store

import (
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// PutReport adds a report; earlier ones stay as they were handed out.
func (t *tx) PutReport(id setup.ID, at time.Time, document []byte) error {
	if err := t.Touch(id); err != nil {
		return err
	}
	_, err := t.exec("put report", `INSERT INTO reports (setup_id, at, document) VALUES (?, ?, ?)`, id, at.UnixMilli(), document)
	return err
}

func (t *tx) Report(id setup.ID) (document []byte, at time.Time, err error) {
	err = t.one("report", wizard.ErrNotFound, []any{&document, instant{&at}},
		`SELECT document, at FROM reports WHERE setup_id = ? ORDER BY seq DESC LIMIT 1`, id)
	return document, at, err
}
