package exchange

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/lab/world"
)

// criterion decides on one message.
type criterion func(sequence int, msg *world.Message) bool

// search answers SEARCH and UID SEARCH for the keys that mail programs use to
// find one message: ALL, HEADER, FROM, TO, SUBJECT, SINCE, BEFORE, SEEN,
// UNSEEN, DELETED, UNDELETED, UID and sequence sets; all of them must hold.
func (m *imapSession) search(c *imapCommand) error {
	m.refresh(false)
	args := c.args
	if len(args) > 1 && strings.EqualFold(args[0].text, "CHARSET") {
		args = args[2:]
	}
	wanted, ok := m.criteria(args)
	if !ok || len(args) == 0 {
		return m.say(c.tag + " " + imapBadArgument)
	}
	line := "* SEARCH"
	m.do(func(*world.State) {
		for i, msg := range m.known {
			if slices.ContainsFunc(wanted, func(holds criterion) bool { return !holds(i+1, msg) }) {
				continue
			}
			n := uint32(i + 1)
			if c.name == "UID SEARCH" {
				n = msg.UID
			}
			line += fmt.Sprintf(" %d", n)
		}
	})
	return m.say(line, c.ok())
}

// criteria reads the search keys.
func (m *imapSession) criteria(args []node) ([]criterion, bool) {
	var wanted []criterion
	for len(args) > 0 {
		if args[0].many {
			inner, ok := m.criteria(args[0].list)
			if !ok {
				return nil, false
			}
			wanted, args = append(wanted, inner...), args[1:]
			continue
		}
		holds, used := m.criterion(strings.ToUpper(args[0].text), args[1:])
		if holds == nil || used > len(args)-1 {
			return nil, false
		}
		wanted, args = append(wanted, holds), args[1+used:]
	}
	return wanted, true
}

// criterion reads one key and tells how many arguments it used; nil for a key
// that is not known or not complete.
func (m *imapSession) criterion(key string, args []node) (criterion, int) {
	argument := func(i int) string {
		if i < len(args) {
			return args[i].text
		}
		return ""
	}
	switch key {
	case "ALL":
		return func(int, *world.Message) bool { return true }, 0
	case "SEEN", "DELETED", "ANSWERED", "FLAGGED":
		return flagged(`\`+key, true), 0
	case "UNSEEN", "UNDELETED", "UNANSWERED", "UNFLAGGED":
		return flagged(`\`+strings.TrimPrefix(key, "UN"), false), 0
	case "HEADER":
		return contains(argument(0), argument(1)), 2
	case "FROM", "TO", "SUBJECT":
		return contains(key, argument(0)), 1
	case "SINCE", "BEFORE":
		return dated(key, argument(0)), 1
	case "UID":
		star := uint32(0)
		if len(m.known) > 0 {
			star = m.known[len(m.known)-1].UID
		}
		return numbered(argument(0), star, true), 1
	}
	return numbered(key, uint32(len(m.known)), false), 0
}

func flagged(flag string, want bool) criterion {
	return func(_ int, msg *world.Message) bool {
		return slices.ContainsFunc(msg.Flags, func(f string) bool { return strings.EqualFold(f, flag) }) == want
	}
}

func contains(name, value string) criterion {
	return func(_ int, msg *world.Message) bool {
		got, ok := header(msg.Raw, name)
		return ok && strings.Contains(strings.ToLower(got), strings.ToLower(value))
	}
}

// dated compares days, disregarding time and zone (RFC 3501 §6.4.4).
func dated(key, value string) criterion {
	day, err := time.Parse("2-Jan-2006", value)
	if err != nil {
		return nil
	}
	return func(_ int, msg *world.Message) bool { return msg.Received.Before(day) == (key == "BEFORE") }
}

func numbered(text string, star uint32, uid bool) criterion {
	s, ok := parseSet(text, star)
	if !ok {
		return nil
	}
	return func(sequence int, msg *world.Message) bool {
		if uid {
			return s.has(msg.UID)
		}
		return s.has(uint32(sequence))
	}
}
