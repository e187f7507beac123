package static

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestFilesAreFoundByTheirHashOnly(t *testing.T) {
	for name, mediaType := range map[string]string{
		"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8",
		"icons.svg": "image/svg+xml", "icon.svg": "image/svg+xml",
	} {
		address := Path(name)
		if !regexp.MustCompile(`^/static/(app|icons?)\.[0-9a-f]{10}\.(css|js|svg)$`).MatchString(address) {
			t.Errorf("Path(%q) = %q", name, address)
		}
		f, ok := Lookup(strings.TrimPrefix(address, Prefix))
		if !ok || f.Type != mediaType || len(f.Data) == 0 || Prefix+f.Name != address {
			t.Errorf("Lookup of %s: found = %v, type %q, %d bytes", address, ok, f.Type, len(f.Data))
		}
		if _, ok := Lookup(name); ok {
			t.Errorf("%s is served without its hash and would be kept for ever", name)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Path of an unknown file did not panic")
		}
	}()
	Path("missing.css")
}

func TestFilesAreSmall(t *testing.T) {
	for name, limit := range map[string]int{"app.css": 6000, "app.js": 4000, "icons.svg": 1500, "icon.svg": 500} {
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(byName[name].Data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.Len() > limit {
			t.Errorf("%s: %d bytes gzip, at most %d", name, out.Len(), limit)
		}
		t.Logf("%s: %d bytes gzip of %d", name, out.Len(), limit)
	}
}

// TestNothingNeedsAWiderPolicy: the policy has default-src 'none', no data:,
// no inline code, no other origin, and one named Trusted Types policy.
func TestNothingNeedsAWiderPolicy(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		".css": regexp.MustCompile(`(?i)url\(|@import|@font-face|expression\(|https?:`),
		".js":  regexp.MustCompile(`(?i)\beval\(|new Function|innerHTML|outerHTML *=|insertAdjacentHTML|document\.write|\.on[a-z]+ *=[^=]|setAttribute\("(style|on)|\.style\b|https?:|localStorage`),
		".svg": regexp.MustCompile(`(?i)<script|<style|style=|\bon[a-z]+=|href=|<foreignObject`),
	}
	entries, err := fs.ReadDir(FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(byName) {
		t.Errorf("%d files, %d served", len(entries), len(byName))
	}
	for _, e := range entries {
		data, err := fs.ReadFile(FS(), e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if bad := forbidden[path.Ext(e.Name())].Find(data); bad != nil {
			t.Errorf("%s contains %q", e.Name(), bad)
		}
	}
	script := string(byName["app.js"].Data)
	if got := regexp.MustCompile(`createPolicy\("([^"]*)"`).FindAllStringSubmatch(script, -1); len(got) != 1 || got[0][1] != "app" {
		t.Errorf("Trusted Types policies: %v, want one named app", got)
	}
}

func TestLogicalPropertiesOnly(t *testing.T) {
	css := string(byName["app.css"].Data)
	physical := regexp.MustCompile(`[{;] ?(margin|padding|border)-(left|right|top|bottom)|[{;] ?(left|right|top|bottom|width|height|min-width|max-width|min-height|max-height) ?:|text-align: ?(left|right)`)
	if bad := physical.FindString(css); bad != "" {
		t.Errorf("physical property %q", bad)
	}
	if !strings.HasPrefix(css, "@layer reset,tokens,base,layout,components,utilities,print;") {
		t.Error("the order of the cascade layers is not declared first")
	}
	for _, want := range []string{"prefers-reduced-motion", "forced-colors", "@media print", "color-scheme:light dark", "data-theme=dark"} {
		if !strings.Contains(css, want) {
			t.Errorf("no rule for %q", want)
		}
	}
}

func TestSpriteHasEveryShape(t *testing.T) {
	sprite := string(byName["icons.svg"].Data)
	for _, shape := range []string{"circle", "lock", "ring", "hourglass", "octagon", "triangle", "tick", "arrow", "forward", "mark"} {
		if strings.Count(sprite, `<symbol id="`+shape+`" viewBox="0 0 16 16">`) != 1 {
			t.Errorf("shape %q is not in the sprite exactly once", shape)
		}
	}
}

// colours reads the tokens: name → light and dark value.
func colours(t *testing.T) map[string][2]string {
	t.Helper()
	found := map[string][2]string{}
	token := regexp.MustCompile(`--([a-z-]+):(?:light-dark\((#[0-9a-f]{6}),(#[0-9a-f]{6})\)|(#[0-9a-f]{6}));`)
	layer, _, _ := strings.Cut(string(byName["app.css"].Data), "@layer base")
	for _, m := range token.FindAllStringSubmatch(layer, -1) {
		if m[4] != "" {
			m[2], m[3] = m[4], m[4]
		}
		found[m[1]] = [2]string{m[2], m[3]}
	}
	if len(found) < 31 {
		t.Fatalf("only %d colour tokens found", len(found))
	}
	return found
}

// luminance and contrast are the formulas of WCAG 2.2, "relative luminance"
// and "contrast ratio".
func luminance(hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			panic(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestContrastFormula(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ffffff", "#ffffff", 1}} {
		if got := contrast(tt.a, tt.b); math.Abs(got-tt.want) > 0.01 {
			t.Errorf("contrast(%s, %s) = %.2f, want %.2f", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestContrast: text at least 7:1 (WCAG 1.4.6), borders, icons and the focus
// ring at least 3:1 (1.4.11), in both themes.
func TestContrast(t *testing.T) {
	grounds := []string{"canvas", "surface", "sunken"}
	type pair struct {
		front   string
		grounds []string
		least   float64
	}
	pairs := []pair{
		{"text", slices.Concat(grounds, []string{"waiting-bg", "passed-bg", "warning-bg", "problem-bg", "running-bg", "stale-bg"}), 7},
		{"muted", slices.Concat(grounds, []string{"waiting-bg"}), 7},
		{"link", grounds, 7}, {"accent", grounds, 7}, {"hover", grounds, 7}, {"visited", grounds, 7},
		{"on-accent", []string{"accent", "hover"}, 7},
		{"edge", grounds, 3},
		{"accent", []string{"canvas", "surface"}, 3},
	}
	for _, state := range []string{"passed", "warning", "problem", "running", "waiting", "stale"} {
		pairs = append(pairs,
			pair{state + "-fg", []string{state + "-bg", "canvas", "surface"}, 7},
			pair{state + "-edge", []string{"canvas", "surface", state + "-bg"}, 3})
	}
	tokens := colours(t)
	for _, p := range pairs {
		for _, ground := range p.grounds {
			for i, theme := range []string{"light", "dark"} {
				front, back := tokens[p.front][i], tokens[ground][i]
				if front == "" || back == "" {
					t.Fatalf("no token %s or %s", p.front, ground)
				}
				if got := contrast(front, back); got < p.least {
					t.Errorf("%s: %s on %s: %.2f, want at least %.1f", theme, p.front, ground, got, p.least)
				}
			}
		}
	}
	// The ring is drawn in the text colour; the gap is filled, so one of the
	// two stands out against anything.
	if got := contrast(tokens["focus"][0], tokens["text"][0]); got < 3 {
		t.Errorf("gap of the focus ring against the ring, light: %.2f", got)
	}
	if got := contrast(tokens["focus"][1], tokens["canvas"][1]); got < 3 {
		t.Errorf("gap of the focus ring, dark: %.2f", got)
	}
}
