package token

import (
	"time"
)

// maxHoldOff is the longest time Fresh repeats a failure without asking again.
const maxHoldOff = time.Minute

// holdOff is a failure of this process. Mail programs ask often; without it
// each of their calls would be a token request while the provider is down.
type holdOff struct {
	err      error
	count    int
	until    time.Time
	revision int64
}

// heldOff returns the error to repeat, nil if the provider may be asked.
func (s *Source) heldOff(g Grant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[key(g)]
	if h.revision == g.Revision && s.clock.now().Before(h.until) {
		return h.err
	}
	return nil
}

// noteOutcome begins, lengthens or ends a hold-off: a second, doubled with each
// failure in a row.
func (s *Source) noteOutcome(g Grant, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.held, key(g))
		return
	}
	count := min(s.held[key(g)].count+1, 10)
	pause := min(time.Second<<(count-1), maxHoldOff)
	s.held[key(g)] = holdOff{err, count, s.clock.now().Add(pause), g.Revision}
}
