// Command latchkey takes a department mailbox in Exchange Online from nothing
// to "mail flows with OAuth2, and keeps flowing". It is one binary: the wizard
// and its keeper (serve), the whole product on this computer with a pretended
// Microsoft (demo), the pretended Microsoft alone (lab), and the same checks
// for a terminal.
//
// This package wires the others together and reads flags. It decides nothing.
package main
