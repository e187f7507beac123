package paste

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/adminscript"
	"latchkey/internal/setup"
)

// ScriptBlock is what a script of package adminscript has printed: the state of
// the registration or of the mailboxes, the other one nil. Everything in it is
// the word of whoever pasted it.
type ScriptBlock struct {
	Kind   adminscript.Kind
	Task   string // the script's
	At     time.Time
	By     string // the account that was signed in
	Module string

	Registered *setup.Registered
	Exchange   *setup.Exchange

	// Secret is a new client secret that only the holder of the one-time key
	// can read; nil if the script has made none. SecretIs describes it.
	Secret   *adminscript.Sealed
	SecretIs setup.AppSecret
}

// Expect is what a block must fit.
type Expect struct {
	Kind  adminscript.Kind // "": either
	Setup setup.ID
	Now   time.Time
	Life  time.Duration // how old it may be
}

// MaxPaste is how many bytes of a block or a manifest are looked at: a thousand
// mailboxes packed, with the same readable above it. A server must let a form
// of this size in.
const MaxPaste = 512 << 10

const (
	inBlock = "block"
	// maxUnpacked bounds what the block may unpack to.
	maxUnpacked = 4 << 20
	// clockSkew is how far the clock of the other computer may be ahead.
	clockSkew = time.Hour
)

var (
	blockFrame = regexp.MustCompile(`[-\x{2010}-\x{2015}\x{2212}]+ *(BEGIN|END) +LATCHKEY +([A-Z]{3,20}) *[-\x{2010}-\x{2015}\x{2212}]+`)
	// lineMark is what each line of a block begins with: which of how many.
	lineMark = regexp.MustCompile(`(?:^|[\s>|\]:])(\d{2,5})/(\d{2,5})[ \t]+`)
	// sumWord is the checksum behind the last line.
	sumWord    = regexp.MustCompile(`\bsum\s+([0-9a-f]{16})(?:\s|$)`)
	base64Word = regexp.MustCompile(`^[A-Za-z0-9+/]*={0,2}$`)
)

// ParseScriptBlock reads a block that a script has printed, out of a paste with any
// console noise around it.
//
// Errors: *Fault.
func ParseScriptBlock(text string, want Expect) (ScriptBlock, error) {
	kind, body, err := unframe(text, want.Kind)
	if err != nil {
		return ScriptBlock{}, err
	}
	content, err := unpack(body)
	if err != nil {
		return ScriptBlock{}, err
	}
	s := &scanner{where: inBlock, text: content}
	root, err := s.value()
	if err != nil {
		return ScriptBlock{}, err
	}
	d := &decoder{where: inBlock}
	b := blockOf(d, at{root, ""}, kind, want)
	if err := d.err(); err != nil {
		return ScriptBlock{}, err
	}
	return b, nil
}

// framed is the text between the frame's two lines.
type framed struct {
	text string
	line int // of the paste that text begins on
}

// unframe finds the one block in a paste.
func unframe(text string, want adminscript.Kind) (adminscript.Kind, framed, error) {
	fault := func(w Wrong, line int, got, expected string) (adminscript.Kind, framed, error) {
		return "", framed{}, &Fault{Where: inBlock, Wrong: w, Line: line, Got: piece(got), Want: expected}
	}
	word := "..."
	if want != "" {
		word = strings.ToUpper(string(want))
	}
	first, last := "-----BEGIN LATCHKEY "+word+"-----", "-----END LATCHKEY "+word+"-----"
	if len(text) > MaxPaste {
		return fault(TooLong, 0, "", "at most 512 KiB")
	}
	text = plain(text)
	if strings.TrimSpace(text) == "" {
		return fault(Nothing, 0, "", first)
	}
	var begins, ends [][]int
	for _, m := range blockFrame.FindAllStringSubmatchIndex(text, -1) {
		if text[m[2]:m[3]] == "BEGIN" {
			begins = append(begins, m)
		} else {
			ends = append(ends, m)
		}
	}
	switch {
	case len(begins) == 0 && (len(ends) > 0 || sumWord.MatchString(text)):
		return fault(BeginMissing, 0, "", first)
	case len(begins) == 0 && strings.Contains(text, `"schema"`):
		return fault(Unknown, 0, "", "the block below the readable part: "+first)
	case len(begins) == 0:
		return fault(Unknown, 0, "", first)
	case len(begins) > 1:
		return fault(Several, lineOf(text, begins[1][0]), "", "one block: the newest")
	}
	kind := adminscript.Kind(strings.ToLower(text[begins[0][4]:begins[0][5]]))
	if kind != adminscript.KindRegistration && kind != adminscript.KindMailbox || want != "" && kind != want {
		return fault(OtherKind, lineOf(text, begins[0][0]), string(kind), string(want))
	}
	for _, m := range ends {
		if m[0] > begins[0][0] {
			if !strings.EqualFold(text[m[4]:m[5]], string(kind)) {
				return fault(OtherKind, lineOf(text, m[0]), strings.ToLower(text[m[4]:m[5]]), string(kind))
			}
			return kind, framed{text[begins[0][1]:m[0]], lineOf(text, begins[0][1])}, nil
		}
	}
	return fault(EndMissing, 0, "", last)
}

