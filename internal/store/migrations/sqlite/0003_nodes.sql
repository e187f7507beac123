-- +goose Up
CREATE TABLE nodes (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    role TEXT NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

-- When somebody last asked for the network checks of a setup: each node looks
-- here for what it has to do.
CREATE TABLE network_asks (
    setup_id TEXT PRIMARY KEY REFERENCES setups (id) ON DELETE CASCADE,
    asked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX network_asks_asked ON network_asks (asked_at);
