// Package world owns the state of the simulator: tenants, registrations,
// people, mailboxes, policies, what was issued, and counters of what clients
// did. One mutex guards all of it; clock and randomness are injected.
//
// It holds facts and the small questions one can ask of them (is this secret
// still good, may this person open that mailbox). It does not know HTTP, a
// mail protocol, or the words in which a server says no: those are the
// business of the packages entra and exchange. It does not know the scenarios
// either: a scenario only changes facts.
package world
