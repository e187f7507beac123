// Package seal encrypts what must not be readable in the database or in a
// backup: tokens, client secrets, pending sign-ins.
//
// It owns envelope encryption and the key ring. Each value is encrypted with
// AES-256-GCM under a data key of its own, and the data key is wrapped by a
// key of the ring, which lives in a file outside the database. Both are bound
// to the place of the value (table, row, field, version): a ciphertext that is
// moved, or put back after it was replaced, does not open. The first key of the
// ring seals, every key opens, and opening says when a value should be sealed
// again under the newest one.
//
// It deliberately does not know what the values are, where they are stored
// (package store), or who may ask for them. It does not protect the memory of
// the running process, and it cannot notice that a whole database was put back
// to an older state.
package seal
