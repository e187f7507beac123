// Package probe owns conversations with servers: DNS, TCP, TLS, HTTPS, IMAP,
// POP3 and SMTP, each from the first look-up to the server's last line, with
// times, certificates and a redacted transcript. An Error holds exactly what
// the protocol said.
//
// Every conversation has a byte budget, an absolute deadline and a context
// that ends it at once; every address is judged when it is dialled; nothing is
// ever changed in a mailbox. A token leaves only through the SASL exchange, to
// hosts of the policy's provider list, after TLS.
//
// The package does not know any vendor's hosts, numbers or sentences, does not
// judge what it sees, and gives no advice.
package probe
