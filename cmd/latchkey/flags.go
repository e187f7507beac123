package main

import (
	"cmp"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"latchkey/internal/config"
	"latchkey/internal/setup"
)

// configFlags are what flags and environment may override in the file.
type configFlags struct {
	Config      string     `help:"Configuration file (TOML)." placeholder:"FILE" env:"LATCHKEY_CONFIG"`
	Listen      string     `help:"Address to listen on." placeholder:"HOST:PORT" env:"LATCHKEY_LISTEN"`
	ExternalURL string     `help:"Where browsers reach Latchkey." placeholder:"URL" env:"LATCHKEY_EXTERNAL_URL"`
	Data        string     `help:"Folder of the database and the key." placeholder:"DIR" env:"LATCHKEY_DATA"`
	Node        string     `help:"Name of this server." placeholder:"NAME" env:"LATCHKEY_NODE"`
	Role        setup.Role `help:"all, application or services." placeholder:"ROLE" env:"LATCHKEY_ROLE"`
}

// read merges flags over environment over file over defaults.
func (f configFlags) read() (config.Config, error) {
	c, err := config.Read(expand(f.Config))
	if err != nil {
		return c, err
	}
	c.Listen = cmp.Or(f.Listen, c.Listen)
	c.ExternalURL = cmp.Or(f.ExternalURL, c.ExternalURL)
	c.Data = cmp.Or(expand(f.Data), c.Data)
	c.Node = cmp.Or(f.Node, c.Node)
	c.Role = cmp.Or(f.Role, c.Role)
	return c, c.Complete()
}

// expand makes a path absolute and knows ~. An empty variable of the
// environment names no file; kong's own paths would take it for this folder.
func expand(path string) string {
	if path == "" {
		return ""
	}
	return kong.ExpandPath(path)
}

// newLog writes to stderr: text for people, JSON where a service manager reads.
func newLog(t terminal, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if os.Getenv("JOURNAL_STREAM") != "" || os.Getenv("LATCHKEY_LOG") == "json" {
		return slog.New(slog.NewJSONHandler(t.Err, options))
	}
	return slog.New(slog.NewTextHandler(t.Err, options))
}
