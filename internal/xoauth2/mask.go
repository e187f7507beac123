package xoauth2

import (
	"encoding/base64"

	"latchkey/internal/secret"
)

// window is the length of the shortest piece of a token that is masked. Twelve
// characters of base64 carry 72 bits: chance does not produce them.
const window = 12

// Mask finds one access token in text: as it is, and in base64 as part of a
// SASL response at any of its three alignments, in either alphabet, in any
// case, whole or cut to twelve characters or more. Servers echo what they did
// not understand, often shortened or in capitals; so a mask that only knew the
// whole token would miss the usual leak. The zero Mask changes nothing.
type Mask struct {
	windows map[[window]byte]struct{}
}

// NewMask returns the mask of token, which must have at least twelve bytes.
func NewMask(token secret.Text) Mask {
	m := Mask{windows: map[[window]byte]struct{}{}}
	m.add(token.Reveal())
	for shift := range 3 {
		padded := append(make([]byte, shift), token.Reveal()...)
		encoded := base64.RawStdEncoding.EncodeToString(padded)
		// Only the characters that depend on the token alone.
		m.add(encoded[(shift*8+5)/6 : len(padded)*8/6])
	}
	return m
}

func (m Mask) add(form string) {
	folded := fold(form)
	for i := 0; i+window <= len(folded); i++ {
		m.windows[[window]byte(folded[i:i+window])] = struct{}{}
	}
}

// Apply returns s with each piece of the token replaced by secret.Redacted.
func (m Mask) Apply(s string) string {
	if len(m.windows) == 0 || len(s) < window {
		return s
	}
	folded := fold(s)
	var out []byte
	copied, end := 0, 0 // s[:copied] is in out; s[copied:end] is part of a token if end > copied
	for i := 0; i+window <= len(s); i++ {
		if _, hit := m.windows[[window]byte(folded[i:i+window])]; !hit {
			continue
		}
		if i > end || end == 0 {
			out = append(out, s[copied:i]...)
			out = append(out, secret.Redacted...)
		}
		end = i + window
		copied = end
	}
	return string(append(out, s[copied:]...))
}

// fold removes what may differ between two spellings of the same base64: case
// (servers that answer in capitals) and the alphabet of RFC 4648 §5.
func fold(s string) []byte {
	folded := []byte(s)
	for i, c := range folded {
		switch {
		case 'A' <= c && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		case c == '-':
			folded[i] = '+'
		case c == '_':
			folded[i] = '/'
		}
	}
	return folded
}
