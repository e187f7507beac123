package exchange

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/lab/world"
)

// folders of the opened mailbox, by name.
func (m *imapSession) folders() []*world.Folder { return []*world.Folder{m.in.inbox, m.in.sent} }

func (m *imapSession) folderNamed(name string) *world.Folder {
	for _, f := range m.folders() {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	return nil
}

func (m *imapSession) namespace(c *imapCommand) error {
	return m.say(`* NAMESPACE (("" "/")) NIL NIL`, c.ok())
}

// list answers LIST and LSUB. An empty pattern asks for the delimiter only.
func (m *imapSession) list(c *imapCommand) error {
	if len(c.args) < 2 {
		return m.say(c.tag + " " + imapBadArgument)
	}
	pattern := c.args[0].text + c.args[1].text
	if c.args[1].text == "" {
		return m.say(fmt.Sprintf(`* %s (\Noselect) "/" ""`, c.name), c.ok())
	}
	var lines []string
	for _, f := range m.folders() {
		if !like(pattern, f.Name) {
			continue
		}
		attributes, name := `\Marked \HasNoChildren`, f.Name
		if f == m.in.sent {
			attributes, name = `\HasNoChildren \Sent`, `"`+name+`"`
		}
		lines = append(lines, fmt.Sprintf(`* %s (%s) "/" %s`, c.name, attributes, name))
	}
	return m.say(append(lines, c.ok())...)
}

// like matches a folder name with a pattern of * and % (RFC 3501 §6.3.8);
// there are no sub-folders, so both mean the same.
func like(pattern, name string) bool {
	pattern, name = strings.ToUpper(strings.ReplaceAll(pattern, "%", "*")), strings.ToUpper(name)
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

func (m *imapSession) status(c *imapCommand) error {
	if len(c.args) < 2 || !c.args[1].many {
		return m.say(c.tag + " " + imapBadArgument)
	}
	f := m.folderNamed(c.args[0].text)
	if f == nil {
		return m.say(c.tag + " NO " + c.args[0].text + " doesn't exist.")
	}
	var items []string
	m.do(func(s *world.State) {
		seen := s.Seen(f)
		values := map[string]int{
			"MESSAGES": len(seen), "RECENT": 0, "UIDNEXT": int(f.NextUID), "UIDVALIDITY": int(f.UIDValidity), "UNSEEN": unseen(seen),
		}
		for _, item := range c.args[1].list {
			if v, ok := values[strings.ToUpper(item.text)]; ok {
				items = append(items, fmt.Sprintf("%s %d", strings.ToUpper(item.text), v))
			}
		}
	})
	name := f.Name
	if strings.Contains(name, " ") {
		name = `"` + name + `"`
	}
	return m.say(fmt.Sprintf("* STATUS %s (%s)", name, strings.Join(items, " ")), c.ok())
}

func unseen(messages []*world.Message) int {
	n := 0
	for _, msg := range messages {
		if !slices.Contains(msg.Flags, `\Seen`) {
			n++
		}
	}
	return n
}

// selectFolder answers SELECT and EXAMINE; the latter opens read-only, and
// nothing done afterwards changes the mailbox.
func (m *imapSession) selectFolder(c *imapCommand) error {
	if len(c.args) == 0 {
		return m.say(c.tag + " " + imapBadArgument)
	}
	f := m.folderNamed(c.args[0].text)
	m.folder, m.known = nil, nil
	if f == nil {
		return m.say(c.tag + " NO " + c.args[0].text + " doesn't exist.")
	}
	m.folder, m.readOnly = f, c.name == "EXAMINE"
	const flags = `\Seen \Answered \Flagged \Deleted \Draft $MDNSent`
	var lines []string
	m.do(func(s *world.State) {
		if !m.readOnly {
			s.Counters.Selected++
		}
		m.known = s.Seen(f)
		permanent := flags
		if m.readOnly {
			permanent = ""
		}
		lines = append(lines,
			fmt.Sprintf("* %d EXISTS", len(m.known)), "* 0 RECENT", "* FLAGS ("+flags+")",
			"* OK [PERMANENTFLAGS ("+permanent+")] Permanent flags")
		if i := slices.IndexFunc(m.known, func(msg *world.Message) bool { return !slices.Contains(msg.Flags, `\Seen`) }); i >= 0 {
			lines = append(lines, fmt.Sprintf("* OK [UNSEEN %d] Is the first unseen message", i+1))
		}
		lines = append(lines,
			fmt.Sprintf("* OK [UIDVALIDITY %d] UIDVALIDITY value", f.UIDValidity),
			fmt.Sprintf("* OK [UIDNEXT %d] The next unique identifier value", f.NextUID))
	})
	mode := "[READ-WRITE] "
	if m.readOnly {
		mode = "[READ-ONLY] "
	}
	return m.say(append(lines, c.tag+" OK "+mode+c.name+" completed.")...)
}

// refresh tells the client what has changed in the selected folder since it
// was last told. Sequence numbers of removed messages may be announced only
// where no command that uses them is running (RFC 3501 §7.4.1).
func (m *imapSession) refresh(removals bool) {
	if m.folder == nil {
		return
	}
	var lines []string
	m.do(func(s *world.State) {
		now := s.Seen(m.folder)
		if removals {
			for i := len(m.known) - 1; i >= 0; i-- {
				if !slices.Contains(now, m.known[i]) {
					lines = append(lines, fmt.Sprintf("* %d EXPUNGE", i+1))
					m.known = slices.Delete(m.known, i, i+1)
				}
			}
		}
		before := len(m.known)
		for _, msg := range now {
			if before == 0 || msg.UID > m.known[before-1].UID {
				m.known = append(m.known, msg)
			}
		}
		if len(m.known) > before {
			lines = append(lines, fmt.Sprintf("* %d EXISTS", len(m.known)))
		}
	})
	for _, l := range lines {
		// A failed write shows when the answer is sent.
		m.w.WriteString(l + "\r\n")
	}
}

func (m *imapSession) check(c *imapCommand) error {
	m.refresh(true)
	return m.say(c.ok())
}

// closeFolder answers CLOSE, which removes deleted messages silently, and
// UNSELECT, which does not (RFC 3691).
func (m *imapSession) closeFolder(c *imapCommand) error {
	if c.name == "CLOSE" && !m.readOnly {
		m.removeDeleted(nil)
	}
	m.folder, m.known = nil, nil
	return m.say(c.ok())
}

// removeDeleted takes messages with the flag \Deleted out and returns them;
// with uids, only those (RFC 4315).
func (m *imapSession) removeDeleted(uids set) []*world.Message {
	var gone []*world.Message
	m.do(func(s *world.State) {
		for _, msg := range m.known {
			if slices.Contains(msg.Flags, `\Deleted`) && (uids == nil || uids.has(msg.UID)) {
				gone = append(gone, msg)
			}
		}
		m.folder.Remove(gone)
		s.Counters.Deleted += len(gone)
	})
	return gone
}

func (m *imapSession) expunge(c *imapCommand) error {
	var uids set
	if c.name == "UID EXPUNGE" {
		var ok bool
		if uids, ok = m.setArgument(c); !ok {
			return m.say(c.tag + " " + imapBadArgument)
		}
	}
	if m.readOnly {
		return m.say(c.tag + " NO The folder is read-only.")
	}
	m.removeDeleted(uids)
	m.refresh(true)
	return m.say(c.ok())
}

// store changes flags.
func (m *imapSession) store(c *imapCommand) error {
	messages, ok := m.messages(c)
	if !ok || len(c.args) < 3 {
		return m.say(c.tag + " " + imapBadArgument)
	}
	if m.readOnly {
		return m.say(c.tag + " NO The folder is read-only.")
	}
	item, silent := strings.CutSuffix(strings.ToUpper(c.args[1].text), ".SILENT")
	names := c.args[2:]
	if names[0].many {
		names = names[0].list
	}
	flags := make([]string, len(names))
	for i, n := range names {
		flags[i] = n.text
	}
	var lines []string
	m.do(func(s *world.State) {
		for _, n := range messages {
			msg := m.known[n]
			next := combine(item, msg.Flags, flags)
			if !slices.Equal(next, msg.Flags) {
				s.Counters.FlagsChanged++
			}
			msg.Flags = next
			if !silent {
				lines = append(lines, fmt.Sprintf("* %d FETCH (FLAGS (%s) UID %d)", n+1, strings.Join(next, " "), msg.UID))
			}
		}
	})
	return m.say(append(lines, c.ok())...)
}

// combine applies +FLAGS, -FLAGS or FLAGS.
func combine(item string, have, given []string) []string {
	has := func(list []string, flag string) bool {
		return slices.ContainsFunc(list, func(f string) bool { return strings.EqualFold(f, flag) })
	}
	next := slices.Clone(have)
	switch item {
	case "-FLAGS":
		return slices.DeleteFunc(next, func(f string) bool { return has(given, f) })
	case "FLAGS":
		next = nil
	}
	for _, f := range given {
		if !has(next, f) {
			next = append(next, f)
		}
	}
	return next
}
