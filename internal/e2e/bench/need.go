package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Need skips the test when one of the programs is not installed; it fails it
// when LATCHKEY_STRICT is set, so that a green "make test" has skipped nothing.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := find(p); err != nil {
			lack(t, "%s is not installed: run .ci/deps", p)
		}
	}
}

// NeedRoot is Need for the right to start servers that drop their privileges.
func NeedRoot(t testing.TB, why string) {
	t.Helper()
	if os.Getuid() != 0 {
		lack(t, "needs root: %s", why)
	}
}

// needPackage returns the folder of an installed npm package.
func needPackage(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(npmDir(), "node_modules", name)
	if _, err := os.Stat(dir); err != nil {
		lack(t, "the npm package %s is not installed: run .ci/deps", name)
	}
	return dir
}

func lack(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("LATCHKEY_STRICT") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// find looks a program up in PATH and where Debian keeps servers, which is not
// in the PATH of ordinary users.
func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	if server, e := exec.LookPath(filepath.Join("/usr/sbin", program)); e == nil {
		return server, nil
	}
	return "", err
}

// mustFind is find for what Need has seen.
func mustFind(t testing.TB, program string) string {
	t.Helper()
	path, err := find(program)
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	return path
}

// npmDir is beside this file: tests run from a checkout, never from an
// installed package.
func npmDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "npm")
}
