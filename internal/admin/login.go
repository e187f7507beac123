package admin

import (
	"context"
	"errors"

	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

// Login returns the account that name and password belong to. ip is the
// client's address as far as it can be trusted. An unknown name takes the same
// path, and the same time, as a wrong password.
//
// Errors: ErrBadLogin, *TooManyTriesError.
func (s *Service) Login(ctx context.Context, name string, password secret.Text, ip string) (Account, error) {
	var a Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.AccountByName(NameKey(name))
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return Account{}, err
	}
	return s.authenticate(ctx, a, NameKey(name), password, ip)
}

// ChangePassword replaces the password of an account and ends all its
// sessions; the caller starts a new one. Errors: ErrBadLogin (old is wrong, or
// no such account), *TooManyTriesError, *PasswordError.
func (s *Service) ChangePassword(ctx context.Context, accountID string, old, password secret.Text, ip string) error {
	a, err := s.Account(ctx, accountID)
	if errors.Is(err, ErrNotFound) {
		return ErrBadLogin
	}
	if err != nil {
		return err
	}
	if a, err = s.authenticate(ctx, a, a.NameKey, old, ip); err != nil {
		return err
	}
	if problem := CheckPassword(a.Name, password); problem != "" {
		return &PasswordError{problem}
	}
	compared := a.Hash
	if a.Hash, err = s.hasher.make(ctx, password); err != nil {
		return err
	}
	a.PasswordAt = s.now()
	return s.store.Update(ctx, func(tx Tx) error {
		if err := unchanged(tx, a.ID, compared); err != nil {
			return err
		}
		if err := tx.SaveAccount(a); err != nil {
			return err
		}
		if err := tx.DeleteSessionsOf(KindAdmin, a.ID); err != nil {
			return err
		}
		return s.record(tx, actionPassword, a, ip)
	})
}

// authenticate counts the try, then compares, then settles the count. a is
// zero for a name that nobody has.
func (s *Service) authenticate(ctx context.Context, a Account, nameKey string, password secret.Text, ip string) (Account, error) {
	c := countersOf(nameKey, ip)
	if err := s.store.Update(ctx, func(tx Tx) error { return c.reserve(tx, s.now()) }); err != nil {
		return Account{}, err
	}
	hash := a.Hash
	if a.ID == "" {
		hash = s.hasher.decoy
	}
	ok, outdated, err := s.hasher.check(ctx, hash, password)
	if err != nil {
		return Account{}, err
	}
	if !ok || a.ID == "" {
		err := s.store.Update(ctx, func(tx Tx) error { return s.record(tx, actionRefused, a, ip) })
		if err == nil {
			err = ErrBadLogin
		}
		return Account{}, err
	}
	if outdated {
		if a.Hash, err = s.hasher.make(ctx, password); err != nil {
			return Account{}, err
		}
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := unchanged(tx, a.ID, hash); err != nil {
			return err
		}
		if err := c.forgive(tx, s.now()); err != nil {
			return err
		}
		if outdated {
			if err := tx.SaveAccount(a); err != nil {
				return err
			}
		}
		return s.record(tx, audit.SignedIn, a, ip)
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// unchanged refuses when the password that was compared is not the account's
// any more. Hashing happens outside a transaction; without this a login that
// began before a change of password would write the old one back.
func unchanged(tx Tx, id, hash string) error {
	now, err := tx.Account(id)
	if errors.Is(err, ErrNotFound) || err == nil && now.Hash != hash {
		return ErrBadLogin
	}
	return err
}
