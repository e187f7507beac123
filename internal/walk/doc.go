// Package walk is a person at two windows: it opens the wizard's pages, fills
// forms by their labels, presses buttons by their names, goes to the lab's
// portal and sign-in, and reads the states and findings off the pages.
//
// It calls nothing inside the wizard and knows none of its packages: what it
// cannot read on a page it does not know. It starts the lab.
package walk
