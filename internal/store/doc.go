// Package store remembers everything in one SQLite file. It satisfies the Store
// interfaces of packages wizard, token, admin and audit with one transaction
// type, so a use case that stores a token, a setup and an audit record does
// all or nothing.
//
// It owns the schema and its migrations, durability (a commit that was
// acknowledged survives a crash), the sealing of what must not be readable in
// the file, and the mapping of the database's errors to those of the
// interfaces. SQL is written here and nowhere else: one file per subject, one
// place (dialect.go) for what another engine would say differently.
//
// It deliberately does not know what the documents mean, when something may be
// written, or how keys are kept (package seal).
package store
