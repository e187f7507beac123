package templates

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// unbroken writes a text whose words stay whole: browsers break a line behind
// any hyphen, and "Add-" at the end of a line, or a lone "-", is no word of a
// command. A word that is longer than its line still breaks. Scripts keep their
// own lines, and would need too many elements.
func unbroken(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if strings.Contains(text, "\n") || !strings.Contains(text, "-") {
			_, err := io.WriteString(w, templ.EscapeString(text))
			return err
		}
		var b strings.Builder
		for i, word := range strings.Split(text, " ") {
			if i > 0 {
				b.WriteByte(' ')
			}
			if strings.Contains(word, "-") {
				word = `<span class="word">` + templ.EscapeString(word) + `</span>`
			} else {
				word = templ.EscapeString(word)
			}
			b.WriteString(word)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}
