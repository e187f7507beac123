package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"latchkey/internal/report"
	"latchkey/internal/wizard"
	"latchkey/web"
)

type setupsCommand struct {
	configFlags
	JSON bool `help:"One JSON document on stdout."`
}

// Help names the keys of the document.
func (*setupsCommand) Help() string { return documentHelp(report.List{}) }

// Run lists the setups, the ones that need somebody first.
func (s *setupsCommand) Run(ctx context.Context, t terminal) error {
	return withApp(ctx, s.configFlags, t, func(a *app) error {
		list, err := a.wizard.List(ctx, wizard.System)
		if err != nil {
			return err
		}
		p, err := t.printer()
		if err != nil {
			return err
		}
		if s.JSON {
			out := report.List{Schema: report.Schema, Setups: []report.ListEntry{}}
			for _, v := range list {
				out.Setups = append(out.Setups, report.EntryOf(v))
			}
			return writeJSON(t.Out, out)
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(t.Out, "No setup yet. Start one in the browser.")
			return err
		}
		w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
		for _, v := range list {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", v.Setup.ID, cmp.Or(v.Setup.Title(), p.T("layout.new_setup")), p.T("state."+string(v.Worst())))
		}
		return w.Flush()
	})
}

// withApp opens the product for one command and closes it again. What only
// reads makes no database where somebody has named the wrong folder, and none
// judges with another configuration than the server's.
func withApp(ctx context.Context, f configFlags, t terminal, do func(*app) error) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	if _, err := os.Stat(databaseFile(c.Data)); err != nil {
		return fmt.Errorf("data = %q: %w: name the server's configuration with --config", c.Data, err)
	}
	a, err := openApp(ctx, t, c, nil, newLog(t, slog.LevelWarn))
	if err != nil {
		return err
	}
	if err := a.agrees(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	return errors.Join(do(a), a.Close())
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // <mailbox> stays readable; no browser reads this
	return e.Encode(v)
}

type checkCommand struct {
	configFlags
	Setup string `arg:"" help:"ID of the setup, the beginning of it, or one of its mailboxes."`
	JSON  bool   `help:"One JSON document on stdout."`
}

// Help names the keys of the document.
func (*checkCommand) Help() string {
	return documentHelp(report.Document{}) + exitHelp("nothing is in the way", "a blocker was found")
}

// Run runs every check again that needs no person, and tells what it found.
func (c *checkCommand) Run(ctx context.Context, t terminal) error {
	return withApp(ctx, c.configFlags, t, func(a *app) error {
		v, err := a.find(ctx, c.Setup)
		if err != nil {
			return err
		}
		id := v.Setup.ID
		if err := a.wizard.StartRun(ctx, id, wizard.Everything); err != nil {
			return err
		}
		if err := a.wizard.Wait(ctx, id); err != nil {
			return err
		}
		if v, err = a.wizard.View(ctx, wizard.System, id); err != nil {
			return err
		}
		p, err := t.printer()
		if err != nil {
			return err
		}
		d := report.Of(v, p, versionText())
		if c.JSON {
			err = writeJSON(t.Out, d)
		} else {
			_, err = io.WriteString(t.Out, d.Terminal(p))
		}
		if err == nil && d.Blocked() {
			err = errBlocked
		}
		return err
	})
}

type reportCommand struct {
	configFlags
	Setup  string `arg:"" help:"ID of the setup, the beginning of it, or one of its mailboxes."`
	Format string `help:"html, md, txt or json." enum:"html,md,txt,json" default:"md"`
}

// Help names the keys of the document.
func (*reportCommand) Help() string {
	return strings.Replace(documentHelp(report.Document{}), "--json", "--format json", 1)
}

// Run writes the report as it stands now.
func (r *reportCommand) Run(ctx context.Context, t terminal) error {
	return withApp(ctx, r.configFlags, t, func(a *app) error {
		v, err := a.find(ctx, r.Setup)
		if err != nil {
			return err
		}
		p, err := t.printer()
		if err != nil {
			return err
		}
		d := report.Of(v, p, versionText())
		switch r.Format {
		case "json":
			return writeJSON(t.Out, d)
		case "txt":
			_, err = io.WriteString(t.Out, d.Ticket(p))
		case "html":
			err = web.WriteReport(ctx, t.Out, a.wizard, v, p, versionText())
		default:
			_, err = io.WriteString(t.Out, d.Markdown(p))
		}
		return err
	})
}
