package bench

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// Console returns what the page and the browser have written to the console,
// and fails the test on an exception or a violation of the content security
// policy.
func (p *Page) Console() []string {
	p.t.Helper()
	for _, problem := range p.Problems() {
		p.t.Errorf("on a page: %s", problem)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// Problems returns the exceptions and the violations of the content security
// policy since the last call; the caller has taken care of them.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	problems := p.problems
	p.problems = nil
	return problems
}

// noteMessage runs under p.mu.
func (p *Page) noteMessage(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.problems = append(p.problems, "exception: "+redact(text))
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			p.problems = append(p.problems, fmt.Sprintf("content security policy: %s forbids %s %s",
				d.ViolatedDirective, d.ContentSecurityPolicyViolationType, redact(d.BlockedURL)))
		}
	case *log.EventEntryAdded:
		p.messages = append(p.messages, fmt.Sprintf("%s: %s", e.Entry.Level, redact(e.Entry.Text)))
	case *runtime.EventConsoleAPICalled:
		text := string(e.Type) + ":"
		for _, a := range e.Args {
			text += " " + cmp.Or(string(a.Value), a.Description)
		}
		p.messages = append(p.messages, redact(text))
	}
}
