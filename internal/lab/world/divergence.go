package world

// Divergence is one point in which the simulator is not known to be like the
// real service.
type Divergence struct {
	Subject string
	// Assumed: the simulator does what is likely, but nobody has recorded the
	// real behaviour. Otherwise it knowingly does something else.
	Assumed bool
	Text    string
}
