// Package keeper owns the clock of the kept tokens: it renews what is due,
// ahead of time, on any number of nodes at once.
//
// It does not know how a token is renewed safely (package token) or what a
// refusal means for people (package provider, through the wizard's checks).
package keeper
