package seal_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"latchkey/internal/seal"
)

func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "#") {
			keys = append(keys, strings.TrimSpace(line))
		}
	}
	return keys
}

// fileLine writes a key as the file has it.
func fileLine(key []byte) string {
	sum := sha256.Sum256(append([]byte("latchkey key id\x00"), key...))
	return fmt.Sprintf("%x %s", sum[:8], base64.StdEncoding.EncodeToString(key))
}

// The form of the file is a promise: a ring must open years later.
func TestRingOfTheFirstVersionLoads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	if err := os.WriteFile(path, []byte("# any comment\r\n\n  "+fileLine(make([]byte, 32))+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := seal.LoadRing(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "seal.Ring[b7d5e1c8e59801eb]"; ring.String() != want {
		t.Errorf("ring = %v, want %s", ring, want)
	}
	sealed, err := base64.StdEncoding.DecodeString(sealedByTheFirstVersion)
	if err != nil {
		t.Fatal(err)
	}
	if plain, _, err := (&seal.Sealer{Keys: ring}).Open(place, sealed); err != nil || plain.Reveal() != planted {
		t.Errorf("a value of the first version does not open: %v", err)
	}
}

// sealedByTheFirstVersion is planted at place, under the key of 32 zero bytes.
const sealedByTheFirstVersion = "AbfV4cjlmAHrADzoNQT3jZLSdhy0pCOZzBaUbebTS6QMfGbkXrx/qn96RJWXpdjhYm4gSnWNe/vZT1pojfchfIZqrTwITPQ5uaqdLpRxLTRGiZcAtYLuDTfDkrtbviIo+6JIUQVxxG8maUuDajELJJoaxGhK8PBt"

func TestCreateAndLoadRing(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0)) // the mode must not depend on it
	ring, path := newRing(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode = %v, want 0600", info.Mode())
	}
	sealed := mustSeal(t, &seal.Sealer{Keys: ring}, place, planted)
	again, err := seal.LoadRing(path)
	if err != nil {
		t.Fatal(err)
	}
	got, stale, err := (&seal.Sealer{Keys: again}).Open(place, sealed)
	if err != nil || stale || got.Reveal() != planted {
		t.Errorf("after loading: equal = %v, stale = %v, error = %v", got.Reveal() == planted, stale, err)
	}
}

func TestCreateRingTouchesNothingThatIsThere(t *testing.T) {
	_, path := newRing(t)
	before := lines(t, path)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, link} {
		if _, err := seal.CreateRing(path, rand.Reader); !errors.Is(err, fs.ErrExist) {
			t.Errorf("error = %v, want fs.ErrExist", err)
		}
	}
	if after := lines(t, path); len(after) != 1 || after[0] != before[0] {
		t.Error("the ring was changed")
	}
}

func TestCreateRingWithoutRandomBytesLeavesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	for _, random := range []*bytes.Reader{bytes.NewReader(nil), bytes.NewReader(make([]byte, 31))} {
		if _, err := seal.CreateRing(path, random); err == nil {
			t.Error("no error")
		}
	}
	if _, err := seal.CreateRing(path, iotest.ErrReader(errors.New("no entropy"))); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was left: %v", err)
	}
}

func TestLoadRingRefusesWhatOthersCanReach(t *testing.T) {
	_, path := newRing(t)
	for mode, allowed := range map[os.FileMode]bool{
		0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false, 0o602: false, 0o610: false, 0o601: false, 0o644: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		for what, use := range map[string]func() error{
			"LoadRing": func() error { _, err := seal.LoadRing(path); return err },
			"AddKey": func() error {
				if allowed {
					return nil // would change the mode
				}
				_, err := seal.AddKey(path, rand.Reader)
				return err
			},
		} {
			if err := use(); allowed && err != nil || !allowed && !errors.Is(err, seal.ErrExposed) {
				t.Errorf("%s, mode %v: error = %v", what, mode, err)
			}
		}
	}
}

