package paste

import (
	"fmt"
	"strings"
	"unicode"
)

// Wrong is what is wrong with a paste; the languages have a sentence for each.
type Wrong string

// What can be wrong. The comment says which fields of Fault are filled beside
// Where, which is always.
const (
	Nothing      Wrong = "nothing"       // no readable text
	TooLong      Wrong = "too_long"      // Want: the limit
	Unknown      Wrong = "unknown"       // it is something else; Want: what belongs here
	BeginMissing Wrong = "begin_missing" // Want: what the first line is
	EndMissing   Wrong = "end_missing"   // Want: what the last line is
	Several      Wrong = "several"       // Line: where the second one begins
	OtherKind    Wrong = "other_kind"    // Got, Want: kinds of blocks
	LineMissing  Wrong = "line_missing"  // Got: number of the block's line that is not there
	LineTwice    Wrong = "line_twice"    // Line; Got: number of the block's line that came twice, and differently
	LineCut      Wrong = "line_cut"      // Line; Got: number of the block's line
	Character    Wrong = "character"     // Line; Got: what stands there, Want: what may stand there
	Changed      Wrong = "changed"       // the checksum differs
	Packed       Wrong = "packed"        // the content cannot be unpacked

	NotJSON         Wrong = "not_json"         // Line; Got, Want
	Truncated       Wrong = "truncated"        // Line: the last one; Property: what is not closed
	PropertyTwice   Wrong = "property_twice"   // Line, Property
	PropertyMissing Wrong = "property_missing" // Property, Want
	PropertyType    Wrong = "property_type"    // Line, Property; Got, Want: kinds of values
	PropertyValue   Wrong = "property_value"   // Line, Property, Got, Want

	OtherSchema Wrong = "other_schema" // Got, Want
	OtherSetup  Wrong = "other_setup"  // Got: the setup that the script was made for
	Old         Wrong = "old"          // Got: when it was made, Want: the oldest that is taken
	Future      Wrong = "future"       // Got: when it was made

	BlankAtEnd    Wrong = "blank_at_end"   // Line, Property; Got
	EnterpriseApp Wrong = "enterprise_app" // Line: of what shows it

	NotAuthorize Wrong = "not_authorize" // Got: host and path; Want
	PlainHTTP    Wrong = "plain_http"    // Got: scheme and host; Want
	LaterPage    Wrong = "later_page"    // Got: host and path; Want
)

// Fault says what is wrong with a paste, where, and what was expected, so that
// a page can say it. It holds short pieces of the paste, never a secret.
type Fault struct {
	Where    string // "manifest", "block", "address"
	Wrong    Wrong
	Line     int    // of the pasted text or, where Property is set, of its content; from 1, 0: none
	Property string // path: "web.redirectUris[1]"
	Got      string
	Want     string
}

// Error implements error.
func (f *Fault) Error() string {
	parts := []string{"paste: " + f.Where, string(f.Wrong)}
	if f.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", f.Line))
	}
	if f.Property != "" {
		parts = append(parts, f.Property)
	}
	if f.Got != "" {
		parts = append(parts, fmt.Sprintf("got %q", f.Got))
	}
	if f.Want != "" {
		parts = append(parts, "want "+f.Want)
	}
	return strings.Join(parts, ": ")
}

// piece shortens and masks what a fault quotes.
func piece(s string) string {
	s, _ = Mask(strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return s
}

// lineOf is the line of text that offset stands in, from 1.
func lineOf(text string, offset int) int { return 1 + strings.Count(text[:offset], "\n") }
