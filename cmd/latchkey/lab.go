package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"text/tabwriter"

	"latchkey/internal/lab"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

type labCommand struct {
	Listen   string  `help:"Address of the pretended Entra ID; loopback only." default:"127.0.0.1:0" placeholder:"127.0.0.1:PORT"`
	Scenario string  `help:"Scenario to start with." default:"happy" placeholder:"NAME"`
	Delay    float64 `help:"Scale of Exchange's delays; 1 is as recorded." default:"1"`
	List     bool    `help:"Name all scenarios and exit."`
	JSON     bool    `help:"JSON on stdout."`
}

// labInfo is how the lab stands in JSON.
type labInfo struct {
	Portal    string `json:"portal"`
	Authority string `json:"authority"`
	IMAP      string `json:"imap"`
	POP3      string `json:"pop3"`
	SMTP      string `json:"smtp"`
	CAFile    string `json:"ca_file"`
	Domain    string `json:"domain"`
	TenantID  string `json:"tenant_id"`
	ClientID  string `json:"client_id"`
}

type labAccount struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Is       string `json:"is"`
}

// labStart is the document of the contract, schema 1.
type labStart struct {
	Schema   int          `json:"schema"`
	Scenario string       `json:"scenario"`
	Lab      labInfo      `json:"lab"`
	Accounts []labAccount `json:"accounts"`
}

// Help names the keys of the document.
func (*labCommand) Help() string { return documentHelp(labStart{}) }

// labOf puts what the lab says about itself into the contract's form.
func labOf(l *lab.Lab) (labInfo, []labAccount) {
	i := l.Info()
	var accounts []labAccount
	for _, a := range i.Accounts {
		accounts = append(accounts, labAccount{a.User, a.Password, a.Is})
	}
	return labInfo{i.Portal, i.Authority, i.IMAP, i.POP3, i.SMTP, i.CAFile, i.Domain, i.TenantID, i.ClientID}, accounts
}

// Run starts the lab and waits.
func (l *labCommand) Run(ctx context.Context, t terminal) error {
	if l.List {
		return l.list(t.Out)
	}
	if _, err := scenario(l.Scenario); err != nil {
		return err
	}
	running, err := lab.Start(ctx, lab.Options{
		Scenario: l.Scenario, Delay: l.Delay, Listen: l.Listen, Log: newLog(t, slog.LevelWarn),
	})
	if err != nil {
		return err
	}
	info, accounts := labOf(running)
	if l.JSON {
		err = json.NewEncoder(t.Out).Encode(labStart{1, l.Scenario, info, accounts})
	} else {
		err = printLab(t.Out, info, accounts)
	}
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, running.Close())
}

func (l *labCommand) list(w io.Writer) error {
	type entry struct {
		Name     string `json:"name"`
		Breaks   string `json:"breaks"`
		Expected struct {
			Step string `json:"step"`
			Code string `json:"code"`
		} `json:"expected"`
	}
	var all []entry
	for _, s := range lab.Scenarios() {
		e := entry{Name: s.Name, Breaks: s.Breaks}
		e.Expected.Step, e.Expected.Code = s.Step, s.Code
		all = append(all, e)
	}
	if l.JSON {
		return writeJSON(w, struct {
			Schema    int     `json:"schema"`
			Scenarios []entry `json:"scenarios"`
		}{1, all})
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range all {
		must := "all steps done"
		if e.Expected.Code != "" {
			must = e.Expected.Step + ": " + e.Expected.Code
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", e.Name, must, e.Breaks)
	}
	return table.Flush()
}

func printLab(w io.Writer, info labInfo, accounts []labAccount) error {
	_, err := fmt.Fprintf(w, "The pretended Microsoft (nothing here is real):\n  portal    %s\n  sign-in   %s\n  IMAP      %s\n  POP3      %s\n  SMTP      %s\n  CA file   %s\n",
		info.Portal, info.Authority, info.IMAP, info.POP3, info.SMTP, info.CAFile)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range accounts {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", a.User, a.Password, a.Is)
	}
	return table.Flush()
}

// labProvider is the lab as a provider of the configuration: the real one at
// another address.
func labProvider(info labInfo) (provider.Provider, error) {
	hosts := map[setup.Protocol]provider.Endpoint{}
	for protocol, one := range map[setup.Protocol]struct {
		address  string
		security probe.Security
	}{
		setup.IMAP: {info.IMAP, probe.TLS}, setup.POP3: {info.POP3, probe.TLS}, setup.SMTP: {info.SMTP, probe.STARTTLS},
	} {
		host, portText, err := net.SplitHostPort(one.address)
		if err != nil {
			return provider.Provider{}, fmt.Errorf("lab: address of %s: %w", protocol, err)
		}
		port, err := strconv.Atoi(portText)
		if err != nil {
			return provider.Provider{}, fmt.Errorf("lab: port of %s: %w", protocol, err)
		}
		hosts[protocol] = provider.Endpoint{Host: host, Port: port, Security: one.security}
	}
	p := provider.Entra.At(info.Authority, hosts)
	p.ID, p.Name = "lab", "Microsoft (pretended)"
	// The portal of the lab stands in for Microsoft's.
	p.Portal = map[provider.PortalPage]string{provider.PageRegistrations: info.Portal}
	return p, nil
}
