package store

import (
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

const selectParticipant = `SELECT document, version, invite_hash FROM participants `

func scanParticipant(row scanner) (p wizard.Participant, err error) {
	var document string
	var version int64
	var invite wizard.Hash
	if err := row.Scan(&document, &version, hashOf[wizard.Hash]{&invite}); err != nil {
		return p, err
	}
	err = decode("participant", document, &p)
	p.Version, p.InviteHash = version, invite
	return p, err
}

// InsertParticipant stores a new participant with Version 1.
func (t *tx) InsertParticipant(p wizard.Participant) error {
	if err := t.Touch(p.Setup); err != nil {
		return err
	}
	p.Version = 1
	document, err := encode("participant", p)
	if err != nil {
		return err
	}
	_, err = t.exec("insert participant", `INSERT INTO participants (id, setup_id, version, invite_hash, document)
		VALUES (?, ?, ?, ?, ?)`, p.ID, p.Setup, p.Version, hash(p.InviteHash), document)
	if isDuplicate(err) {
		return wizard.ErrConflict
	}
	return err
}

func (t *tx) SaveParticipant(p *wizard.Participant) error {
	if err := t.SaveParticipantQuietly(p); err != nil {
		return err
	}
	return t.Touch(p.Setup)
}

func (t *tx) SaveParticipantQuietly(p *wizard.Participant) error {
	next := *p
	next.Version++
	document, err := encode("participant", next)
	if err != nil {
		return err
	}
	n, err := t.exec("save participant", `UPDATE participants SET version = ?, invite_hash = ?, document = ?
		WHERE id = ? AND setup_id = ? AND version = ?`,
		next.Version, hash(p.InviteHash), document, p.ID, p.Setup, p.Version)
	if isDuplicate(err) {
		return wizard.ErrConflict
	}
	if err != nil {
		return err
	}
	if n == 0 {
		_, err := t.Participant(p.ID)
		return lost(err)
	}
	p.Version = next.Version
	return nil
}

func (t *tx) Participant(id string) (wizard.Participant, error) {
	return first(t, "participant", wizard.ErrNotFound, scanParticipant, selectParticipant+`WHERE id = ?`, id)
}

func (t *tx) ParticipantByInvite(h wizard.Hash) (wizard.Participant, error) {
	return first(t, "participant", wizard.ErrNotFound, scanParticipant, selectParticipant+`WHERE invite_hash = ?`, hash(h))
}

func (t *tx) Participants(id setup.ID) ([]wizard.Participant, error) {
	return many(t, "participants", scanParticipant, selectParticipant+`WHERE setup_id = ? ORDER BY seq`, id)
}
