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
	Days      int      // until the earliest known end; 0 if unknown or past
	Compare   []Comparison
}
