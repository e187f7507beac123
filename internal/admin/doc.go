// Package admin owns who may use Latchkey: the administrators' accounts, the
// one-time link that makes the first of them, password rules and hashing, the
// growing delay after wrong passwords, and the sessions of administrators,
// guests and strangers.
//
// It does not know cookies, requests or pages (package web), what an
// administrator or a guest may do (package wizard), how rows are stored (its
// Store is satisfied by package store), or anything about mailboxes and their
// tokens. A guest session names a participant; whether that participant still
// has access is not decided here.
package admin
