-- Times are integer milliseconds since 1970 UTC. Zero times are NULL. Hashes
-- are SHA-256 of codes. Columns called sealed hold ciphertext bound to table,
-- row and column: a value copied into another row does not open.

-- +goose Up
CREATE TABLE setups (
	id       TEXT PRIMARY KEY,
	version  INTEGER NOT NULL,
	title    TEXT NOT NULL,
	changes  INTEGER NOT NULL DEFAULT 0,
	document TEXT NOT NULL
) STRICT;

CREATE TABLE secrets (
	setup_id TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	name     TEXT NOT NULL,
	revision INTEGER NOT NULL,
	sealed   BLOB NOT NULL,
	PRIMARY KEY (setup_id, name)
) STRICT;

CREATE TABLE results (
	setup_id TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	check_id TEXT NOT NULL,
	target   TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (setup_id, check_id, target)
) STRICT;

CREATE TABLE runs (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	setup_id    TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	node        TEXT NOT NULL,
	lease_end   INTEGER NOT NULL,
	finished_at INTEGER,
	superseded  INTEGER NOT NULL DEFAULT 0,
	document    TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_setup ON runs(setup_id, seq);
-- The lock: one unfinished run of a setup, whoever asks and from which node.
CREATE UNIQUE INDEX runs_one_at_a_time ON runs(setup_id) WHERE finished_at IS NULL AND superseded = 0;

CREATE TABLE attempts (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	setup_id    TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	version     INTEGER NOT NULL,
	code_hash   BLOB UNIQUE,
	state_hash  BLOB UNIQUE,
	cookie_hash BLOB,
	document    TEXT NOT NULL
) STRICT;
CREATE INDEX attempts_by_setup ON attempts(setup_id);

CREATE TABLE attempt_secrets (
	attempt_id TEXT NOT NULL REFERENCES attempts(id) ON DELETE CASCADE,
	name       TEXT NOT NULL,
	sealed     BLOB NOT NULL,
	PRIMARY KEY (attempt_id, name)
) STRICT;

CREATE TABLE participants (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	setup_id    TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	version     INTEGER NOT NULL,
	invite_hash BLOB UNIQUE,
	document    TEXT NOT NULL
) STRICT;
CREATE INDEX participants_by_setup ON participants(setup_id, seq);

CREATE TABLE reports (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	setup_id TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	at       INTEGER NOT NULL,
	document BLOB NOT NULL
) STRICT;
CREATE INDEX reports_by_setup ON reports(setup_id, seq);

CREATE TABLE grants (
	account         TEXT NOT NULL REFERENCES setups(id) ON DELETE CASCADE,
	slot            TEXT NOT NULL,
	revision        INTEGER NOT NULL,
	client_id       TEXT NOT NULL,
	asked           TEXT NOT NULL,
	sealed_token    BLOB NOT NULL,
	sealed_previous BLOB,
	accepted_at     INTEGER,
	renewed_at      INTEGER,
	renewals        INTEGER NOT NULL,
	kept            INTEGER NOT NULL,
	due_at          INTEGER,
	lease_owner     TEXT NOT NULL,
	lease_end       INTEGER,
	epoch           INTEGER NOT NULL,
	attempt_at      INTEGER,
	failures        INTEGER NOT NULL,
	last_error      TEXT NOT NULL,
	PRIMARY KEY (account, slot)
) STRICT;
CREATE INDEX grants_due ON grants(due_at) WHERE slot = 'current' AND due_at IS NOT NULL;

CREATE TABLE accounts (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	name        TEXT NOT NULL,
	name_key    TEXT NOT NULL UNIQUE,
	hash        TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	password_at INTEGER NOT NULL
) STRICT;

-- One row at most: twenty claims at the same moment make one administrator.
CREATE TABLE claim (
	only       INTEGER PRIMARY KEY CHECK (only = 1),
	account_id TEXT NOT NULL REFERENCES accounts(id)
) STRICT;

CREATE TABLE claim_link (
	only      INTEGER PRIMARY KEY CHECK (only = 1),
	code_hash BLOB NOT NULL,
	issued_at INTEGER NOT NULL,
	expires   INTEGER NOT NULL,
	tries     INTEGER NOT NULL
) STRICT;

CREATE TABLE login_failures (
	key      BLOB PRIMARY KEY,
	failures INTEGER NOT NULL,
	last_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	handle      TEXT NOT NULL UNIQUE,
	hash        BLOB NOT NULL UNIQUE,
	kind        TEXT NOT NULL,
	subject     TEXT NOT NULL,
	sealed_data BLOB,
	started_at  INTEGER NOT NULL,
	seen_at     INTEGER NOT NULL,
	idle_end    INTEGER NOT NULL,
	ends_at     INTEGER NOT NULL,
	ip          TEXT NOT NULL,
	agent       TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_subject ON sessions(kind, subject);

-- The chain of what happened. setup_id has no foreign key: records outlive what
-- they speak of.
CREATE TABLE audit (
	seq      INTEGER PRIMARY KEY,
	setup_id TEXT NOT NULL,
	document TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_setup ON audit(setup_id, seq) WHERE setup_id <> '';
