package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/audit"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 123_000_000, time.UTC)

func example(i int) audit.Record {
	return audit.Record{
		At: start.Add(time.Duration(i) * time.Second), Actor: "admin:7", ActorName: "Zoë <admin>", Setup: "s1",
		Action: audit.AnswersSaved, Detail: map[string]string{"step": "network", "n": fmt.Sprint(i)}, RemoteIP: "192.0.2.7",
	}
}

func chained(t *testing.T, n int) []audit.Record {
	t.Helper()
	var list []audit.Record
	var last audit.Record
	for i := range n {
		r, err := audit.Chain(last, example(i))
		if err != nil {
			t.Fatal(err)
		}
		list, last = append(list, r), r
	}
	return list
}

func each(list []audit.Record) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func wantBroken(t *testing.T, err error, seq int64, reason audit.Reason) {
	t.Helper()
	broken, ok := errors.AsType[*audit.BrokenError](err)
	if !ok || broken.Seq != seq || broken.Reason != reason {
		t.Errorf("error = %v, want record %d: %s", err, seq, reason)
	}
}

func TestChainVerifies(t *testing.T) {
	for n := range 4 {
		list := chained(t, n)
		head := audit.Record{}
		if n > 0 {
			head = list[n-1]
		}
		if err := audit.Verify(each(list), head); err != nil {
			t.Errorf("%d records: %v", n, err)
		}
		for i, r := range list {
			if r.Seq != int64(i+1) || len(r.Hash) != 64 || i > 0 && r.Prev != list[i-1].Hash {
				t.Errorf("record %d is not chained: %+v", i, r)
			}
		}
	}
}

// The canonical form is a promise: a chain of years must verify.
func TestHashOfTheFirstVersion(t *testing.T) {
	list := chained(t, 2)
	want := []string{
		"f0d8d826dc03503150a5b88fb61c4871e4b9149170ad6bcf49dfa138079790b0",
		"adf92eec8e24909559dac2933b95ffb3051ae63403f600ff2d89ef7b3e2fd9bd",
	}
	for i, r := range list {
		if r.Hash != want[i] {
			t.Errorf("hash of record %d = %s, want %s", r.Seq, r.Hash, want[i])
		}
	}
}

func TestChainNormalises(t *testing.T) {
	r := example(0)
	r.At = r.At.Add(999 * time.Microsecond).In(time.FixedZone("", 7200))
	r.ActorName, r.Detail = "a\xffb", map[string]string{"x": "\xc3", "\xff": "y"}
	r.Actor, r.Setup, r.Action, r.RemoteIP = "\xff1", "\xff2", "\xff3", "\xff4"
	got, err := audit.Chain(audit.Record{}, r)
	if err != nil {
		t.Fatal(err)
	}
	if got.At != start {
		t.Errorf("At = %v, want %v", got.At, start)
	}
	want := audit.Record{
		Seq: 1, At: start, Actor: "\ufffd1", ActorName: "a\ufffdb", Setup: "\ufffd2", Action: "\ufffd3",
		Detail: map[string]string{"x": "\ufffd", "\ufffd": "y"}, RemoteIP: "\ufffd4", Hash: got.Hash,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if r.Detail["x"] != "\xc3" {
		t.Error("the caller's map was changed")
	}
	r.Detail = map[string]string{}
	if got, err = audit.Chain(audit.Record{}, r); err != nil || got.Detail != nil {
		t.Errorf("empty detail became %v, %v", got.Detail, err)
	}
	if _, err := audit.Chain(audit.Record{Seq: 3}, r); err == nil {
		t.Error("chained to a record without hash")
	}
}

func TestRecordSurvivesItsJSON(t *testing.T) {
	list := chained(t, 3)
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var back []audit.Record
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, back); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
	if err := audit.Verify(each(back), list[2]); err != nil {
		t.Error(err)
	}
}

