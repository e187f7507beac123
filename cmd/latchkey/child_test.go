package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/lab"
	"latchkey/internal/report"
	"latchkey/internal/setup"
	"latchkey/web/webtest"
)

// site is an installation whose process can be killed and started again: a
// folder with configuration and data, a lab that lives on, and browsers.
type site struct {
	t      *testing.T
	lab    *lab.Lab
	dir    string
	url    string
	child  *exec.Cmd
	output *output
	exited chan struct{}

	owner, private *webtest.Window
	id             setup.ID
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func newSite(t *testing.T) *site {
	t.Helper()
	l, err := lab.Start(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	_ = ln.Close()
	s := &site{t: t, lab: l, dir: t.TempDir(), url: fmt.Sprintf("http://localhost:%d", port)}
	s.configure(port)
	s.owner, s.private = webtest.New(t, s.url), webtest.New(t, s.url)
	t.Cleanup(s.kill)
	return s
}

func (s *site) configure(port int) {
	s.t.Helper()
	info := s.lab.Info()
	hosts := ""
	for name, address := range map[string]string{"imap": info.IMAP, "pop3": info.POP3, "smtp": info.SMTP} {
		host, p, err := net.SplitHostPort(address)
		if err != nil {
			s.t.Fatal(err)
		}
		security := "tls"
		if name == "smtp" {
			security = "starttls"
		}
		hosts += fmt.Sprintf("[provider.hosts.%s]\nhost = %q\nport = %s\nsecurity = %q\n", name, host, p, security)
	}
	text := fmt.Sprintf("listen = \"localhost:%d\"\ndata = %q\nnode = \"NODE1\"\nca_file = %q\n\n[[provider]]\nid = \"lab\"\nkind = \"entra\"\nauthority = %q\n%s",
		port, filepath.Join(s.dir, "data"), info.CAFile, info.Authority, hosts)
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) config() string { return filepath.Join(s.dir, "latchkey.toml") }

// start runs "latchkey serve" as a process of its own.
func (s *site) start(env ...string) {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.child = exec.Command(self, "serve", "--config", s.config())
	s.child.Env = append(append(os.Environ(), "LATCHKEY_TEST_CHILD=1"), env...)
	s.output = &output{}
	s.child.Stdout, s.child.Stderr = s.output, s.output
	if err := s.child.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func(c *exec.Cmd, done chan struct{}) {
		_ = c.Wait()
		close(done)
	}(s.child, s.exited)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get(s.url + "/healthz"); err == nil {
			_ = response.Body.Close()
			return
		}
	}
	s.t.Fatalf("the server does not answer:\n%s", s.output)
}

// died waits for the process to end by SIGKILL.
func (s *site) died() {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the process did not die at its point:\n%s", s.output)
	}
	if status, ok := s.child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		s.t.Fatalf("the process ended otherwise: %v\n%s", s.child.ProcessState, s.output)
	}
}

func (s *site) kill() {
	if s.child != nil && s.child.ProcessState == nil {
		_ = s.child.Process.Kill()
		<-s.exited
	}
}

// command runs one command of the program in this process.
func (s *site) command(args ...string) (status int, stdout string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	status = run(s.t.Context(), append(args, "--config", s.config()), terminal{Out: &out, Err: &errs})
	if errs.Len() > 0 {
		s.t.Logf("%s: %s", args[0], &errs)
	}
	return status, out.String()
}

// claim makes the administrator in the owner's window.
func (s *site) claim() {
	s.t.Helper()
	_, text := s.command("init")
	link := regexp.MustCompile(`/claim/[a-z0-9]+`).FindString(text)
	const password = "a quiet harbour at dusk"
	got := s.owner.Post(link, url.Values{"name": {"Owner"}, "password": {password}, "password_again": {password}})
	if got.Path != "/" {
		s.t.Fatalf("claim: %d at %s", got.Status, got.Path)
	}
}

func (s *site) path(rest string) string { return "/m/" + string(s.id) + rest }

// begin makes a setup.
func (s *site) begin() setup.ID {
	s.t.Helper()
	got := s.owner.Post("/mailboxes", nil)
	parts := strings.Split(got.Path, "/")
	if len(parts) < 3 {
		s.t.Fatalf("no setup: %d at %s", got.Status, got.Path)
	}
	return setup.ID(parts[2])
}

// The answers of the steps before the sign-in, at the lab.
func (s *site) application() url.Values {
	return url.Values{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@lab.example"},
		"sign_in_account": {"svc-mail@lab.example"}, "protocols": {"imap", "pop3", "smtp"},
	}
}

