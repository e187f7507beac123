package store

import (
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

const grantColumns = `account, slot, revision, client_id, asked, sealed_token, accepted_at, renewed_at, renewals, kept,
	due_at, lease_owner, lease_end, epoch, attempt_at, failures, last_error, provider, tenant`

// sealedGrant is a row before its token is opened.
type sealedGrant struct {
	token.Grant
	sealed []byte
}

func scanGrant(row scanner) (g sealedGrant, err error) {
	var asked string
	err = row.Scan(&g.Account, &g.Slot, &g.Revision, &g.ClientID, &asked, &g.sealed, instant{&g.Accepted},
		instant{&g.Renewed}, &g.Renewals, &g.Kept, instant{&g.DueAt}, &g.LeaseOwner, instant{&g.LeaseEnd}, &g.Epoch, instant{&g.AttemptAt},
		&g.Failures, &g.LastError, &g.Provider, &g.Tenant)
	if asked != "" {
		g.Asked = strings.Fields(asked)
	}
	return g, err
}

// asked are the scopes in the form in which they travel (RFC 6749 §3.3).
func asked(g token.Grant) string { return strings.Join(g.Asked, " ") }

func grantLabel(g token.Grant, field string) seal.Label {
	return label("grants", field, g.Revision, g.Account, string(g.Slot))
}

func (t *tx) openGrant(g sealedGrant) (token.Grant, error) {
	opened, err := t.open(grantLabel(g.Grant, "sealed_token"), g.sealed)
	if err == nil {
		g.Token, err = oauth.UnmarshalToken(opened)
	}
	return g.Grant, err
}

func (t *tx) sealGrant(g token.Grant) ([]byte, error) {
	plain, err := g.Token.MarshalSecret()
	if err != nil {
		return nil, err
	}
	return t.seal(grantLabel(g, "sealed_token"), plain)
}

func (t *tx) sealedGrant(account string, slot token.Slot) (sealedGrant, error) {
	return first(t, "grant", token.ErrNoToken, scanGrant,
		`SELECT `+grantColumns+` FROM grants WHERE account = ? AND slot = ?`, account, slot)
}

func (t *tx) Grant(account string, slot token.Slot) (token.Grant, error) {
	g, err := t.sealedGrant(account, slot)
	if err != nil {
		return token.Grant{}, err
	}
	return t.openGrant(g)
}

// PutGrant fails with wizard.ErrNotFound where the account is no setup (any
// more): a token of a deleted setup must not come back. The previous refresh
// token stays while it precedes the one in g, and goes with any other.
func (t *tx) PutGrant(g token.Grant) error {
	sealed, err := t.sealGrant(g)
	if err != nil {
		return err
	}
	// What cannot be opened is not the same token: signing in again is the way
	// out of a lost key and must not fail by it.
	stored, err := t.Grant(g.Account, g.Slot)
	keep := err == nil && stored.Revision == g.Revision && stored.Token.Refresh.Equal(g.Token.Refresh)
	_, err = t.exec("put grant", `INSERT INTO grants (`+grantColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (account, slot) DO UPDATE SET revision = excluded.revision, client_id = excluded.client_id,
			asked = excluded.asked, sealed_token = excluded.sealed_token,
			sealed_previous = CASE WHEN ? THEN grants.sealed_previous END,
			accepted_at = excluded.accepted_at, renewed_at = excluded.renewed_at, renewals = excluded.renewals,
			kept = excluded.kept, due_at = excluded.due_at, lease_owner = excluded.lease_owner, lease_end = excluded.lease_end,
			epoch = excluded.epoch, attempt_at = excluded.attempt_at, failures = excluded.failures,
			last_error = excluded.last_error, provider = excluded.provider, tenant = excluded.tenant`,
		g.Account, g.Slot, g.Revision, g.ClientID, asked(g), sealed, ms(g.Accepted), ms(g.Renewed), g.Renewals,
		g.Kept, ms(g.DueAt), g.LeaseOwner, ms(g.LeaseEnd), g.Epoch, ms(g.AttemptAt), g.Failures, g.LastError, g.Provider, g.Tenant, keep)
	if isOrphan(err) {
		return wizard.ErrNotFound
	}
	if err != nil {
		return err
	}
	return t.Touch(setup.ID(g.Account))
}

func (t *tx) DeleteGrant(account string, slot token.Slot) error {
	n, err := t.exec("delete grant", `DELETE FROM grants WHERE account = ? AND slot = ?`, account, slot)
	if err != nil || n == 0 {
		return err
	}
	return t.Touch(setup.ID(account))
}

func (t *tx) ClaimGrant(account string, slot token.Slot, owner string, end time.Time) (token.Grant, error) {
	g, err := first(t, "claim grant", token.ErrLeased, scanGrant, `UPDATE grants
		SET lease_owner = ?, lease_end = ?, epoch = epoch + 1
		WHERE account = ? AND slot = ? AND (lease_end IS NULL OR lease_end <= ?)
		RETURNING `+grantColumns, owner, end.UnixMilli(), account, slot, t.Now().UnixMilli())
	if errors.Is(err, token.ErrLeased) {
		if _, err := t.sealedGrant(account, slot); err != nil {
			return token.Grant{}, err
		}
	}
	if err != nil {
		return token.Grant{}, err
	}
	return t.openGrant(g)
}

// unreadableDelay is how long a grant that cannot be opened is left alone.
const unreadableDelay = 15 * time.Minute

// ClaimDue leaves out a grant whose token cannot be opened (a key is missing),
// says so in its LastError and asks again later: one bad row must not keep
// every other mailbox from being renewed. Its token is not touched.
func (t *tx) ClaimDue(owner string, end time.Time, limit int) ([]token.Grant, error) {
	now := t.Now()
	rows, err := many(t, "claim due", scanGrant, `UPDATE grants
		SET lease_owner = ?, lease_end = ?, epoch = epoch + 1
		WHERE slot = 'current' AND account IN (
			SELECT account FROM grants
			WHERE slot = 'current' AND due_at <= ? AND (lease_end IS NULL OR lease_end <= ?)
			ORDER BY due_at LIMIT ?`+skipLocked+`)
		RETURNING `+grantColumns, owner, end.UnixMilli(), now.UnixMilli(), now.UnixMilli(), limit)
	if err != nil {
		return nil, err
	}
	var due []token.Grant
	for _, row := range rows {
		g, err := t.openGrant(row)
		if err == nil {
			due = append(due, g)
			continue
		}
		if _, err := t.exec("put off grant", `UPDATE grants SET lease_owner = '', lease_end = NULL,
			due_at = ?, failures = failures + 1, last_error = ? WHERE account = ? AND slot = ?`,
			now.Add(unreadableDelay).UnixMilli(), err.Error(), row.Account, row.Slot); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(due, func(a, b token.Grant) int { return a.DueAt.Compare(b.DueAt) })
	return due, nil
}

// SaveGrant also compares the revision: after a token was deleted and another
// accepted, epochs count from the beginning, and a holder that slept through
// both must not be taken for the present one.
func (t *tx) SaveGrant(g token.Grant) error {
	stored, err := t.Grant(g.Account, g.Slot)
	if errors.Is(err, token.ErrNoToken) {
		return token.ErrSuperseded
	}
	if err != nil {
		return err
	}
	sealed, err := t.sealGrant(g)
	if err != nil {
		return err
	}
	n, err := t.exec("save grant", `UPDATE grants SET client_id = ?, asked = ?, sealed_token = ?, accepted_at = ?,
		renewed_at = ?, renewals = ?, kept = ?, due_at = ?, lease_owner = '', lease_end = NULL, attempt_at = ?, failures = ?, last_error = ?
		WHERE account = ? AND slot = ? AND epoch = ? AND revision = ?`,
		g.ClientID, asked(g), sealed, ms(g.Accepted), ms(g.Renewed), g.Renewals, g.Kept, ms(g.DueAt), ms(g.AttemptAt), g.Failures,
		g.LastError, g.Account, g.Slot, g.Epoch, g.Revision)
	if err == nil && n == 0 {
		err = token.ErrSuperseded
	}
	if err != nil {
		return err
	}
	if err := t.settlePrevious(stored, g); err != nil {
		return err
	}
	return t.Touch(setup.ID(g.Account))
}

// settlePrevious keeps the refresh token that was just replaced, and drops the
// one before as soon as its successor has worked once.
func (t *tx) settlePrevious(stored, g token.Grant) error {
	var previous []byte
	switch {
	case !stored.Token.Refresh.Equal(g.Token.Refresh):
		if !stored.Token.Refresh.IsZero() {
			sealed, err := t.seal(grantLabel(g, "sealed_previous"), stored.Token.Refresh)
			if err != nil {
				return err
			}
			previous = sealed
		}
	case g.Renewals == stored.Renewals: // a failure tells nothing about it
		return nil
	}
	_, err := t.exec("settle previous", `UPDATE grants SET sealed_previous = ? WHERE account = ? AND slot = ?`,
		previous, g.Account, g.Slot)
	return err
}

func (t *tx) PreviousRefresh(account string, slot token.Slot) (secret.Text, error) {
	g := token.Grant{Account: account, Slot: slot}
	var sealed []byte
	err := t.one("previous refresh", token.ErrNoToken, []any{&sealed, &g.Revision},
		`SELECT sealed_previous, revision FROM grants WHERE account = ? AND slot = ?`, account, slot)
	if err != nil || sealed == nil {
		return secret.Text{}, err
	}
	return t.open(grantLabel(g, "sealed_previous"), sealed)
}
