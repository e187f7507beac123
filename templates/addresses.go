package templates

import (
	"context"
	"unicode/utf8"
)

// AddressesView is the second step: the addresses that must agree to the
// character.
type AddressesView struct {
	StepPage
	Form        AddressesForm
	ExternalURL string // ours, from the configuration
	RedirectURI string // ours
	Product     string // name of a product with addresses of its own, "" for one without
	Setting     string // English label of the product's external-URL setting
	Place       string // where its console shows it, in English
	Compare     []Comparison
	Paste       Paste // of the address of the product's sign-in page
}

// AddressesForm holds the entries as typed.
type AddressesForm struct {
	ProductURL         string
	ConsoleURL         string
	ProductRedirectURI string
}

// Comparison is one value seen in two places. At is the position of the first
// differing character, counted in bytes; it is only read when Same is false.
type Comparison struct {
	Name   string // in the reader's language
	Before string // verbatim; "" for nothing
	Now    string
	Same   bool
	At     int  // of the first character that differs; -1 marks none
	Wrong  bool // that they differ is a problem, not a change
	Plain  bool // shown side by side without a verdict
}

var addressesOrder = []string{"product_url", "console_url", "product_redirect_uri"}

func (v AddressesView) answers(ctx context.Context) []Fact {
	if v.Product == "" {
		return []Fact{{t(ctx, "addresses.external_url"), v.ExternalURL}, {t(ctx, "addresses.redirect_uri"), v.RedirectURI}}
	}
	return []Fact{
		{t(ctx, "addresses.external_url"), v.ExternalURL},
		{t(ctx, "addresses.redirect_uri"), v.RedirectURI},
		answer(ctx, "product_url", v.Form.ProductURL),
		answer(ctx, "console_url", v.Form.ConsoleURL),
		answer(ctx, "product_redirect_uri", v.Form.ProductRedirectURI),
	}
}

// cut divides s where a comparison found the first difference: what is equal,
// the character that differs, and the rest. A difference at the end of s marks
// nothing, and the page says so in words.
func cut(s string, at int) (equal, differs, rest string) {
	if at < 0 || at >= len(s) {
		return s, "", ""
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	return s[:at], s[at : at+size], s[at+size:]
}