// unpack puts the lines of a block together, proves the checksum, and unpacks
// the content.
func unpack(f framed) (string, error) {
	fault := func(w Wrong, line int, got, want string) (string, error) {
		return "", &Fault{Where: inBlock, Wrong: w, Line: line, Got: piece(got), Want: want}
	}
	sum := sumWord.FindStringSubmatchIndex(f.text)
	if sum == nil {
		return fault(LineMissing, 0, "sum", "the line that begins with sum")
	}
	body := f.text[:sum[0]]
	// What stands in front of the sum on its line was put there, unless the
	// whole block is one line.
	if i := strings.LastIndexByte(body, '\n'); i >= 0 && !hasMark(body[i:], totalOf(body)) {
		body = body[:i]
	}
	packed, err := numbered(framed{body, f.line})
	if err != nil {
		return "", err
	}
	if got := sha256.Sum256([]byte(packed)); hex.EncodeToString(got[:8]) != f.text[sum[2]:sum[3]] {
		return fault(Changed, 0, "", "")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(packed)
	if err != nil {
		return fault(Packed, 0, "", "base64")
	}
	unzip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return fault(Packed, 0, "", "gzip")
	}
	content, err := io.ReadAll(io.LimitReader(unzip, maxUnpacked+1))
	if err != nil {
		return fault(Packed, 0, "", "gzip")
	}
	if len(content) > maxUnpacked {
		return fault(TooLong, 0, "", "at most 4 MiB unpacked")
	}
	return plain(string(content)), nil
}

// lineWidth is how many characters each line of a block has, but the last.
const lineWidth = 64

// totalOf is how many lines the block has: of all numbers "of how many", the
// one with the most different lines; a date in front of each line repeats
// itself. 0 if there are none.
func totalOf(text string) int {
	lines := map[string]map[string]bool{}
	best := ""
	for _, m := range lineMark.FindAllStringSubmatch(text, -1) {
		if lines[m[2]] == nil {
			lines[m[2]] = map[string]bool{}
		}
		lines[m[2]][m[1]] = true
		if len(lines[m[2]]) >= len(lines[best]) {
			best = m[2]
		}
	}
	total, _ := strconv.Atoi(best) // digits, at most five
	return total
}

func hasMark(line string, total int) bool {
	return slices.ContainsFunc(lineMark.FindAllStringSubmatch(line, -1), func(m []string) bool {
		of, _ := strconv.Atoi(m[2]) // digits, at most five
		return of == total
	})
}

// numbered joins the lines of a block by their numbers, in whatever order they
// came: the checksum proves the result. What stands in front of a line's number
// was put there by a console or a mail program; what follows on lines without
// number is the rest of a line that was wrapped.
func numbered(f framed) (string, error) {
	n := numbering{total: totalOf(f.text), lines: map[int]string{}, at: map[int]int{}}
	for i, line := range strings.Split(f.text, "\n") {
		if err := n.read(f.line+i, line); err != nil {
			return "", err
		}
	}
	if err := n.close(f.line + strings.Count(f.text, "\n")); err != nil {
		return "", err
	}
	var whole strings.Builder
	for index := 1; index <= max(n.total, 1); index++ {
		s, ok := n.lines[index]
		if !ok {
			return "", &Fault{Where: inBlock, Wrong: LineMissing, Line: n.behind(index), Got: strconv.Itoa(index),
				Want: fmt.Sprintf("line %d of %d", index, max(n.total, 1))}
		}
		whole.WriteString(s)
	}
	return whole.String(), nil
}

// numbering collects the lines of a block.
type numbering struct {
	total   int
	lines   map[int]string
	at      map[int]int // line of the paste that each one stands on
	current int         // number of the line that is being read; 0: none yet
	part    strings.Builder
}

// read takes one line of the paste, the nth.
func (n *numbering) read(nth int, line string) error {
	rest := line
	marks := lineMark.FindAllStringSubmatchIndex(line, -1)
	for j, m := range marks {
		index, _ := strconv.Atoi(line[m[2]:m[3]]) // digits, at most five
		of, _ := strconv.Atoi(line[m[4]:m[5]])
		if of != n.total || index < 1 || index > n.total {
			continue // a date, or part of what was put there
		}
		if err := n.close(nth - 1); err != nil {
			return err
		}
		n.current = index
		if n.at[index] == 0 {
			n.at[index] = nth
		}
		end := len(line)
		if j+1 < len(marks) {
			end = marks[j+1][0]
		}
		if err := n.add(nth, line[m[1]:end]); err != nil {
			return err
		}
		rest = ""
	}
	return n.add(nth, rest)
}

// add takes the words of s into the present line, until that is whole: what
// follows then was put there.
func (n *numbering) add(nth int, s string) error {
	for _, word := range strings.Fields(strings.TrimLeft(s, "> |\t")) {
		if n.part.Len() >= lineWidth || n.current == 0 {
			return nil
		}
		if !base64Word.MatchString(word) {
			return &Fault{Where: inBlock, Wrong: Character, Line: nth, Got: piece(word), Want: "letters, digits, + and /"}
		}
		n.part.WriteString(word)
	}
	return nil
}

// close ends the present line, which reaches to the nth of the paste.
func (n *numbering) close(nth int) error {
	if n.current == 0 {
		return nil
	}
	s := n.part.String()
	n.part.Reset()
	number := strconv.Itoa(n.current)
	if n.current < n.total && len(s) != lineWidth || s == "" {
		return &Fault{Where: inBlock, Wrong: LineCut, Line: nth, Got: number, Want: strconv.Itoa(lineWidth) + " characters"}
	}
	if old, twice := n.lines[n.current]; twice && old != s {
		return &Fault{Where: inBlock, Wrong: LineTwice, Line: nth, Got: number}
	}
	n.lines[n.current] = s
	return nil
}

// behind is the line of the paste on which the first line after a missing one
// stands, 0 if none came.
func (n *numbering) behind(missing int) int {
	for index := missing + 1; index <= n.total; index++ {
		if at := n.at[index]; at > 0 {
			return at
		}
	}
	return 0
}
