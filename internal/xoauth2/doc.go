// Package xoauth2 owns the SASL mechanism XOAUTH2: the bytes in which a mail
// address and an access token travel, what to answer when the server refuses
// them, and the mask that finds the token again in any form the mechanism
// gives it. Microsoft's description: "Authenticate an IMAP, POP or SMTP
// connection using OAuth" (learn.microsoft.com, read November 2026); Google's
// page "OAuth 2.0 Mechanism" has the error challenge.
//
// It does not know which servers may be given a token, what their answers
// mean, or how the three mail protocols wrap the exchange.
package xoauth2
