// Package entra pretends to be Entra ID over HTTP: discovery, keys, the
// authorization endpoint with its sign-in, consent and error pages, the token
// endpoint, admin consent, a federated company's sign-in service, and a portal
// in which app registrations, mailboxes and the tenant are looked at and
// changed by hand.
//
// It owns the order in which Entra checks things and the words in which it
// refuses them. It deliberately does not know the mail protocols, the
// scenarios, or who is asking: every verdict follows from the state in package
// world, and a stranger's client is served as any other.
package entra
