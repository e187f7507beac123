package templates

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/locale"
)

// render writes every sample as a page into dir and returns the parsed trees.
func render(t *testing.T, dir string) map[string]*html.Node {
	t.Helper()
	ctx := locale.WithPrinter(t.Context(), printerEN)
	trees := map[string]*html.Node{}
	for name, c := range samples() {
		var out bytes.Buffer
		if err := c.Render(ctx, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".html"), out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		// Without scripting, noscript has elements in place of text.
		tree, err := html.ParseWithOptions(&out, html.ParseOptionEnableScripting(false))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		trees[name] = tree
	}
	return trees
}

// galleryDir is where the pages are written: a temporary folder, or the one
// that LATCHKEY_GALLERY names, for looking at them.
func galleryDir(t *testing.T) string {
	if dir := os.Getenv("LATCHKEY_GALLERY"); dir != "" {
		return dir
	}
	return t.TempDir()
}

func elements(root *html.Node) []*html.Node {
	var list []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			list = append(list, n)
		}
	}
	return list
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func all(root *html.Node, tags ...string) []*html.Node {
	return slices.DeleteFunc(elements(root), func(n *html.Node) bool { return !slices.Contains(tags, n.Data) })
}

// rules are what holds on every page. Each returns what breaks it.
var rules = map[string]func(root *html.Node) []string{
	"one heading of the first level, named by the title": func(root *html.Node) []string {
		heads, titles := all(root, "h1"), all(root, "title")
		if len(heads) != 1 || len(titles) != 1 {
			return []string{fmt.Sprintf("%d h1, %d title", len(heads), len(titles))}
		}
		parts := strings.Split(text(titles[0]), " – ")
		name := strings.TrimPrefix(parts[max(0, len(parts)-2)], "Error: ")
		if len(parts) < 2 || len(parts) > 3 || parts[len(parts)-1] != Product || name != text(heads[0]) {
			return []string{text(titles[0]) + " | " + text(heads[0])}
		}
		return nil
	},
	"headings go down one level at a time": func(root *html.Node) []string {
		var faults []string
		last := 1
		for _, h := range all(root, "h1", "h2", "h3", "h4") {
			level := int(h.Data[1] - '0')
			if level > last+1 {
				faults = append(faults, text(h))
			}
			last = level
		}
		return faults
	},
	"every control has a label": func(root *html.Node) []string {
		labelled := map[string]bool{}
		for _, l := range all(root, "label") {
			labelled[attribute(l, "for")] = text(l) != ""
		}
		var faults []string
		for _, c := range all(root, "input", "textarea", "select") {
			if attribute(c, "type") != "hidden" && !labelled[attribute(c, "id")] {
				faults = append(faults, attribute(c, "name"))
			}
		}
		for _, f := range all(root, "fieldset") {
			if f.FirstChild == nil || f.FirstChild.Data != "legend" || text(f.FirstChild) == "" {
				faults = append(faults, "fieldset without legend")
			}
		}
		return faults
	},
	"identifiers are unique and references resolve": func(root *html.Node) []string {
		ids := map[string]int{}
		for _, n := range elements(root) {
			if has(n, "id") {
				ids[attribute(n, "id")]++
			}
		}
		var faults []string
		for id, times := range ids {
			if times > 1 || id == "" || strings.ContainsAny(id, " \t") {
				faults = append(faults, fmt.Sprintf("%q %d times", id, times))
			}
		}
		for _, n := range elements(root) {
			for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "data-copy"} {
				for _, ref := range strings.Fields(attribute(n, name)) {
					if ids[ref] == 0 {
						faults = append(faults, name+" "+ref)
					}
				}
			}
			if href := attribute(n, "href"); strings.HasPrefix(href, "#") && ids[href[1:]] == 0 {
				faults = append(faults, "link to "+href)
			}
			if has(n, "data-live") && !has(n, "id") {
				faults = append(faults, "live part without an identifier")
			}
		}
		return faults
	},
	"nothing inline": func(root *html.Node) []string {
		var faults []string
		for _, n := range elements(root) {
			if n.Data == "style" || n.Data == "script" && (n.FirstChild != nil || attribute(n, "src") == "") {
				faults = append(faults, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "title" || strings.Contains(a.Val, "javascript:") || strings.HasPrefix(a.Val, "data:") {
					faults = append(faults, n.Data+" "+a.Key)
				}
			}
		}
		return faults
	},
	"forms post to this site, and only search gets": func(root *html.Node) []string {
		var faults []string
		for _, f := range all(root, "form") {
			method, action := attribute(f, "method"), attribute(f, "action")
			if method != "post" && attribute(f, "role") != "search" || !strings.HasPrefix(action, "/") || strings.HasPrefix(action, "//") {
				faults = append(faults, method+" "+action)
			}
		}
		for _, b := range all(root, "button", "input", "select", "textarea") {
			if has(b, "disabled") || has(b, "formaction") {
				faults = append(faults, "dead or redirected control "+text(b))
			}
		}
		return faults
	},
	"links say where they lead": func(root *html.Node) []string {
		var faults []string
		for _, n := range all(root, "a", "button") {
			name := strings.ToLower(text(n))
			if name == "" || name == "here" || name == "click here" || name == "more" || n.Data == "a" && attribute(n, "href") == "" {
				faults = append(faults, fmt.Sprintf("%q to %q", name, attribute(n, "href")))
			}
		}
		return faults
	},
	"at most one primary button": func(root *html.Node) []string {
		count := 0
		for _, n := range all(root, "a", "button") {
			if slices.Contains(strings.Fields(attribute(n, "class")), "primary") {
				count++
			}
		}
		if count > 1 {
			return []string{fmt.Sprint(count)}
		}
		return nil
	},
	"help is last in the header and first in the footer": func(root *html.Node) []string {
		var faults []string
		for _, n := range elements(root) {
			links := all(n, "a")
			switch attribute(n, "class") {
			case "top":
				if attribute(links[len(links)-1], "href") != "/help" {
					faults = append(faults, "header")
				}
			case "bottom":
				if attribute(links[0], "href") != "/help" {
					faults = append(faults, "footer")
				}
			}
		}
		return faults
	},
	"one live region, and no value in a password field": func(root *html.Node) []string {
		var faults []string
		status := 0
		for _, n := range elements(root) {
			if attribute(n, "role") == "status" {
				status++
			}
			if attribute(n, "type") == "password" && has(n, "value") {
				faults = append(faults, attribute(n, "name"))
			}
		}
		if status != 1 {
			faults = append(faults, fmt.Sprintf("%d status regions", status))
		}
		return faults
	},
	"no step has the number 0, no placeholder is left": func(root *html.Node) []string {
		var faults []string
		for _, sign := range []string{"Step 0", "step 0", "{{", "%!", "<no value>"} {
			if strings.Contains(text(root), sign) {
				faults = append(faults, sign)
			}
		}
		return faults
	},
	"an icon stands beside a word": func(root *html.Node) []string {
		var faults []string
		for _, n := range all(root, "svg") {
			if attribute(n, "role") == "img" && attribute(n, "aria-label") != "" {
				continue // a picture with a name
			}
			if attribute(n, "aria-hidden") != "true" || text(n.Parent) == "" {
				faults = append(faults, attribute(n, "class"))
			}
		}
		return faults
	},
}

func TestEveryPageInEveryState(t *testing.T) {
	trees := render(t, galleryDir(t))
	if len(trees) < 85 {
		t.Errorf("only %d pages", len(trees))
	}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		for rule, broken := range rules {
			for _, fault := range broken(trees[name]) {
				t.Errorf("%s: %s: %s", name, rule, fault)
			}
		}
	}
}
