package exchange

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/lab/world"
)

// section is BODY[name]<from.count> of a FETCH.
var section = regexp.MustCompile(`^(?i)BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)(?:\.(\d+))?>)?$`)

// macros are the abbreviations of RFC 3501 §6.4.5 without body structures.
var macros = map[string][]string{
	"ALL":  {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"},
	"FAST": {"FLAGS", "INTERNALDATE", "RFC822.SIZE"},
}

// fetch reads messages. Reading a body without PEEK marks the message as
// seen, unless the folder was opened read-only.
func (m *imapSession) fetch(c *imapCommand) error {
	m.refresh(false)
	messages, ok := m.messages(c)
	items := fetchItems(c)
	if !ok || len(items) == 0 {
		return m.say(c.tag + " " + imapBadArgument)
	}
	var out bytes.Buffer
	m.do(func(s *world.State) {
		for _, n := range messages {
			ok = ok && m.fetchOne(s, &out, n, items)
		}
	})
	if !ok {
		return m.say(c.tag + " " + imapBadArgument)
	}
	m.w.Write(out.Bytes())
	return m.say(c.ok())
}

// fetchItems are the wanted data items; the UID form always has the UID.
func fetchItems(c *imapCommand) []string {
	if len(c.args) < 2 {
		return nil
	}
	nodes := c.args[1:]
	if nodes[0].many {
		nodes = nodes[0].list
	}
	var items []string
	for _, n := range nodes {
		if more, ok := macros[strings.ToUpper(n.text)]; ok {
			items = append(items, more...)
			continue
		}
		items = append(items, n.text)
	}
	if c.name == "UID FETCH" && !slices.ContainsFunc(items, func(i string) bool { return strings.EqualFold(i, "UID") }) {
		items = append(items, "UID")
	}
	return items
}

func (m *imapSession) fetchOne(s *world.State, out *bytes.Buffer, n int, items []string) bool {
	msg := m.known[n]
	parts := make([]string, 0, len(items))
	for _, item := range items {
		text, marks, ok := fetchItem(msg, item)
		if !ok {
			return false
		}
		parts = append(parts, text)
		if marks && !m.readOnly && !slices.Contains(msg.Flags, `\Seen`) {
			msg.Flags = append(msg.Flags, `\Seen`)
			s.Counters.FlagsChanged++
			parts = append(parts, "FLAGS ("+strings.Join(msg.Flags, " ")+")")
		}
	}
	fmt.Fprintf(out, "* %d FETCH (%s)\r\n", n+1, strings.Join(parts, " "))
	return true
}

// fetchItem is one data item, and whether reading it marks the message.
func fetchItem(msg *world.Message, item string) (text string, marks, ok bool) {
	name := strings.ToUpper(item)
	switch name {
	case "FLAGS":
		return "FLAGS (" + strings.Join(msg.Flags, " ") + ")", false, true
	case "UID":
		return fmt.Sprintf("UID %d", msg.UID), false, true
	case "INTERNALDATE":
		return `INTERNALDATE "` + msg.Received.Format("02-Jan-2006 15:04:05 -0700") + `"`, false, true
	case "RFC822.SIZE":
		return fmt.Sprintf("RFC822.SIZE %d", len(msg.Raw)), false, true
	case "ENVELOPE":
		return "ENVELOPE " + envelope(msg.Raw), false, true
	case "RFC822":
		return literal("RFC822", msg.Raw), true, true
	case "RFC822.HEADER":
		head, _ := split(msg.Raw)
		return literal(name, head), false, true
	case "RFC822.TEXT":
		_, body := split(msg.Raw)
		return literal(name, body), true, true
	}
	return fetchSection(msg, item)
}

func fetchSection(msg *world.Message, item string) (text string, marks, ok bool) {
	match := section.FindStringSubmatch(item)
	if match == nil {
		return "", false, false
	}
	content, ok := part(msg.Raw, match[2])
	if !ok {
		return "", false, false
	}
	label := "BODY[" + match[2] + "]"
	if match[3] != "" {
		content = cut(content, match[3], match[4])
		label += "<" + match[3] + ">"
	}
	return literal(label, content), match[1] == "", true
}

func literal(label string, content []byte) string {
	return fmt.Sprintf("%s {%d}\r\n%s", label, len(content), content)
}

// cut is a partial fetch; what lies beyond the end is empty.
func cut(content []byte, from, count string) []byte {
	start, err := strconv.Atoi(from)
	if err != nil || start > len(content) {
		return nil
	}
	content = content[start:]
	if n, err := strconv.Atoi(count); err == nil && n < len(content) {
		content = content[:n]
	}
	return content
}

// part is a section of a message. Messages count as having one part.
func part(raw []byte, name string) ([]byte, bool) {
	head, body := split(raw)
	word, rest, _ := strings.Cut(name, " ")
	switch strings.ToUpper(word) {
	case "":
		return raw, true
	case "HEADER":
		return head, true
	case "TEXT", "1":
		return body, true
	case "HEADER.FIELDS":
		return fields(head, rest, true), true
	case "HEADER.FIELDS.NOT":
		return fields(head, rest, false), true
	}
	return nil, false
}

// split divides a message at the empty line, which belongs to the header.
func split(raw []byte) (head, body []byte) {
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return raw[:i+4], raw[i+4:]
	}
	return raw, nil
}

// headerLines are the header's fields, each with its folded lines.
func headerLines(head []byte) []string {
	var lines []string
	for line := range strings.SplitAfterSeq(string(head), "\r\n") {
		switch {
		case line == "" || line == "\r\n":
		case len(lines) > 0 && (line[0] == ' ' || line[0] == '\t'):
			lines[len(lines)-1] += line
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// fields are the named header fields, or all others, and the empty line.
func fields(head []byte, list string, named bool) []byte {
	names := strings.Fields(strings.ToUpper(strings.Trim(strings.ReplaceAll(list, `"`, ""), "()")))
	var out bytes.Buffer
	for _, line := range headerLines(head) {
		name, _, _ := strings.Cut(line, ":")
		if slices.Contains(names, strings.ToUpper(name)) == named {
			out.WriteString(line)
		}
	}
	out.WriteString("\r\n")
	return out.Bytes()
}

// header is the unfolded value of the first field of that name.
func header(raw []byte, name string) (string, bool) {
	head, _ := split(raw)
	for _, line := range headerLines(head) {
		n, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(n, name) {
			return strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "")), true
		}
	}
	return "", false
}
