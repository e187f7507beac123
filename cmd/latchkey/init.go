package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"latchkey/internal/admin"
)

type initCommand struct {
	configFlags
	JSON bool `help:"One JSON document on stdout."`
}

// Run prints the one-time link of the first administrator.
func (i *initCommand) Run(ctx context.Context, t terminal) error {
	c, err := i.read()
	if err != nil {
		return err
	}
	a, err := openApp(ctx, t, c, nil, newLog(t, slog.LevelWarn))
	if err != nil {
		return err
	}
	code, err := a.admin.NewClaimLink(ctx)
	if err := errors.Join(err, a.Close()); err != nil {
		if errors.Is(err, admin.ErrClaimed) {
			return errors.New("an administrator exists already; sign in at " + c.ExternalURL)
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
