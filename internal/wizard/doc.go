// Package wizard owns the use cases: starting a setup, answering a step,
// running its checks, inviting a second person, signing in through a fresh
// browser session, accepting the token, issuing it again, and telling what
// everything looks like now. Pages and commands call the same methods.
//
// It decides nothing about right or wrong (package check) or about gates
// (package flow), knows no SQL (its Store interface is satisfied by package
// store), no HTTP request, cookie or page (package web), and no sentence.
package wizard
