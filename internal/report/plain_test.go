package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"sales@contoso.example":      "sales@contoso.example",
		"two\nlines\r\nand a\ttab":   "two lines  and a tab",
		"a\u2028b\u2029c\u0085d":     "a b c d",
		"\x1b[31mred\x07\x00":        "�[31mred��",
		"C1: \u009b31m":              "C1: �31m",
		"exe.\u202etxt":              "exe.�txt",
		"\u2066isolated\u2069":       "�isolated�",
		"\u200eleft, \u061carabic":   "�left, �arabic",
		"broken \xff\xfe UTF-8":      "broken �� UTF-8",
		"  at the edges \u00a0":      "at the edges",
		"Zoë, 王, खान and \U0001f511": "Zoë, 王, खान and \U0001f511",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"sales@contoso.example":               "sales@contoso.example",
		"svc_mail@contoso.example":            "svc_mail@contoso.example",
		"_all_ of __it__":                     `\_all\_ of \_\_it\_\_`,
		"[a](b) ![c](d)":                      `\[a\](b) \!\[c\](d)`,
		"<b>*bold*</b>":                       `\<b\>\*bold\*\</b\>`,
		"&lt; `x` ~~y~~ {z} $w$ a|b \\":       "\\&lt; \\`x\\` \\~\\~y\\~\\~ \\{z\\} \\$w\\$ a\\|b \\\\",
		"# heading":                           `\# heading`,
		"- item":                              `\- item`,
		"+ item":                              `\+ item`,
		"===":                                 `\===`,
		"---":                                 `\---`,
		"12. item":                            `12\. item`,
		"123456789. list":                     `123456789\. list`,
		"1) item":                             `1\) item`,
		"1234567890. no list (CommonMark)":    "1234567890. no list (CommonMark)",
		"> quoted":                            `\> quoted`,
		"line\n# heading":                     `line \# heading`,
		"https://evil.example and plain: yes": `https\://evil.example and plain: yes`,
		"see WWW.evil.example, not w.w":       `see WWW\.evil.example, not w.w`,
		"":                                    "",
	} {
		if got := markdown(in); got != want {
			t.Errorf("markdown(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"Get-CASMailbox sales": "`Get-CASMailbox sales`",
		"a`b":                  "``a`b``",
		"a``b`c":               "```a``b`c```",
		"`":                    "`` ` ``",
		"end`":                 "`` end` ``",
		"two\nlines":           "`two lines`",
		"a|b":                  "`a|b`",
		" \n ":                 "",
	} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"plain":         "plain",
		"`a|b`":         "`a\\|b`",
		`a\|b`:          `a\|b`,
		`a\\|b`:         `a\\\|b`,
		"|":             `\|`,
		"||":            `\|\|`,
		`\` + "|" + "|": `\|\|`,
	} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
}

// names are what people and servers may send: anything, with much of what means
// something to somebody.
func names() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{
			"`", "``", "*", "_", "__", "[", "](", ")", "<", ">", "#", "|", "~", "~~~", "&", "!", "$", "\\", "- ", "+", "=", "1.", "999) ",
			"http://", "https://x", "www.", "\n", "\r", "\t", "    ", "\x1b[2J", "\x00", "\x7f", "\u009b", "\u202e", "\u2067", "\u200f",
			"\u2028", "\xff", "sales@contoso.example", "a_b", "é", "王",
		}),
	)
	return rapid.Map(rapid.SliceOfN(piece, 0, 12), func(s []string) string { return strings.Join(s, "") })
}

func checkVisible(t *rapid.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("not UTF-8: %q", s)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			t.Errorf("%U in %q", r, s)
		}
	}
}

// escape is a backslash with the punctuation it takes the meaning from
// (CommonMark §2.4).
var escape = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

func TestNoNameBeginsMarkup(t *testing.T) {
	markup := regexp.MustCompile("[\\\\`*{}\\[\\]<>#|~&!$]|://|(?i:www)\\.|^_|_$|[^\\pL\\p{Nd}]_|_[^\\pL\\p{Nd}]|^[-+=]|^[0-9]{1,9}[.)]")
	rapid.Check(t, func(t *rapid.T) {
		name := names().Draw(t, "name")
		got := markdown(name)
		checkVisible(t, got)
		if left := escape.ReplaceAllString(got, "\u00a4"); markup.MatchString(left) {
			t.Errorf("%q leaves markup: %q", got, markup.FindString(left))
		}
		if read := escape.ReplaceAllString(got, "$1"); read != plain(name) {
			t.Errorf("%q is read as %q, want %q", got, read, plain(name))
		}
	})
}

func TestNoTextLeavesItsCodeSpanOrCell(t *testing.T) {
	span := regexp.MustCompile("^`+")
	bar := regexp.MustCompile(`(^|[^\\])(\\\\)*\|`)
	rapid.Check(t, func(t *rapid.T) {
		text := names().Draw(t, "text")
		got := code(text)
		checkVisible(t, got)
		fence := span.FindString(got)
		inner := strings.TrimSuffix(strings.TrimPrefix(got, fence), fence)
		for _, run := range regexp.MustCompile("`+").FindAllString(inner, -1) {
			if len(run) >= len(fence) {
				t.Errorf("%q ends before its end", got)
			}
		}
		if strings.HasPrefix(inner, "`") || strings.HasSuffix(inner, "`") || strings.TrimSpace(inner) != plain(text) {
			t.Errorf("%q holds %q, want %q", got, inner, plain(text))
		}
		for _, c := range []string{cell(got), cell(markdown(text)), cell(text)} {
			if bar.MatchString(c) {
				t.Errorf("%q ends a cell", c)
			}
		}
	})
}
