package store

import (
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/wizard"
)

const selectAttempt = `SELECT document, version, code_hash, state_hash, cookie_hash FROM attempts `

func scanAttempt(row scanner) (a wizard.Attempt, err error) {
	var document string
	var version int64
	var code, state, cookie wizard.Hash
	if err := row.Scan(&document, &version, hashOf[wizard.Hash]{&code}, hashOf[wizard.Hash]{&state},
		hashOf[wizard.Hash]{&cookie}); err != nil {
		return a, err
	}
	err = decode("attempt", document, &a)
	a.Version, a.CodeHash, a.StateHash, a.CookieHash = version, code, state, cookie
	return a, err
}

// InsertAttempt stores a new attempt with Version 1.
func (t *tx) InsertAttempt(a wizard.Attempt) error {
	if err := t.Touch(a.Setup); err != nil {
		return err
	}
	a.Version = 1
	document, err := encode("attempt", a)
	if err != nil {
		return err
	}
	_, err = t.exec("insert attempt", `INSERT INTO attempts
		(id, setup_id, version, code_hash, state_hash, cookie_hash, document) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.Setup, a.Version, hash(a.CodeHash), hash(a.StateHash), hash(a.CookieHash), document)
	if isDuplicate(err) {
		return wizard.ErrConflict
	}
	return err
}

func (t *tx) SaveAttempt(a *wizard.Attempt) error {
	next := *a
	next.Version++
	document, err := encode("attempt", next)
	if err != nil {
		return err
	}
	n, err := t.exec("save attempt", `UPDATE attempts
		SET version = ?, code_hash = ?, state_hash = ?, cookie_hash = ?, document = ?
		WHERE id = ? AND setup_id = ? AND version = ?`,
		next.Version, hash(a.CodeHash), hash(a.StateHash), hash(a.CookieHash), document,
		a.ID, a.Setup, a.Version)
	if isDuplicate(err) {
		return wizard.ErrConflict
	}
	if err != nil {
		return err
	}
	if n == 0 {
		_, err := t.Attempt(a.ID)
		return lost(err)
	}
	a.Version = next.Version
	return t.Touch(a.Setup)
}

func (t *tx) Attempt(id string) (wizard.Attempt, error) {
	return t.attempt(`WHERE id = ?`, id)
}

func (t *tx) AttemptByCode(h wizard.Hash) (wizard.Attempt, error) {
	return t.attempt(`WHERE code_hash = ?`, hash(h)) // NULL equals nothing
}

func (t *tx) AttemptByState(h wizard.Hash) (wizard.Attempt, error) {
	return t.attempt(`WHERE state_hash = ?`, hash(h))
}

func (t *tx) attempt(where string, args ...any) (wizard.Attempt, error) {
	return first(t, "attempt", wizard.ErrNotFound, scanAttempt, selectAttempt+where, args...)
}

func attemptLabel(attempt, name string) seal.Label {
	return label("attempt_secrets", "sealed", 0, attempt, name)
}

func (t *tx) PutAttemptSecret(attempt, name string, value secret.Text) error {
	n, err := t.exec("touch", `UPDATE setups SET changes = changes + 1
		WHERE id = (SELECT setup_id FROM attempts WHERE id = ?)`, attempt)
	if err != nil {
		return err
	}
	if n == 0 {
		return wizard.ErrNotFound
	}
	if value.IsZero() {
		_, err := t.exec("delete attempt secret",
			`DELETE FROM attempt_secrets WHERE attempt_id = ? AND name = ?`, attempt, name)
		return err
	}
	sealed, err := t.seal(attemptLabel(attempt, name), value)
	if err != nil {
		return err
	}
	_, err = t.exec("put attempt secret", `INSERT INTO attempt_secrets (attempt_id, name, sealed) VALUES (?, ?, ?)
		ON CONFLICT (attempt_id, name) DO UPDATE SET sealed = excluded.sealed`, attempt, name, sealed)
	return err
}

func (t *tx) AttemptSecret(attempt, name string) (secret.Text, error) {
	var sealed []byte
	err := t.one("attempt secret", wizard.ErrNotFound, []any{&sealed},
		`SELECT sealed FROM attempt_secrets WHERE attempt_id = ? AND name = ?`, attempt, name)
	if err != nil {
		return secret.Text{}, err
	}
	return t.open(attemptLabel(attempt, name), sealed)
}
