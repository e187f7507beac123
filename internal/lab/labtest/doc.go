// Package labtest is a person with a browser, for tests that sign in at the
// simulator: it opens pages, fills forms by their labels, presses buttons by
// their names, and keeps cookies in a jar of its own, like a private window.
//
// It knows HTML and cookies, and nothing of what the pages are about. It is
// imported by tests only.
package labtest
