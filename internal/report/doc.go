// Package report owns the documents that leave Latchkey: a setup's report as
// JSON (schema 1), Markdown and ticket text, the list of setups, and the
// result of a check run. All are made from a wizard.View, so they cannot hold
// what a View does not hold: no token, secret, password or mail content.
//
// It does not know pages (package templates) and decides nothing.
package report
