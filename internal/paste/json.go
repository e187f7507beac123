package paste

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// node is one value of a JSON text with the line it begins on. encoding/json
// says neither lines nor doubled names, and refuses what the portal's editor
// shows and takes: comments and a comma behind the last entry.
type node struct {
	kind    kind
	line    int
	text    string // of a string or number
	list    []*node
	members []member
}

type member struct {
	name string
	line int
	*node
}

type kind string

const (
	isObject kind = "object"
	isList   kind = "list"
	isText   kind = "text"
	isNumber kind = "number"
	isTrue   kind = "true"
	isFalse  kind = "false"
	isNull   kind = "null"
)

// maxDepth bounds the nesting; a manifest has five levels.
const maxDepth = 32

// scanner reads one JSON value.
type scanner struct {
	where, text string
	at          int
	path        []string // of open objects and lists, for the message

	counted, breaks int // line breaks up to the offset counted
}

// line is the line of the present place. Counting from the begin each time
// would take the square of the text's length.
func (s *scanner) line() int {
	to := min(s.at, len(s.text))
	if to < s.counted {
		s.counted, s.breaks = 0, 0
	}
	s.breaks += strings.Count(s.text[s.counted:to], "\n")
	s.counted = to
	return 1 + s.breaks
}

func (s *scanner) fault(w Wrong, got, want string) *Fault {
	return &Fault{Where: s.where, Wrong: w, Line: s.line(), Property: strings.Join(s.path, ""), Got: piece(got), Want: want}
}

// unexpected is a fault at the present character, or at the end of the text.
func (s *scanner) unexpected(want string) *Fault {
	if s.at >= len(s.text) {
		return s.fault(Truncated, "", want)
	}
	rest := s.text[s.at:]
	if end := strings.IndexByte(rest, '\n'); end > 0 {
		rest = rest[:end]
	}
	if r := []rune(rest); len(r) > 24 {
		rest = string(r[:24])
	}
	return s.fault(NotJSON, rest, want)
}

// skip passes blanks and comments.
func (s *scanner) skip() error {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case strings.IndexByte(" \t\n", rest[0]) >= 0:
			s.at++
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			s.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				s.at = len(s.text)
				return s.fault(Truncated, "", "the end of the comment")
			}
			s.at += end + 2
		default:
			return nil
		}
	}
	return nil
}

// next returns the present character after blanks, 0 at the end.
func (s *scanner) next() (byte, error) {
	if err := s.skip(); err != nil || s.at >= len(s.text) {
		return 0, err
	}
	return s.text[s.at], nil
}

func (s *scanner) value() (*node, error) {
	c, err := s.next()
	if err != nil {
		return nil, err
	}
	if len(s.path) > maxDepth {
		return nil, s.fault(NotJSON, "", "fewer levels")
	}
	v := &node{line: s.line()}
	switch {
	case c == '{':
		return v, s.object(v)
	case c == '[':
		return v, s.array(v)
	case s.quoteMark() > 0:
		v.kind = isText
		v.text, err = s.string()
		return v, err
	}
	end := s.at
	for end < len(s.text) && strings.IndexByte(" \t\n,]}:/", s.text[end]) < 0 {
		end++
	}
	word := s.text[s.at:end]
	switch {
	case word == "true" || word == "false" || word == "null":
		v.kind = kind(word)
	case jsonNumber(word):
		v.kind, v.text = isNumber, word
	default:
		return nil, s.unexpected("a value")
	}
	s.at = end
	return v, nil
}

func jsonNumber(word string) bool {
	_, err := strconv.ParseFloat(word, 64)
	return err == nil && strings.IndexFunc(word, func(r rune) bool { return (r < '0' || r > '9') && !strings.ContainsRune("+-.eE", r) }) < 0
}

// quoteMark returns the length of the quote mark at the present place: the
// straight one, or a typographic one that a mail or chat program has put in
// its place.
func (s *scanner) quoteMark() int {
	r, size := utf8.DecodeRuneInString(s.text[s.at:])
	if r == '"' || r >= '\u201c' && r <= '\u201f' {
		return size
	}
	return 0
}

func (s *scanner) string() (string, error) {
	open := s.quoteMark()
	s.at += open
	var b strings.Builder
	for {
		if s.at >= len(s.text) {
			return "", s.fault(Truncated, "", "a closing quote mark")
		}
		r, size := utf8.DecodeRuneInString(s.text[s.at:])
		switch {
		case r == '\n':
			return "", s.fault(NotJSON, b.String(), "a closing quote mark")
		case r == '"' || open > 1 && r >= '\u201c' && r <= '\u201f':
			s.at += size
			return b.String(), nil
		case r == '\\':
			if err := s.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteRune(r)
			s.at += size
		}
	}
}

// escape reads one escape sequence (RFC 8259 §7).
func (s *scanner) escape(b *strings.Builder) error {
	hex := func(at int) (rune, bool) {
		if at+6 > len(s.text) || s.text[at:at+2] != `\u` {
			return 0, false
		}
		n, err := strconv.ParseUint(s.text[at+2:at+6], 16, 16)
		return rune(n), err == nil
	}
	if r, ok := hex(s.at); ok {
		s.at += 6
		if low, ok := hex(s.at); ok && utf16.IsSurrogate(r) {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				r = pair
				s.at += 6
			}
		}
		b.WriteRune(r)
		return nil
	}
	if s.at+1 < len(s.text) {
		if i := strings.IndexByte(`"\/bfnrt`, s.text[s.at+1]); i >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
			s.at += 2
			return nil
		}
	}
	return s.unexpected("a known escape sequence")
}

func (s *scanner) object(v *node) error {
	v.kind = isObject
	s.at++
	names := map[string]bool{}
	for {
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == '}':
			s.at++
			return nil
		case c == 0 || s.quoteMark() == 0:
			return s.unexpected("a property name or }")
		}
		m := member{line: s.line()}
		if m.name, err = s.string(); err != nil {
			return err
		}
		s.path = append(s.path, pathStep(s.path, m.name))
		if names[m.name] {
			return &Fault{Where: s.where, Wrong: PropertyTwice, Line: m.line, Property: strings.Join(s.path, "")}
		}
		names[m.name] = true
		if c, err = s.next(); err != nil {
			return err
		}
		if c != ':' {
			return s.unexpected("a colon")
		}
		s.at++
		if m.node, err = s.value(); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		v.members = append(v.members, m)
		if done, err := s.separator('}'); done || err != nil {
			return err
		}
	}
}

func (s *scanner) array(v *node) error {
	v.kind = isList
	s.at++
	for {
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == ']':
			s.at++
			return nil
		}
		s.path = append(s.path, fmt.Sprintf("[%d]", len(v.list)))
		entry, err := s.value()
		if err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		v.list = append(v.list, entry)
		if done, err := s.separator(']'); done || err != nil {
			return err
		}
	}
}

// separator reads the comma behind an entry, or what closes the list.
func (s *scanner) separator(closing byte) (done bool, err error) {
	c, err := s.next()
	switch {
	case err != nil:
		return false, err
	case c == closing:
		s.at++
		return true, nil
	case c == ',':
		s.at++
		return false, nil
	}
	return false, s.unexpected("a comma or " + string(closing))
}

// pathStep is how a name continues a path.
func pathStep(path []string, name string) string {
	if len(path) == 0 {
		return piece(name)
	}
	return "." + piece(name)
}

// member finds a property; nil if there is none.
func (v *node) member(name string) *node {
	if v == nil {
		return nil
	}
	for _, m := range v.members {
		if m.name == name {
			return m.node
		}
	}
	return nil
}