// Every field counts: one change in one record is found, and named.
func TestVerifyFindsChangedFields(t *testing.T) {
	for name, change := range map[string]func(*audit.Record){
		"at":             func(r *audit.Record) { r.At = r.At.Add(time.Millisecond) },
		"at, finer":      func(r *audit.Record) { r.At = r.At.Add(time.Nanosecond) },
		"actor":          func(r *audit.Record) { r.Actor = "admin:8" },
		"actor name":     func(r *audit.Record) { r.ActorName = "Zoe <admin>" },
		"setup":          func(r *audit.Record) { r.Setup = "s2" },
		"action":         func(r *audit.Record) { r.Action = audit.SecretSaved },
		"detail value":   func(r *audit.Record) { r.Detail["n"] = "9" },
		"detail added":   func(r *audit.Record) { r.Detail["more"] = "" },
		"detail removed": func(r *audit.Record) { delete(r.Detail, "n") },
		"address":        func(r *audit.Record) { r.RemoteIP = "192.0.2.8" },
		"hash":           func(r *audit.Record) { r.Hash = "0" + r.Hash[1:] + "0" },
		"moved text":     func(r *audit.Record) { r.Actor, r.ActorName = r.Actor+"Z", r.ActorName[1:] },
		"broken text":    func(r *audit.Record) { r.Setup = "s\xff" },
		"broken detail":  func(r *audit.Record) { r.Detail["n"] = "\xff" },
	} {
		t.Run(name, func(t *testing.T) {
			list := chained(t, 5)
			change(&list[2])
			wantBroken(t, audit.Verify(each(list), audit.Record{}), 3, audit.Changed)
		})
	}
	list := chained(t, 5)
	list[2].Prev = list[0].Hash
	wantBroken(t, audit.Verify(each(list), audit.Record{}), 3, audit.Unlinked)
	list = chained(t, 5)
	list[2].Seq = 7
	wantBroken(t, audit.Verify(each(list), audit.Record{}), 3, audit.Missing)
}

// A broken string has a form of its own; it does not pass for what Chain put
// in its place.
func TestVerifyRefusesBrokenTextInPlaceOfItsReplacement(t *testing.T) {
	r := example(0)
	r.ActorName, r.Detail = "\ufffd", map[string]string{"\ufffd": "\ufffd"}
	good, err := audit.Chain(audit.Record{}, r)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*audit.Record){
		"name":  func(r *audit.Record) { r.ActorName = "\xff" },
		"value": func(r *audit.Record) { r.Detail = map[string]string{"\ufffd": "\xff"} },
		"key":   func(r *audit.Record) { r.Detail = map[string]string{"\xff": "\ufffd"} },
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			change(&r)
			wantBroken(t, audit.Verify(each([]audit.Record{r}), audit.Record{}), 1, audit.Changed)
		})
	}
	if err := audit.Verify(each([]audit.Record{good}), good); err != nil {
		t.Error(err)
	}
}

