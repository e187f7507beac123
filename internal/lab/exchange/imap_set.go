package exchange

import (
	"strconv"
	"strings"
)

// set is a message set such as 1,3:5,7:* (RFC 3501 §9).
type set []span

type span struct{ low, high uint32 }

// has reports whether n is in the set.
func (s set) has(n uint32) bool {
	for _, r := range s {
		if r.low <= n && n <= r.high {
			return true
		}
	}
	return false
}

// parseSet reads a set; the star is the highest number in use.
func parseSet(text string, star uint32) (set, bool) {
	var s set
	for part := range strings.SplitSeq(text, ",") {
		a, b, isRange := strings.Cut(part, ":")
		low, okLow := number(a, star)
		high, okHigh := low, true
		if isRange {
			high, okHigh = number(b, star)
		}
		if !okLow || !okHigh {
			return nil, false
		}
		s = append(s, span{min(low, high), max(low, high)})
	}
	return s, true
}

func number(text string, star uint32) (uint32, bool) {
	if text == "*" {
		return star, true
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil && n > 0
}

// setArgument reads the first argument as a set of UIDs or sequence numbers,
// whichever the command uses.
func (m *imapSession) setArgument(c *imapCommand) (set, bool) {
	if len(c.args) == 0 || c.args[0].many {
		return nil, false
	}
	star := uint32(len(m.known))
	if strings.HasPrefix(c.name, "UID ") && len(m.known) > 0 {
		star = m.known[len(m.known)-1].UID
	}
	return parseSet(c.args[0].text, star)
}

// messages returns the indexes into known that the first argument names.
// Sequence numbers without a message are an error, unknown UIDs are not.
func (m *imapSession) messages(c *imapCommand) ([]int, bool) {
	s, ok := m.setArgument(c)
	if !ok {
		return nil, false
	}
	byUID := strings.HasPrefix(c.name, "UID ")
	var list []int
	for i, msg := range m.known {
		n := uint32(i + 1)
		if byUID {
			n = msg.UID
		}
		if s.has(n) {
			list = append(list, i)
		}
	}
	return list, byUID || len(list) > 0
}
