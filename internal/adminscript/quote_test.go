package adminscript

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// readLiteral evaluates what quote writes, as PowerShell would: strings in
// single quotes with doubled quotes, [char] numbers, plus signs between. It
// fails for anything else.
func readLiteral(t interface{ Fatalf(string, ...any) }, c code) string {
	rest := strings.TrimSuffix(strings.TrimPrefix(string(c), "("), ")")
	var units []uint16
	for first := true; rest != ""; first = false {
		if !first {
			after, ok := strings.CutPrefix(rest, " + ")
			if !ok {
				t.Fatalf("%q: no plus before %q", c, rest)
			}
			rest = after
		}
		if number, ok := strings.CutPrefix(rest, "[char]0x"); ok {
			n, err := strconv.ParseUint(number[:4], 16, 16)
			if err != nil || first {
				t.Fatalf("%q: %v", c, err)
			}
			units, rest = append(units, uint16(n)), number[4:]
			continue
		}
		if rest[0] != '\'' {
			t.Fatalf("%q: neither string nor character at %q", c, rest)
		}
		rest = rest[1:]
		for {
			end := strings.IndexByte(rest, '\'')
			if end < 0 {
				t.Fatalf("%q: the string does not end", c)
			}
			units = append(units, utf16.Encode([]rune(rest[:end]))...)
			rest = rest[end+1:]
			if !strings.HasPrefix(rest, "'") {
				break
			}
			units, rest = append(units, '\''), rest[1:]
		}
	}
	return string(utf16.Decode(units))
}

func TestQuoteHoldsEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("'’‘‛‚\"`$() +[]abé😀#;\n")))).Draw(t, "value")
		c, err := quote(s)
		if len(s) > maxValue || !utf8.ValidString(s) ||
			strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) >= 0 {
			if !errors.Is(err, ErrValue) {
				t.Fatalf("quote(%q) = %q, %v, want ErrValue", s, c, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("quote(%q): %v", s, err)
		}
		for _, r := range string(c) {
			if r < ' ' || r > '~' {
				t.Fatalf("quote(%q) = %q is not ASCII", s, c)
			}
		}
		if got := readLiteral(t, c); got != s {
			t.Fatalf("quote(%q) = %q, which PowerShell reads as %q", s, c, got)
		}
	})
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]code{
		"":              "''",
		"abc":           "'abc'",
		"O'Neil":        "'O''Neil'",
		"'":             "''''",
		"a’b":           "('' + 'a' + [char]0x2019 + 'b')",
		"é":             "('' + [char]0x00E9)",
		"😀":             "('' + [char]0xD83D + [char]0xDE00)",
		"$(x) `n \"q\"": "'$(x) `n \"q\"'",
	} {
		if got, err := quote(in); err != nil || got != want {
			t.Errorf("quote(%q) = %s, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"a\nb", "a\rb", "\x00", "\u0085", "\u2028", "\x1b[31m", "\xff", strings.Repeat("x", maxValue+1)} {
		if got, err := quote(in); !errors.Is(err, ErrValue) {
			t.Errorf("quote(%q) = %s, %v, want ErrValue", in, got, err)
		}
	}
	if got, err := list([]string{"a"}); err != nil || got != "@('a')" {
		t.Errorf("list = %s, %v", got, err)
	}
	if _, err := list([]string{"a", "\n"}); !errors.Is(err, ErrValue) {
		t.Errorf("list with a line break: %v", err)
	}
}

func TestCommentIsNothingButComment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for _, line := range strings.Split(string(comment("  ", text)), "\n") {
			if line != "" && !strings.HasPrefix(line, "  # ") {
				t.Fatalf("%q becomes the line %q", text, line)
			}
			if strings.ContainsAny(line, "\r\x00\u0085\u2028") {
				t.Fatalf("%q keeps a line break: %q", text, line)
			}
			if last, _ := utf8.DecodeLastRuneInString(line); line != "" && last > '~' {
				t.Fatalf("%q ends with a letter that can swallow the line break", line)
			}
		}
	})
}
