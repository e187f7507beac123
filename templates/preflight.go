package templates

// PreflightView is the page that comes before a new sign-in: whether one would
// help, and, after it, what has changed.
type PreflightView struct {
	StepPage
	Cause     *Finding // why a new sign-in is needed; nil if it is just early
	Elsewhere string   // ID of the step to go to where a new sign-in would not help
	Days      int      // until the earliest known end; 0 if unknown or past
	Compare   []Comparison
}
