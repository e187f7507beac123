package templates

import (
	"context"
	"net/url"

	"latchkey/internal/locale"
)

func kind(k string) string {
	if k == "" {
		return "setup"
	}
	return k
}

// setupName is what people call the setup; before the first answer there is
// only a description.
func setupName(ctx context.Context, s Setup) string {
	if s.Name == "" {
		return t(ctx, "layout.new_setup")
	}
	return s.Name
}

// backURL is an address that knows where to return to.
func backURL(target, path string) string {
	return target + "?" + url.Values{"back": {path}}.Encode()
}

// nextName is the first line of the banner: who acts.
func nextName(ctx context.Context, x *Next) string {
	switch {
	case x.Me:
		return t(ctx, "next.you")
	case x.Who == "":
		return t(ctx, "next.role", "role", word(ctx, "actor", x.Actor))
	case x.Actor == "":
		return t(ctx, "next.person", "name", x.Who)
	}
	return t(ctx, "next.person_role", "name", x.Who, "role", word(ctx, "actor", x.Actor))
}

// nextText is the second line of the banner: what is to be done.
func nextText(ctx context.Context, p Page) string {
	if p.Next.Text != "" {
		return p.Next.Text
	}
	return t(ctx, "next_step."+p.Next.Step, "number", p.Setup.Number(p.Next.Step))
}

// title follows the grammar state – name – product, so that the state is heard
// first and survives in a narrow tab.
func (h head) title(ctx context.Context) string {
	switch {
	case h.Wrong:
		return t(ctx, "title.error", "title", h.Title) + " – " + Product
	case h.State == "":
		return h.Title + " – " + Product
	}
	return h.State + " – " + h.Title + " – " + Product
}

// split is a sentence in two parts, before and behind one placeholder.
func split(ctx context.Context, id, name string, pairs ...any) (before, after string) {
	return locale.Split(ctx, id, name, pairs...)
}
