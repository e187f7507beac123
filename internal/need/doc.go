// Package need says what a test needs of the machine: programs, packages,
// rights. On a bare machine the test is skipped with the reason; where
// LATCHKEY_STRICT is set, as "make test" does, it fails, so that a green run has
// skipped nothing.
//
// It does not install anything (.ci/deps does), and knows no test.
package need
