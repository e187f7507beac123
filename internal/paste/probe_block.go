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
)

// Errors of a pasted probe block.
var (
	// ErrNoBlock: there is no block in the text.
	ErrNoBlock = errors.New("paste: there is no probe block in the text")
	// ErrDamaged: the block was cut or changed on its way.
	ErrDamaged = errors.New("paste: the probe block is damaged")
)

// ProbeBlock is what another server has seen of the network: the output of
// "latchkey probe", framed by two lines and stamped with time and checksum.
type ProbeBlock struct {
	Schema   int           `json:"schema"`
	Server   string        `json:"server"`
	Role     string        `json:"role"`
	Provider string        `json:"provider"`
	At       time.Time     `json:"at"`
	Version  string        `json:"version"`
	Results  []ProbeResult `json:"results"`
}

// ProbeResult is one connection. Kind is empty where it came about, else the
// kind of failure with its stage and the last line seen.
type ProbeResult struct {
	Protocol   string           `json:"protocol,omitempty"` // "" for the sign-in service
	Host       string           `json:"host"`
	Port       int              `json:"port"`
	MS         map[string]int64 `json:"ms,omitempty"` // by stage
	Mechanisms []string         `json:"mechanisms,omitempty"`
	Kind       string           `json:"kind,omitempty"`
	Stage      string           `json:"stage,omitempty"`
	Line       string           `json:"line,omitempty"`
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
// in its chain.
func ParseProbeBlock(text string) (ProbeBlock, error) {
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
	checkProbe(d, at{root, ""})
	if err := d.err(); err != nil {
		return damaged(err)
	}
	var b ProbeBlock
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return damaged(&Fault{Where: inProbe, Wrong: NotJSON, Want: "a block of latchkey probe"})
	}
	for i, r := range b.Results { // an escape of JSON can hold what the text may not
		b.Results[i].Line = oneLine(plain(r.Line), maxField)
	}
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

// unwrapped takes out the line breaks that a narrow console has put into texts.
func unwrapped(body string) string {
	inside, escape := false, false
	return strings.Map(func(r rune) rune {
		switch {
		case inside && r == '\n':
			return -1
		case escape:
			escape = false
		case inside && r == '\\':
			escape = true
		case r == '"':
			inside = !inside
		}
		return r
	}, body)
}

// checkProbe holds the content against what a reader relies on.
func checkProbe(d *decoder, top at) {
	top = d.object(top)
	schema := top.get("schema")
	if d.need(schema, "1") && (schema.kind != isNumber || schema.node.text != "1") {
		d.fail(schema, OtherSchema, string(schema.kind)+" "+schema.node.text, "1")
	}
	for _, one := range []struct{ name, what string }{
		{"server", "the server's name"}, {"role", "the server's role"}, {"provider", "the provider's ID"}, {"at", "the time"}, {"version", "what has made it"},
	} {
		a := top.get(one.name)
		if d.need(a, one.what) && d.text(a) == "" && one.name != "role" && one.name != "version" {
			d.fail(a, PropertyValue, "", one.what)
		}
	}
	d.time(top.get("at"))
	if !d.need(top.get("results"), "the list of results") {
		return
	}
	for _, e := range d.list(top.get("results")) {
		o := d.object(e)
		if d.need(o.get("host"), "the host") && d.text(o.get("host")) == "" {
			d.fail(o.get("host"), PropertyValue, "", "the host")
		}
		if d.need(o.get("port"), "the port") {
			if port := d.integer(o.get("port")); port < 1 || port > 65535 {
				d.fail(o.get("port"), PropertyValue, fmt.Sprint(port), "1 to 65535")
			}
		}
		for _, name := range []string{"protocol", "kind", "stage", "line"} {
			d.text(o.get(name))
		}
		d.texts(o.get("mechanisms"))
		for _, m := range members(d.object(o.get("ms"))) {
			d.integer(m)
		}
	}
}

// members are the properties of an object in their order.
func members(a at) []at {
	if a.node == nil {
		return nil
	}
	out := make([]at, len(a.node.members))
	for i, m := range a.node.members {
		out[i] = a.get(m.name)
	}
	return out
}
