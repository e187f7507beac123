// Package config owns what the operator decides: it reads the configuration
// file over the defaults, validates, and returns plain structs.
//
// It opens no connection and no database, and nobody but cmd reads it. Flags
// and environment are cmd's: it lays them over what the file says (flags win
// over environment, environment over file) before Complete.
package config
