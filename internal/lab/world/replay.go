package world

import "latchkey/internal/corpus"

// Recorded returns the recorded answer that is to be given at a place in
// place of what the state leads to, nil if there is none.
func (s *State) Recorded(where corpus.Where) *corpus.Reply {
	if s.Replay == nil || s.Replay.Where != where {
		return nil
	}
	return s.Replay
}
