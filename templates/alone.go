package templates

import (
	"context"

	"github.com/a-h/templ"

	"latchkey/static"
)

type aloneKey struct{}

// Alone makes pages rendered under ctx stand alone: one file that loads
// nothing, can be mailed and opened years later. Its links to Latchkey begin
// with site.
func Alone(ctx context.Context, site string) context.Context {
	return context.WithValue(ctx, aloneKey{}, site)
}

func alone(ctx context.Context) bool { return ctx.Value(aloneKey{}) != nil }

// address is a link to another page of Latchkey.
func address(ctx context.Context, path string) string {
	site, _ := ctx.Value(aloneKey{}).(string)
	return site + path
}

// sprite is where the icons are: beside the page, or in it.
func sprite(ctx context.Context) string {
	if alone(ctx) {
		return ""
	}
	return static.Path("icons.svg")
}

// inline is one of our own files as part of the page. Nobody else's text comes
// through here.
func inline(before, name, after string) templ.Component {
	return templ.Raw(before + static.Text(name) + after)
}
