package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/config"
	"latchkey/internal/setup"
)

// refusesOtherConfigurations: a command that knows the folder and not the
// server's configuration would judge with the built-in one, and make the
// server's own steps out of date.
func (c *test) refusesOtherConfigurations(id setup.ID) {
	c.t.Helper()
	data := filepath.Join(c.dir, "data")
	for _, args := range [][]string{{"check", string(id)}, {"report", string(id)}, {"setups"}, {"init"}} {
		var out, errs bytes.Buffer
		status := run(c.t.Context(), append(args, "--data", data), terminal{Out: &out, Err: &errs})
		if status != exitBroken || out.Len() > 0 {
			c.t.Errorf("%v with --data alone: status %d\n%s", args, status, &out)
		}
		for _, named := range []string{`"http://localhost:8080" here`, `"` + c.url + `" at the server`, "--config " + c.config()} {
			if !strings.Contains(errs.String(), named) {
				c.t.Errorf("%v with --data alone does not name %s: %s", args, named, &errs)
			}
		}
	}
	var out, errs bytes.Buffer
	args := []string{"check", string(id), "--data", data, "--external-url", c.url, "--listen", strings.TrimPrefix(c.url, "http://")}
	if status := run(c.t.Context(), args, terminal{Out: &out, Err: &errs}); status != exitBroken ||
		!strings.Contains(errs.String(), `provider lab: authority is "" here`) {
		c.t.Errorf("with other providers: status %d: %s", status, &errs)
	}
	if status, text := c.command("check", string(id)); status != exitClean || !strings.Contains(text, "2 Addresses: Done") {
		c.t.Errorf("afterwards the setup stands otherwise: status %d\n%s", status, text)
	}
}

// The password of a proxy is in no message.
func TestSettingsHoldNoPassword(t *testing.T) {
	c := config.Default()
	c.Proxy = "http://name:rosebud@proxy.contoso.example:3128"
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	if list := text(settingsOf(c, c.ProviderList())); strings.Contains(list, "rosebud") || !strings.Contains(list, "proxy.contoso.example") {
		t.Error(list)
	}
}
