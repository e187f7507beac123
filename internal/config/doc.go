// Package config owns what the operator decides: it reads the configuration
// file, merges it with environment and flags (flags win over environment,
// environment over file), validates, and returns plain structs.
//
// It opens no connection and no database, and nobody but cmd reads it.
package config
