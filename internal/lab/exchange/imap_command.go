package exchange

import (
	"io"
	"strconv"
	"strings"
)

// imapCommand is a command taken apart.
type imapCommand struct {
	tag  string
	name string // upper case, "UID FETCH" for the UID forms
	args []node
}

// ok is the final line of a command that worked.
func (c *imapCommand) ok() string { return c.tag + " OK " + c.name + " completed." }

// node is one argument: a text or a list in parentheses.
type node struct {
	text string
	list []node
	many bool
}

// Limits of one command.
const (
	maxLiteral = 64 << 10
	maxDepth   = 8
)

// command reads one command with its literals (RFC 3501 §4.3, RFC 7888). A
// literal stays in the text as {n}CRLF and its bytes.
func (m *imapSession) command() (string, error) {
	text, err := m.line()
	tail := text // what follows the last literal
	for err == nil {
		size, wait, ok := literalAtEnd(tail)
		if !ok {
			return text, nil
		}
		if size > maxLiteral || len(text) > maxLiteral {
			return "", errLong
		}
		if wait {
			if err := m.say("+ Ready for additional command text."); err != nil {
				return "", err
			}
		}
		literal := make([]byte, size)
		if _, err = io.ReadFull(m.r, literal); err != nil {
			return "", err
		}
		tail, err = m.line()
		text += "\r\n" + string(literal) + tail
	}
	return "", err
}

// literalAtEnd reports the announced size, and whether the client waits for an
// invitation to send it.
func literalAtEnd(text string) (size int, wait, ok bool) {
	inner, ok := strings.CutSuffix(text, "}")
	if !ok {
		return 0, false, false
	}
	i := strings.LastIndexByte(inner, '{')
	if i < 0 {
		return 0, false, false
	}
	digits, plus := strings.CutSuffix(inner[i+1:], "+")
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), !plus, err == nil
}

// parseArguments takes the arguments of a command apart.
func parseArguments(text string) ([]node, bool) {
	p := &parser{rest: text}
	list := p.nodes(0)
	return list, !p.bad && p.rest == ""
}

type parser struct {
	rest string
	bad  bool
}

// nodes reads up to the end or the closing parenthesis.
func (p *parser) nodes(depth int) []node {
	var list []node
	for !p.bad {
		p.rest = strings.TrimLeft(p.rest, " ")
		switch {
		case p.rest == "":
			p.bad = p.bad || depth > 0
			return list
		case p.rest[0] == ')':
			if depth == 0 {
				p.bad = true
				return list
			}
			p.rest = p.rest[1:]
			return list
		case p.rest[0] == '(':
			if depth == maxDepth {
				p.bad = true
				return list
			}
			p.rest = p.rest[1:]
			list = append(list, node{list: p.nodes(depth + 1), many: true})
		case p.rest[0] == '"':
			list = append(list, node{text: p.quoted()})
		case p.rest[0] == '{':
			list = append(list, node{text: p.literal()})
		default:
			list = append(list, node{text: p.atom()})
		}
	}
	return list
}

func (p *parser) quoted() string {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '"':
			p.rest = p.rest[i+1:]
			return b.String()
		case '\\':
			if i++; i == len(p.rest) {
				p.bad = true
				return ""
			}
		}
		b.WriteByte(p.rest[i])
	}
	p.bad = true
	return ""
}

func (p *parser) literal() string {
	head, rest, ok := strings.Cut(p.rest, "\r\n")
	size, _, announced := literalAtEnd(head)
	if !ok || !announced || size > len(rest) || strings.LastIndexByte(head, '{') != 0 {
		p.bad = true
		return ""
	}
	p.rest = rest[size:]
	return rest[:size]
}

// atom reads up to a space or parenthesis; brackets, as in
// BODY[HEADER.FIELDS (SUBJECT)], keep what is inside together.
func (p *parser) atom() string {
	depth, i := 0, 0
	for ; i < len(p.rest); i++ {
		switch ch := p.rest[i]; {
		case ch == '[':
			depth++
		case ch == ']':
			depth--
		case depth <= 0 && (ch == ' ' || ch == '(' || ch == ')' || ch == '"'):
			text := p.rest[:i]
			p.rest = p.rest[i:]
			return text
		}
	}
	text := p.rest
	p.rest = ""
	return text
}
