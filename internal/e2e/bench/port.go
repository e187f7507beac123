package bench

import (
	"bufio"
	"errors"
	"io/fs"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// Host is where everything listens. Cookies ignore ports: a provider on this
// address and a wizard on localhost have separate ones.
//
// Mail servers listen on Afar as well. Dovecot takes a connection from its own
// address as secure and offers AUTH to it without TLS; a client that connects
// to Afar is treated as one from another machine.
const (
	Host = "127.0.0.1"
	Afar = "127.0.0.2"
)

// FreePorts returns n different ports of 127.0.0.1 that nobody listens on.
// Somebody else may take one before it is used: who can try again, should.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp4", Host+":0")
		if err != nil {
			t.Fatalf("bench: %v", err)
		}
		defer l.Close() // all at the end, so that none is handed out twice
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

func address(port int) string { return net.JoinHostPort(Host, strconv.Itoa(port)) }

// greets reports whether a mail server on the port says its first line.
func greets(port int) bool {
	conn, err := net.DialTimeout("tcp4", address(port), time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && line != ""
}

// tempDir is t.TempDir for servers that drop their privileges: its parents can
// be entered by other users, and its name is short, because the path of a Unix
// socket must stay below 108 bytes.
func tempDir(t testing.TB, kind string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "latchkey-"+kind+"-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("bench: %v", err)
		}
	})
	return dir
}

func writeFile(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatalf("bench: %v", err)
	}
}

// readLog returns a log file, which a server that does not start leaves out.
func readLog(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("bench: %v", err)
	}
	return string(b)
}
