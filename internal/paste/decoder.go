package paste

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/setup"
)

// decoder takes properties out of values and keeps the first thing that is
// wrong.
type decoder struct {
	where string
	first *Fault
}

// at is a value with its path. A zero value is a property that is not there.
type at struct {
	*node
	path string
}

func (d *decoder) fail(a at, w Wrong, got, want string) {
	if d.first == nil {
		d.first = &Fault{Where: d.where, Wrong: w, Property: a.path, Got: piece(got), Want: want}
		if a.node != nil {
			d.first.Line = a.line
		}
	}
}

// err is the first fault; a nil *Fault must not become an error.
func (d *decoder) err() error {
	if d.first == nil {
		return nil
	}
	return d.first
}

func (a at) get(name string) at {
	path := name
	if a.path != "" {
		path = a.path + "." + name
	}
	return at{a.member(name), path}
}

// told reports whether the property is there and not null.
func (a at) told() bool { return a.node != nil && a.kind != isNull }

// need reports whether a property that must be there is: null counts as there.
func (d *decoder) need(a at, want string) bool {
	if a.node == nil {
		d.fail(a, PropertyMissing, "", want)
		return false
	}
	return true
}

// is reports whether the value has the kind; null and a missing one are no
// fault here.
func (d *decoder) is(a at, k kind) bool {
	if !a.told() {
		return false
	}
	if a.kind != k {
		d.fail(a, PropertyType, string(a.kind), string(k))
		return false
	}
	return true
}

// maxString is the longest text of a property that is kept.
const maxString = 2048

func (d *decoder) text(a at) string {
	if !d.is(a, isText) {
		return ""
	}
	if len(a.node.text) > maxString {
		d.fail(a, PropertyValue, a.node.text, fmt.Sprintf("at most %d characters", maxString))
		return ""
	}
	return a.node.text
}

// object is the value where it is an object; null and a missing one give the
// zero value.
func (d *decoder) object(a at) at {
	if !d.is(a, isObject) {
		return at{path: a.path}
	}
	return a
}

// list returns the entries, nil where the property is missing or null. The
// JSON of Windows PowerShell 5.1 wraps some arrays in an object with the
// properties value and Count (github.com/PowerShell/PowerShell/issues/5797).
func (d *decoder) list(a at) []at {
	if a.told() && a.kind == isObject && len(a.members) == 2 && a.member("Count") != nil && a.member("value") != nil {
		a = at{a.member("value"), a.path}
	}
	if !d.is(a, isList) {
		return nil
	}
	out := make([]at, len(a.node.list))
	for i, v := range a.node.list {
		out[i] = at{v, fmt.Sprintf("%s[%d]", a.path, i)}
	}
	return out
}

// texts returns a list of texts, nil where the property is missing or null.
func (d *decoder) texts(a at) []string {
	entries := d.list(a)
	if entries == nil {
		return nil
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.kind == isNull {
			d.fail(e, PropertyType, string(isNull), string(isText))
		}
		out = append(out, d.text(e))
	}
	return out
}

// uris is texts, each an absolute URI without blanks: "urn:…", "https://…". A
// chat program makes "[https://…](https://…)" of them.
func (d *decoder) uris(a at) []string {
	list := d.texts(a)
	for i, e := range d.list(a) {
		if i >= len(list) || uriForm.MatchString(list[i]) {
			continue
		}
		if uriForm.MatchString(strings.TrimSpace(list[i])) {
			d.fail(e, BlankAtEnd, list[i], "")
		}
		d.fail(e, PropertyValue, list[i], "a URI")
	}
	return list
}

// uriForm is a scheme and something behind it (RFC 3986 §3).
var uriForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"]+$`)

// choice is a text out of a closed list.
func (d *decoder) choice(a at, of ...string) string {
	s := d.text(a)
	if a.told() && !slices.Contains(of, s) {
		d.fail(a, PropertyValue, s, "one of "+strings.Join(of, ", "))
	}
	return s
}

func (d *decoder) guid(a at) string {
	s := d.text(a)
	if a.told() && !setup.IsGUID(s) {
		d.fail(a, PropertyValue, s, "a GUID")
	}
	return strings.ToLower(s)
}

// boolean is nil for null and a missing property. Microsoft's own sample of a
// manifest has "false" in quotes.
func (d *decoder) boolean(a at) *bool {
	if !a.told() {
		return nil
	}
	yes := a.kind == isTrue || a.kind == isText && a.node.text == "true"
	if !yes && a.kind != isFalse && (a.kind != isText || a.node.text != "false") {
		d.fail(a, PropertyType, string(a.kind), "true or false")
	}
	return &yes
}

func (d *decoder) integer(a at) int64 {
	if !d.is(a, isNumber) {
		return 0
	}
	n, err := strconv.ParseInt(a.node.text, 10, 64)
	if err != nil || n < 0 {
		d.fail(a, PropertyValue, a.node.text, "a whole number from 0")
	}
	return n
}

// time is the zero time for null and a missing property.
func (d *decoder) time(a at) time.Time {
	s := d.text(a)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		d.fail(a, PropertyValue, s, "a time as in 2026-11-21T10:00:00Z")
		return time.Time{}
	}
	return t.UTC()
}
