// Package check owns the judgements: one file per subject, each with the
// definitions of what it can find. A check reads a setup through its Env,
// asks the outside world only through its Env, and reports findings.
//
// It does not know when it runs, where results are kept or which gate they
// close (packages flow and wizard), and it shows nothing to anybody.
package check
