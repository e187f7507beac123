package seal

import (
	"bufio"
	"bytes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrExposed: others than the owner may read or write the file of the ring.
var ErrExposed = errors.New("seal: the key file must be accessible to its owner only (mode 0600)")

// ErrRing: the file is not a key ring.
var ErrRing = errors.New("seal: not a key ring")

// KeyID names a key without telling anything about it: it is the beginning of
// a SHA-256 over the key. A key that was copied with a fault does not fit its
// name.
type KeyID [8]byte

// String writes the ID as in the file of the ring.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

func idOf(key []byte) KeyID {
	sum := sha256.Sum256(append([]byte("latchkey key id\x00"), key...))
	return KeyID(sum[:])
}

// Ring is a list of keys. The first one wraps, all of them unwrap.
type Ring struct {
	ids  []KeyID
	keys map[KeyID]cipher.AEAD
}

// String implements fmt.Stringer and shows names only.
func (r Ring) String() string { return fmt.Sprintf("seal.Ring%v", r.ids) }

// Wrap implements KeyWrapper.
func (r *Ring) Wrap(dataKey, where []byte) (KeyID, []byte, error) {
	if len(r.ids) == 0 {
		return KeyID{}, nil, fmt.Errorf("%w: no key", ErrRing)
	}
	id := r.ids[0]
	return id, r.keys[id].Seal(nil, nil, dataKey, additional(id, where)), nil
}

// Unwrap implements KeyWrapper.
func (r *Ring) Unwrap(id KeyID, wrapped, where []byte) ([]byte, bool, error) {
	aead, ok := r.keys[id]
	if !ok {
		return nil, false, &UnknownKeyError{ID: id}
	}
	dataKey, err := aead.Open(nil, nil, wrapped, additional(id, where))
	if err != nil {
		return nil, false, ErrSealed
	}
	return dataKey, id != r.ids[0], nil
}

// ringHead explains the file to whoever opens it.
const ringHead = `# Latchkey's key ring. The first key seals, every key opens.
# Without this file no stored token or secret can be read: keep a copy, and
# keep it apart from the copies of the database.
`

// maxRing bounds the file: a ring with a hundred keys has ten kilobytes.
const maxRing = 64 << 10

// LoadRing reads the ring from the file at path. The file must be a regular
// one (or lead to one) and accessible to its owner only: a key that others can
// read protects nothing.
//
// Errors: fs.ErrNotExist, ErrExposed, ErrRing.
func LoadRing(path string) (*Ring, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parse(lines)
}

// CreateRing makes a ring with one new key and writes it to path with mode
// 0600. random supplies the key. A file that is there is never touched.
//
// Errors: fs.ErrExist.
func CreateRing(path string, random io.Reader) (*Ring, error) {
	line, err := newLine(random)
	if err != nil {
		return nil, err
	}
	if err := write(path, []string{line}); err != nil {
		return nil, err
	}
	return parse([]string{line})
}

// AddKey puts a new key at the head of the ring at path and returns the ring.
// The file is replaced as a whole, so that at each moment it is either the old
// ring or the new one. Other nodes must have the new file before a value that
// was sealed under the new key reaches them.
//
// Errors: those of LoadRing; fs.ErrExist if path.new is there, because another
// AddKey is at work or was killed.
func AddKey(path string, random io.Reader) (*Ring, error) {
	// A link stays a link: what it leads to is replaced.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	if _, err := parse(lines); err != nil {
		return nil, err
	}
	line, err := newLine(random)
	if err != nil {
		return nil, err
	}
	lines = append([]string{line}, lines...)
	next := path + ".new"
	if err := write(next, lines); err != nil {
		return nil, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, errors.Join(fmt.Errorf("seal: %w", err), os.Remove(next))
	}
	if err := syncFolder(path); err != nil {
		return nil, err
	}
	return parse(lines)
}

// readLines returns the lines with keys. The permissions are those of the open
// file, so that it cannot be exchanged between the look and the read.
func readLines(path string) (lines []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("seal: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is no regular file", ErrRing, path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%w: %s has %04o", ErrExposed, path, info.Mode().Perm())
	case info.Size() > maxRing:
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrRing, path, info.Size())
	}
	b, err := io.ReadAll(io.LimitReader(f, maxRing))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(b))
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRing, err)
	}
	return lines, nil
}

// parse reads lines of an ID and a key. No error contains a part of a line:
// it may be a key in the wrong place.
func parse(lines []string) (*Ring, error) {
	r := &Ring{keys: map[KeyID]cipher.AEAD{}}
	for i, line := range lines {
		name, encoded, _ := strings.Cut(line, " ")
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("%w: key %d is not an ID and 32 bytes in base64", ErrRing, i+1)
		}
		id := idOf(key)
		if id.String() != name {
			return nil, fmt.Errorf("%w: key %d does not fit its ID", ErrRing, i+1)
		}
		if _, ok := r.keys[id]; ok {
			return nil, fmt.Errorf("%w: key %s is there twice", ErrRing, id)
		}
		aead, err := newAEAD(key)
		if err != nil {
			return nil, err
		}
		r.ids, r.keys[id] = append(r.ids, id), aead
	}
	if len(r.ids) == 0 {
		return nil, fmt.Errorf("%w: no key", ErrRing)
	}
	return r, nil
}

func newLine(random io.Reader) (string, error) {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("seal: random bytes: %w", err)
	}
	return idOf(key).String() + " " + base64.StdEncoding.EncodeToString(key), nil
}

// write makes the file at path, which must not exist, and has it on the disk
// when it returns: a value must never outlive its key.
func write(path string, lines []string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	_, err = f.WriteString(ringHead + strings.Join(lines, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("seal: %w", err), os.Remove(path))
	}
	return syncFolder(path)
}

func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return nil
}
