// Package archtest holds the architecture's rules as tests: which package may
// import which, which words may stand where. Each failure prints the rule as a
// sentence. It owns no product code.
package archtest
