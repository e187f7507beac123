// Package bench starts the programs of others that Latchkey is proved against:
// an independent OpenID provider, Dovecot, Postfix, a browser; and the
// latchkey program itself. Everything listens on loopback, lives in temporary
// folders and has ended when the test that started it has ended, also when the
// test process is killed.
//
// It is imported by tests only. It knows nothing of the wizard: no page, no
// finding, no configuration key. What the servers do and what they refuse is
// proved in this package's own tests, with foreign clients, so that a failure
// elsewhere is a failure of ours.
//
// The programs come from Debian and npm by .ci/deps. Without them a test is
// skipped with the reason, or fails when LATCHKEY_STRICT is set, as it is in
// "make test".
package bench
