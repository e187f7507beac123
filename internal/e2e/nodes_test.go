package e2e_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/e2e/bench"
	"latchkey/internal/need"
)

// TestThreeServers: two processes on one database and a third machine that
// only sends a block. One of the processes resolves the IMAP server to an
// address where nothing listens, as if a firewall stood before it.
func TestThreeServers(t *testing.T) {
	unshare := need.Program(t, "unshare")
	need.Root(t, "one server gets a mount namespace of its own")
	d, l := startLab(t)
	ports := bench.FreePorts(t, 2)
	config := func(name, role string, port int) string { return l.config(t, name, role, port, ports[0]) }
	first := config("APP01", "application", ports[0])
	bench.Start(t, bench.Binary(t), []string{"serve", "--config", first}, nil)
	d.URL = fmt.Sprintf("http://localhost:%d", ports[0])
	awaken(t, d.URL)
	out, err := exec.CommandContext(t.Context(), bench.Binary(t), "init", "--config", first).Output()
	if err != nil {
		t.Fatalf("latchkey init: %v", err)
	}
	browser := bench.StartBrowser(t)
	desk, portal := browser.Context(t), browser.Context(t)
	claim(t, noLook, desk, d.URL+regexp.MustCompile(`/claim/[a-z0-9]+`).FindString(string(out)))
	desk.Follow("Add a mailbox")
	desk.Press("Start the setup")
	desk.Choose("Another mail application")
	desk.Choose("Shared account")
	desk.Fill("Mailboxes", "sales@lab.example")
	desk.Fill("Sign-in account", "svc-mail@lab.example")
	desk.Check("IMAP")
	desk.Check("SMTP")
	desk.Press("Servers to check beside this one")
	desk.Fill("Other servers", "SVC03 services")
	desk.Press("Save and check")
	desk.Follow("Continue to step 2: Addresses")
	desk.Follow("Continue to step 3: Entra application")
	desk.WaitText("Step 3 of 8")
	register(t, w(desk), desk, portal, d)
	desk.Follow("Continue to step 4: Network")
	desk.WaitText("Step 4 of 8")

	// The second process joins while the page is open.
	hosts := filepath.Join(l.dir, "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.9 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	second := config("SVC02", "services", ports[1])
	bench.Start(t, unshare, []string{"--mount", "sh", "-c",
		`mount --bind "$1" /etc/hosts && exec "$2" serve --config "$3"`, "sh", hosts, bench.Binary(t), second}, nil)

	desk.WaitText("localhost refuses SVC02 on port " + portOf(t, l.IMAP))
	desk.WaitText("No result yet from SVC03")
	shoot(t, desk, "60-network-two-nodes")

	block := func(node string) string {
		t.Helper()
		third := config(node, "services", ports[1])
		r := bench.Run(t.Context(), t, bench.Binary(t), []string{"probe", "--config", third}, nil)
		if r.Code != 0 {
			t.Fatalf("probe: %d %s %s", r.Code, r.Stdout, r.Stderr)
		}
		return r.Stdout
	}
	good := block("SVC03")
	for _, tt := range map[string]struct{ text, says string }{
		"a block of a server that the setup does not name": {block("SVC99"), "comes from SVC99"},
		"a damaged block": {strings.Replace(good, `"host"`, `"hst"`, 1), "its checksum differs"},
	} {
		desk.Fill("Result from another server", tt.text)
		desk.Press("Read the result")
		desk.WaitText(tt.says)
	}
	desk.Fill("Result from another server", good)
	desk.Press("Read the result")
	desk.WaitText("1 problem")
	text := desk.Text()
	for _, server := range []string{"APP01", "SVC02", "SVC03"} {
		if !strings.Contains(text, server) {
			t.Errorf("the matrix lacks %s: %s", server, text)
		}
	}
	if got := strings.Count(text, "connection_refused ·"); got != 1 {
		t.Errorf("%d cards for the closed port, want one: %s", got, text)
	}
	shoot(t, desk, "61-network-three-servers")
	clean(t, desk, "network")
}

// labAlone is a lab that servers are configured to use.
type labAlone struct {
	dir       string // for the files of the servers
	Authority string `json:"authority"`
	IMAP      string `json:"imap"`
	POP3      string `json:"pop3"`
	SMTP      string `json:"smtp"`
	CAFile    string `json:"ca_file"`
}

func startLab(t *testing.T) (demo, labAlone) {
	d, l := demo{process: bench.Start(t, bench.Binary(t), []string{"lab", "--json", "--delay", "0.02"}, nil)}, labAlone{dir: t.TempDir()}
	line := []byte(d.process.WaitFor(`(?m)^\{"schema":1,.*\}$`, 10*time.Second)[0])
	for _, into := range []any{&struct{ Lab any }{&l}, &d} {
		if err := json.Unmarshal(line, into); err != nil {
			t.Fatal(err)
		}
	}
	return d, l
}

// config writes the configuration of one server. All share a database and the
// external URL of the first.
func (l labAlone) config(t *testing.T, name, role string, port, first int) string {
	t.Helper()
	text := fmt.Sprintf(`listen = "127.0.0.1:%d"
external_url = "http://localhost:%d"
data = %q
node = %q
role = %q
ca_file = %q

[[provider]]
id = "lab"
kind = "entra"
authority = %q
[provider.hosts]
imap = { host = "localhost", port = %s, security = "tls" }
pop3 = { host = "127.0.0.1", port = %s, security = "tls" }
smtp = { host = "127.0.0.1", port = %s, security = "starttls" }
`, port, first, filepath.Join(l.dir, "data"), name, role, l.CAFile, l.Authority, portOf(t, l.IMAP), portOf(t, l.POP3), portOf(t, l.SMTP))
	file := filepath.Join(l.dir, name+".toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func w(p *bench.Page) way {
	return way{
		hands:  func(p *bench.Page) hands { return p },
		awaits: func(p *bench.Page, text string) { p.WaitText(text) },
		looks:  func(p *bench.Page, name string) {},
	}
}
