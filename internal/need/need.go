package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program returns the path of a program, also where Debian keeps servers, which
// is not in the PATH of ordinary users.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if path, err = exec.LookPath(filepath.Join("/usr/sbin", name)); err == nil {
		return path
	}
	Lack(t, "%s is not installed: run .ci/deps", name)
	return ""
}

// Package returns the folder of an npm package that is installed below dir.
func Package(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		Lack(t, "the npm package %s is not installed: run .ci/deps", name)
	}
	return path
}

// Root is for servers that start for nobody else.
func Root(t testing.TB, why string) {
	t.Helper()
	if os.Getuid() != 0 {
		Lack(t, "needs root: %s", why)
	}
}

// Lack ends a test for want of something.
func Lack(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("LATCHKEY_STRICT") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
