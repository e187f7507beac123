package templates

import (
	"fmt"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quiet is the frame around a QR code, in modules (ISO/IEC 18004 §9.1).
const quiet = 4

// qrPath draws text as the path of an SVG element: a rectangle for each run of
// dark modules. size is the length of a side with its frame. A text that no
// code can hold has no path.
func qrPath(text string) (size, path string) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", ""
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if n := x - start; n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, n, n)
			}
		}
	}
	return strconv.Itoa(code.Size + 2*quiet), b.String()
}
