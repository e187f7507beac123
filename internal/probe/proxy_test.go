package probe_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/need"
	"latchkey/internal/probe"
)

const greeting = "S * OK ready\nC T1 CAPABILITY\nS * CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\nS T1 OK done\n"

// stranger starts a proxy that somebody else has written.
func stranger(t *testing.T, port int, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(need.Program(t, name), args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not listen on port %d", name, port)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// through returns a prober that reaches localhost:port by the proxy alone: its
// resolver knows no name.
func through(t *testing.T, address string, port int) *probe.Prober {
	t.Helper()
	u, err := probe.ParseProxy(address)
	if err != nil {
		t.Fatal(err)
	}
	nobody := zone(func(string) []netip.Addr { return nil })
	return &probe.Prober{
		Resolver: nobody.resolver(t), RootCAs: ours().pool(), Deadline: 5 * time.Second,
		Proxy: &probe.Proxy{URL: u, Hosts: []string{fmt.Sprintf("localhost:%d", port)}},
	}
}

func TestThroughForeignProxies(t *testing.T) {
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(web.Close)
	webPort := web.Listener.Addr().(*net.TCPAddr).Port
	tiny, micro := freePort(t), freePort(t)
	config := filepath.Join(t.TempDir(), "tinyproxy.conf")
	text := fmt.Sprintf("Port %d\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nConnectPort %d\nBasicAuth someone pa55word\n", tiny, webPort)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stranger(t, tiny, "tinyproxy", "-d", "-c", config)
	stranger(t, micro, "microsocks", "-i", "127.0.0.1", "-p", fmt.Sprint(micro), "-u", "someone", "-P", "pa55word")

	for name, tt := range map[string]struct {
		proxy string
		port  int
		kind  probe.Kind
	}{
		"CONNECT":                  {fmt.Sprintf("http://someone:pa55word@127.0.0.1:%d", tiny), webPort, ""},
		"CONNECT without a login":  {fmt.Sprintf("http://127.0.0.1:%d", tiny), webPort, probe.ProxyRefused},
		"CONNECT to another port":  {fmt.Sprintf("http://someone:pa55word@127.0.0.1:%d", tiny), 993, probe.ProxyRefused},
		"SOCKS":                    {fmt.Sprintf("socks5://someone:pa55word@127.0.0.1:%d", micro), webPort, ""},
		"SOCKS with a wrong login": {fmt.Sprintf("socks5://someone:other@127.0.0.1:%d", micro), webPort, probe.ProxyRefused},
		"SOCKS to a closed port":   {fmt.Sprintf("socks5://someone:pa55word@127.0.0.1:%d", micro), freePort(t), probe.ProxyRefused},
	} {
		t.Run(name, func(t *testing.T) {
			p := through(t, tt.proxy, tt.port)
			_, err := p.Connect(context.Background(), probe.Target{Protocol: probe.TCP, Host: "localhost", Port: tt.port})
			if tt.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
			} else if e := must(t, err); e.Kind != tt.kind || e.Stage != probe.ProxyStage || strings.Contains(e.Error(), "pa55word") {
				t.Errorf("%v, want %s", e, tt.kind)
			}
			p.RootCAs = web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("https://localhost:%d/", tt.port), nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := p.Transport().RoundTrip(r)
			if tt.kind != "" {
				if e := must(t, err); e.Kind != tt.kind || e.Stage != probe.ProxyStage {
					t.Errorf("over HTTP %v, want %s", e, tt.kind)
				}
				return
			}
			// The test server's certificate is for example.com and 127.0.0.1: the
			// name is judged behind the proxy too.
			if err == nil {
				_ = response.Body.Close()
				t.Error("a certificate for another name was taken behind the proxy")
			} else if e := must(t, err); e.Kind != probe.TLSWrongName {
				t.Errorf("over HTTP %v, want %s", e, probe.TLSWrongName)
			}
		})
	}
}

func TestAMailConversationThroughAProxy(t *testing.T) {
	f := listen(t, ours().issue("localhost", time.Now().Add(time.Hour)), true, play(greeting))
	micro := freePort(t)
	stranger(t, micro, "microsocks", "-i", "127.0.0.1", "-p", fmt.Sprint(micro))
	p := through(t, fmt.Sprintf("socks5://127.0.0.1:%d", micro), f.port)
	report, err := p.Connect(context.Background(), probe.Target{Protocol: probe.IMAP, Host: "localhost", Port: f.port, Security: probe.TLS})
	if err != nil {
		t.Fatal(err)
	}
	if report.TLS == nil || report.Greeting == "" || report.Times[probe.Resolve] != 0 {
		t.Errorf("report %+v", report)
	}
}

func TestAProxyThatIsNone(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		kind   probe.Kind
	}{
		"a mail server":     {"* OK ready\r\n\r\n", probe.ProxyRefused},
		"an endless header": {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Filler: abcdefgh\r\n", 2000), probe.ProxyRefused},
		"closes at once":    {"", probe.Closed},
	} {
		t.Run(name, func(t *testing.T) {
			f := listen(t, nil, false, func(_ *far, conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1024))
				_, _ = io.WriteString(conn, tt.answer)
			})
			_, err := through(t, fmt.Sprintf("http://127.0.0.1:%d", f.port), 993).
				Connect(context.Background(), probe.Target{Protocol: probe.TCP, Host: "localhost", Port: 993})
			if e := must(t, err); e.Kind != tt.kind || e.Stage != probe.ProxyStage {
				t.Errorf("%v (%s at %s), want %s", e, e.Kind, e.Stage, tt.kind)
			}
		})
	}
	_, err := through(t, fmt.Sprintf("http://127.0.0.1:%d", freePort(t)), 993).
		Connect(context.Background(), probe.Target{Protocol: probe.TCP, Host: "localhost", Port: 993})
	if e := must(t, err); e.Kind != probe.Refused || e.Stage != probe.ProxyStage {
		t.Errorf("a closed proxy: %v", e)
	}
}

// TestOnlyListedHostsGoThroughTheProxy: what somebody types into a page would
// otherwise be fetched from inside the proxy's network.
func TestOnlyListedHostsGoThroughTheProxy(t *testing.T) {
	f := listen(t, nil, false, func(_ *far, conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
	p := through(t, fmt.Sprintf("http://127.0.0.1:%d", f.port), 993)
	_, err := p.Connect(context.Background(), probe.Target{Protocol: probe.TCP, Host: "intranet.contoso.example", Port: 80})
	if e := must(t, err); e.Kind != probe.NoSuchHost || f.connections() != 0 {
		t.Errorf("%v, and the proxy was asked %d times", e, f.connections())
	}
}

func TestProxyAddresses(t *testing.T) {
	for _, good := range []string{"http://proxy.contoso.example:3128", "socks5://user:pass@10.0.0.1:1080"} {
		if _, err := probe.ParseProxy(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "proxy:3128", "https://proxy:3128", "http://proxy", "http://:3128", "http://proxy:3128/path", "http://user:s3cret@%zz"} {
		if _, err := probe.ParseProxy(bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
