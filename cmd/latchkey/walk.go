package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/lab"
	"latchkey/internal/walk"
)

type walkCommand struct {
	Scenario []string `help:"Scenario to walk; can be given several times." placeholder:"NAME"`
	All      bool     `help:"Walk all scenarios."`
	Delay    float64  `help:"Scale of Exchange's delays; 1 is as recorded." default:"0.02"`
	Parallel int      `help:"How many scenarios are walked at once." default:"2"`
	JSON     bool     `help:"One JSON document on stdout."`
}

// walked is the document of the contract, schema 1.
type walked struct {
	Schema    int            `json:"schema"`
	Scenarios []walk.Outcome `json:"scenarios"`
	OK        int            `json:"ok"`
	Of        int            `json:"of"`
}

// Help names the keys of the document.
func (*walkCommand) Help() string {
	return documentHelp(walked{}) + exitHelp("every scenario went as expected", "one did not")
}

// Run walks scenarios and tells whether each has stopped where it must.
func (c *walkCommand) Run(ctx context.Context, t terminal) error {
	chosen, err := c.chosen()
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	options := walk.Options{Delay: c.Delay, Start: func(ctx context.Context, l *lab.Lab, now func() time.Time) (string, string, func() error, error) {
		own := t
		own.Now = now
		return startBeside(ctx, own, l, log)
	}}
	outcomes := make([]walk.Outcome, len(chosen))
	slots := make(chan struct{}, max(c.Parallel, 1))
	var group sync.WaitGroup
	for i, s := range chosen {
		group.Add(1)
		go func() {
			defer group.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i] = walk.Walk(ctx, options, s)
			if !c.JSON {
				_, _ = fmt.Fprintln(t.Err, line(outcomes[i]))
			}
		}()
	}
	group.Wait()
	good := 0
	for _, o := range outcomes {
		if o.OK {
			good++
		}
	}
	if c.JSON {
		err = writeJSON(t.Out, walked{1, outcomes, good, len(outcomes)})
	} else {
		_, err = fmt.Fprintf(t.Out, "%d of %d scenarios as expected\n", good, len(outcomes))
	}
	if err == nil && good < len(outcomes) {
		err = errBlocked
	}
	return err
}

func line(o walk.Outcome) string {
	state := "ok"
	if !o.OK {
		state = "NOT AS EXPECTED"
	}
	text := fmt.Sprintf("%-28s %-16s %5.1f s", o.Name, state, o.Seconds)
	if !o.OK {
		text += fmt.Sprintf("  expected %s at %s", cmp.Or(o.Expected.Code, "nothing"), o.Expected.Step)
		for _, s := range o.Steps {
			if len(s.Findings) > 0 {
				text += fmt.Sprintf("; %s: %s", s.ID, s.Findings[0].Code)
			}
		}
		if o.Fault != "" {
			text += "; " + strings.ReplaceAll(o.Fault, "\n", " ")
		}
	}
	return text
}

func (c *walkCommand) chosen() ([]lab.Scenario, error) {
	if c.All {
		return lab.Scenarios(), nil
	}
	names := c.Scenario
	if len(names) == 0 {
		names = []string{lab.Happy}
	}
	var list []lab.Scenario
	for _, name := range names {
		s, err := scenario(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// scenario is the lab's scenario of that name.
func scenario(name string) (lab.Scenario, error) {
	all := lab.Scenarios()
	i := slices.IndexFunc(all, func(s lab.Scenario) bool { return s.Name == name })
	if i < 0 {
		return lab.Scenario{}, fmt.Errorf("no scenario is called %q; latchkey lab --list names them", name)
	}
	return all[i], nil
}

// startBeside starts the product on loopback beside a lab, with data that is
// gone afterwards.
func startBeside(ctx context.Context, t terminal, l *lab.Lab, log *slog.Logger) (url, adminLink string, stop func() error, err error) {
	data, err := temporaryData("latchkey-walk-")
	if err != nil {
		return "", "", nil, err
	}
	s, err := newStand(ctx, t, net.JoinHostPort("localhost", "0"), data, l, log)
	if err != nil {
		return "", "", nil, errors.Join(err, os.RemoveAll(data))
	}
	ctx, cancel := context.WithCancel(ctx)
	s.app.keep(ctx)
	served := make(chan error, 1)
	go func() { served <- serve(ctx, s.app, s.listener, "", s.probe) }()
	return s.url, s.adminLink, func() error {
		cancel()
		return errors.Join(<-served, s.app.Close(), os.RemoveAll(data))
	}, nil
}
