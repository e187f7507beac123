package corpus

import (
	"slices"
	"strings"
)

// Incident is what follows each description at the token endpoint and in a
// return to the application (recorded; older recordings break the line where
// newer ones have a space, see Reply.OldBreaks).
const Incident = " Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"

// Variant is a small variation of an answer that recordings show. Its filled
// fields replace those of the item.
type Variant struct {
	Name string `toml:"name"`
	Answer
}

// Reply is one answer in one form at one place, ready to be given.
type Reply struct {
	Item    string // ID
	Variant string // "" for the answer as it is listed
	Where   Where
	Answer

	OldBreaks  bool // "\r\n" between the parts of the description
	NoErrorURI bool
}

// Name is the item's ID, with place and variant where they are needed to tell
// replies apart.
func (r Reply) Name() string {
	name := r.Item + "@" + string(r.Where)
	if r.Variant != "" {
		name += "+" + r.Variant
	}
	return name
}

// Replies lists every form in which the item can be met: at each of its
// places, as listed and in each variant, and with the variations that hold for
// every answer of its kind.
func (i Item) Replies() []Reply {
	var list []Reply
	for _, where := range i.Where {
		plain := Reply{Item: i.ID, Where: where, Answer: i.Answer}
		all := []Reply{plain}
		for _, v := range i.Variants {
			r := plain
			r.Variant, r.Answer = v.Name, i.Answer.with(v.Answer)
			all = append(all, r)
		}
		for _, r := range all {
			list = append(append(list, r), r.variations()...)
		}
	}
	return list
}

// variations are those of the whole kind (collected 2026-11-21): line breaks
// and a missing error_uri at the identity service, the short trace of old
// SMTP servers, no server name in a greeting.
func (r Reply) variations() []Reply {
	var list []Reply
	add := func(name string, change func(*Reply)) {
		v := r
		if v.Variant != "" {
			name = v.Variant + "+" + name
		}
		v.Variant, v.Lines = name, slices.Clone(r.Lines)
		change(&v)
		list = append(list, v)
	}
	replace := func(name, old, new string) {
		if slices.ContainsFunc(r.Lines, func(l string) bool { return strings.Contains(l, old) }) {
			add(name, func(v *Reply) {
				for i := range v.Lines {
					v.Lines[i] = strings.ReplaceAll(v.Lines[i], old, new)
				}
			})
		}
	}
	switch {
	case r.Where.Mail():
		replace("old_trace", " [{server} {time} {request_id}]", " [{server}]")
		replace("no_bracket", " [{bracket}]", "")
	case r.Description != "" && (r.Where == Token || r.Where == AuthorizeRedirect || r.Where == Discovery):
		add("old_breaks", func(v *Reply) { v.OldBreaks = true })
		add("no_error_uri", func(v *Reply) { v.NoErrorURI = true })
	}
	return list
}

// with replaces what is filled in v.
func (a Answer) with(v Answer) Answer {
	text := func(into *string, from string) {
		if from != "" {
			*into = from
		}
	}
	text(&a.Error, v.Error)
	text(&a.Suberror, v.Suberror)
	text(&a.Subcode, v.Subcode)
	text(&a.Description, v.Description)
	text(&a.Claims, v.Claims)
	text(&a.ContentType, v.ContentType)
	text(&a.Body, v.Body)
	if v.Status != 0 {
		a.Status = v.Status
	}
	if v.RetryAfter != 0 {
		a.RetryAfter = v.RetryAfter
	}
	if v.Codes != nil {
		a.Codes = v.Codes
	}
	if v.Lines != nil {
		a.Lines = v.Lines
	}
	if v.Stage != "" {
		a.Stage = v.Stage
	}
	a.Closes = a.Closes || v.Closes
	return a
}

// Fill puts values into the braces of text. A name without a value stays in
// its braces, so that a gap is seen.
func Fill(text string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := values[m[1:len(m)-1]]; ok {
			return v
		}
		return m
	})
}
