package world

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// bytes returns n random bytes. ChaCha8 never fails and never runs dry.
func (s *State) bytes(n int) []byte {
	b := make([]byte, n)
	s.random.Read(b)
	return b
}

// GUID returns a random GUID in its usual lower-case form.
func (s *State) GUID() string {
	b := s.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Text returns n random bytes as base64url text.
func (s *State) Text(n int) string {
	return base64.RawURLEncoding.EncodeToString(s.bytes(n))
}

// pick returns n characters of alphabet, which must have 64 characters or
// fewer; sizes that do not divide 256 favour the first characters a little,
// which does not matter in a simulator.
func (s *State) pick(alphabet string, n int) string {
	b := s.bytes(n)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// password returns a password of 75 bits that a person can read out and type.
func (s *State) password() string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789"
	return s.pick(letters, 5) + "-" + s.pick(letters, 5) + "-" + s.pick(letters, 5)
}

// Between returns a random duration in [low, high).
func (s *State) Between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(binary.LittleEndian.Uint64(s.bytes(8))%uint64(high-low))
}

// grantPrefix begins every authorization code and refresh token.
const grantPrefix = "1."

// grant returns a new code or refresh token of n random bytes. A checksum at
// the end lets WellFormed tell one that was cut, lower-cased or decoded twice
// from one that is merely unknown, as Entra does (AADSTS9002313 is answered
// before anything else about the request is looked at).
func (s *State) grant(n int) string {
	b := s.bytes(n)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return grantPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// WellFormed reports whether value has the form of a code or refresh token of
// this simulator, whether or not it was ever issued.
func WellFormed(value string) bool {
	text, ok := strings.CutPrefix(value, grantPrefix)
	if !ok {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 5 {
		return false
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	return crc32.ChecksumIEEE(body) == sum
}
