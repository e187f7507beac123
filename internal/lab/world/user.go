package world

import (
	"strings"
	"time"
)

// User is an account in a tenant.
type User struct {
	ID            string // object ID, the oid claim
	TenantID      string
	UPN           string
	Name          string
	Password      string
	Administrator bool

	Disabled        bool // "block sign-in"; always set on shared mailboxes
	PasswordExpired bool
	Policy          Policy

	// TokensValidFrom: refresh tokens and sessions older than this are dead.
	TokensValidFrom time.Time
}

// Policy is what Conditional Access decides about a person's sign-in.
type Policy int

// The policies. BlockedLater lets the sign-in pass and refuses at the token
// endpoint, which is where some refusals show first.
const (
	Allowed Policy = iota
	Blocked
	BlockedLater
	StrongAuthentication // a second factor is required
	StrongEnrolment      // a second factor must be registered first
)

// User finds an account by object ID, nil if there is none.
func (s *State) User(id string) *User {
	for _, u := range s.Users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// UserByName finds an account by its user principal name, nil if there is
// none. Names are compared without regard to case.
func (s *State) UserByName(upn string) *User {
	for _, u := range s.Users {
		if strings.EqualFold(u.UPN, strings.TrimSpace(upn)) {
			return u
		}
	}
	return nil
}

// Revoke ends all refresh tokens and browser sessions of u from now on, as a
// password reset by an administrator or "revoke sessions" does.
func (s *State) Revoke(u *User) { u.TokensValidFrom = s.Now() }

// Dead reports whether something issued to u at the given time was revoked
// since.
func (u *User) Dead(issued time.Time) bool { return issued.Before(u.TokensValidFrom) }
