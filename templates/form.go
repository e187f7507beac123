package templates

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// control is one entry with everything around it.
type control struct {
	Name     string // of the field in the POST
	Label    string // default: the family "field"
	Hint     string // no full stop, no link
	Value    string
	Error    string
	Type     string // of the input, default "text"
	Complete string // attribute autocomplete, default "off"
	Rows     int    // more than 0: several lines
	Short    bool   // half as wide
	Machine  bool   // a name, an address or an identifier: no spell check, monospaced
}

func (c control) label(ctx context.Context) string {
	if c.Label != "" {
		return c.Label
	}
	return word(ctx, "field", c.Name)
}

// FieldID is the anchor of a field on its page.
func FieldID(name string) string { return "f-" + strings.ReplaceAll(name, "_", "-") }

// described lists the elements that describe a field, "" for none.
func described(id, hint, wrong string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if wrong != "" {
		ids = append(ids, id+"-error")
	}
	return strings.Join(ids, " ")
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// choice is one entry of a group of radio buttons or boxes.
type choice struct {
	Value string
	Title string
	Text  string // one line more, "" for none
	// Listed: the parts of the form with the class "only-listed" belong to it.
	Listed bool
}

// inOrder lists the names of rejected fields as they stand on the page; names
// the page does not know come last, so that no message is lost.
func inOrder(errors map[string]string, order []string) []string {
	var names []string
	for _, name := range order {
		if _, ok := errors[name]; ok {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(errors)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// wrongness ties a control to its hint and its error.
func wrongness(id, hint, wrong string) templ.Attributes {
	attributes := templ.Attributes{}
	if d := described(id, hint, wrong); d != "" {
		attributes["aria-describedby"] = d
	}
	if wrong != "" {
		attributes["aria-invalid"] = "true"
	}
	return attributes
}

// choiceID is the identifier of the i-th choice. The first has the field's
// own, so that the error summary leads to it.
func choiceID(field string, i int) string {
	if i == 0 {
		return field
	}
	return field + "-" + strconv.Itoa(i+1)
}

func textOf(id, text string) templ.Attributes {
	if text == "" {
		return nil
	}
	return templ.Attributes{"aria-describedby": id + "-text"}
}
