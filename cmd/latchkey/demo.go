package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/BurntSushi/toml"

	"latchkey/internal/config"
	"latchkey/internal/lab"
	"latchkey/internal/provider"
	"latchkey/internal/seal"
	"latchkey/internal/setup"
)

type demoCommand struct {
	Listen   string  `help:"Address of the wizard, localhost:8080 by default; this computer only, port 0 for any free one." default:"localhost:8080" placeholder:"localhost:PORT"`
	Scenario string  `help:"What is wrong at the pretended Microsoft; see latchkey lab --list." default:"happy" placeholder:"NAME"`
	Data     string  `help:"Folder for the data, kept afterwards; a temporary one by default." type:"path" placeholder:"DIR"`
	Delay    float64 `help:"Scale of Exchange's delays; 1 is as recorded." default:"0.2"`
	JSON     bool    `help:"One JSON document on the first line of stdout."`
}

// demoStart is the document of the contract, schema 1.
type demoStart struct {
	Schema    int          `json:"schema"`
	URL       string       `json:"url"`
	AdminLink string       `json:"admin_link"`
	Scenario  string       `json:"scenario"`
	Lab       labInfo      `json:"lab"`
	Accounts  []labAccount `json:"accounts"`
}

// Help names the keys of the document.
func (*demoCommand) Help() string { return documentHelp(demoStart{}) }

// Run is the whole product on loopback with nothing to configure.
func (d *demoCommand) Run(ctx context.Context, t terminal) (err error) {
	if _, err := scenario(d.Scenario); err != nil {
		return err
	}
	log := newLog(t, slog.LevelWarn)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	data := d.Data
	if data == "" {
		if data, err = temporaryData("latchkey-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	}
	microsoft, err := lab.Start(ctx, lab.Options{Scenario: d.Scenario, Delay: d.Delay, Now: t.Now, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, microsoft.Close()) }()
	stand, err := newStand(ctx, t, d.Listen, data, microsoft, log)
	if err != nil {
		return err
	}
	if err := d.tell(t, stand, microsoft); err != nil {
		return errors.Join(err, stand.app.Close())
	}
	stand.app.attend(ctx)
	stand.app.keep(ctx)
	return errors.Join(serve(ctx, stand.app, stand.listener, "", stand.probe), stand.app.Close())
}

// temporaryData makes a folder for data that nobody keeps, with its key: the
// advice to keep a copy of a new key would only frighten here.
func temporaryData(prefix string) (string, error) {
	data, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", err
	}
	if _, err := seal.CreateRing(keyFile(data), rand.Reader); err != nil {
		return "", errors.Join(err, os.RemoveAll(data))
	}
	return data, nil
}

// stand is the product on loopback beside a lab, ready to serve.
type stand struct {
	app       *app
	listener  net.Listener
	url       string
	adminLink string // "" if there is an administrator already
	probe     string // begins the command that checks the network to the lab
}

func newStand(ctx context.Context, t terminal, listen, data string, microsoft *lab.Lab, log *slog.Logger) (stand, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil || host != "localhost" {
		return stand{}, fmt.Errorf("--listen %q: write localhost:PORT; the demo is for this computer only", listen)
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return stand{}, listenError(err, listen, "choose another port with --listen, 0 for any free one")
	}
	info, _ := labOf(microsoft)
	p, err := labProvider(info)
	if err != nil {
		return stand{}, errors.Join(err, ln.Close())
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return stand{}, errors.Join(err, ln.Close())
	}
	c := config.Default()
	c.Listen, c.Data, c.CAFile, c.Role = "localhost:"+port, data, info.CAFile, setup.RoleAll
	if err := c.Complete(); err != nil {
		return stand{}, errors.Join(err, ln.Close())
	}
	a, err := openApp(ctx, t, c, []provider.Provider{p}, log)
	if err != nil {
		return stand{}, errors.Join(err, ln.Close())
	}
	s := stand{app: a, listener: ln, url: c.ExternalURL}
	file, err := writeConfig(c, p)
	if err == nil {
		s.probe = "latchkey probe --config " + shellWord(file)
		err = a.serves(ctx, "--config "+shellWord(file))
	}
	if err != nil {
		return s, errors.Join(err, ln.Close(), a.Close())
	}
	if claimed, err := a.admin.Claimed(ctx); err != nil || claimed {
		return s, err
	}
	code, err := a.admin.NewClaimLink(ctx)
	if err != nil {
		return s, errors.Join(err, ln.Close(), a.Close())
	}
	s.adminLink = c.ExternalURL + "/claim/" + code.Reveal()
	return s, nil
}

// writeConfig writes the configuration with which the other commands know this
// installation and its lab, and returns the file.
func writeConfig(c config.Config, p provider.Provider) (string, error) {
	hosts := map[string]config.Host{}
	for protocol, e := range p.Hosts {
		hosts[string(protocol)] = config.Host{Host: e.Host, Port: e.Port, Security: e.Security}
	}
	file, err := filepath.Abs(filepath.Join(c.Data, "demo.toml"))
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	text, err := toml.Marshal(map[string]any{
		"listen": c.Listen, "data": filepath.Dir(file), "ca_file": c.CAFile,
		"provider": []map[string]any{{"id": p.ID, "name": p.Name, "kind": p.Kind, "authority": p.Authority, "hosts": hosts}},
	})
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	return file, nil
}

// tell says where to go. Only the demo prints passwords: they are the lab's.
func (d *demoCommand) tell(t terminal, s stand, microsoft *lab.Lab) error {
	info, accounts := labOf(microsoft)
	if d.JSON {
		return json.NewEncoder(t.Out).Encode(demoStart{1, s.url, s.adminLink, d.Scenario, info, accounts})
	}
	first := s.adminLink
	if first == "" {
		first = s.url
	}
	_, err := fmt.Fprintf(t.Out, "Latchkey runs at %s\n\nOpen this link first; it makes you the administrator and works once:\n\n  %s\n\n", s.url, first)
	if err != nil {
		return err
	}
	if err := printLab(t.Out, info, accounts); err != nil {
		return err
	}
	broken, err := scenario(d.Scenario)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, recipe, d.Scenario, broken.Breaks, info.Domain, info.TenantID, info.ClientID)
	return err
}

// recipe is what to enter in the wizard.
const recipe = `
Scenario: %[1]s. %[2]s

Enter this in the wizard:
  step 1  Another mail application; Shared account; mailbox sales@%[3]s; sign-in account svc-mail@%[3]s
  step 3  tenant ID %[4]s, client ID %[5]s; in the portal,
          open the application "Mailbox connector", add the redirect URI of step 3 and a client secret
  step 6  in a private window, sign in as svc-mail@%[3]s with the password above
For Cisco ECE: release 12.6(1) with ES1; both addresses https://ece.contoso.example,
redirect URI https://ece.contoso.example/egain/oauth/callback, registered in the portal too.

Stop with Ctrl+C.
`
