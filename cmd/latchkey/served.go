package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"latchkey/internal/config"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
)

// served is what a server records in its database of the configuration it
// works with. A command with another one would judge with other addresses, and
// store its verdicts over the server's.
type served struct {
	Words    string    `json:"words"` // the flags that lead to it
	Settings []setting `json:"settings"`
}

// setting is one value that results rest on.
type setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// settingsOf lists them. Node, listen and the files of the certificate are left
// out: several servers of one installation may differ there.
func settingsOf(c config.Config, providers []provider.Provider) []setting {
	list := []setting{{"external_url", c.ExternalURL}}
	for _, p := range providers {
		name := "provider " + p.ID + ": "
		list = append(list, setting{name + "authority", p.Authority}, setting{name + "scopes", text(p.Scopes)}, setting{name + "hosts", text(p.Hosts)})
	}
	proxy := ""
	if u := c.ProxyURL(); u != nil {
		proxy = u.Redacted()
	}
	return append(list, setting{"proxy", proxy}, setting{"ca_file", c.CAFile}, setting{"allow_networks", text(c.AllowNetworks)})
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // maps of words and numbers
		panic(err)
	}
	return string(b)
}

// serves records that a server works here, and with which flags a command finds
// the same configuration.
func (a *app) serves(ctx context.Context, words string) error {
	b, err := json.Marshal(served{words, settingsOf(a.config, a.providers)})
	if err != nil {
		return fmt.Errorf("configuration of the server: %w", err)
	}
	return a.store.Serve(ctx, secret.New(string(b)))
}

// agrees refuses where the server's configuration differs from this command's
// in one of keys, or in any where none is named. A database on which no server
// has worked yet agrees with everything.
func (a *app) agrees(ctx context.Context, keys ...string) error {
	record, err := a.store.Served(ctx)
	if err != nil || record.IsZero() {
		return err
	}
	var theirs served
	if err := json.Unmarshal([]byte(record.Reveal()), &theirs); err != nil {
		return fmt.Errorf("configuration of the server: %w", err)
	}
	mine := map[string]string{} // a provider that only one side knows has nothing here
	for _, s := range settingsOf(a.config, a.providers) {
		mine[s.Key] = s.Value
	}
	for _, s := range theirs.Settings {
		if s.Value == mine[s.Key] || len(keys) > 0 && !slices.Contains(keys, s.Key) {
			continue
		}
		return fmt.Errorf("%s is %q here, and %q at the server of data = %q: use the server's configuration, which is %s; "+
			"where that was changed since, restart the server first", s.Key, mine[s.Key], s.Value, a.config.Data, theirs.Words)
	}
	return nil
}

// words are the flags with which a command has the same configuration.
func (f configFlags) words(c config.Config) string {
	var words []string
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, shellWord(value))
		}
	}
	if file, err := filepath.Abs(expand(f.Config)); err == nil && f.Config != "" {
		add("--config", file)
	}
	if data, err := filepath.Abs(c.Data); err == nil && (f.Config == "" || f.Data != "" || !filepath.IsAbs(c.Data)) {
		add("--data", data)
	}
	add("--listen", f.Listen)
	add("--external-url", f.ExternalURL)
	return strings.Join(words, " ")
}