func TestLoadRingRefusesWhatIsNoRing(t *testing.T) {
	_, path := newRing(t)
	line := lines(t, path)[0]
	id, key, _ := strings.Cut(line, " ")
	_, otherPath := newRing(t)
	_, otherKey, _ := strings.Cut(lines(t, otherPath)[0], " ")
	for name, content := range map[string]string{
		"empty":           "",
		"comment only":    "# nothing\n\n",
		"no ID":           key,
		"no key":          id,
		"foreign key":     id + " " + otherKey,
		"short key":       id + " " + base64.StdEncoding.EncodeToString([]byte("short")),
		"key for AES-128": fileLine(make([]byte, 16)),
		"not base64":      id + " " + strings.Repeat("!", 44),
		"one letter off":  id + " " + string(key[0]^1) + key[1:],
		"the same twice":  line + "\n" + line,
		"more on a line":  line + " " + line,
		"good, then bad":  line + "\nx",
		"too large":       line + "\n" + strings.Repeat("#\n", 40_000),
		"an endless line": "# " + strings.Repeat("x", 65_000) + "\n" + line + strings.Repeat(" ", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ring")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, loadErr := seal.LoadRing(path)
			_, addErr := seal.AddKey(path, rand.Reader)
			for _, err := range []error{loadErr, addErr} {
				if !errors.Is(err, seal.ErrRing) {
					t.Errorf("error = %v, want ErrRing", err)
				} else if strings.Contains(err.Error(), key[:8]) || strings.Contains(err.Error(), otherKey[:8]) {
					t.Error("a key is in the error")
				}
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != content {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := seal.LoadRing(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want fs.ErrNotExist", err)
	}
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadRing(folder); !errors.Is(err, seal.ErrRing) {
		t.Errorf("folder: error = %v, want ErrRing", err)
	}
}

// Rotation: the new key seals, the old one still opens and says so, and what is
// sealed again outlives the old key.
func TestRotation(t *testing.T) {
	old, path := newRing(t)
	before := mustSeal(t, &seal.Sealer{Keys: old}, place, planted)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.AddKey(link, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
	ring, err := seal.LoadRing(link)
	if err != nil {
		t.Fatal(err)
	}
	s := &seal.Sealer{Keys: ring}
	got, stale, err := s.Open(place, before)
	if err != nil || !stale || got.Reveal() != planted {
		t.Fatalf("old value: equal = %v, stale = %v, error = %v", got.Reveal() == planted, stale, err)
	}
	after := mustSeal(t, s, place, got.Reveal())
	if _, stale, err := s.Open(place, after); err != nil || stale {
		t.Errorf("sealed again: stale = %v, error = %v", stale, err)
	}
	newest := lines(t, path)[0]
	if err := os.WriteFile(path, []byte(newest+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	only, err := seal.LoadRing(path)
	if err != nil {
		t.Fatal(err)
	}
	s = &seal.Sealer{Keys: only}
	if _, _, err := s.Open(place, after); err != nil {
		t.Errorf("without the old key: %v", err)
	}
	_, _, err = s.Open(place, before)
	oldID, _, _ := strings.Cut(newest, " ")
	if unknown, ok := errors.AsType[*seal.UnknownKeyError](err); !ok || unknown.ID.String() == oldID {
		t.Errorf("error = %v, want the name of the key that is gone", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
}

// A name that was changed to a key's that the ring holds does not make the
// value open under it.
func TestKeyNameIsAuthenticated(t *testing.T) {
	old, path := newRing(t)
	sealed := mustSeal(t, &seal.Sealer{Keys: old}, place, planted)
	ring, err := seal.AddKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &seal.Sealer{Keys: ring}
	other := mustSeal(t, s, place, planted)
	copy(sealed[1:9], other[1:9])
	if _, _, err := s.Open(place, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("error = %v, want ErrSealed", err)
	}
}

func TestRingIsNotPrinted(t *testing.T) {
	ring, path := newRing(t)
	id, key, _ := strings.Cut(lines(t, path)[0], " ")
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	s := seal.Sealer{Keys: ring}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v", ring, ring, ring), fmt.Sprintf("%v %+v %#v", *ring, *ring, *ring), fmt.Sprintf("%v %+v", s, &s)} {
		if strings.Contains(shown, key) || strings.Contains(shown, fmt.Sprint(raw[:4])[1:8]) || strings.Contains(shown, "aes") {
			t.Errorf("the ring is printed: %d characters", len(shown))
		}
	}
	if want := "seal.Ring[" + id + "]"; ring.String() != want {
		t.Errorf("String() = %q, want %q", ring, want)
	}
}
