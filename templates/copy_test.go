package templates

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/locale"
)

// What is copied is the text of the box: it must be the command to the
// character, whatever keeps its words whole.
func TestACommandIsCopiedAsItStands(t *testing.T) {
	ctx := locale.WithPrinter(t.Context(), printerEN)
	for _, command := range []string{
		"Add-MailboxPermission sales@contoso.example  -User 'a <b> & c' -AutoMapping $false",
		"https://login.example/a-b", "two\nlines -x", "", "plain", " -x ",
	} {
		var out strings.Builder
		if err := copyBox("box", command, "it").Render(ctx, &out); err != nil {
			t.Fatal(err)
		}
		tree, err := html.Parse(strings.NewReader(out.String()))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, code := range all(tree, "code") {
			for d := range code.Descendants() {
				if d.Type == html.TextNode {
					got.WriteString(d.Data)
				}
			}
		}
		if got.String() != command {
			t.Errorf("%q is copied as %q", command, got.String())
		}
		if n := strings.Count(out.String(), `class="word"`); strings.HasPrefix(command, "Add-") && n != 3 {
			t.Errorf("%d words are kept whole, want 3: %s", n, out.String())
		}
	}
}
