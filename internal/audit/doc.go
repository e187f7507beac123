// Package audit says what happened: who did what to which setup, when and from
// where, as a chain of records in which each one contains the hash of the one
// before it.
//
// It owns the form of a record, the names of the actions, and the chain:
// Chain appends, Verify finds the first record that was changed, removed,
// moved, inserted or, where the last record is known from elsewhere, cut off.
// The chain shows tampering with single records. Somebody who can rewrite the
// whole database can rewrite the whole chain; only a head that was noted
// outside tells, which is why Verify takes one.
//
// It deliberately does not know where records are kept or how appending is
// serialised (package store), what an action means for a reader (package
// locale), or any secret: Detail holds names, numbers and reasons, never a
// token, code, verifier, password or client secret.
package audit
