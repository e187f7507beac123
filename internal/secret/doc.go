// Package secret owns one type: a string that cannot be printed, logged or
// marshalled by accident. Tokens, codes, verifiers, client secrets and
// passwords travel through the program as secret.Text and leave it only where
// Reveal is called, so a reader can list every exit with one search.
//
// It does not know how secrets are encrypted (package seal) or where they are
// kept (package store), and it does not promise to wipe memory: Go cannot.
package secret
