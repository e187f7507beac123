package storetest

import (
	"context"
	"testing"

	"latchkey/internal/admin"
	"latchkey/internal/audit"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// Stores is one empty, open database.
type Stores struct {
	Wizard wizard.Store
	Tokens token.Store
	Admin  admin.Store
	Audit  audit.Store
	// Exec runs a statement behind the store's back, with question marks as
	// placeholders.
	Exec func(query string, args ...any) error
	// Int returns the number that a query selects.
	Int func(query string) (int64, error)
	// Dump returns every byte that is on disk now.
	Dump func() []byte
}

// Run runs the suite; open is called once for each test and cleans up by
// t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Stores) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, Stores)
	}{
		{"SetupRoundTrip", setupRoundTrip},
		{"SetupOrderAndMissing", setupOrderAndMissing},
		{"SetupCompareAndSwap", setupCompareAndSwap},
		{"SetupParallelSaves", setupParallelSaves},
		{"ChangesGrow", changesGrow},
		{"RollbackLeavesNothing", rollbackLeavesNothing},
		{"ViewCannotWrite", viewCannotWrite},
		{"CancelledContext", cancelledContext},
		{"Secrets", secrets},
		{"Results", results},
		{"Reports", reports},
		{"RunLock", runLock},
		{"RunTakeover", runTakeover},
		{"Nodes", nodes},
		{"NetworkAsks", networkAsks},
		{"Attempts", attempts},
		{"AttemptConflicts", attemptConflicts},
		{"AttemptSecrets", attemptSecrets},
		{"Participants", participants},
		{"DeleteSetup", deleteSetup},
		{"SetupsAreApart", setupsAreApart},
		{"GrantRoundTrip", grantRoundTrip},
		{"GrantLease", grantLease},
		{"GrantSuperseded", grantSuperseded},
		{"GrantPrevious", grantPrevious},
		{"ClaimDueParallel", claimDueParallel},
		{"ClaimDueOnlyDue", claimDueOnlyDue},
		{"ClaimDueUnreadable", claimDueUnreadable},
		{"FirstAccount", firstAccount},
		{"FirstAccountRace", firstAccountRace},
		{"ClaimLink", claimLink},
		{"LoginFailures", loginFailures},
		{"Sessions", sessions},
		{"AuditChain", auditChain},
		{"AuditConcurrent", auditConcurrent},
		{"AuditTampering", auditTampering},
		{"SwappedValues", swappedValues},
		{"SlotsSwapped", slotsSwapped},
		{"NothingReadable", nothingReadable},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// update runs fn in a transaction that must succeed.
func update(t *testing.T, s wizard.Store, fn func(tx wizard.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// view runs fn in a reading transaction that must succeed.
func view(t *testing.T, s wizard.Store, fn func(tx wizard.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func adminUpdate(t *testing.T, s admin.Store, fn func(tx admin.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func adminView(t *testing.T, s admin.Store, fn func(tx admin.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// try runs fn in a transaction and returns what it says; for use off the test's
// own goroutine.
func try(ctx context.Context, s wizard.Store, fn func(tx wizard.Tx) error) error {
	return s.Update(ctx, fn)
}
