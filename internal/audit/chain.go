package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"
)

// Chain returns r as the record after prev (the zero Record before the first):
// with its number, time in UTC milliseconds, predecessor and hash. Strings
// become valid UTF-8: two different broken ones would have the same canonical
// form, and one could be edited into the other.
//
// The hash is SHA-256 over a fixed prefix and the record as a JSON array of
// seq, time in milliseconds, actor, actor name, setup, action, detail (keys
// sorted), remote address and the hash before, with <, > and & escaped.
func Chain(prev, r Record) (Record, error) {
	if prev.Seq != 0 && len(prev.Hash) != hex.EncodedLen(sha256.Size) {
		return Record{}, fmt.Errorf("audit: record %d has no hash to chain to", prev.Seq)
	}
	r.Seq, r.Prev = prev.Seq+1, prev.Hash
	r.At = r.At.UTC().Truncate(time.Millisecond)
	r.Actor, r.ActorName = valid(r.Actor), valid(r.ActorName)
	r.Setup, r.Action, r.RemoteIP = valid(r.Setup), Action(valid(string(r.Action))), valid(r.RemoteIP)
	var detail map[string]string
	if len(r.Detail) > 0 {
		detail = make(map[string]string, len(r.Detail))
		for name, value := range r.Detail {
			detail[valid(name)] = valid(value)
		}
	}
	r.Detail = detail
	hash, err := r.hash()
	if err != nil {
		return Record{}, err
	}
	r.Hash = hash
	return r, nil
}

func valid(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }

func (r Record) hash() (string, error) {
	detail := r.Detail
	if len(detail) == 0 {
		detail = nil // an empty map is stored as none
	}
	canonical, err := json.Marshal([]any{
		r.Seq, r.At.UnixMilli(), r.Actor, r.ActorName, r.Setup, r.Action, detail, r.RemoteIP, r.Prev,
	})
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	sum := sha256.Sum256(append([]byte("latchkey audit 1\n"), canonical...))
	return hex.EncodeToString(sum[:]), nil
}

// Reason says how a chain is broken.
type Reason string

// What Verify can find.
const (
	Changed  Reason = "changed"  // the content does not fit the hash
	Missing  Reason = "missing"  // the number expected here is not there
	Unlinked Reason = "unlinked" // it continues another record than the one before it
	Cut      Reason = "cut"      // the chain ends before the known head
	Replaced Reason = "replaced" // at the head's number stands another record
)

// BrokenError names the first record that is not as it was written.
type BrokenError struct {
	Seq    int64 // its number; for Missing and Cut the number that is missing
	Reason Reason
}

// Error implements error.
func (e *BrokenError) Error() string { return fmt.Sprintf("audit: record %d: %s", e.Seq, e.Reason) }

// Verify reads a chain from its first record. head is a record that is known
// to have been the last at some time, noted outside of the store; the zero
// Record where none is known, and then records missing at the end, or a chain
// that was written anew as a whole, cannot be noticed.
//
// Errors: *BrokenError; an error that records yields.
func Verify(records iter.Seq2[Record, error], head Record) error {
	var last Record
	for r, err := range records {
		if err != nil {
			return fmt.Errorf("audit: reading after record %d: %w", last.Seq, err)
		}
		if err := follows(last, r); err != nil {
			return err
		}
		if r.Seq == head.Seq && r.Hash != head.Hash {
			return &BrokenError{Seq: r.Seq, Reason: Replaced}
		}
		last = r
	}
	if last.Seq < head.Seq {
		return &BrokenError{Seq: last.Seq + 1, Reason: Cut}
	}
	return nil
}

// follows reports how r is not the record after last.
func follows(last, r Record) error {
	want, err := r.hash()
	switch {
	case err != nil:
		return err
	case r.Seq != last.Seq+1:
		return &BrokenError{Seq: last.Seq + 1, Reason: Missing}
	case r.Prev != last.Hash:
		return &BrokenError{Seq: r.Seq, Reason: Unlinked}
	// The hash does not see finer than a millisecond, and Chain leaves nothing there.
	case r.Hash != want || !r.At.Equal(r.At.Truncate(time.Millisecond)):
		return &BrokenError{Seq: r.Seq, Reason: Changed}
	}
	return nil
}
