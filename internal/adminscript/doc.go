// Package adminscript owns the PowerShell scripts that a Microsoft 365 or
// Windows administrator runs for a setup, the clicks that do the same in the
// portal, and the one-time key with which a script sends a new client secret
// back.
//
// A script is shown whole before it is copied, downloads nothing, changes only
// what is missing, can be run twice, and ends with one framed block. Its
// comments are in the reader's language; what the program itself prints is
// English. Nothing of it was run against Microsoft's service, see
// Task.Confirmed; that it parses is tested with a grammar that others wrote.
//
// # Values
//
// A value of the setup stands in a script only as a literal made by quote: a
// string in single quotes that holds nothing but printable ASCII, every other
// character written as its number. PowerShell takes the typographic quotes
// U+2018 to U+201B for quote marks, and Windows PowerShell 5.1 reads a file
// without byte order mark in the code page of the computer, where one byte of
// a harmless UTF-8 letter is such a quote; neither reaches a literal.
//
// # The block
//
//	-----BEGIN LATCHKEY MAILBOX-----
//	01/03 H4sIAAAAAAAEAKtWKk7OSC3KVbJSMlTSUSotTi1SslIyVKoFAJ3G2iYdAAAA...
//	02/03 ...
//	03/03 ...
//	sum 0123456789abcdef
//	-----END LATCHKEY MAILBOX-----
//
// The body is JSON in UTF-8, packed with gzip, in base64, at most 64 characters
// to the line. JSON itself does not survive the way: consoles break its lines
// inside strings at 80 columns, chat programs turn its quotes into typographic
// ones and its blanks into no-break spaces. None of this can touch base64. Each
// line says which of how many it is, so a reader can leave out whatever a
// console or mail program has put in front of it (prompts, "> ", times), and
// name the line that is missing. The sum, the first eight bytes of the SHA-256
// of the base64 text, finds the rest; it proves nothing about who made the
// block. What the block says stands readable above it, so nobody is asked to
// send what he cannot read.
//
// The network task prints the block of "latchkey probe" instead, which package
// paste describes.
//
// The package does not read blocks (package paste), does not judge them
// (package check), and knows no address of a portal page (package provider).
package adminscript
