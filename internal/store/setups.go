package store

import (
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func scanSetup(row scanner) (s setup.Setup, err error) {
	var document string
	var version int64
	if err := row.Scan(&document, &version); err != nil {
		return s, err
	}
	err = decode("setup", document, &s)
	s.Version = version
	return s, err
}

func (t *tx) Setup(id setup.ID) (setup.Setup, error) {
	return first(t, "setup", wizard.ErrNotFound, scanSetup, `SELECT document, version FROM setups WHERE id = ?`, id)
}

func (t *tx) Setups() ([]setup.Setup, error) {
	return many(t, "setups", scanSetup, `SELECT document, version FROM setups ORDER BY title, id`)
}

func (t *tx) InsertSetup(s setup.Setup) error {
	s.Version = 1
	document, err := encode("setup", s)
	if err != nil {
		return err
	}
	_, err = t.exec("insert setup", `INSERT INTO setups (id, version, title, document) VALUES (?, ?, ?, ?)`,
		s.ID, s.Version, s.Title(), document)
	if isDuplicate(err) {
		return wizard.ErrConflict
	}
	return err
}

func (t *tx) SaveSetup(s *setup.Setup) error {
	next := *s
	next.Version++
	document, err := encode("setup", next)
	if err != nil {
		return err
	}
	n, err := t.exec("save setup", `UPDATE setups SET version = ?, title = ?, document = ?, changes = changes + 1
		WHERE id = ? AND version = ?`, next.Version, next.Title(), document, s.ID, s.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		_, err := t.Setup(s.ID)
		return lost(err)
	}
	s.Version = next.Version
	return nil
}

// DeleteSetup removes the setup and everything of it: secrets, tokens, runs,
// guests' sessions. Audit records stay.
func (t *tx) DeleteSetup(id setup.ID) error {
	if _, err := t.exec("end guests", `DELETE FROM sessions WHERE kind = 'guest'
		AND subject IN (SELECT id FROM participants WHERE setup_id = ?)`, id); err != nil {
		return err
	}
	n, err := t.exec("delete setup", `DELETE FROM setups WHERE id = ?`, id) // the rest follows by foreign keys
	if err == nil && n == 0 {
		err = wizard.ErrNotFound
	}
	return err
}

func (t *tx) Touch(id setup.ID) error {
	n, err := t.exec("touch", `UPDATE setups SET changes = changes + 1 WHERE id = ?`, id)
	if err == nil && n == 0 {
		err = wizard.ErrNotFound
	}
	return err
}

func (t *tx) Changes(id setup.ID) (n int64, err error) {
	err = t.one("changes", wizard.ErrNotFound, []any{&n}, `SELECT changes FROM setups WHERE id = ?`, id)
	return n, err
}

// secretLabel binds a secret to its revision too: a row put back to an older
// state does not fit the setup that speaks of the newer one.
func secretLabel(id setup.ID, name string, revision int64) seal.Label {
	return label("secrets", "sealed", revision, string(id), name)
}

// PutSecret refuses a revision older than the stored one with ErrConflict. A
// zero value deletes.
func (t *tx) PutSecret(id setup.ID, name string, revision int64, value secret.Text) error {
	if err := t.Touch(id); err != nil {
		return err
	}
	if value.IsZero() {
		_, err := t.exec("delete secret", `DELETE FROM secrets WHERE setup_id = ? AND name = ?`, id, name)
		return err
	}
	sealed, err := t.seal(secretLabel(id, name, revision), value)
	if err != nil {
		return err
	}
	n, err := t.exec("put secret", `INSERT INTO secrets (setup_id, name, revision, sealed) VALUES (?, ?, ?, ?)
		ON CONFLICT (setup_id, name) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed
		WHERE excluded.revision >= secrets.revision`, id, name, revision, sealed)
	if err == nil && n == 0 {
		err = wizard.ErrConflict
	}
	return err
}

func (t *tx) Secret(id setup.ID, name string) (value secret.Text, revision int64, err error) {
	var sealed []byte
	err = t.one("secret", wizard.ErrNotFound, []any{&sealed, &revision},
		`SELECT sealed, revision FROM secrets WHERE setup_id = ? AND name = ?`, id, name)
	if err != nil {
		return value, 0, err
	}
	value, err = t.open(secretLabel(id, name, revision), sealed)
	return value, revision, err
}
