package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"latchkey/internal/admin"
)

type initCommand struct {
	configFlags
	Reset bool `help:"Remove every administrator first, where nobody can sign in any more; the setups stay."`
	JSON  bool `help:"One JSON document on stdout."`
}

// Run prints the one-time link of the first administrator.
func (i *initCommand) Run(ctx context.Context, t terminal) error {
	c, err := i.read()
	if err != nil {
		return err
	}
	if _, err := os.Stat(databaseFile(c.Data)); err != nil && (i.Reset || i.Config == "" && i.Data == "") {
		// A new database here would belong to no server, and its link too.
		return fmt.Errorf("data = %q: %w: name the server's configuration with --config", c.Data, err)
	}
	a, err := openApp(ctx, t, c, nil, newLog(t, slog.LevelWarn))
	if err != nil {
		return err
	}
	if err := a.agrees(ctx, "external_url"); err != nil { // the link would lead elsewhere
		return errors.Join(err, a.Close())
	}
	if i.Reset {
		if err := a.admin.Reset(ctx); err != nil {
			return errors.Join(err, a.Close())
		}
	}
	code, err := a.admin.NewClaimLink(ctx)
	if err := errors.Join(err, a.Close()); err != nil {
		if errors.Is(err, admin.ErrClaimed) {
			return errors.New("an administrator exists already; sign in at " + c.ExternalURL + ", or begin anew with --reset")
		}
		return err
	}
	link := c.ExternalURL + "/claim/" + code.Reveal()
	if i.JSON {
		return json.NewEncoder(t.Out).Encode(struct {
			Schema    int    `json:"schema"`
			AdminLink string `json:"admin_link"`
			Minutes   int    `json:"valid_minutes"`
		}{1, link, int(admin.ClaimLife.Minutes())})
	}
	_, err = fmt.Fprintf(t.Out, "Open this link in a browser and choose a name and a password.\nIt works once, for %d minutes.\n\n  %s\n",
		int(admin.ClaimLife.Minutes()), link)
	return err
}
