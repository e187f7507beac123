package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"latchkey/internal/report"
	"latchkey/internal/store"
)

// version is set by the linker at a release.
var version = "0.1.0-dev"

// versionText is the version as shown in pages and documents.
func versionText() string { return version }

// commit is what the Go tool has recorded of the source.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	out := "unknown"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			out = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			out += "+changes"
		}
	}
	return out
}

type versionCommand struct {
	JSON bool `help:"One JSON document on stdout."`
}

// Run tells which program this is.
func (v *versionCommand) Run(t terminal) error {
	if v.JSON {
		return json.NewEncoder(t.Out).Encode(struct {
			Schema   int    `json:"schema"`
			Version  string `json:"version"`
			Commit   string `json:"commit"`
			Go       string `json:"go"`
			Report   int    `json:"report_schema"`
			Database int64  `json:"database_schema"`
		}{1, version, commit(), runtime.Version(), report.Schema, store.SchemaVersion})
	}
	_, err := fmt.Fprintf(t.Out, "latchkey %s\ncommit %s\n%s %s/%s\nreport schema %d, database schema %d\n",
		version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, report.Schema, store.SchemaVersion)
	return err
}
