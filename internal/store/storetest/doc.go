// Package storetest is what every engine of package store has to pass: one
// suite, called with a function that opens an empty store. It asserts what the
// Store interfaces promise, with concurrency and with an attacker who can read
// and rewrite rows, and uses nothing of an engine but raw statements that all
// engines understand.
package storetest
