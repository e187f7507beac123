package store

import (
	"context"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/setup"
)

const auditColumns = `seq, setup_id, document`

func scanRecord(row scanner) (r audit.Record, err error) {
	var document, of string
	var seq int64
	if err := row.Scan(&seq, &of, &document); err != nil {
		return r, err
	}
	if err := decode("audit record", document, &r); err != nil {
		return r, err
	}
	// The chain covers the document only; a changed column would show a record
	// in another setup's history.
	if r.Seq != seq || r.Setup != of {
		return r, fmt.Errorf("store: audit record %d is in the row of another", r.Seq)
	}
	return r, nil
}

// Audit reads the head and appends to it in one transaction; the head's row
// keeps two writers from appending to the same record.
func (t *tx) Audit(r audit.Record) error {
	head, err := t.head()
	if err != nil {
		return err
	}
	if r, err = audit.Chain(head, r); err != nil {
		return err
	}
	document, err := encode("audit record", r)
	if err != nil {
		return err
	}
	_, err = t.exec("audit", `INSERT INTO audit (seq, setup_id, document) VALUES (?, ?, ?)`, r.Seq, r.Setup, document)
	if err != nil || r.Setup == "" {
		return err
	}
	// The record of a setup's deletion outlives it.
	_, err = t.exec("touch", `UPDATE setups SET changes = changes + 1 WHERE id = ?`, r.Setup)
	return err
}

func (t *tx) head() (audit.Record, error) {
	return first(t, "audit head", nil, scanRecord, `SELECT `+auditColumns+` FROM audit ORDER BY seq DESC LIMIT 1`)
}

func (t *tx) History(id setup.ID, limit int) ([]audit.Record, error) {
	return many(t, "history", scanRecord, `SELECT `+auditColumns+` FROM audit WHERE setup_id = ? ORDER BY seq DESC LIMIT ?`, id, limit)
}

// AuditLog returns the chain for those who read and verify it.
func (s *Store) AuditLog() audit.Store { return auditLog{s} }

type auditLog struct{ s *Store }

func (l auditLog) Records(ctx context.Context, setup string, after int64, limit int) (list []audit.Record, err error) {
	err = l.s.view(ctx, func(t *tx) error {
		list, err = many(t, "audit", scanRecord, `SELECT `+auditColumns+` FROM audit
			WHERE seq > ? AND (? = '' OR setup_id = ?) ORDER BY seq LIMIT ?`, after, setup, setup, limit)
		return err
	})
	return list, err
}

func (l auditLog) Head(ctx context.Context) (r audit.Record, err error) {
	err = l.s.view(ctx, func(t *tx) error {
		r, err = t.head()
		return err
	})
	return r, err
}
