package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"latchkey/internal/secret"
)

func TestNoPrintingPathShowsTheValue(t *testing.T) {
	const value = "planted-value-7f3k"
	s := secret.New(value)
	holder := struct {
		Name string
		Text secret.Text
	}{"svc", s}
	type inner struct {
		name string
		text secret.Text
	}
	hidden := struct {
		inner inner
		list  []secret.Text
		named map[string]secret.Text
	}{inner{"svc", s}, []secret.Text{s}, map[string]secret.Text{"k": s}}

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "secret", s, "holder", holder)

	shown := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, &holder),
			fmt.Sprintf(verb, hidden), fmt.Sprintf(verb, &hidden))
	}
	hex := fmt.Sprintf("%x", value)
	for _, out := range shown {
		if strings.Contains(out, value) || strings.Contains(strings.ToLower(out), hex) {
			t.Errorf("the value is visible in %q", out)
		}
	}
}

func TestMarshallingFails(t *testing.T) {
	_, err := json.Marshal(struct{ S secret.Text }{secret.New("x")})
	if !errors.Is(err, secret.ErrMarshal) {
		t.Errorf("json.Marshal = %v, want ErrMarshal", err)
	}
}

func TestEqualAndReveal(t *testing.T) {
	a := secret.New("one")
	if !a.Equal(secret.New("one")) || a.Equal(secret.New("two")) || a.Equal(secret.New("")) {
		t.Error("Equal does not compare values")
	}
	if a.Reveal() != "one" || a.Len() != 3 || a.IsZero() || !secret.New("").IsZero() {
		t.Error("accessors do not describe the value")
	}
}
