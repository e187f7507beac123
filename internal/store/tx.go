package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/wizard"
)

// tx is one transaction and implements the Tx of every package.
type tx struct {
	*Store
	ctx context.Context
	sql *sql.Tx
}

func (s *Store) view(ctx context.Context, fn func(*tx) error) error {
	t, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return failed(ctx, "begin", err)
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	return fn(&tx{s, ctx, t})
}

func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	t, err := s.begin(ctx)
	if err != nil {
		return failed(ctx, "begin", err)
	}
	defer func() { _ = t.Rollback() }() // does nothing after a commit
	if err := fn(&tx{s, ctx, t}); err != nil {
		return err
	}
	s.hook("before_commit")
	if err := t.Commit(); err != nil {
		return failed(ctx, "commit", err)
	}
	s.hook("after_commit")
	return nil
}

// begin waits for other processes that write. SQLite's own waiting does not end
// with the context, so it is kept short and repeated here.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	for began := time.Now(); ; {
		t, err := s.writer.BeginTx(ctx, nil)
		if err == nil || !isBusy(err) || ctx.Err() != nil || time.Since(began) > patience {
			return t, err
		}
	}
}

// failed wraps a database error. A cancelled context comes out of the driver as
// an interrupted statement; callers look for the context's error.
func failed(ctx context.Context, what string, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("store: %s: %w: %w", what, cause, err)
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// Now is our own clock: a SQLite file has one host.
func (t *tx) Now() time.Time { return t.now() }

// exec runs a statement and returns how many rows it has changed.
func (t *tx) exec(what, query string, args ...any) (int64, error) {
	r, err := t.sql.ExecContext(t.ctx, place(query), args...)
	if err != nil {
		return 0, failed(t.ctx, what, err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0, failed(t.ctx, what, err)
	}
	return n, nil
}

// one reads a single row into dest; missing if there is none.
func (t *tx) one(what string, missing error, dest []any, query string, args ...any) error {
	err := t.sql.QueryRowContext(t.ctx, place(query), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return missing
	}
	if err != nil {
		return failed(t.ctx, what, err)
	}
	return nil
}

// first reads a single row; missing if there is none.
func first[T any](t *tx, what string, missing error, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(t.sql.QueryRowContext(t.ctx, place(query), args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, missing
	}
	if err != nil {
		return v, failed(t.ctx, what, err)
	}
	return v, nil
}

// many reads all rows; scan turns one into a T.
func many[T any](t *tx, what string, scan func(scanner) (T, error), query string, args ...any) (list []T, err error) {
	rows, err := t.sql.QueryContext(t.ctx, place(query), args...)
	if err != nil {
		return nil, failed(t.ctx, what, err)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil && closeErr != nil {
			err = failed(t.ctx, what, closeErr)
		}
	}()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, failed(t.ctx, what, err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(t.ctx, what, err)
	}
	return list, nil
}

// scanner is a row, alone or one of many.
type scanner interface{ Scan(dest ...any) error }

// lost explains a compare-and-swap that changed nothing: err is what looking
// the record up has said.
func lost(err error) error {
	if err != nil {
		return err
	}
	return wizard.ErrConflict
}

// encode writes a document.
func encode(what string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store: %s: %w", what, err)
	}
	return string(b), nil
}

// decode reads a document.
func decode(what, document string, v any) error {
	if err := json.Unmarshal([]byte(document), v); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// label names the place that the sealer binds a value to. No part of a key
// contains the separator.
func label(table, field string, version int64, key ...string) seal.Label {
	return seal.Label{Table: table, Row: strings.Join(key, "\x00"), Field: field, Version: version}
}

func (t *tx) seal(l seal.Label, value secret.Text) ([]byte, error) {
	b, err := t.sealer.Seal(l, value)
	if err != nil {
		return nil, fmt.Errorf("store: sealing %s.%s: %w", l.Table, l.Field, err)
	}
	return b, nil
}

func (t *tx) open(l seal.Label, sealed []byte) (secret.Text, error) {
	v, _, err := t.sealer.Open(l, sealed)
	if err != nil {
		return secret.Text{}, fmt.Errorf("store: opening %s.%s: %w", l.Table, l.Field, err)
	}
	return v, nil
}

// ms is a time as a column value: milliseconds, NULL for the zero time.
func ms(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// instant reads a column of milliseconds into a time in UTC.
type instant struct{ at *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i.at = time.Time{}
	case int64:
		*i.at = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("store: %T is not a time", v)
	}
	return nil
}

// hash is a Hash of any package as a column value: NULL for zero, so that
// unique indexes do not take "none" for a value.
func hash[H ~[32]byte](h H) any {
	if h == (H{}) {
		return nil
	}
	return h[:]
}

// hashOf reads such a column.
type hashOf[H ~[32]byte] struct{ into *H }

// Scan implements sql.Scanner.
func (h hashOf[H]) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*h.into = H{}
	case []byte:
		if len(v) != len(*h.into) {
			return fmt.Errorf("store: a hash of %d bytes", len(v))
		}
		copy((*h.into)[:], v)
	default:
		return fmt.Errorf("store: %T is not a hash", v)
	}
	return nil
}
