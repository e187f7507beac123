package templates

import "context"

// Script is a PowerShell script as it is shown: whole, before anybody copies it.
type Script struct {
	ID        string // of its box on the page
	Name      string // in the reader's language
	Text      string
	Changes   bool     // it may change something, and asks before
	Confirmed bool     // seen working against Microsoft's service
	Modules   []string // from the PowerShell Gallery
	Roles     []string // Microsoft's names; one is enough
}

// Paste is a form that takes a copied text into a step.
type Paste struct {
	Name  string // of its field
	Hint  string
	Value string // as pasted, when it was rejected; "" if it must not be shown again
	Read  string // one line about what was read last; "" for nothing
	Rows  int
}

// Statement is a point of the checklist that only a person can see.
type Statement struct {
	Name     string // a word of the family "field"
	Hint     string // in the reader's language; "" for none
	Standing string // "yes", "no", "unknown" or ""
	By       string // who said so, and when; "" if nobody has
}

// Guide is the vendor's guide for a kind of deployment.
type Guide struct {
	Title, Deployment string // in English, as the vendor writes them
	URL               string // where this site keeps it; "" if nobody has entered that
}

func statementOrder(list []Statement) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

func statementAnswers(ctx context.Context, list []Statement) []Fact {
	var facts []Fact
	for _, s := range list {
		facts = append(facts, answer(ctx, s.Name, wordOr(ctx, "standing", s.Standing)))
	}
	return facts
}
