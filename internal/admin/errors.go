package admin

import (
	"errors"
	"fmt"
	"time"
)

// Errors of Service and of every Store.
var (
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("admin: not found")
	// ErrClaimed: there is an administrator already.
	ErrClaimed = errors.New("admin: an administrator exists already")
	// ErrExpired: the claim link is unknown, used, replaced, too old, or was
	// tried too often. It is not said which.
	ErrExpired = errors.New("admin: the link is not valid any more")
	// ErrBadLogin: name or password is wrong. It is not said which.
	ErrBadLogin = errors.New("admin: name or password is wrong")
	// ErrTooManyTries is what a *TooManyTriesError is.
	ErrTooManyTries = errors.New("admin: too many failed tries")
	// ErrNoSession: the session is unknown, ended, or expired.
	ErrNoSession = errors.New("admin: no such session")
)

// TooManyTriesError says that a login was refused without looking at the
// password, and when the next one will be looked at.
type TooManyTriesError struct{ RetryAt time.Time }

// Error implements error.
func (e *TooManyTriesError) Error() string {
	return fmt.Sprintf("%v, the next one at %s", ErrTooManyTries, e.RetryAt.UTC().Format(time.RFC3339))
}

// Is makes errors.Is(err, ErrTooManyTries) true.
func (e *TooManyTriesError) Is(target error) bool { return target == ErrTooManyTries }

// PasswordError says which rule a new password breaks.
type PasswordError struct{ Problem PasswordProblem }

// Error implements error.
func (e *PasswordError) Error() string { return "admin: password: " + string(e.Problem) }

// NameError says what is wrong with a new account's name.
type NameError struct{ Problem NameProblem }

// Error implements error.
func (e *NameError) Error() string { return "admin: name: " + string(e.Problem) }

// NameProblem is what is wrong with a name; the languages have a sentence for
// each.
type NameProblem string

// The problems a name can have.
const (
	NameRequired NameProblem = "required"
	NameTooLong  NameProblem = "too_long"
	NameControl  NameProblem = "control_characters"
)
