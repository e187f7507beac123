package paste

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Errors of a pasted probe block.
var (
	// ErrNoBlock: there is no block in the text.
	ErrNoBlock = errors.New("paste: there is no probe block in the text")
	// ErrDamaged: the block was cut or changed on its way.
	ErrDamaged = errors.New("paste: the probe block is damaged")
)

// ProbeBlock is what another server has seen of the network: the output of
// "latchkey probe" or of the network script, framed by two lines and stamped
// with time and checksum. The script is made for one setup and its block names
// it; the command knows none, and its block serves each setup that names the
// server.
type ProbeBlock struct {
	Schema   int           `json:"schema"`
	Server   string        `json:"server"`
	Role     string        `json:"role"`
	Provider string        `json:"provider"`
	At       time.Time     `json:"at"`
	Version  string        `json:"version"`
	Results  []ProbeResult `json:"results"`
}

const maxBlock = 64 << 10

// String writes the block as it is pasted. The checksum finds cut lines and
// well-meant editing; it proves nothing about who made it.
func (b ProbeBlock) String() string {
	body, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		panic(fmt.Sprintf("paste: probe block: %v", err)) // strings, numbers, a time
	}
	return fmt.Sprintf("%s\n%s\nsum %s\n%s\n", probeFirst, body, sum(body), probeLast)
}

// sum is over the text without white space, which mail programs and consoles
// change.
func sum(body []byte) string {
	s := sha256.Sum256(bytes.Join(bytes.Fields(body), nil))
	return hex.EncodeToString(s[:8])
}

var sumLine = regexp.MustCompile(`(?m)^[^\n]*?\bsum ([0-9a-f]{16})\s*$`)

const (
	inProbe    = "probe_block"
	probeFirst = "-----BEGIN LATCHKEY PROBE-----"
	probeLast  = "-----END LATCHKEY PROBE-----"
)

// ParseProbeBlock finds a block in pasted text, with any console noise around
// it and quote marks in front of its lines.
//
// Errors: ErrNoBlock, ErrDamaged, each with the *Fault that names what is wrong
// in its chain; of another setup, too old or yet to come: the *Fault alone.
func ParseProbeBlock(text string, want Expect) (ProbeBlock, error) {
	body, err := probeBody(text)
	if err != nil {
		return ProbeBlock{}, err
	}
	damaged := func(f error) (ProbeBlock, error) { return ProbeBlock{}, fmt.Errorf("%w: %w", ErrDamaged, f) }
	s := &scanner{where: inProbe, text: body}
	root, err := s.value()
	if err != nil {
		return damaged(err)
	}
	d := &decoder{where: inProbe}
	if checkProbe(d, at{root, ""}); d.first != nil {
		return damaged(d.first)
	}
	if checkStamp(d, at{root, ""}, want); d.first != nil {
		return ProbeBlock{}, d.first
	}
	var b ProbeBlock
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return damaged(&Fault{Where: inProbe, Wrong: NotJSON, Want: "a block of latchkey probe"})
	}
	b.clean()
	return b, nil
}

// probeBody is the JSON between the frame's lines, with its checksum proved.
func probeBody(text string) (string, error) {
	fail := func(kind error, w Wrong, line int, got, want string) (string, error) {
		return "", fmt.Errorf("%w: %w", kind, &Fault{Where: inProbe, Wrong: w, Line: line, Got: got, Want: want})
	}
	if len(text) > maxBlock {
		return fail(ErrNoBlock, TooLong, 0, "", "at most 64 KiB")
	}
	text = plain(text)
	if strings.TrimSpace(text) == "" {
		return fail(ErrNoBlock, Nothing, 0, "", probeFirst)
	}
	begin, end, several := []int(nil), -1, 0
	for _, m := range blockFrame.FindAllStringSubmatchIndex(text, -1) {
		switch kind := text[m[4]:m[5]]; {
		case kind != "PROBE":
			return fail(ErrNoBlock, OtherKind, lineOf(text, m[0]), strings.ToLower(kind), "probe")
		case text[m[2]:m[3]] == "BEGIN" && begin == nil:
			begin = m
		case text[m[2]:m[3]] == "BEGIN":
			several = lineOf(text, m[0])
		case end < 0:
			end = m[0]
		}
	}
	switch {
	case several > 0:
		return fail(ErrDamaged, Several, several, "", "one block: the newest")
	case begin == nil && end >= 0:
		return fail(ErrDamaged, BeginMissing, 0, "", probeFirst)
	case begin == nil:
		return fail(ErrNoBlock, Unknown, 0, "", probeFirst)
	case end < begin[1]:
		return fail(ErrDamaged, EndMissing, 0, "", probeLast)
	}
	inner := text[begin[1]:end]
	m := sumLine.FindStringSubmatchIndex(inner)
	if m == nil {
		return fail(ErrDamaged, LineMissing, 0, "sum", "the line that begins with sum")
	}
	lines := strings.Split(inner[:m[0]], "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(strings.TrimRight(line, " \t"), "> \t|")
	}
	body := strings.TrimLeft(strings.Join(lines, "\n"), "\n")
	for _, one := range []string{body, straightQuotes.Replace(body)} {
		if sum([]byte(one)) == inner[m[2]:m[3]] {
			return unwrapped(one), nil
		}
	}
	return fail(ErrDamaged, Changed, 0, "", "")
}

// straightQuotes undoes what a mail or chat program does to quote marks. The
// checksum decides whether that was it.
var straightQuotes = strings.NewReplacer("\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u201f", `"`)

// unwrapped takes out the line breaks that a narrow console has put into texts
// and numbers.
func unwrapped(body string) string {
	inside, escape := false, false
	var out strings.Builder
	runes := []rune(body)
	for i, r := range runes {
		switch {
		case r == '\n' && (inside || i > 0 && i+1 < len(runes) && unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1])):
			continue
		case escape:
			escape = false
		case inside && r == '\\':
			escape = true
		case r == '"':
			inside = !inside
		}
		out.WriteRune(r)
	}
	return out.String()
}
