package templates

// ReissueView asks whether to begin a new sign-in.
type ReissueView struct {
	Page
	Account string   // who is signed in now
	Action  string   // address that begins (POST)
	Can     bool     // the reader may begin
	Healthy bool     // nothing asks for a new sign-in
	Cause   *Finding // why it is needed; nil if it is just early
	Days    int      // until the earliest known end; 0 if unknown or past
}

// PreflightView is the page that comes before a new sign-in: whether one would
// help, and, after it, what has changed.
type PreflightView struct {
	StepPage
	Cause     *Finding // why a new sign-in is needed; nil if it is just early
	Elsewhere string   // ID of the step to go to where a new sign-in would not help
	// ElsewhereURL is the page of that step which is open also now.
	ElsewhereURL string
	Days         int // until the earliest known end; 0 if unknown or past
}

// Reissued compares a new sign-in with the one before.
type Reissued struct {
	Says    string // a word of the family "reissued"; "" for nothing to compare
	Compare []Comparison
}
