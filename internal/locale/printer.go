package locale

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Printer says things in one language. It is safe for concurrent use.
type Printer struct {
	catalog   *Catalog
	tag       language.Tag
	localizer *i18n.Localizer
	format    format
}

// Tag is the language as it stands in the attribute lang: "en", "pt-BR".
func (p *Printer) Tag() string { return p.tag.String() }

// Name is what the language calls itself.
func (p *Printer) Name() string { return p.catalog.names[p.tag] }

type contextKey struct{}

// WithPrinter returns a context in which T, N and FromContext speak with p.
func WithPrinter(ctx context.Context, p *Printer) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the printer of ctx, nil if there is none.
func FromContext(ctx context.Context) *Printer {
	p, _ := ctx.Value(contextKey{}).(*Printer)
	return p
}

// T is the sentence id in the language of ctx. pairs are placeholder names and
// values in turn. An unknown id, a placeholder without a value or a context
// without a printer panics in a test and shows the id or the placeholder's
// name in production: a page with one odd word is better than no page.
func T(ctx context.Context, id string, pairs ...any) string {
	p := FromContext(ctx)
	if p == nil {
		return fault(id, errors.New("no printer in the context"))
	}
	return p.T(id, pairs...)
}

// N is T for a sentence that counts: count chooses the plural form (CLDR) and
// fills the placeholder {{.count}}.
func N(ctx context.Context, id string, count int, pairs ...any) string {
	p := FromContext(ctx)
	if p == nil {
		return fault(id, errors.New("no printer in the context"))
	}
	return p.N(id, count, pairs...)
}

// T is the function T for one printer.
func (p *Printer) T(id string, pairs ...any) string {
	return p.say(&i18n.LocalizeConfig{MessageID: id}, pairs)
}

// N is the function N for one printer.
func (p *Printer) N(id string, count int, pairs ...any) string {
	return p.say(&i18n.LocalizeConfig{MessageID: id, PluralCount: count},
		append([]any{"count", p.Number(count)}, pairs...))
}

// Split is T for a sentence of which one placeholder is set by the caller, in
// a link or in bold: it returns what stands before and behind that
// placeholder. Languages order their words differently, so a page must not
// glue a sentence together.
func Split(ctx context.Context, id, name string, pairs ...any) (before, after string) {
	const mark = "\x00"
	before, after, ok := strings.Cut(T(ctx, id, append([]any{name, mark}, pairs...)...), mark)
	if !ok {
		fault(id, fmt.Errorf("no placeholder %q", name))
	}
	return before, after
}

func (p *Printer) say(c *i18n.LocalizeConfig, pairs []any) string {
	values := make(map[string]string, len(pairs)/2)
	if len(pairs)%2 != 0 {
		fault(c.MessageID, errors.New("a placeholder has no value"))
		pairs = pairs[:len(pairs)-1]
	}
	for i := 0; i < len(pairs); i += 2 {
		values[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
	}
	c.TemplateData, c.TemplateParser = values, placeholders{}
	text, err := p.localizer.Localize(c)
	var fallback *i18n.MessageNotFoundErr
	switch {
	case err == nil, errors.As(err, &fallback) && text != "": // in English, but said
		return text
	case text == "":
		return fault(c.MessageID, err)
	}
	fault(c.MessageID, err)
	return text
}

// lookup is T for an id that need not exist.
func (p *Printer) lookup(id string) (text string, ok bool) {
	text, _ = p.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: map[string]string{}, TemplateParser: placeholders{}})
	return text, text != ""
}

// fault panics where somebody is there to repair it, and else returns the id
// as the text to show.
func fault(id string, err error) string {
	if testing.Testing() {
		panic(fmt.Sprintf("locale: %s: %v", id, err))
	}
	return id
}
