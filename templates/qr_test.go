package templates

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"

	"latchkey/internal/locale"
)

// TestQRPathDrawsEveryModule: each dark module of the code, with its frame of
// four light ones, and nothing else.
func TestQRPathDrawsEveryModule(t *testing.T) {
	const link = "https://setup.contoso.example/w/lg7kmqt33xxricoi5ssxd7lmwe"
	size, path := qrPath(link)
	dark := map[string]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(path, -1) {
		x, _ := strconv.Atoi(m[1])
		n, _ := strconv.Atoi(m[3])
		if m[3] != m[4] {
			t.Errorf("%s does not come back", m[0])
		}
		for i := range n {
			dark[fmt.Sprint(x+i, " ", m[2])] = true
		}
	}
	code, err := qr.Encode(link, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	if want := strconv.Itoa(code.Size + 8); size != want {
		t.Errorf("the side is %s modules long, want %s", size, want)
	}
	for y := -4; y < code.Size+4; y++ {
		for x := -4; x < code.Size+4; x++ {
			if dark[fmt.Sprint(x+4, " ", y+4)] != code.Black(x, y) {
				t.Fatalf("the module %d, %d differs", x, y)
			}
		}
	}
	if _, path := qrPath(strings.Repeat("x", 5000)); path != "" {
		t.Error("a text that no code can hold has one")
	}
}

func TestQRCodeStandsOnTheSignInPageAlone(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	for name, c := range samples() {
		var out bytes.Buffer
		if err := c.Render(ctx, &out); err != nil {
			t.Fatal(err)
		}
		if has := strings.Contains(out.String(), `class="qr"`); has && !strings.HasPrefix(name, "sign-in") || has && name == "sign-in-admit" || !has && name == "sign-in" {
			t.Errorf("%s: QR code %v", name, has)
		}
	}
}
