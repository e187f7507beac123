package store

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

func (t *tx) Claimed() (claimed bool, err error) {
	err = t.one("claimed", nil, []any{&claimed}, `SELECT EXISTS (SELECT 1 FROM claim)`)
	return claimed, err
}

func (t *tx) InsertFirstAccount(a admin.Account) error {
	_, err := t.exec("insert account", `INSERT INTO accounts (id, name, name_key, hash, created_at, password_at)
		VALUES (?, ?, ?, ?, ?, ?)`, a.ID, a.Name, a.NameKey, a.Hash, a.Created.UnixMilli(), a.PasswordAt.UnixMilli())
	if err == nil {
		_, err = t.exec("claim", `INSERT INTO claim (only, account_id) VALUES (1, ?)`, a.ID)
	}
	if isDuplicate(err) {
		return admin.ErrClaimed
	}
	return err
}

func (t *tx) SaveAccount(a admin.Account) error {
	n, err := t.exec("save account", `UPDATE accounts SET name = ?, name_key = ?, hash = ?, created_at = ?, password_at = ?
		WHERE id = ?`, a.Name, a.NameKey, a.Hash, a.Created.UnixMilli(), a.PasswordAt.UnixMilli(), a.ID)
	return adminMissing(n, err)
}

const selectAccount = `SELECT id, name, name_key, hash, created_at, password_at FROM accounts `

func scanAccount(row scanner) (a admin.Account, err error) {
	err = row.Scan(&a.ID, &a.Name, &a.NameKey, &a.Hash, instant{&a.Created}, instant{&a.PasswordAt})
	return a, err
}

func (t *tx) Account(id string) (admin.Account, error) {
	return first(t, "account", admin.ErrNotFound, scanAccount, selectAccount+`WHERE id = ?`, id)
}

func (t *tx) AccountByName(key string) (admin.Account, error) {
	return first(t, "account", admin.ErrNotFound, scanAccount, selectAccount+`WHERE name_key = ?`, key)
}

func (t *tx) Accounts() ([]admin.Account, error) {
	return many(t, "accounts", scanAccount, selectAccount+`ORDER BY seq`)
}

func (t *tx) DeleteAccounts() error {
	if _, err := t.exec("unclaim", `DELETE FROM claim`); err != nil {
		return err
	}
	_, err := t.exec("delete accounts", `DELETE FROM accounts`)
	return err
}

func (t *tx) PutClaimLink(l admin.ClaimLink) error {
	_, err := t.exec("put claim link", `INSERT INTO claim_link (only, code_hash, issued_at, expires, tries)
		VALUES (1, ?, ?, ?, ?) ON CONFLICT (only) DO UPDATE SET code_hash = excluded.code_hash,
		issued_at = excluded.issued_at, expires = excluded.expires, tries = excluded.tries`,
		l.CodeHash[:], l.Issued.UnixMilli(), l.Expires.UnixMilli(), l.Tries)
	return err
}

func (t *tx) ClaimLink() (l admin.ClaimLink, err error) {
	err = t.one("claim link", admin.ErrNotFound,
		[]any{hashOf[admin.Hash]{&l.CodeHash}, instant{&l.Issued}, instant{&l.Expires}, &l.Tries},
		`SELECT code_hash, issued_at, expires, tries FROM claim_link`)
	return l, err
}

func (t *tx) DeleteClaimLink() error {
	_, err := t.exec("delete claim link", `DELETE FROM claim_link`)
	return err
}

func (t *tx) Failures(key admin.Hash) (f admin.Failures, err error) {
	err = t.one("failures", nil, []any{&f.Count, instant{&f.Last}},
		`SELECT failures, last_at FROM login_failures WHERE key = ?`, key[:])
	return f, err
}

func (t *tx) PutFailures(key admin.Hash, f admin.Failures) error {
	if f == (admin.Failures{}) {
		_, err := t.exec("delete failures", `DELETE FROM login_failures WHERE key = ?`, key[:])
		return err
	}
	_, err := t.exec("put failures", `INSERT INTO login_failures (key, failures, last_at) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at`,
		key[:], f.Count, f.Last.UnixMilli())
	return err
}

func (t *tx) PruneFailures(failed, good time.Time) error {
	_, err := t.exec("prune failures", `DELETE FROM login_failures
		WHERE last_at < ? OR (failures > 0 AND last_at < ?)`, good.UnixMilli(), failed.UnixMilli())
	return err
}