func TestVerifyFindsWhatIsNotInPlace(t *testing.T) {
	list := chained(t, 5)
	head := list[4]
	at := func(seq ...int) []audit.Record {
		var some []audit.Record
		for _, n := range seq {
			some = append(some, list[n-1])
		}
		return some
	}
	forged, err := audit.Chain(list[2], audit.Record{Actor: "forger", At: start})
	if err != nil {
		t.Fatal(err)
	}
	anew := rewritten(t, list)
	for name, tt := range map[string]struct {
		records []audit.Record
		head    audit.Record
		seq     int64
		reason  audit.Reason
	}{
		"first dropped":                 {at(2, 3, 4, 5), audit.Record{}, 1, audit.Missing},
		"one dropped":                   {at(1, 2, 4, 5), audit.Record{}, 3, audit.Missing},
		"two exchanged":                 {at(1, 3, 2, 4, 5), audit.Record{}, 2, audit.Missing},
		"one twice":                     {at(1, 2, 2, 3), audit.Record{}, 3, audit.Missing},
		"tail cut, head known":          {at(1, 2, 3), head, 4, audit.Cut},
		"all cut, head known":           {nil, head, 1, audit.Cut},
		"one forged":                    {append(at(1, 2, 3), forged, list[4]), audit.Record{}, 5, audit.Unlinked},
		"tail forged, head known":       {append(at(1, 2, 3), forged), list[3], 4, audit.Replaced},
		"all anew, head known":          {anew, head, 5, audit.Replaced},
		"all anew and longer":           {append(slices.Clone(anew), next(t, anew[4])), head, 5, audit.Replaced},
		"all anew, older head known":    {anew, list[1], 2, audit.Replaced},
		"starts in the middle, unknown": {at(3, 4, 5), audit.Record{}, 1, audit.Missing},
	} {
		t.Run(name, func(t *testing.T) {
			wantBroken(t, audit.Verify(each(tt.records), tt.head), tt.seq, tt.reason)
		})
	}
	// What cannot be noticed without a head, and what is no fault.
	for name, tt := range map[string]struct {
		records []audit.Record
		head    audit.Record
	}{
		"tail cut, head unknown": {at(1, 2, 3), audit.Record{}},
		"all anew, head unknown": {anew, audit.Record{}},
		"more since the head":    {list, list[2]},
	} {
		if err := audit.Verify(each(tt.records), tt.head); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// rewritten is the chain of somebody who changed the first record and made all
// hashes anew.
func rewritten(t *testing.T, list []audit.Record) []audit.Record {
	t.Helper()
	var anew []audit.Record
	var last audit.Record
	for i, r := range list {
		if i == 0 {
			r.Actor = "nobody"
		}
		r, err := audit.Chain(last, r)
		if err != nil {
			t.Fatal(err)
		}
		anew, last = append(anew, r), r
	}
	return anew
}

func next(t *testing.T, last audit.Record) audit.Record {
	t.Helper()
	r, err := audit.Chain(last, example(9))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Any edit of any stored document is found, whatever it is.
func TestVerifyFindsAnyEdit(t *testing.T) {
	list := chained(t, 4)
	rapid.Check(t, func(t *rapid.T) {
		edited := slices.Clone(list)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "record")
		b, err := json.Marshal(edited[i])
		if err != nil {
			t.Fatal(err)
		}
		b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		var r audit.Record
		if json.Unmarshal(b, &r) != nil || cmp.Equal(r, list[i]) {
			t.Skip("no record any more, or the same one")
		}
		edited[i] = r
		err = audit.Verify(each(edited), list[3])
		if broken, ok := errors.AsType[*audit.BrokenError](err); !ok || broken.Seq != int64(i+1) {
			t.Fatalf("record %d was edited to %s, error = %v", i+1, b, err)
		}
	})
}

// memory is a store of many records.
type memory struct {
	records []audit.Record
	fails   int64 // Records fails after this one
	calls   int
}

func (m *memory) Records(_ context.Context, _ string, after int64, limit int) ([]audit.Record, error) {
	m.calls++
	if m.fails > 0 && after >= m.fails {
		return nil, errDisk
	}
	return m.records[after:min(int(after)+limit, len(m.records))], nil
}

func (m *memory) Head(context.Context) (audit.Record, error) { return audit.Record{}, nil }

var errDisk = errors.New("disk")

func TestAllReadsPageByPage(t *testing.T) {
	list := chained(t, 1203)
	for n, wantCalls := range map[int]int{0: 1, 1: 1, 499: 1, 500: 2, 1203: 3} {
		m := &memory{records: list[:n]}
		head := audit.Record{}
		if n > 0 {
			head = list[n-1]
		}
		if err := audit.Verify(audit.All(t.Context(), m), head); err != nil || m.calls != wantCalls {
			t.Errorf("%d records: error = %v, %d calls, want %d", n, err, m.calls, wantCalls)
		}
	}
	m := &memory{records: list, fails: 1000}
	if err := audit.Verify(audit.All(t.Context(), m), audit.Record{}); !errors.Is(err, errDisk) {
		t.Errorf("error = %v, want the store's", err)
	}
	m = &memory{records: list}
	for range audit.All(t.Context(), m) {
		break
	}
	if m.calls != 1 {
		t.Errorf("%d calls for one record", m.calls)
	}
}
