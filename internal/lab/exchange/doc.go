// Package exchange pretends to be the mail side of Exchange Online: three line
// servers for IMAP, POP3 and SMTP submission with its greetings, capability
// lists, delays and odd refusals.
//
// It owns the rules by which Exchange lets a token into a mailbox and the
// words in which it refuses. It reads tokens as any resource server does, by
// their signature and claims, and shares no mail, SASL or token library with
// the programs that are tried against it. It does not know how tokens come to
// be (package entra) or which scenario is being played.
package exchange
