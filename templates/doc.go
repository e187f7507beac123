// Package templates owns the pages: their structure, their forms, and which
// sentence stands where. Each page is one function that takes one plain view
// struct and returns a component; Page is what all of them share.
//
// The view structs hold strings, numbers, booleans, times and slices of them.
// The package does not know where their values come from, which request is
// answered, who may see what, or which gate is open: package web decides and
// fills. It holds no sentence of its own (package locale) and no colour
// (package static). Nothing here runs in the browser: no inline script, no
// inline style, no event attribute, so that a strict content security policy
// can hold.
//
// Addresses inside a setup are built from Setup.Path; the list of routes is
// the contract with package web.
package templates
