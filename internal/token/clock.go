package token

import "time"

// clock is the later of two clocks: the wall, and the time since the program
// began counted by the monotonic clock. When the wall is set back, a token goes
// on ageing; when it is set forward, tokens are renewed early at worst.
type clock struct {
	wall  func() time.Time
	began time.Time // by the wall
	since time.Time // with a monotonic reading
}

func newClock(wall func() time.Time) clock { return clock{wall, wall().Round(0), time.Now()} }

func (c clock) now() time.Time {
	w, m := c.wall().Round(0), c.began.Add(time.Since(c.since))
	if m.After(w) {
		return m.UTC()
	}
	return w.UTC()
}
