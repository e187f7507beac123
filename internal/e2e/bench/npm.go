package bench

import (
	"path/filepath"
	"runtime"
)

// npmDir is beside this file: tests run from a checkout, never from an
// installed package.
func npmDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "npm")
}
