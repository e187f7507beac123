package wizard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
)

// A sign-in link can be typed: a short address, and a code of twelve characters
// in Douglas Crockford's base 32, in which no letter looks like a digit.
const (
	typedLength   = 12
	typedAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

func (w *Wizard) newTypedCode() (string, error) {
	b := make([]byte, typedLength)
	if _, err := io.ReadFull(w.Rand, b); err != nil {
		return "", fmt.Errorf("wizard: randomness: %w", err)
	}
	for i := range b {
		b[i] = typedAlphabet[b[i]%32]
	}
	return string(b), nil
}

// LinkCode returns the code of the link that typed stands for; ok is false for
// what cannot be such a code. Case, spaces, hyphens and a full stop do not matter, and a
// letter that looks like a digit is that digit.
//
// The 60 bits of a typed code are few for whoever holds a copy of the database
// and may try them all. So the link's code is made of them with our key, and
// what is stored is the hash of that: one link, one use, one life.
func (w *Wizard) LinkCode(typed string) (code string, ok bool) {
	typed = strings.NewReplacer(" ", "", "-", "", ".", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(typed)))
	if len(typed) != typedLength || strings.Trim(typed, typedAlphabet) != "" {
		return "", false
	}
	mac := hmac.New(sha256.New, []byte(w.Key.Reveal()))
	mac.Write([]byte("typed code\x00" + typed))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:16])), true
}
