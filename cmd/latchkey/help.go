package main

import (
	"fmt"
	"reflect"
	"strings"
)

// exitHelp describes the exit statuses of a command.
func exitHelp(clean, blocked string) string {
	return fmt.Sprintf("Exit status: %d %s, %d %s, %d the command could not run.", exitClean, clean, exitBlocked, blocked, exitBroken)
}

// documentHelp names the keys of what a command writes with --json. It is read
// off the document's type, so that no key is forgotten.
func documentHelp(document any) string {
	return "The document of --json:\n  " + strings.Join(keys(reflect.TypeOf(document)), ",\n  ") +
		"\nKeys without a value may be left out.\n"
}

// keys are the JSON keys of a struct, each with those inside it.
func keys(t reflect.Type) []string {
	var list []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		open, end, inner := "", "", f.Type
		switch f.Type.Kind() {
		case reflect.Slice:
			open, end, inner = "[", "]", f.Type.Elem()
		case reflect.Pointer:
			inner = f.Type.Elem()
		}
		if inner.Kind() == reflect.Struct {
			if within := keys(inner); len(within) > 0 { // none: a time, written as one value
				open += "{" + strings.Join(within, ", ") + "}"
			}
		}
		list = append(list, strings.TrimSpace(name+" "+open+end))
	}
	return list
}
