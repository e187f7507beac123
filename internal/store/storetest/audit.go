package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"latchkey/internal/audit"
	"latchkey/internal/wizard"
)

// chain reads the whole chain.
func chain(t *testing.T, s Stores) []audit.Record {
	t.Helper()
	records, err := s.Audit.Records(t.Context(), "", 0, 10000)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func auditChain(t *testing.T, s Stores) {
	insert(t, s, "one", "other")
	var full audit.Record
	fill(&full)
	full.Setup = "one"
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.Audit(full), tx.Audit(audit.Record{Setup: "other", At: at(2)}),
			tx.Audit(audit.Record{At: at(3), ActorName: "nobody's"}))
	})
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		return tx.Audit(audit.Record{Setup: "one", At: at(4), ActorName: "last"})
	})
	records := chain(t, s)
	if len(records) != 4 {
		t.Fatalf("%d records, want 4", len(records))
	}
	if err := audit.Verify(audit.All(t.Context(), s.Audit), audit.Record{}); err != nil {
		t.Errorf("Verify: %v", err)
	}
	want := full
	want.Seq, want.Prev, want.Hash = records[0].Seq, records[0].Prev, records[0].Hash
	same(t, "a full record", want, records[0])
	head, err := s.Audit.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Head", records[3], head)
	view(t, s.Wizard, func(tx wizard.Tx) error {
		history, err := tx.History("one", 10)
		same(t, "History, newest first", []audit.Record{records[3], records[0]}, history)
		newest, err2 := tx.History("one", 1)
		same(t, "History of one", []audit.Record{records[3]}, newest)
		return errors.Join(err, err2)
	})
	for _, page := range []struct {
		setup string
		after int64
		limit int
		want  []audit.Record
	}{
		{"", 0, 2, records[:2]}, {"", records[1].Seq, 10, records[2:]}, {"one", 0, 10, []audit.Record{records[0], records[3]}},
		{"one", records[0].Seq, 10, records[3:]}, {"none", 0, 10, nil},
	} {
		got, err := s.Audit.Records(t.Context(), page.setup, page.after, page.limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("Records(%q, %d, %d)", page.setup, page.after, page.limit), page.want, got)
	}
}

func auditConcurrent(t *testing.T, s Stores) {
	const writers, each = 8, 25
	insert(t, s, "one")
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				record := audit.Record{Setup: "one", At: at(i), ActorName: fmt.Sprint("writer ", w)}
				if err := try(t.Context(), s.Wizard, func(tx wizard.Tx) error { return tx.Audit(record) }); err != nil {
					t.Errorf("Audit: %v", err)
				}
			}
		})
	}
	wg.Wait()
	records := chain(t, s)
	if len(records) != writers*each {
		t.Errorf("%d records, want %d", len(records), writers*each)
	}
	if err := audit.Verify(audit.All(t.Context(), s.Audit), audit.Record{}); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

func auditTampering(t *testing.T, s Stores) {
	insert(t, s, "one")
	update(t, s.Wizard, func(tx wizard.Tx) error {
		for i := range 5 {
			if err := tx.Audit(audit.Record{Setup: "one", At: at(i), ActorName: fmt.Sprint("actor-", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err := audit.Verify(audit.All(t.Context(), s.Audit), audit.Record{}); err != nil {
		t.Fatalf("Verify before: %v", err)
	}
	if err := s.Exec(`UPDATE audit SET document = replace(document, 'actor-2', 'actor-9') WHERE document LIKE '%actor-2%'`); err != nil {
		t.Fatal(err)
	}
	if err := audit.Verify(audit.All(t.Context(), s.Audit), audit.Record{}); err == nil {
		t.Error("an edited record verifies")
	}
	if err := s.Exec(`UPDATE audit SET document = replace(document, 'actor-9', 'actor-2') WHERE document LIKE '%actor-9%'`); err != nil {
		t.Fatal(err)
	}
	head, err := s.Audit.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verify := func(head audit.Record) error { return audit.Verify(audit.All(t.Context(), s.Audit), head) }
	if err := verify(head); err != nil {
		t.Errorf("after the repair: %v", err)
	}
	if err := s.Exec(`UPDATE audit SET setup_id = 'other' WHERE document LIKE '%actor-3%'`); err != nil {
		t.Fatal(err)
	}
	if err := verify(head); err == nil {
		t.Error("a record that was moved to another setup's history verifies")
	}
	if err := s.Exec(`UPDATE audit SET setup_id = 'one'`); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"actor-4", "actor-1"} { // the tail, then one in the middle
		if err := s.Exec(`DELETE FROM audit WHERE document LIKE ?`, "%"+gone+"%"); err != nil {
			t.Fatal(err)
		}
		if err := verify(head); err == nil {
			t.Errorf("a chain without the record of %s verifies", gone)
		}
	}
}
