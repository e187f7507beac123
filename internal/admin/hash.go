package admin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"latchkey/internal/secret"
)

// params are the costs of an argon2id hash.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// today's costs are the floor of the OWASP Password Storage Cheat Sheet (read
// 2026): 19 MiB, two passes, one lane. Hashes with other costs are replaced at
// the next login.
var today = params{memory: 19 * 1024, time: 2, threads: 1}

// ceiling bounds what is believed of a stored hash: a row written by somebody
// else must not make a login take a gigabyte.
var ceiling = params{memory: 256 * 1024, time: 16, threads: 16}

const (
	saltSize = 16
	hashSize = 32
)

var errHash = errors.New("admin: stored password hash is malformed")

// hasher computes hashes, at most as many at a time as there are processors:
// each takes 19 MiB, and a flood of logins must not take them all at once.
type hasher struct {
	params params
	slots  chan struct{}
	random io.Reader
	// decoy is the hash of a password that nobody knows: an unknown name costs
	// the same time as a known one.
	decoy string
}

func newHasher(random io.Reader) (*hasher, error) {
	h := &hasher{params: today, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), random: random}
	unknown := make([]byte, hashSize)
	if _, err := io.ReadFull(random, unknown); err != nil {
		return nil, fmt.Errorf("admin: random: %w", err)
	}
	var err error
	h.decoy, err = h.make(context.Background(), secret.New(string(unknown)))
	return h, err
}

// make hashes password with today's costs into a PHC string.
func (h *hasher) make(ctx context.Context, password secret.Text) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("admin: salt: %w", err)
	}
	sum, err := h.derive(ctx, h.params, password, salt)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.params.memory, h.params.time, h.params.threads, b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// check reports whether password has the hash phc, and whether phc was made
// with other costs than today's.
func (h *hasher) check(ctx context.Context, phc string, password secret.Text) (ok, outdated bool, err error) {
	p, salt, want, err := parse(phc)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, p, password, salt)
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, p != h.params, nil
}

func (h *hasher) derive(ctx context.Context, p params, password secret.Text, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("admin: waiting to hash: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(prepare(password)), salt, p.time, p.memory, p.threads, hashSize), nil
}

// parse reads a PHC string of argon2id.
func parse(phc string) (p params, salt, sum []byte, err error) {
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, nil, nil, errHash
	}
	if p.time < 1 || p.threads < 1 || p.memory < 8 ||
		p.memory > ceiling.memory || p.time > ceiling.time || p.threads > ceiling.threads {
		return p, nil, nil, errHash
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(fields[4])
	sum, sumErr := base64.RawStdEncoding.Strict().DecodeString(fields[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(sum) != hashSize {
		return p, nil, nil, errHash
	}
	return p, salt, sum, nil
}
