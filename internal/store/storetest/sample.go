package storetest

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// fill gives every field of the value behind p its own value, so that a field
// that a store forgets shows up, also one that is added later.
func fill(p any) {
	n := 0
	fillValue(reflect.ValueOf(p).Elem(), reflect.TypeOf(p).Elem().Name(), &n)
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	secretType = reflect.TypeFor[secret.Text]()
)

func fillValue(v reflect.Value, path string, n *int) {
	*n++
	switch v.Type() {
	case timeType:
		v.Set(reflect.ValueOf(time.Date(2031, 5, 6, 7, 8, *n%60, int(time.Millisecond)*(*n%1000), time.UTC)))
		return
	case secretType:
		v.Set(reflect.ValueOf(secret.New("planted " + path)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), path, n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillValue(v.Field(i), path+"."+v.Type().Field(i).Name, n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0), path+"[0]", n)
	case reflect.Array:
		for i := range v.Len() {
			fillValue(v.Index(i), path, n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillValue(key, path+".key", n)
		fillValue(value, path+".value", n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		panic(fmt.Sprintf("storetest: %s has a kind that fill does not know: %s", path, v.Kind()))
	}
}

// same fails the test where two values differ; secrets are compared, not shown.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(secret.Text.Equal)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// at is a moment, so many seconds after an arbitrary one.
func at(seconds int) time.Time {
	return time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func codeHash(code string) wizard.Hash { return sha256.Sum256([]byte(code)) }

// insert stores setups with these IDs.
func insert(t *testing.T, s Stores, ids ...setup.ID) {
	t.Helper()
	update(t, s.Wizard, func(tx wizard.Tx) error {
		for _, id := range ids {
			if err := tx.InsertSetup(setup.Setup{ID: id}); err != nil {
				return err
			}
		}
		return nil
	})
}

// wizardID spares the conversions.
func wizardID(name string) setup.ID { return setup.ID(name) }
