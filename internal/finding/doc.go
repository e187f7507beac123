// Package finding owns the grammar of what Latchkey can say about a setup:
// a Definition names one observable fact with all its texts, a Finding is one
// occurrence of it with parameters, ranked causes and evidence.
//
// English is the source text and lives in the definitions, which stand beside
// the check or provider rule that reports them; this package holds no
// definition of its own, does no I/O, and knows no language but English.
package finding