func (t *tx) InsertSession(s admin.Session) error {
	sealed, err := t.sealData(s.Hash, s.Data)
	if err != nil {
		return err
	}
	_, err = t.exec("insert session", `INSERT INTO sessions
		(handle, hash, kind, subject, sealed_data, started_at, seen_at, idle_end, ends_at, ip, agent)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.Handle, s.Hash[:], s.Kind, s.Subject, sealed,
		s.Started.UnixMilli(), s.Seen.UnixMilli(), s.IdleEnd.UnixMilli(), s.End.UnixMilli(), s.IP, s.Agent)
	return err
}

const selectSession = `SELECT handle, hash, kind, subject, started_at, seen_at, idle_end, ends_at, ip, agent, sealed_data
	FROM sessions `

type sealedSession struct {
	admin.Session
	sealed []byte
}

func scanSession(row scanner) (s sealedSession, err error) {
	err = row.Scan(&s.Handle, hashOf[admin.Hash]{&s.Hash}, &s.Kind, &s.Subject, instant{&s.Started}, instant{&s.Seen},
		instant{&s.IdleEnd}, instant{&s.End}, &s.IP, &s.Agent, &s.sealed)
	return s, err
}

func (t *tx) Session(h admin.Hash) (admin.Session, error) {
	s, err := first(t, "session", admin.ErrNotFound, scanSession, selectSession+`WHERE hash = ?`, h[:])
	if err != nil || s.sealed == nil {
		return s.Session, err
	}
	opened, err := t.open(sessionLabel(h), s.sealed)
	if err != nil {
		return admin.Session{}, err
	}
	err = decode("session data", opened.Reveal(), &s.Data)
	return s.Session, err
}

func (t *tx) TouchSession(h admin.Hash, seen, idleEnd time.Time) error {
	n, err := t.exec("touch session", `UPDATE sessions SET seen_at = ?, idle_end = ? WHERE hash = ?`,
		seen.UnixMilli(), idleEnd.UnixMilli(), h[:])
	return adminMissing(n, err)
}

func (t *tx) SaveSessionData(h admin.Hash, data map[string]string) error {
	sealed, err := t.sealData(h, data)
	if err != nil {
		return err
	}
	n, err := t.exec("save session", `UPDATE sessions SET sealed_data = ? WHERE hash = ?`, sealed, h[:])
	return adminMissing(n, err)
}

func (t *tx) DeleteSession(h admin.Hash) error {
	_, err := t.exec("delete session", `DELETE FROM sessions WHERE hash = ?`, h[:])
	return err
}

func (t *tx) DeleteSessionByHandle(kind admin.Kind, subject, handle string) error {
	n, err := t.exec("delete session", `DELETE FROM sessions WHERE kind = ? AND subject = ? AND handle = ?`,
		kind, subject, handle)
	return adminMissing(n, err)
}

func (t *tx) DeleteSessionsOf(kind admin.Kind, subject string) error {
	_, err := t.exec("delete sessions", `DELETE FROM sessions WHERE kind = ? AND subject = ?`, kind, subject)
	return err
}

func (t *tx) Sessions(kind admin.Kind, subject string) ([]admin.Session, error) {
	return many(t, "sessions", func(row scanner) (admin.Session, error) {
		s, err := scanSession(row)
		return s.Session, err
	}, selectSession+`WHERE kind = ? AND subject = ? ORDER BY seq DESC`, kind, subject)
}

func (t *tx) PruneSessions(now time.Time) error {
	_, err := t.exec("prune sessions", `DELETE FROM sessions WHERE idle_end <= ? OR ends_at <= ?`,
		now.UnixMilli(), now.UnixMilli())
	return err
}

// sessionLabel binds the data to the ID of the session.
func sessionLabel(h admin.Hash) seal.Label {
	return label("sessions", "sealed_data", 0, hex.EncodeToString(h[:]))
}

func (t *tx) sealData(h admin.Hash, data map[string]string) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("store: session data: %w", err)
	}
	return t.seal(sessionLabel(h), secret.New(string(b)))
}

func adminMissing(changed int64, err error) error {
	if err == nil && changed == 0 {
		return admin.ErrNotFound
	}
	return err
}
