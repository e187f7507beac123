package store

import (
	"errors"
	"net/url"
	"slices"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What is SQLite's own way of saying things stands in this file. The
// statements elsewhere keep to what PostgreSQL understands too: upserts,
// RETURNING, partial indexes, and question marks that place rewrites.

// place turns the question marks of a statement into the engine's
// placeholders; SQLite takes them as they are.
func place(query string) string { return query }

// skipLocked is appended to the query that picks rows to claim. SQLite has one
// writer at a time and needs nothing.
const skipLocked = ""

// readers is the size of the pool of reading connections; in WAL mode they do
// not wait for the writer.
const readers = 4

// patience is how long a writer waits for others before it gives up.
const patience = 10 * time.Second

// address is the data source name of the file at path. synchronous=FULL:
// with NORMAL a power cut may take back commits that were acknowledged, among
// them a refresh token that the provider has already rotated
// (sqlite.org/pragma.html#pragma_synchronous). secure_delete: a token that was
// deleted on request does not stay in free pages.
func address(path string, write bool) string {
	q := url.Values{}
	for _, pragma := range []string{
		"journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)", "secure_delete(1)",
	} {
		q.Add("_pragma", pragma)
	}
	q.Set("_busy_timeout", "5000") // while connecting: another process may be repairing the log
	q.Set("_defensive", "1")
	q.Set("_dqs", "0")
	if write {
		// A transaction that begins by reading and then writes would meet
		// SQLITE_BUSY where no waiting helps.
		q.Set("_txlock", "immediate")
		q.Add("_pragma", "busy_timeout(100)") // from then on, see begin
	} else {
		q.Set("_query_only", "1")
	}
	return fileAddress(path, q)
}

// lockAddress is that of a file that is only locked.
func lockAddress(path string) string {
	return fileAddress(path, url.Values{"_pragma": {"busy_timeout(60000)"}, "_txlock": {"exclusive"}})
}

func fileAddress(path string, q url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// isDuplicate reports whether err is the refusal of a unique index.
func isDuplicate(err error) bool {
	return isCode(err, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// isOrphan reports whether err is the refusal of a foreign key.
func isOrphan(err error) bool { return isCode(err, sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY) }

// isBusy reports whether err says that another process is writing.
func isBusy(err error) bool {
	return isCode(err, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_SNAPSHOT)
}

// isDamage reports whether err says that the file is no sound database.
func isDamage(err error) bool { return isCode(err, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) }

func isCode(err error, codes ...int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code())
}
