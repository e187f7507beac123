// Package e2e holds the end-to-end tests: the shipped binary, driven by a real
// browser that finds controls by their visible labels, against the lab, an
// independent OpenID provider, Dovecot and Postfix. It owns no product code
// and knows nothing of the product's insides.
package e2e
