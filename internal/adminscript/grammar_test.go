package adminscript

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"latchkey/internal/need"
)

// grammarAnswer is what the foreign grammar says about one text.
type grammarAnswer struct {
	Faults []struct {
		Line       int
		Kind, Text string
	}
	Comments, Commands []string
}

// grammar parses texts with the PowerShell grammar of the npm package
// @vscode/tree-sitter-wasm, which nobody here wrote.
func grammar(t testing.TB, texts []string) []grammarAnswer {
	t.Helper()
	node := need.Program(t, "node")
	need.Package(t, "npm", "@vscode/tree-sitter-wasm")
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "npm/parse.mjs")
	cmd.Stdin = bytes.NewReader(input)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, complaint.String())
	}
	var answers []grammarAnswer
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(texts) {
		t.Fatalf("%d answers for %d texts", len(answers), len(texts))
	}
	return answers
}
