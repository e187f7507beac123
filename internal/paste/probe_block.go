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

const (
	blockBegin = "-----BEGIN LATCHKEY PROBE-----"
	blockEnd   = "-----END LATCHKEY PROBE-----"
	maxBlock   = 64 << 10
)

// String writes the block as it is pasted. The checksum finds cut lines and
// well-meant editing; it proves nothing about who made it.
func (b ProbeBlock) String() string {
	body, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		panic(fmt.Sprintf("paste: probe block: %v", err)) // strings, numbers, a time
	}
	return fmt.Sprintf("%s\n%s\nsum %s\n%s\n", blockBegin, body, sum(body), blockEnd)
}

// sum is over the text without white space, which mail programs and consoles
// change.
func sum(body []byte) string {
	s := sha256.Sum256(bytes.Join(bytes.Fields(body), nil))
	return hex.EncodeToString(s[:8])
}

var sumLine = regexp.MustCompile(`(?m)^\s*sum ([0-9a-f]{16})\s*$`)

// ParseProbeBlock finds a block in pasted text, with any console noise around
// it and quote marks in front of its lines.
//
// Errors: ErrNoBlock, ErrDamaged.
func ParseProbeBlock(text string) (ProbeBlock, error) {
	var b ProbeBlock
	if len(text) > maxBlock {
		return b, ErrNoBlock
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(strings.TrimRight(line, " \t"), "> \t|")
	}
	text = strings.Join(lines, "\n")
	_, rest, found := strings.Cut(text, blockBegin)
	if !found {
		return b, ErrNoBlock
	}
	inner, _, found := strings.Cut(rest, blockEnd)
	m := sumLine.FindStringSubmatchIndex(inner)
	if !found || m == nil {
		return b, ErrDamaged
	}
	body := []byte(inner[:m[0]])
	if sum(body) != inner[m[2]:m[3]] {
		return b, ErrDamaged
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return b, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if b.Schema != 1 || b.Server == "" || b.At.IsZero() {
		return b, ErrDamaged
	}
	return b, nil
}
