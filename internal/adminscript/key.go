package adminscript

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"

	"latchkey/internal/secret"
)

// keyBits is the size of a one-time key. 3072 bits are what NIST SP 800-57
// part 1 revision 5 counts as 128 bits of strength; OAEP with SHA-256 then
// takes up to 318 bytes, a client secret has about 40.
const keyBits = 3072

// Errors of a secret that came back.
var (
	// ErrKey: the private key cannot be read.
	ErrKey = errors.New("adminscript: the one-time key cannot be read")
	// ErrOtherKey: the secret was encrypted for another script.
	ErrOtherKey = errors.New("adminscript: the secret was encrypted with the key of another script")
	// ErrSealed: the encrypted secret is damaged, or holds no secret.
	ErrSealed = errors.New("adminscript: the encrypted secret cannot be opened")
)

// Key is a one-time key of one script. Private is PKCS #8 in PEM, to be sealed
// by whoever stores it; Public may be shown to everybody.
type Key struct {
	Private secret.Text
	Public  PublicKey
}

// PublicKey is the modulus in standard base64; the exponent is always 65537.
type PublicKey string

// NewKey makes a key pair. Making it takes up to some seconds.
func NewKey() (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Key{}, fmt.Errorf("adminscript: one-time key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("adminscript: one-time key: %w", err)
	}
	return Key{
		Private: secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))),
		Public:  PublicKey(base64.StdEncoding.EncodeToString(private.N.Bytes())),
	}, nil
}

// ID names the key in a block and in the name of the secret: eight characters,
// "" for something that is no key of NewKey's.
func (p PublicKey) ID() string {
	if _, err := p.key(); err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(p))
	return hex.EncodeToString(sum[:4])
}

func (p PublicKey) key() (*rsa.PublicKey, error) {
	modulus, err := base64.StdEncoding.Strict().DecodeString(string(p))
	if err != nil || len(modulus) < keyBits/8 || modulus[0] < 0x80 {
		return nil, fmt.Errorf("%w: it is no modulus of %d bits", ErrKey, keyBits)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}, nil
}

// Sealed is a new client secret as a script sends it: only the holder of the
// one-time key can read it.
type Sealed struct {
	KeyID  string // of the one-time key
	Cipher []byte
}

// Encrypt is what the script does, for tests and for the lab: RSAES-OAEP with
// SHA-256 as hash and in MGF1, and an empty label (RFC 8017 §7.1), which is
// .NET's RSAEncryptionPadding.OaepSHA256.
//
// Errors: ErrKey.
func Encrypt(random io.Reader, public PublicKey, value secret.Text) (Sealed, error) {
	key, err := public.key()
	if err != nil {
		return Sealed{}, err
	}
	cipher, err := rsa.EncryptOAEP(sha256.New(), random, key, []byte(value.Reveal()), nil)
	if err != nil {
		return Sealed{}, fmt.Errorf("adminscript: encrypt: %w", err)
	}
	return Sealed{KeyID: public.ID(), Cipher: cipher}, nil
}

// Open decrypts a secret. The result has the form of a client secret: printable
// ASCII without blanks.
//
// Errors: ErrKey, ErrOtherKey, ErrSealed.
func (s Sealed) Open(key Key) (secret.Text, error) {
	block, _ := pem.Decode([]byte(key.Private.Reveal()))
	if block == nil {
		return secret.Text{}, ErrKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return secret.Text{}, ErrKey // the cause quotes nothing, and helps nobody
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return secret.Text{}, ErrKey
	}
	public := PublicKey(base64.StdEncoding.EncodeToString(private.N.Bytes()))
	if s.KeyID != public.ID() {
		return secret.Text{}, ErrOtherKey
	}
	plain, err := rsa.DecryptOAEP(sha256.New(), nil, private, s.Cipher, nil)
	if err != nil {
		return secret.Text{}, ErrSealed
	}
	if len(plain) < 8 {
		return secret.Text{}, ErrSealed
	}
	for _, c := range plain {
		if c <= ' ' || c > '~' {
			return secret.Text{}, ErrSealed
		}
	}
	return secret.New(string(plain)), nil
}
