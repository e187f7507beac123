package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed lang/*.toml
var files embed.FS

// source is the language of the definitions and of the fallback.
var source = language.English

// Catalog holds all languages. It is read-only after Load and safe for
// concurrent use.
type Catalog struct {
	bundle *i18n.Bundle
	tags   []language.Tag // English first, the others by tag
	names  map[language.Tag]string
	match  language.Matcher
}

// Load reads the embedded languages. An error means that a language file is
// broken or does not name itself.
func Load() (*Catalog, error) {
	dir, err := fs.Sub(files, "lang")
	if err != nil {
		return nil, fmt.Errorf("locale: %w", err)
	}
	return load(dir)
}

func load(dir fs.FS) (*Catalog, error) {
	found, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return nil, fmt.Errorf("locale: %w", err)
	}
	c := &Catalog{bundle: i18n.NewBundle(source), names: map[language.Tag]string{}}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range found {
		if err := c.add(dir, name); err != nil {
			return nil, err
		}
	}
	if _, ok := c.names[source]; !ok {
		return nil, fmt.Errorf("locale: %s.toml is missing", source)
	}
	slices.SortFunc(c.tags, func(a, b language.Tag) int {
		if a == source || b == source { // the first tag is what the matcher falls back to
			return map[bool]int{true: -1, false: 1}[a == source]
		}
		return strings.Compare(a.String(), b.String())
	})
	c.match = language.NewMatcher(c.tags)
	return c, nil
}

// add reads one file: "en.toml" names the language, "en.explain.toml" holds
// more of its words.
func (c *Catalog) add(dir fs.FS, name string) error {
	first, part, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".toml"), ".")
	tag, err := language.Parse(first)
	if err != nil {
		return fmt.Errorf("locale: %s: the file name is not a language tag: %w", name, err)
	}
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		return fmt.Errorf("locale: %w", err)
	}
	var self struct {
		Meta struct{ Name string }
	}
	if err := toml.Unmarshal(data, &self); err != nil {
		return fmt.Errorf("locale: %s: %w", name, err)
	}
	if self.Meta.Name == "" && part == "" {
		return fmt.Errorf("locale: %s does not name itself: [meta] name is empty", name)
	}
	if _, err := c.bundle.ParseMessageFileBytes(data, first+".toml"); err != nil {
		return fmt.Errorf("locale: %s: %w", name, err)
	}
	if part != "" {
		return nil
	}
	c.tags = append(c.tags, tag)
	c.names[tag] = self.Meta.Name
	return nil
}

// Tags lists the languages as they stand in the attribute lang, English first.
func (c *Catalog) Tags() []string {
	tags := make([]string, len(c.tags))
	for i, t := range c.tags {
		tags[i] = t.String()
	}
	return tags
}

// Name is what the language tag calls itself, "" for a language that is not
// in the catalogue.
func (c *Catalog) Name(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return ""
	}
	return c.names[t]
}

// Printer returns the printer for the first of preferred that the catalogue
// can serve, else English. Each entry is a language tag or a whole
// Accept-Language header (RFC 9110 §12.5.4); what cannot be read is passed
// over, because a header comes from anywhere.
func (c *Catalog) Printer(preferred ...string) *Printer {
	for _, p := range preferred {
		wanted, _, err := language.ParseAcceptLanguage(p)
		if err != nil {
			continue
		}
		if _, i, confidence := c.match.Match(wanted...); confidence > language.No {
			return c.printer(c.tags[i])
		}
	}
	return c.printer(source)
}

func (c *Catalog) printer(tag language.Tag) *Printer {
	return &Printer{
		catalog: c, tag: tag, format: formatOf(tag.String()),
		localizer: i18n.NewLocalizer(c.bundle, tag.String()),
	}
}
