package bench

import (
	"os"
	"path/filepath"
	"testing"
)

func TestProgramIsBuiltOnce(t *testing.T) {
	source := filepath.Join(t.TempDir(), "main.go")
	writeFile(t, source, "package main\n\nfunc main() { println(\"first\") }\n", 0o644)
	path := built.program(t, source)
	if res := Run(t.Context(), t, path, nil, nil); res.Code != 0 || res.Stderr != "first\n" {
		t.Errorf("the program: %+v", res)
	}
	writeFile(t, source, "package main\n\nfunc main() { println(\"second\") }\n", 0o644)
	if again := built.program(t, source); again != path {
		t.Errorf("built again, to %s", again)
	}
	if res := Run(t.Context(), t, path, nil, nil); res.Stderr != "first\n" {
		t.Errorf("the program was built again: %+v", res)
	}
	if _, err := os.Stat(filepath.Join(npmDir(), "../../../../go.mod")); err != nil {
		t.Errorf("the root of the module is not where programs are built: %v", err)
	}
}
