// Package token owns the one rule about mailbox tokens: one refresh at a time
// per account, on any number of nodes, and a rotated refresh token is stored
// before the new access token is used. A refresh token is never deleted on an
// error.
//
// It does not know how a token is obtained first (package wizard), when to
// renew ahead of time (package keeper), what the provider's refusals mean
// (package provider), or how rows are stored (its Store is satisfied by
// package store).
package token
