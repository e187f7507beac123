package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"latchkey/internal/paste"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

type probeCommand struct {
	configFlags
	Cloud string `help:"Provider to reach; the first configured one by default." placeholder:"NAME"`
	JSON  bool   `help:"One JSON document on stdout, without the frame."`
}

// Help names the keys of the document.
func (*probeCommand) Help() string {
	return documentHelp(paste.ProbeBlock{}) + "A protocol that is left out is the sign-in service; kind and stage stand where a connection failed.\n" +
		exitHelp("every connection came about", "one did not")
}

// Run checks the network from this host. No credentials are needed or used.
func (p *probeCommand) Run(ctx context.Context, t terminal) error {
	c, err := p.read()
	if err != nil {
		return err
	}
	list := c.ProviderList()
	chosen := list[0]
	for _, one := range list {
		if one.ID == p.Cloud {
			chosen = one
		}
	}
	if p.Cloud != "" && chosen.ID != p.Cloud {
		var names []string
		for _, one := range list {
			names = append(names, one.ID)
		}
		return fmt.Errorf("--cloud %q is not known; known are: %s", p.Cloud, strings.Join(names, ", "))
	}
	roots, err := rootsOf(c.CAFile)
	if err != nil {
		return err
	}
	connections := chosen.Connections(setup.Protocols)
	prober := &probe.Prober{RootCAs: roots}
	for _, one := range connections {
		prober.Allow.Hosts = append(prober.Allow.Hosts, one.Target.Address())
	}
	if u := c.ProxyURL(); u != nil {
		prober.Proxy = &probe.Proxy{URL: u, Hosts: prober.Allow.Hosts}
	}
	block := paste.ProbeBlock{
		Schema: 1, Server: c.Node, Role: string(cmp.Or(p.Role, c.Role)), Provider: chosen.ID,
		At: time.Now().UTC().Truncate(time.Second), Version: versionText(), Results: make([]paste.ProbeResult, len(connections)),
	}
	var group sync.WaitGroup
	for i, one := range connections {
		group.Add(1)
		go func() {
			defer group.Done()
			block.Results[i] = probeOne(ctx, prober, one)
		}()
	}
	group.Wait()
	if p.JSON {
		err = writeJSON(t.Out, block)
	} else {
		err = printBlock(t, block)
	}
	for _, r := range block.Results {
		if err == nil && r.Kind != "" {
			err = errBlocked
		}
	}
	return err
}

func probeOne(ctx context.Context, prober *probe.Prober, c provider.Connection) paste.ProbeResult {
	report, err := prober.Connect(ctx, c.Target)
	var families []probe.FamilyResult
	if err == nil {
		families, _ = prober.Families(ctx, c.Target) // fails where the name is no longer resolved: nothing is told then
	}
	r := paste.ResultOf(report, families, err)
	r.Protocol, r.Host, r.Port = string(c.Protocol), c.Target.Host, c.Target.Port
	return r
}

// printBlock writes what people read on stderr and what they paste on stdout.
func printBlock(t terminal, b paste.ProbeBlock) error {
	for _, r := range b.Results {
		state := "reached"
		if r.Kind != "" {
			state = r.Kind + " at " + r.Stage + ": " + r.Line
		}
		if _, err := fmt.Fprintf(t.Err, "%-24s %5d  %s\n", r.Host, r.Port, state); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(t.Err, "\nPaste the block into the step Network of the wizard."); err != nil {
		return err
	}
	_, err := io.WriteString(t.Out, b.String())
	return err
}
