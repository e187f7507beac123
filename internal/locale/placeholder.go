package locale

import (
	"fmt"
	"regexp"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// placeholders is the whole template language of a language file: {{.name}}.
// A file that anybody may translate is data; it must not be able to loop,
// to call functions or to fail in a way that leaves a page half written.
type placeholders struct{}

var placeholder = regexp.MustCompile(`\{\{\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

// Cacheable implements template.Parser: a parsed text holds no values.
func (placeholders) Cacheable() bool { return true }

// Parse implements template.Parser.
func (placeholders) Parse(src, _, _ string) (template.ParsedTemplate, error) {
	return sentence(src), nil
}

type sentence string

// Execute implements template.ParsedTemplate. A placeholder without a value is
// shown by its name in brackets, and reported.
func (s sentence) Execute(data any) (string, error) {
	values, _ := data.(map[string]string)
	var missing error
	text := placeholder.ReplaceAllStringFunc(string(s), func(m string) string {
		name := placeholder.FindStringSubmatch(m)[1]
		v, ok := values[name]
		if !ok {
			missing = fmt.Errorf("placeholder %q has no value", name)
			return "[" + name + "]"
		}
		return v
	})
	return text, missing
}
