package walk

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func dropAttr(n *html.Node, name string) {
	for i, a := range n.Attr {
		if a.Key == name {
			n.Attr = append(n.Attr[:i], n.Attr[i+1:]...)
			return
		}
	}
}

func setAttr(n *html.Node, name, value string) {
	dropAttr(n, name)
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}

func setText(n *html.Node, text string) {
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
}

func descendants(n *html.Node, tag string) []*html.Node {
	var list []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			list = append(list, d)
		}
	}
	return list
}

func ancestor(n *html.Node, tag string) *html.Node {
	for a := range n.Ancestors() {
		if a.Type == html.ElementNode && a.Data == tag {
			return a
		}
	}
	return nil
}

func byID(n *html.Node, id string) *html.Node {
	for d := range n.Descendants() {
		if id != "" && d.Type == html.ElementNode && attr(d, "id") == id {
			return d
		}
	}
	return nil
}

func hasClass(n *html.Node, class string) bool {
	for _, c := range strings.Fields(attr(n, "class")) {
		if c == class {
			return true
		}
	}
	return false
}

// words is the visible text under n, blanks collapsed.
func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "template"):
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && block[n.Data] {
			b.WriteByte(' ')
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

var block = map[string]bool{
	"p": true, "div": true, "li": true, "dt": true, "dd": true, "h1": true, "h2": true, "h3": true, "h4": true,
	"section": true, "article": true, "header": true, "footer": true, "nav": true, "tr": true, "td": true, "th": true,
	"pre": true, "button": true, "label": true, "option": true, "legend": true, "summary": true, "figcaption": true, "br": true,
}

// formValues is what a browser would send for a form, without its buttons.
func formValues(form *html.Node) url.Values {
	values := url.Values{}
	for d := range form.Descendants() {
		if d.Type != html.ElementNode || attr(d, "name") == "" || hasAttr(d, "disabled") {
			continue
		}
		name := attr(d, "name")
		switch d.Data {
		case "textarea":
			values.Add(name, strings.TrimPrefix(textOf(d), "\n"))
		case "select":
			values.Add(name, selected(d))
		case "input":
			switch attr(d, "type") {
			case "submit", "button", "reset", "image", "file":
			case "radio", "checkbox":
				if hasAttr(d, "checked") {
					value := attr(d, "value")
					if !hasAttr(d, "value") {
						value = "on"
					}
					values.Add(name, value)
				}
			default:
				values.Add(name, attr(d, "value"))
			}
		}
	}
	return values
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func selected(n *html.Node) string {
	options := descendants(n, "option")
	value := func(o *html.Node) string {
		if hasAttr(o, "value") {
			return attr(o, "value")
		}
		return words(o)
	}
	for _, o := range options {
		if hasAttr(o, "selected") {
			return value(o)
		}
	}
	if len(options) > 0 {
		return value(options[0])
	}
	return ""
}
