package entra_test

import (
	"encoding/xml"
	"net/url"
	"strings"
)

type link struct{ href, text string }

type form struct {
	action  string
	fields  []*field
	buttons []control
}

type control struct{ name, value, text, label string }

// field is an input, a select or a check box with its label.
type field struct {
	id, name, value, label string
	box, checked           bool
	options                []control
}

func (f *form) fill(label, value string) bool {
	for _, fd := range f.fields {
		if fd.label != label {
			continue
		}
		if fd.box {
			fd.checked = value != ""
			return true
		}
		fd.value = value
		for _, o := range fd.options {
			if o.text == value {
				fd.value = o.value
			}
		}
		return true
	}
	return false
}

func (f *form) values() url.Values {
	v := url.Values{}
	for _, fd := range f.fields {
		if fd.name != "" && (!fd.box || fd.checked) {
			v.Add(fd.name, fd.value)
		}
	}
	return v
}

// reader walks through a page once. The simulator's pages are well-formed
// enough for the XML decoder in its HTML mode.
type reader struct {
	page   *page
	form   *form
	label  *label
	labels []*label
	choice *field
	text   strings.Builder // of the whole page
	open   []string
	inner  map[string]*strings.Builder // text of the elements we are in, by name
	button control
	option control
	href   string
	code   string
}

type label struct {
	target string
	field  *field
	text   strings.Builder
}

func (p *page) read() {
	d := xml.NewDecoder(strings.NewReader(p.Body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	r := &reader{page: p, inner: map[string]*strings.Builder{}}
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch tk := token.(type) {
		case xml.StartElement:
			r.start(tk)
		case xml.EndElement:
			r.end(tk.Name.Local)
		case xml.CharData:
			r.data(string(tk))
		}
	}
	p.Text = collapse(r.text.String())
	r.attach()
}

func attribute(e xml.StartElement, name string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

func collapse(text string) string { return strings.Join(strings.Fields(text), " ") }

func (r *reader) start(e xml.StartElement) {
	name := e.Name.Local
	r.open = append(r.open, name)
	r.inner[name] = &strings.Builder{}
	get := func(a string) string { v, _ := attribute(e, a); return v }
	switch name {
	case "form":
		r.form = &form{action: get("action")}
		r.page.forms = append(r.page.forms, r.form)
	case "code":
		r.code = get("id") + get("class")
	case "a":
		r.href = get("href")
	case "label":
		r.label = &label{target: get("for")}
		r.labels = append(r.labels, r.label)
	case "button":
		r.button = control{name: get("name"), value: get("value"), label: get("aria-label")}
	case "option":
		r.option = control{value: get("value")}
		if _, chosen := attribute(e, "selected"); r.choice != nil && (chosen || len(r.choice.options) == 0) {
			r.choice.value = r.option.value
		}
	case "input", "select":
		r.field(e, name)
	}
}

func (r *reader) field(e xml.StartElement, name string) {
	get := func(a string) string { v, _ := attribute(e, a); return v }
	fd := &field{id: get("id"), name: get("name"), value: get("value"), box: get("type") == "checkbox"}
	_, fd.checked = attribute(e, "checked")
	if fd.box && fd.value == "" {
		fd.value = "on"
	}
	if name == "select" {
		r.choice = fd
	}
	if r.label != nil {
		r.label.field = fd
	}
	if r.form != nil {
		r.form.fields = append(r.form.fields, fd)
	}
}

func (r *reader) end(name string) {
	text := ""
	if b := r.inner[name]; b != nil {
		text = collapse(b.String())
	}
	switch name {
	case "title":
		r.page.Title = text
	case "h1":
		r.page.Heading = text
	case "code":
		r.page.codes = append(r.page.codes, control{name: r.code, text: text})
	case "a":
		r.page.links = append(r.page.links, link{r.href, text})
	case "form":
		r.form = nil
	case "label":
		r.label = nil
	case "select":
		r.choice = nil
	case "option":
		r.option.text = text
		if r.choice != nil {
			r.choice.options = append(r.choice.options, r.option)
		}
	case "button":
		r.button.text = text
		if r.form != nil {
			r.form.buttons = append(r.form.buttons, r.button)
		}
	}
	if n := len(r.open); n > 0 && r.open[n-1] == name {
		r.open = r.open[:n-1]
	}
}

func (r *reader) data(text string) {
	for _, name := range r.open {
		if name == "script" || name == "title" && len(r.open) > 0 {
			if b := r.inner[name]; b != nil {
				b.WriteString(text)
			}
			return
		}
	}
	r.text.WriteString(text + " ")
	for _, name := range r.open {
		r.inner[name].WriteString(text)
	}
	if r.label != nil {
		r.label.text.WriteString(text)
	}
}

// attach gives the fields their labels.
func (r *reader) attach() {
	for _, l := range r.labels {
		if l.field != nil {
			l.field.label = collapse(l.text.String())
			continue
		}
		for _, f := range r.page.forms {
			for _, fd := range f.fields {
				if fd.id == l.target {
					fd.label = collapse(l.text.String())
				}
			}
		}
	}
}
