package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

// The limits of the first administrator's link.
const (
	claimBytes = 16 // 128 bits
	ClaimLife  = 30 * time.Minute
	claimTries = 5 // wrong codes
)

// NewClaimLink returns the code of a new link and makes every earlier one
// void; ErrClaimed if there is an administrator. Only the command line calls
// it: whoever can run it owns the database anyway.
func (s *Service) NewClaimLink(ctx context.Context) (secret.Text, error) {
	text, err := s.code(claimBytes)
	if err != nil {
		return secret.Text{}, err
	}
	code, now := secret.New(text), s.now()
	err = s.store.Update(ctx, func(tx Tx) error {
		claimed, err := tx.Claimed()
		if err != nil {
			return err
		}
		if claimed {
			return ErrClaimed
		}
		link := ClaimLink{CodeHash: hashOf(code), Issued: now, Expires: now.Add(ClaimLife)}
		if err := tx.PutClaimLink(link); err != nil {
			return err
		}
		return s.record(tx, actionLinkIssued, Account{}, "")
	})
	if err != nil {
		return secret.Text{}, err
	}
	return code, nil
}

// CheckClaim tells whether code would be accepted, without using it up: nil,
// ErrClaimed or ErrExpired. A wrong code counts as a try.
func (s *Service) CheckClaim(ctx context.Context, code secret.Text) error {
	// What no link ever looked like does not count: five visits of a scanner
	// must not void the link.
	if raw, err := base32Lower.DecodeString(code.Reveal()); err != nil || len(raw) != claimBytes {
		return ErrExpired
	}
	right := false
	err := s.store.Update(ctx, func(tx Tx) error {
		link, err := s.openLink(tx)
		if err != nil {
			return err
		}
		if right = sameCode(link, code); right {
			return nil
		}
		link.Tries++
		return tx.PutClaimLink(link) // committed: returning an error would undo the count
	})
	if err == nil && !right {
		err = ErrExpired
	}
	return err
}

// ClaimUntil tells when the link ends, for people to read; zero where there is
// none, or none can be read.
func (s *Service) ClaimUntil(ctx context.Context) (until time.Time) {
	err := s.store.View(ctx, func(tx Tx) error {
		link, err := s.openLink(tx)
		until = link.Expires
		return err
	})
	if err != nil {
		return time.Time{}
	}
	return until
}

// Claim makes the first administrator and uses the link up. Of any number of
// claims at the same moment one succeeds. Errors: ErrClaimed, ErrExpired,
// *NameError, *PasswordError; after the last two the link is still good.
func (s *Service) Claim(ctx context.Context, code secret.Text, name string, password secret.Text, ip string) (Account, error) {
	if err := s.CheckClaim(ctx, code); err != nil {
		return Account{}, err
	}
	if err := checkName(name); err != nil {
		return Account{}, err
	}
	if problem := CheckPassword(name, password); problem != "" {
		return Account{}, &PasswordError{problem}
	}
	id, err := s.code(claimBytes)
	if err != nil {
		return Account{}, err
	}
	hash, err := s.hasher.make(ctx, password)
	if err != nil {
		return Account{}, err
	}
	now := s.now()
	a := Account{ID: id, Name: name, NameKey: NameKey(name), Hash: hash, Created: now, PasswordAt: now}
	err = s.store.Update(ctx, func(tx Tx) error {
		link, err := s.openLink(tx) // again: hashing takes time, and others try too
		if err != nil {
			return err
		}
		if !sameCode(link, code) {
			return ErrExpired
		}
		if err := tx.InsertFirstAccount(a); err != nil {
			return err
		}
		if err := tx.DeleteClaimLink(); err != nil {
			return err
		}
		return s.record(tx, audit.AdminClaimed, a, ip)
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// Reset removes every administrator and every administrator's session, so that
// a new claim link can be made. Only the command line calls it.
func (s *Service) Reset(ctx context.Context) error {
	return s.store.Update(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if err := tx.DeleteSessionsOf(KindAdmin, a.ID); err != nil {
				return err
			}
		}
		if err := tx.DeleteAccounts(); err != nil {
			return err
		}
		return s.record(tx, actionReset, Account{}, "")
	})
}

// openLink returns the link if it may still be used.
func (s *Service) openLink(tx Tx) (ClaimLink, error) {
	claimed, err := tx.Claimed()
	if err != nil {
		return ClaimLink{}, err
	}
	if claimed {
		return ClaimLink{}, ErrClaimed
	}
	link, err := tx.ClaimLink()
	if errors.Is(err, ErrNotFound) {
		return link, ErrExpired
	}
	if err == nil && (link.Tries >= claimTries || !s.now().Before(link.Expires)) {
		err = ErrExpired
	}
	return link, err
}

func sameCode(link ClaimLink, code secret.Text) bool {
	hash := hashOf(code)
	return subtle.ConstantTimeCompare(hash[:], link.CodeHash[:]) == 1
}
