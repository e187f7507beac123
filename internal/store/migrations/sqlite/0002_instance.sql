-- +goose Up
-- What belongs to the installation as a whole and must not be readable.
CREATE TABLE instance (
	name   TEXT PRIMARY KEY,
	sealed BLOB NOT NULL
) STRICT;
