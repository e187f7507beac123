// Package flow owns the order of the work: which steps there are, which checks
// belong to each, and which gate is open. Both flows (a new mailbox, a token
// issued again) are tables; Progress is a pure function of the tables, the
// setup, and the stored results.
//
// It runs nothing, stores nothing, and knows no words for people.
package flow
