package walk

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// The words of the pages, as a reader knows them, and what they are called in
// the contract.
var (
	stateWords = []struct{ words, id string }{
		{"Not started", "not_started"}, {"Blocked", "blocked"}, {"In progress", "in_progress"}, {"Waiting", "waiting"},
		{"Needs attention", "needs_attention"}, {"Done", "done"}, {"Out of date", "out_of_date"},
	}
	severityWords = map[string]string{"Problem": "blocker", "Warning": "warning", "Note": "note"}
	actorWords    = map[string]string{
		"Administrator of the mail application": "product_admin", "Owner of the Entra application": "app_admin",
		"Microsoft 365 administrator": "entra_admin", "Microsoft 365 administrator (Exchange)": "exchange_admin",
		"Owner of the sign-in account": "mailbox_user", "Network team": "network_admin", "Microsoft": "microsoft",
	}
)

// readAll reads the overview and the page of each step.
func (p *person) readAll() ([]Step, error) {
	steps := []Step{}
	if p.setup == "" {
		return steps, nil
	}
	if err := p.desk.open(p.setup); err != nil {
		return steps, err
	}
	overview := p.desk.page
	list := byID(overview.root, "steps")
	if list == nil {
		return steps, overview.missing("list of", "steps")
	}
	for _, a := range descendants(list, "a") {
		target, err := overview.url.Parse(attr(a, "href"))
		if err != nil {
			return steps, fmt.Errorf("walk: %w", err)
		}
		path := target.Path[strings.LastIndexByte(target.Path, '/')+1:]
		step := Step{ID: strings.ReplaceAll(path, "-", "_"), State: stateIn(words(a)), Findings: []Finding{}}
		if err := p.desk.open(target.String()); err != nil {
			return steps, err
		}
		for _, card := range p.desk.page.cards() {
			step.Findings = append(step.Findings, findingOf(card))
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// stateIn finds the state among the words of a row: the last one counts, the
// step's own name may hold one of the words.
func stateIn(row string) string {
	best, at := "", -1
	for _, s := range stateWords {
		if i := strings.LastIndex(row, s.words); i > at {
			best, at = s.id, i
		}
	}
	return best
}

// cards are the finding cards of a page, in their order.
func (p *page) cards() []*html.Node {
	var list []*html.Node
	for _, a := range p.all("article") {
		if hasClass(a, "finding") {
			list = append(list, a)
		}
	}
	return list
}

func findingOf(card *html.Node) Finding {
	var f Finding
	for d := range card.Descendants() {
		if d.Type == html.ElementNode && f.Severity == "" && hasClass(d, "tag") {
			f.Severity = severityWords[words(d)]
		}
	}
	for _, a := range descendants(card, "a") {
		if strings.HasPrefix(attr(a, "href"), "/findings/") {
			f.Code = words(a)
			break
		}
	}
	for _, dt := range descendants(card, "dt") {
		if words(dt) != "Who can fix it" {
			continue
		}
		for dd := dt.NextSibling; dd != nil; dd = dd.NextSibling {
			if dd.Type == html.ElementNode && dd.Data == "dd" {
				f.Actor = actorWords[words(dd)]
				break
			}
		}
	}
	return f
}

// problem reports whether a card says that something blocks.
func (p *page) problem() bool {
	for _, card := range p.cards() {
		if findingOf(card).Severity == "blocker" {
			return true
		}
	}
	return false
}

// leadsOn reports whether the page has the way to the next step, or is the
// last one and done.
func (p *page) leadsOn() bool {
	for _, a := range p.all("a") {
		if strings.Contains(words(a), "Continue to step") {
			return true
		}
	}
	return strings.HasSuffix(p.url.Path, "/handover")
}

// copied is what stands in the first copy box of the page with a name.
func (p *page) copied(string) string {
	for _, pre := range p.all("pre") {
		return strings.TrimSpace(textContent(pre))
	}
	return ""
}

func textContent(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func (p *page) textByID(id string) string {
	if n := byID(p.root, id); n != nil {
		return strings.TrimSpace(textContent(n))
	}
	return ""
}

func (p *page) textsByClass(class string) []string {
	var list []string
	for d := range p.root.Descendants() {
		if d.Type == html.ElementNode && hasClass(d, class) {
			list = append(list, strings.TrimSpace(textContent(d)))
		}
	}
	return list
}

func (p *page) textByClass(class string) string {
	for _, text := range p.textsByClass(class) {
		if text != "" {
			return text
		}
	}
	return ""
}
