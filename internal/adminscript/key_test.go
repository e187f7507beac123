package adminscript

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/need"
	"latchkey/internal/secret"
)

const planted = "Xy8Q~planted.value_of-a-client-secret~01"

func TestSecretComesBack(t *testing.T) {
	key, err := oneKey()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Encrypt(rand.Reader, key.Public, secret.New(planted))
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed.Cipher) != keyBits/8 || sealed.KeyID != key.Public.ID() || len(sealed.KeyID) != 8 {
		t.Errorf("sealed = %d bytes, key %q", len(sealed.Cipher), sealed.KeyID)
	}
	got, err := sealed.Open(key)
	if err != nil || got.Reveal() != planted {
		t.Errorf("Open = %v, %v", got, err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", key, key, sealed), "PRIVATE") {
		t.Error("the private key can be printed")
	}
}

// TestSecretOfAStranger opens what OpenSSL has encrypted with the parameters
// that .NET calls OaepSHA256: SHA-256 for the hash and for MGF1, no label.
func TestSecretOfAStranger(t *testing.T) {
	openssl := need.Program(t, "openssl")
	key, err := oneKey()
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := base64.StdEncoding.DecodeString(string(key.Public))
	if err != nil {
		t.Fatal(err)
	}
	// Built from the two values that stand in the script.
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "public.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(digest string) Sealed {
		cmd := exec.CommandContext(t.Context(), openssl, "pkeyutl", "-encrypt", "-pubin", "-inkey", file, "-pkeyopt", "rsa_padding_mode:oaep",
			"-pkeyopt", "rsa_oaep_md:"+digest, "-pkeyopt", "rsa_mgf1_md:"+digest)
		cmd.Stdin = strings.NewReader(planted)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return Sealed{KeyID: key.Public.ID(), Cipher: out}
	}
	if got, err := run("sha256").Open(key); err != nil || got.Reveal() != planted {
		t.Errorf("SHA-256: %v, %v", got, err)
	}
	if _, err := run("sha1").Open(key); !errors.Is(err, ErrSealed) {
		t.Errorf("SHA-1, what RSACryptoServiceProvider would do: %v, want ErrSealed", err)
	}
}

func TestSecretIsRefused(t *testing.T) {
	key, err := oneKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	seal := func(value string) Sealed {
		s, err := Encrypt(rand.Reader, key.Public, secret.New(value))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	damaged := seal(planted)
	damaged.Cipher[5] ^= 1
	modulus, err := base64.StdEncoding.DecodeString(string(key.Public))
	if err != nil {
		t.Fatal(err)
	}
	old, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}, []byte(planted), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		sealed Sealed
		key    Key
		want   error
	}{
		"key of another script": {seal(planted), other, ErrOtherKey},
		"another ID":            {Sealed{"00000000", seal(planted).Cipher}, key, ErrOtherKey},
		"damaged":               {damaged, key, ErrSealed},
		"cut":                   {Sealed{key.Public.ID(), seal(planted).Cipher[:100]}, key, ErrSealed},
		"empty":                 {Sealed{key.Public.ID(), nil}, key, ErrSealed},
		"SHA-1":                 {Sealed{key.Public.ID(), old}, key, ErrSealed},
		"too short":             {seal("1234567"), key, ErrSealed},
		"a line break":          {seal("12345678\n90"), key, ErrSealed},
		"no private key":        {seal(planted), Key{Public: key.Public}, ErrKey},
		"not a private key":     {seal(planted), Key{Private: secret.New("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, ErrKey},
	} {
		got, err := tt.sealed.Open(tt.key)
		if !errors.Is(err, tt.want) || !got.IsZero() {
			t.Errorf("%s: %v, %v, want %v", name, got, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), planted) {
			t.Errorf("%s: the error holds the secret", name)
		}
	}
	for _, p := range []PublicKey{"", "AQAB", "not base64", PublicKey(base64.StdEncoding.EncodeToString(make([]byte, keyBits/8)))} {
		if _, err := Encrypt(rand.Reader, p, secret.New(planted)); !errors.Is(err, ErrKey) || p.ID() != "" {
			t.Errorf("the key %q is accepted: %v", p, err)
		}
	}
}

// TestScriptHoldsTheKeyThatOpens reads modulus and key ID out of a script, as
// PowerShell would, and encrypts with them.
func TestScriptHoldsTheKeyThatOpens(t *testing.T) {
	v := values(t)
	text := script(t, Registration, v)
	between := func(before, after string) string {
		_, rest, _ := strings.Cut(text, before)
		value, _, _ := strings.Cut(rest, after)
		return value
	}
	modulus := PublicKey(between("$parameters.Modulus = [Convert]::FromBase64String('", "')"))
	id := between("$secretName = 'Latchkey ' + '", "'")
	if modulus != v.NewSecret || id != v.NewSecret.ID() {
		t.Fatalf("modulus %q, ID %q", modulus, id)
	}
	sum := sha256.Sum256([]byte(modulus))
	if id != hex.EncodeToString(sum[:4]) {
		t.Errorf("ID %q", id)
	}
	if !strings.Contains(text, "$parameters.Exponent = [byte[]] (1, 0, 1)") || !strings.Contains(text, "::OaepSHA256") {
		t.Error("the exponent or the padding is another one")
	}
}
