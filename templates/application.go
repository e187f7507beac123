package templates

import (
	"context"
	"slices"
)

// ApplicationView is the first step: which mail application, which release,
// who signs in, for which mailboxes.
type ApplicationView struct {
	StepPage
	Form     ApplicationForm
	Products []Option
	Releases []Option // with an empty first entry
	Nodes    []string // servers that need not be named: the nodes of Latchkey itself
	// Statements, Guides and Unlisted belong to the product and release that are
	// saved.
	Statements []Statement
	Guides     []Guide
	Unlisted   bool // the vendor's checklist does not name the release
}

// ApplicationForm holds the entries as typed.
type ApplicationForm struct {
	Product       string
	Release       string
	Specials      string
	Method        string // "mailbox_account" or "shared_account"
	Mailboxes     string // one per line
	SignInAccount string
	Protocols     []string // of "imap", "pop3", "smtp"
	Servers       string   // one per line
	ChecklistOnly bool
}

var protocols = []string{"imap", "pop3", "smtp"}

var applicationOrder = []string{
	"product", "release", "specials", "method", "mailboxes", "sign_in_account", "protocols", "servers",
}

func (v ApplicationView) answers(ctx context.Context) []Fact {
	list := []Fact{answer(ctx, "product", textOfOption(v.Products, v.Form.Product))}
	if slices.ContainsFunc(v.Products, func(o Option) bool { return o.Listed && o.Value == v.Form.Product }) {
		list = append(list,
			answer(ctx, "release", textOfOption(v.Releases, v.Form.Release)),
			answer(ctx, "specials", v.Form.Specials))
	}
	return append(list,
		answer(ctx, "method", wordOr(ctx, "method", v.Form.Method)),
		answer(ctx, "mailboxes", v.Form.Mailboxes),
		answer(ctx, "sign_in_account", v.Form.SignInAccount),
		answer(ctx, "protocols", words(ctx, "protocol", v.Form.Protocols)),
		answer(ctx, "servers", v.Form.Servers),
	)
}

func (f ApplicationForm) has(protocol string) bool { return slices.Contains(f.Protocols, protocol) }

func optionChoices(options []Option) []choice {
	list := make([]choice, len(options))
	for i, o := range options {
		list[i] = choice{Value: o.Value, Title: o.Text, Listed: o.Listed}
	}
	return list
}

// wordChoices makes one choice of each value, worded by family and, if there
// is one, explained by the family text.
func wordChoices(ctx context.Context, family, text string, values ...string) []choice {
	list := make([]choice, len(values))
	for i, v := range values {
		list[i] = choice{Value: v, Title: word(ctx, family, v)}
		if text != "" {
			list[i].Text = word(ctx, text, v)
		}
	}
	return list
}
