package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"latchkey/internal/explain"
	"latchkey/internal/finding"
	"latchkey/internal/locale"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
)

type explainCommand struct {
	Context []string `help:"What is known besides, such as account_type=shared_account or signed_in_as=ADDRESS; can be given several times. The keys are above." placeholder:"KEY=VALUE" sep:"none"`
	JSON    bool     `help:"One JSON document on stdout."`
	Text    []string `arg:"" optional:"" help:"The error, address, transcript or log excerpt; - or nothing reads it from stdin."`
}

// Help names the keys of --context and of the document.
func (c *explainCommand) Help() string {
	return "Keys of --context: " + strings.Join(provider.ContextKeys(), ", ") + `.
A value of another key decides nothing; it is shown as evidence.

` + causeHelp + `
The document: schema, phase, causes (best first), evidence (source, text, ref), masked (kinds of live values that were hidden).
` + exitHelp("the first cause is known", "nothing in the text is known")
}

// causeHelp describes one cause of a document.
const causeHelp = `Keys of one cause in JSON:
  code, severity (blocker, warning, note), actor (who can fix it), likelihood (certain, likely, possible),
  title, consequence, cause, remedy, command, replace (parts of the command that stand for a value nobody knows),
  link, unconfirmed (nobody has measured it),
  wait (as in 1h0m0s) and wait_seconds: how long a change may take to work.
Keys without a value are left out.
`

// explained is the document of the contract, schema 1.
type explained struct {
	Schema   int                `json:"schema"`
	Phase    string             `json:"phase"`
	Causes   []causeText        `json:"causes"`
	Evidence []finding.Evidence `json:"evidence"`
	Masked   []paste.Credential `json:"masked,omitempty"`
}

// causeText is one cause in one language.
type causeText struct {
	Code        string             `json:"code"`
	Severity    finding.Severity   `json:"severity"`
	Actor       finding.Actor      `json:"actor"`
	Likelihood  finding.Likelihood `json:"likelihood,omitempty"`
	Title       string             `json:"title"`
	Consequence string             `json:"consequence"`
	Cause       string             `json:"cause"`
	Remedy      string             `json:"remedy"`
	Command     string             `json:"command,omitempty"`
	Replace     []string           `json:"replace,omitempty"`
	Link        string             `json:"link,omitempty"`
	Wait        string             `json:"wait,omitempty"`
	WaitSeconds int64              `json:"wait_seconds,omitempty"`
	Unconfirmed bool               `json:"unconfirmed,omitempty"`

	wait time.Duration
}

func causeTextOf(a locale.Advice) causeText {
	c := causeText{
		Code: a.Code, Severity: a.Severity, Actor: a.Actor, Likelihood: a.Likelihood, Title: a.Title, Consequence: a.Consequence,
		Cause: a.Cause, Remedy: a.Remedy, Command: a.Command, Replace: a.Replace, Link: a.Link, Unconfirmed: a.Unconfirmed,
		wait: a.Wait,
	}
	if a.Wait > 0 {
		c.Wait, c.WaitSeconds = a.Wait.String(), int64(a.Wait/time.Second)
	}
	return c
}

// Run says what a text means. It needs no data and no configuration, and
// writes the text nowhere.
func (c *explainCommand) Run(_ context.Context, t terminal) error {
	text, err := c.read(t.In)
	if err != nil {
		return err
	}
	known, err := entries(c.Context)
	if err != nil {
		return err
	}
	p, err := t.printer()
	if err != nil {
		return err
	}
	result, err := explain.Text(provider.Entra, text, known...)
	switch {
	case errors.Is(err, paste.ErrTooLong):
		return fmt.Errorf("the text is longer than %d kilobytes: give its last part", paste.MaxText>>10)
	case errors.Is(err, paste.ErrEmpty):
		return errors.New("there is no text: give it as an argument or on stdin")
	case err != nil:
		return err
	}
	if c.JSON {
		out := explained{Schema: 1, Phase: string(result.Phase), Evidence: result.Evidence(), Masked: result.Masked}
		for _, cause := range result.Causes() {
			out.Causes = append(out.Causes, causeTextOf(p.Finding(cause.Finding())))
		}
		err = writeJSON(t.Out, out)
	} else {
		err = printExplained(t, p, result)
	}
	if err == nil && !result.Known {
		err = errBlocked
	}
	return err
}

func (c *explainCommand) read(in io.Reader) (string, error) {
	if len(c.Text) > 0 && (len(c.Text) > 1 || c.Text[0] != "-") {
		return strings.Join(c.Text, " "), nil
	}
	// One byte more than is read tells that there was more.
	b, err := io.ReadAll(io.LimitReader(in, paste.MaxText+1))
	if err != nil {
		return "", fmt.Errorf("stdin: %w", err)
	}
	return string(b), nil
}

func entries(pairs []string) ([]explain.Entry, error) {
	var list []explain.Entry
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || strings.TrimSpace(key) == "" {
			return nil, fmt.Errorf("--context %q: write KEY=VALUE", pair)
		}
		list = append(list, explain.Entry{Key: strings.TrimSpace(key), Value: value})
	}
	return list, nil
}

// printExplained writes causes on stdout, and on stderr what concerns the
// paste itself.
func printExplained(t terminal, p *locale.Printer, result explain.Result) error {
	if len(result.Masked) > 0 {
		var kinds []string
		for _, kind := range result.Masked {
			kinds = append(kinds, p.T("masked."+string(kind)))
		}
		_, _ = fmt.Fprintln(t.Err, p.T("explain_page.masked", "what", p.List(kinds...)))
	}
	var b strings.Builder
	for i, cause := range result.Causes() {
		fmt.Fprintf(&b, "%d. ", i+1)
		writeCause(&b, p, causeTextOf(p.Finding(cause.Finding())))
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s:\n", p.T("finding.evidence"))
	for _, e := range result.Evidence() {
		fmt.Fprintf(&b, "  %s: %s\n", e.Source, strings.ReplaceAll(e.Text, "\n", "\n    "))
		if e.Ref != "" {
			fmt.Fprintf(&b, "    %s\n", e.Ref)
		}
	}
	_, err := io.WriteString(t.Out, b.String())
	return err
}

// writeCause is one cause as a paragraph.
func writeCause(b *strings.Builder, p *locale.Printer, c causeText) {
	fmt.Fprintf(b, "%s\n   %s, %s\n", c.Title, c.Code, p.T("severity."+string(c.Severity)))
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "   %s: %s\n", name, text)
		}
	}
	fmt.Fprintf(b, "   %s\n", c.Consequence)
	if c.Unconfirmed {
		fmt.Fprintf(b, "   %s\n", p.T("finding.unconfirmed"))
	}
	if c.Likelihood != "" {
		line(p.T("likelihood."+string(c.Likelihood)), c.Cause)
	} else {
		line(p.T("likelihood."+string(finding.Likely)), c.Cause)
	}
	line(p.T("finding.who"), p.T("actor."+string(c.Actor)))
	line(p.T("finding.fix"), c.Remedy)
	if c.wait > 0 {
		fmt.Fprintf(b, "     %s\n", p.T("finding.wait", "time", p.Duration(c.wait)))
	}
	if len(c.Replace) > 0 {
		fmt.Fprintf(b, "     %s\n", p.T("finding.replace", "parts", p.List(c.Replace...)))
	}
	for _, text := range []string{c.Command, c.Link} {
		if text != "" {
			fmt.Fprintf(b, "     %s\n", text)
		}
	}
}
