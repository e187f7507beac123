package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

const planted = "planted-refresh-token"

var place = seal.Label{Table: "tokens", Row: "42", Field: "refresh", Version: 7}

func newRing(t testing.TB) (*seal.Ring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ring")
	ring, err := seal.CreateRing(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ring, path
}

func mustSeal(t testing.TB, s *seal.Sealer, l seal.Label, plain string) []byte {
	t.Helper()
	sealed, err := s.Seal(l, secret.New(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestRoundTrip(t *testing.T) {
	ring, _ := newRing(t)
	s := &seal.Sealer{Keys: ring}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringN(1, -1, 300)
		l := seal.Label{
			Table: part.Draw(t, "table"), Row: part.Draw(t, "row"), Field: part.Draw(t, "field"), Version: rapid.Int64().Draw(t, "version"),
		}
		plain := rapid.String().Draw(t, "plain")
		sealed, err := s.Seal(l, secret.New(plain))
		if err != nil {
			t.Fatal(err)
		}
		got, stale, err := s.Open(l, sealed)
		if err != nil || stale || got.Reveal() != plain {
			t.Fatalf("Open: equal = %v, stale = %v, error = %v", got.Reveal() == plain, stale, err)
		}
		other := seal.Label{
			Table: part.Draw(t, "table"), Row: part.Draw(t, "row"), Field: part.Draw(t, "field"), Version: rapid.Int64().Draw(t, "version"),
		}
		if _, _, err := s.Open(other, sealed); other != l && !errors.Is(err, seal.ErrSealed) {
			t.Fatalf("opened for %+v what was sealed for %+v: %v", other, l, err)
		}
	})
}

func TestSealedValueShowsNothingAndNeverRepeats(t *testing.T) {
	ring, _ := newRing(t)
	s := &seal.Sealer{Keys: ring}
	a, b := mustSeal(t, s, place, planted), mustSeal(t, s, place, planted)
	if bytes.Contains(a, []byte(planted[:8])) {
		t.Error("the value is readable")
	}
	if bytes.Equal(a[11:], b[11:]) {
		t.Error("the same value is sealed to the same bytes")
	}
}

// A ciphertext opens in its own place only (threat T58), and only the newest
// of a place that counts its versions.
func TestOpenRefusesAnotherPlace(t *testing.T) {
	ring, _ := newRing(t)
	s := &seal.Sealer{Keys: ring}
	mine, other := place, place
	other.Row = "43"
	a, b := mustSeal(t, s, mine, "a"), mustSeal(t, s, other, "b")
	for name, try := range map[string]struct {
		label  seal.Label
		sealed []byte
	}{
		"swapped rows, one":     {mine, b},
		"swapped rows, other":   {other, a},
		"another table":         {seal.Label{Table: "secrets", Row: "42", Field: "refresh", Version: 7}, a},
		"another field":         {seal.Label{Table: "tokens", Row: "42", Field: "access", Version: 7}, a},
		"older version":         {seal.Label{Table: "tokens", Row: "42", Field: "refresh", Version: 6}, a},
		"parts shifted":         {seal.Label{Table: "tokens4", Row: "2", Field: "refresh", Version: 7}, a},
		"parts shifted forward": {seal.Label{Table: "token", Row: "s42", Field: "refresh", Version: 7}, a},
	} {
		if plain, _, err := s.Open(try.label, try.sealed); !errors.Is(err, seal.ErrSealed) || !plain.IsZero() {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

// The parts of two values for the same place do not mix either.
func TestOpenRefusesMixedParts(t *testing.T) {
	ring, _ := newRing(t)
	s := &seal.Sealer{Keys: ring}
	a, b := mustSeal(t, s, place, "old value"), mustSeal(t, s, place, "new value")
	const head = 1 + 8 + 2 + 12 + 32 + 16
	mixed := append(bytes.Clone(a[:head]), b[head:]...)
	if _, _, err := s.Open(place, mixed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("error = %v, want ErrSealed", err)
	}
}

func TestOpenRefusesEveryDamage(t *testing.T) {
	ring, _ := newRing(t)
	s := &seal.Sealer{Keys: ring}
	sealed := mustSeal(t, s, place, planted)
	check := func(what string, i int, damaged []byte) {
		t.Helper()
		plain, _, err := s.Open(place, damaged)
		_, unknown := errors.AsType[*seal.UnknownKeyError](err)
		if !errors.Is(err, seal.ErrSealed) && !unknown || !plain.IsZero() {
			t.Errorf("%s %d: error = %v", what, i, err)
		}
	}
	for i := range len(sealed) * 8 {
		damaged := bytes.Clone(sealed)
		damaged[i/8] ^= 1 << (i % 8)
		check("bit", i, damaged)
	}
	for i := range sealed {
		check("cut to", i, sealed[:i])
	}
	check("longer by", 1, append(bytes.Clone(sealed), 0))
	check("nothing", 0, nil)
}

func TestSealRefuses(t *testing.T) {
	ring, _ := newRing(t)
	for name, s := range map[string]*seal.Sealer{
		"no random bytes":      {Keys: ring, Rand: iotest.ErrReader(errors.New("no entropy"))},
		"too few random bytes": {Keys: ring, Rand: bytes.NewReader(make([]byte, 31))},
		"an empty ring":        {Keys: &seal.Ring{}},
		"a wrapper that fails": {Keys: wrapper{err: errors.New("unreachable")}},
		"an endless wrapping":  {Keys: wrapper{wrapped: make([]byte, 1<<16)}},
	} {
		if sealed, err := s.Seal(place, secret.New(planted)); err == nil || sealed != nil {
			t.Errorf("%s: no error", name)
		}
	}
	s := &seal.Sealer{Keys: ring}
	sealed := mustSeal(t, s, place, planted)
	for _, l := range []seal.Label{{Row: "r", Field: "f"}, {Table: "t", Field: "f"}, {Table: "t", Row: "r"}} {
		if _, err := s.Seal(l, secret.New(planted)); err == nil {
			t.Errorf("sealed for %+v", l)
		}
		if _, _, err := s.Open(l, sealed); err == nil {
			t.Errorf("opened for %+v", l)
		}
	}
}

// wrapper stands for a key management service.
type wrapper struct {
	wrapped, dataKey []byte
	err              error
}

func (w wrapper) Wrap([]byte, []byte) (seal.KeyID, []byte, error) {
	return seal.KeyID{1}, w.wrapped, w.err
}

func (w wrapper) Unwrap(seal.KeyID, []byte, []byte) ([]byte, bool, error) {
	return w.dataKey, true, w.err
}

func TestOpenReportsTheWrappersError(t *testing.T) {
	ring, _ := newRing(t)
	sealed := mustSeal(t, &seal.Sealer{Keys: ring}, place, planted)
	unreachable := errors.New("unreachable")
	if _, _, err := (&seal.Sealer{Keys: wrapper{err: unreachable}}).Open(place, sealed); !errors.Is(err, unreachable) {
		t.Errorf("error = %v, want the wrapper's", err)
	}
	for _, size := range []int{0, 16, 24, 31, 33} {
		if _, _, err := (&seal.Sealer{Keys: wrapper{dataKey: make([]byte, size)}}).Open(place, sealed); err == nil {
			t.Errorf("a data key of %d bytes is used", size)
		}
	}
}

// plainWrapper has one key under every name.
type plainWrapper struct{}

func (plainWrapper) Wrap(dataKey, _ []byte) (seal.KeyID, []byte, error) {
	return seal.KeyID{1}, dataKey, nil
}

func (plainWrapper) Unwrap(_ seal.KeyID, wrapped, _ []byte) ([]byte, bool, error) {
	return wrapped, false, nil
}

// The name of the key is bound to the value itself, whatever the wrapper does
// with it.
func TestKeyNameIsBoundToTheValue(t *testing.T) {
	s := &seal.Sealer{Keys: plainWrapper{}}
	sealed := mustSeal(t, s, place, planted)
	if _, _, err := s.Open(place, sealed); err != nil {
		t.Fatal(err)
	}
	sealed[1]++
	if _, _, err := s.Open(place, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("error = %v, want ErrSealed", err)
	}
}

func FuzzOpen(f *testing.F) {
	ring, _ := newRing(f)
	s := &seal.Sealer{Keys: ring}
	sealed := mustSeal(f, s, place, planted)
	f.Add(sealed)
	f.Add(sealed[:11])
	f.Add([]byte{1})
	f.Add(append([]byte{2}, sealed[1:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, _, err := s.Open(place, b)
		if (err == nil) != bytes.Equal(b, sealed) {
			t.Fatalf("error = %v for something that was not sealed", err)
		}
		if err != nil && !plain.IsZero() {
			t.Fatal("a value was returned with an error")
		}
	})
}
