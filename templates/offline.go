package templates

import "time"

// OfflineView is one file with everything that the Microsoft 365 administrator
// needs, for those who cannot reach this server. It holds no secret.
type OfflineView struct {
	Page
	Values []Fact    // to compare and to enter
	Parts  []Offline // in the order of the steps
	Made   time.Time
}

// Offline is one task: its clicks, and the scripts that do the same.
type Offline struct {
	Title   string
	Clicks  []Click
	Scripts []Script
	Send    string // what to send back
}

// Click is one step in a portal.
type Click struct {
	Text  string // in the reader's language
	Value string // verbatim; "" for none
	Link  string // address of the portal's page; "" for none
}