func (s *site) registration() url.Values {
	info := s.lab.Info()
	portal := webtest.New(s.t, info.Authority)
	base := "/portal/apps/" + info.ClientID
	portal.Post(base+"/authentication", url.Values{"uri": {s.url + "/callback"}, "platform": {"web"}})
	page := portal.Post(base+"/secrets", url.Values{"description": {"test"}})
	m := regexp.MustCompile(`class="secret-value">([^<]+)<`).FindAllStringSubmatch(page.Body, -1)
	if len(m) == 0 {
		s.t.Fatalf("the portal shows no secret: %d", page.Status)
	}
	return url.Values{
		"cloud": {"lab"}, "tenant": {info.TenantID}, "client_id": {info.ClientID},
		"client_secret": {m[len(m)-1][1]}, "redirect_uris": {s.url + "/callback"},
	}
}

// submit sends the answers of a step and waits for its checks.
func (s *site) submit(step string, form url.Values) {
	s.t.Helper()
	if got := s.owner.Post(s.path("/"+step), form); got.Status != http.StatusOK {
		s.t.Fatalf("%s: %d: %s", step, got.Status, got.Body)
	}
	s.settled()
}

// toSignIn answers everything before the sign-in.
func (s *site) toSignIn() {
	s.t.Helper()
	s.id = s.begin()
	s.submit("application", s.application())
	s.submit("addresses", nil)
	s.submit("registration", s.registration())
	s.submit("mailbox", url.Values{"decision": {"verification"}})
}

func (s *site) link() string {
	s.t.Helper()
	got := s.owner.Post(s.path("/sign-in/link"), nil)
	link := signInLink.FindString(got.Body)
	if link == "" {
		s.t.Fatalf("no link: %d at %s", got.Status, got.Path)
	}
	return link
}

var signInLink = regexp.MustCompile(`/w/[a-z0-9]{26}`)

var authorizeLink = regexp.MustCompile(`href="([^"]*/authorize\?[^"]*)"`)

// confirm uses the link up and returns the identity provider's address.
func (s *site) confirm(link string) string {
	s.t.Helper()
	s.private.Get(link)
	return s.left(s.private.Post(link, nil))
}

func (s *site) left(page webtest.Shown) string {
	s.t.Helper()
	m := authorizeLink.FindStringSubmatch(page.Body)
	if m == nil {
		s.t.Fatalf("no way to the identity provider: %d %s", page.Status, page.Body)
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

// atMicrosoft signs in at the lab and returns the path it sends back to.
func (s *site) atMicrosoft(address string) string {
	s.t.Helper()
	info := s.lab.Info()
	w := webtest.New(s.t, info.Authority)
	back := ""
	w.Client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), s.url) {
			back = strings.TrimPrefix(r.URL.String(), s.url)
			return http.ErrUseLastResponse
		}
		return nil
	}
	password := ""
	for _, a := range info.Accounts {
		if a.User == "svc-mail@lab.example" {
			password = a.Password
		}
	}
	page := w.Get(strings.TrimPrefix(address, info.Authority))
	for range 4 {
		if back != "" {
			return back
		}
		action := regexp.MustCompile(`<form method="post" action="([^"]+)"`).FindStringSubmatch(page.Body)
		flow := regexp.MustCompile(`name="flow" value="([^"]+)"`).FindStringSubmatch(page.Body)
		if action == nil || flow == nil {
			break
		}
		page = w.Post(strings.ReplaceAll(action[1], "&amp;", "&"), url.Values{
			"flow": {flow[1]}, "login": {"svc-mail@lab.example"}, "passwd": {password}, "decision": {"accept"},
		})
	}
	if back == "" {
		s.t.Fatalf("the lab sends nobody back: %d %s", page.Status, page.Body)
	}
	return back
}

// accept accepts the staged sign-in on the owner's page.
func (s *site) accept() (webtest.Shown, error) {
	page := s.owner.Get(s.path("/sign-in"))
	m := regexp.MustCompile(`name="attempt" value="([^"]+)"`).FindStringSubmatch(page.Body)
	if m == nil {
		s.t.Fatalf("nothing to accept: %s", page.Body)
	}
	return s.try(s.path("/sign-in/accept"), url.Values{"attempt": {m[1]}})
}

// try posts to a server that may die under the request.
func (s *site) try(path string, form url.Values) (webtest.Shown, error) {
	return s.owner.Try(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"},
	})
}

// report is what the setup looks like now.
func (s *site) report(id setup.ID) report.Document {
	s.t.Helper()
	var d report.Document
	got := s.owner.Get("/m/" + string(id) + "/report.json")
	if err := json.Unmarshal([]byte(got.Body), &d); err != nil {
		s.t.Fatalf("report: %d at %s: %v", got.Status, got.Path, err)
	}
	return d
}

// settled looks at the setup as a person does, until no check runs any more.
func (s *site) settled() {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if page := s.owner.Get(s.path("/network")); !strings.Contains(page.Body, "<progress") {
			return
		}
	}
	s.t.Fatalf("checks do not end\n%s", s.output)
}

func (s *site) step(name string) report.Step {
	s.t.Helper()
	for _, st := range s.report(s.id).Steps {
		if string(st.ID) == name {
			return st
		}
	}
	s.t.Fatalf("no step %s", name)
	return report.Step{}
}
