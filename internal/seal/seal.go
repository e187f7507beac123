package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"latchkey/internal/secret"
)

// ErrSealed: the value is damaged, was changed, or belongs to another place.
// Which of these it is cannot be told, on purpose.
var ErrSealed = errors.New("seal: the sealed value does not open")

// UnknownKeyError: the value was sealed under a key that the ring does not
// hold: an old key was removed too early, or this is another installation's
// ring.
type UnknownKeyError struct{ ID KeyID }

// Error implements error.
func (e *UnknownKeyError) Error() string {
	return "seal: the key ring does not hold key " + e.ID.String()
}

// Label is the place a value belongs to. All parts are authenticated and none
// is stored: whoever opens a value says where it was found.
type Label struct {
	Table, Row, Field string
	// Version is a number that grows with each replacement of the value, so
	// that an older one does not open in its place; 0 where nothing counts.
	Version int64
}

// KeyWrapper encrypts data keys. A Ring is one; a key management service can
// be another. where is authenticated with the data key and not stored.
type KeyWrapper interface {
	// Wrap encrypts dataKey under the current key and names that key.
	Wrap(dataKey, where []byte) (id KeyID, wrapped []byte, err error)
	// Unwrap is the inverse. stale reports that id is no longer the current key.
	// Errors: *UnknownKeyError, ErrSealed.
	Unwrap(id KeyID, wrapped, where []byte) (dataKey []byte, stale bool, err error)
}

// Sealer seals and opens values. It may be used by several goroutines.
type Sealer struct {
	Keys KeyWrapper
	Rand io.Reader // data keys; nil: crypto/rand
}

const (
	version   = 1
	keySize   = 32 // AES-256
	headSize  = 1 + len(KeyID{}) + 2
	aeadExtra = 12 + 16 // nonce and tag of AES-GCM
)

// Seal encrypts plain for the place l. The result is
//
//	version (1 byte), key ID (8), length of the wrapped key (2), wrapped key,
//	nonce (12), ciphertext, tag (16)
//
// and differs each time. A data key is used for one value only, so the limit
// on random nonces (NIST SP 800-38D §8.3: 2³² for one key) concerns the ring's
// keys alone.
func (s *Sealer) Seal(l Label, plain secret.Text) ([]byte, error) {
	where, err := l.encode()
	if err != nil {
		return nil, err
	}
	random := s.Rand
	if random == nil {
		random = rand.Reader
	}
	dataKey := make([]byte, keySize)
	if _, err := io.ReadFull(random, dataKey); err != nil {
		return nil, fmt.Errorf("seal: random bytes: %w", err)
	}
	id, wrapped, err := s.Keys.Wrap(dataKey, where)
	if err != nil {
		return nil, fmt.Errorf("seal: wrapping a data key: %w", err)
	}
	if len(wrapped) > 0xffff {
		return nil, fmt.Errorf("seal: a wrapped data key of %d bytes", len(wrapped))
	}
	aead, err := newAEAD(dataKey)
	if err != nil {
		return nil, err
	}
	sealed := append([]byte{version}, id[:]...)
	sealed = binary.BigEndian.AppendUint16(sealed, uint16(len(wrapped)))
	sealed = append(sealed, wrapped...)
	return aead.Seal(sealed, nil, []byte(plain.Reveal()), additional(id, where)), nil
}

// Open decrypts what Seal made for the same place. stale reports that the value
// should be sealed again, because its key is no longer the current one.
//
// Errors: *UnknownKeyError; ErrSealed for everything that does not fit.
func (s *Sealer) Open(l Label, sealed []byte) (plain secret.Text, stale bool, err error) {
	where, err := l.encode()
	if err != nil {
		return secret.Text{}, false, err
	}
	if len(sealed) < headSize || sealed[0] != version {
		return secret.Text{}, false, ErrSealed
	}
	id := KeyID(sealed[1:])
	rest := sealed[headSize:]
	n := int(binary.BigEndian.Uint16(sealed[headSize-2:]))
	if len(rest) < n+aeadExtra {
		return secret.Text{}, false, ErrSealed
	}
	dataKey, stale, err := s.Keys.Unwrap(id, rest[:n], where)
	if err != nil {
		return secret.Text{}, false, err
	}
	aead, err := newAEAD(dataKey)
	if err != nil {
		return secret.Text{}, false, err
	}
	b, err := aead.Open(nil, nil, rest[n:], additional(id, where))
	if err != nil {
		return secret.Text{}, false, ErrSealed
	}
	return secret.New(string(b)), stale, nil
}

// encode writes l so that no two labels have the same bytes: ("a", "bc") must
// not equal ("ab", "c").
func (l Label) encode() ([]byte, error) {
	b := []byte("latchkey seal 1\x00")
	for _, part := range []string{l.Table, l.Row, l.Field} {
		if part == "" {
			// A value without a place could be moved anywhere.
			return nil, errors.New("seal: a label needs table, row and field")
		}
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(l.Version)), nil
}

// additional is the data that is authenticated with a ciphertext.
func additional(id KeyID, where []byte) []byte { return append(id[:len(id):len(id)], where...) }

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return aead, nil
}
